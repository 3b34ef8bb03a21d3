"""Tells what a worker has done, once it has committed: a line in the log, and what is measured of it.

Lines name requests and agencies and count things; a number of a report is in none of them.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from countries.models import Agency
from federation import measures, request_ids
from federation.database import rows_of
from federation.publication import due_at
from federation.request_ids import NONE, RequestIds
from federation.worklist import Stage, Thing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done of one level: the things claimed, the requests that they go back to, and what changed."""

    things: Sequence[Thing]
    requests: Mapping[Thing, RequestIds] = field(default_factory=dict)
    changed: Sequence[Thing] = ()
    version: int | None = None

    @property
    def stage(self) -> Stage:
        return self.things[0].stage

    @property
    def frequency(self) -> str:
        return self.things[0].frequency


def tell(deed: Deed, began: float) -> None:
    """Log and measure a deed that took the time since ``began``, a reading of the performance counter."""
    seconds = time.perf_counter() - began
    measures.WORK.labels(deed.stage, deed.frequency).observe(seconds)
    ids = NONE.union(*deed.requests.values())
    facts = {"frequency": deed.frequency, "request_ids": request_ids.written(ids), "ms": round(seconds * 1000)}
    if deed.stage == Stage.FIGURE:
        changed = {"agencies": _agencies(deed.changed), "claimed": len(deed.things), "changed": len(deed.changed)}
        log.info("figures replaced", extra=changed | facts)
    elif deed.version is not None:
        log.info("published", extra={"version": deed.version, "periods": len(deed.changed)} | facts)
        _measure_freshness(deed, deed.version)
    elif ids:
        log.info("nothing new to publish", extra=facts)


def _agencies(figures: Sequence[Thing]) -> list[str]:
    numbers = {figure.agency for figure in figures}
    return list(Agency.objects.filter(pk__in=numbers).order_by("code").values_list("code", flat=True))


def _measure_freshness(deed: Deed, version: int) -> None:
    """Measure for each submission how long it took until public: from its receipt, or from when it might be."""
    might_be: dict[UUID, datetime] = {}
    for thing in deed.changed:
        for one in deed.requests.get(thing, NONE):
            might_be[one] = max(due_at(thing), might_be.get(one, due_at(thing)))
    if not might_be:
        return
    for one, received, known_at in rows_of("telling_received", version=version, requests=list(might_be)):
        waited = known_at - max(received, might_be[one])
        measures.FRESHNESS.labels(deed.frequency).observe(max(waited.total_seconds(), 0))
