"""Works through the list: claims items, computes them whole, appends what became stale by it.

Claimed, done and deleted in one transaction: killed at any instant, a worker leaves the list
as it was. Nothing here trusts a message, an order of messages, or being the only worker.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from federation import figures, findings, publication, worklist
from federation.database import clock, look_up_by_index, retry_deadlocks
from federation.errors import ClocksDisagreeError
from federation.findings import verdicts
from federation.publication import panels, versions
from federation.runs import measures, work_log
from federation.runs.work_log import WorkDone
from federation.worklist import Claim, Stage, WorkItem, dispatch
from p2p_core import periods

log = logging.getLogger(__name__)


#: After so many seconds a worker asks to be called again, so that the clock gets its turn.
TURN = 2.0


class _Outcome(NamedTuple):
    """What was done, and the items that became stale by it."""

    done: WorkDone
    stale: Iterable[WorkItem] = ()


def work_through() -> None:
    """Do all work that this worker can take, most urgent first, or as much as fits its turn."""
    turn_ends = time.monotonic() + TURN
    claim = _step()
    if _is_much(claim):
        dispatch.wake()
    while claim.items:
        if time.monotonic() > turn_ends:
            dispatch.wake()
            return
        claim = _step()
    if claim.skipped:
        dispatch.wake(dispatch.LATER)


def _is_much(claim: Claim) -> bool:
    """Whether there was more to take than one worker takes at once, so another may help."""
    return bool(claim.items) and len(claim.items) == worklist.CLAIM[claim.items[0].stage]


@retry_deadlocks
def _step() -> Claim:
    """Claim and do some items of one level; where that fails, each of them alone."""
    claim, began = Claim((), (), skipped=False), time.perf_counter()
    try:
        with transaction.atomic():
            versions.check_rounding()
            claim = worklist.claim()
            _do(claim, began)
    except (OperationalError, InterfaceError, ClocksDisagreeError):
        raise
    except Exception:
        if not claim.items:
            raise
        log.exception("a claim failed, each of its items is tried alone")
        for item in claim.items:
            _do_alone(item)
    return claim


def _do_alone(item: WorkItem) -> None:
    claim, began = Claim((), (), skipped=False), time.perf_counter()
    try:
        with transaction.atomic():
            claim = worklist.claim_alone(item)
            _do(claim, began)
    except (OperationalError, InterfaceError, ClocksDisagreeError):
        raise
    except Exception as error:
        log.exception("failed: %s", item)
        measures.FAILED.labels(item.stage).inc()
        worklist.failed(item, claim.rows, reason=f"{type(error).__name__}: {error}")


def _do(claim: Claim, began: float) -> None:
    if claim.items:
        look_up_by_index()
        outcome = _perform(claim)
        worklist.append(outcome.stale, since=claim.since)
        worklist.done(claim)
        # Robust: what is done stays done, even if logging it fails. No partial: Django looks for a name.
        transaction.on_commit(lambda: work_log.write(outcome.done, began), robust=True)


def _perform(claim: Claim) -> _Outcome:
    # What the mark says has ended has ended, also if the database's clock has been put back a little since.
    items, mark = claim.items, clock.mark()
    now = max(clock.agreed(), mark)
    stage = items[0].stage
    if stage == Stage.FIGURE:
        return _reconcile(claim, now=now)
    if stage == Stage.PUBLISH:
        return _publish(claim, now=now, mark=mark)
    panels.renew(items, mark=mark)
    return _Outcome(WorkDone(claim))


def _reconcile(claim: Claim, *, now: datetime) -> _Outcome:
    changed = _replace_figures(claim.items, now=now)
    findings.review(claim.items, now=now)
    # What repeats the report of the period before is judged again where that has changed, unless it has just been.
    again = verdicts.next_to_repeat(changed, judged=set(claim.items))
    return _Outcome(WorkDone(claim, changed), [*_after_figures(changed, now=now), *again])


def _publish(claim: Claim, *, now: datetime, mark: datetime) -> _Outcome:
    done = publication.publish(claim.items, now=now, mark=mark)
    findings.review_weeks(claim.items, now=now)
    stale = chain(done.stale, panels.of_periods(claim.items, now=now))
    return _Outcome(WorkDone(claim, done.changed, done.version), stale)


def _replace_figures(items: Sequence[WorkItem], *, now: datetime) -> Sequence[WorkItem]:
    """Replace figures and return the changed ones; an old minute has none, but its hour may change."""
    kept = [item for item in items if publication.is_kept(item, now=now)]
    deleted = [item for item in items if not publication.is_kept(item, now=now)]
    return [*(figures.replace(kept) if kept else ()), *deleted]


def _after_figures(changed: Sequence[WorkItem], *, now: datetime) -> Iterator[WorkItem]:
    for item in changed:
        yield WorkItem(Stage.PUBLISH, item.frequency, item.period, item.indicator)
        for coarser in periods.coarser(item.frequency):
            start = periods.start_of(coarser, item.period)
            yield WorkItem(Stage.FIGURE, coarser, start, item.indicator, item.agency)
        yield from publication.located_by(item, now=now)
