"""Tells what a worker has done, once it has committed: a line in the log, and what is measured of it.

Lines name submissions and agencies and count things; a number of a report is in none of them.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from federation.database import rows_of
from federation.models.published import Version
from federation.publication import due_at
from federation.runs import measures
from federation.worklist import Claim, Stage, Thing, named

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done of one level: the things claimed, those that changed, and the version that shows it."""

    claim: Claim
    changed: Sequence[Thing] = ()
    version: int | None = None


def tell(deed: Deed, began: float) -> None:
    """Log and measure a deed that took the time since ``began``, a reading of the performance counter."""
    stage, frequency, *_ = deed.claim.things[0]
    seconds = time.perf_counter() - began
    measures.WORK.labels(stage, frequency).observe(seconds)
    facts: dict[str, Any] = {"frequency": frequency, "changed": len(deed.changed), "ms": round(seconds * 1000)}
    if stage == Stage.FIGURE:
        rows = rows_of("telling_submissions", **named(deed.changed)) if deed.changed else []
        facts["agencies"] = sorted({code for code, _ in rows})
        facts["submissions"] = sorted({str(submission) for _, submission in rows if submission})
        log.info("figures replaced", extra={"claimed": len(deed.claim.things)} | facts)
    elif deed.version is not None:
        log.info("published", extra={"version": deed.version} | facts)
        known_at = Version.objects.values_list("known_at", flat=True).get(number=deed.version)
        for thing in deed.changed:
            since = max(due_at(thing), deed.claim.since or due_at(thing))
            measures.FRESHNESS.labels(frequency).observe(max((known_at - since).total_seconds(), 0))
