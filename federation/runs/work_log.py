"""Logs and measures what a worker has done, after it has committed.

Lines name submissions and agencies and count items. They hold no number of a report.
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
from federation.worklist import Claim, Stage, WorkItem, parameters_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Work of one level: the claimed items, those that changed, and the version that shows it."""

    claim: Claim
    changed: Sequence[WorkItem] = ()
    version: int | None = None


def write(done: WorkDone, began: float) -> None:
    """Log and measure work. ``began`` is a reading of the performance counter."""
    stage, frequency, *_ = done.claim.items[0]
    seconds = time.perf_counter() - began
    measures.WORK.labels(stage, frequency).observe(seconds)
    facts: dict[str, Any] = {"frequency": frequency, "changed": len(done.changed), "ms": round(seconds * 1000)}
    if stage == Stage.FIGURE:
        rows = rows_of("work_log_submissions", **parameters_of(done.changed)) if done.changed else []
        facts["agencies"] = sorted({code for code, _ in rows})
        facts["submissions"] = sorted({str(submission) for _, submission in rows if submission})
        log.info("figures replaced", extra={"claimed": len(done.claim.items)} | facts)
    elif done.version is not None:
        log.info("published", extra={"version": done.version} | facts)
        known_at = Version.objects.values_list("known_at", flat=True).get(number=done.version)
        for item in done.changed:
            since = max(due_at(item), done.claim.since or due_at(item))
            measures.FRESHNESS.labels(frequency).observe(max((known_at - since).total_seconds(), 0))
