"""Works through the work list: claims items, computes each completely, and appends the items that this makes stale.

A worker claims, does and deletes items in one transaction. If it is killed at any instant, the list stays as it was.
Nothing here trusts a message, an order of messages, or being the only worker.
"""

import logging
import time
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from federation import effects, figures, findings, publication, worklist
from federation.database import clock, look_up_by_index, retry_deadlocks
from federation.errors import ClocksDisagreeError
from federation.findings import verdicts
from federation.publication import expectation, panels, versions
from federation.runs import measures, work_log
from federation.runs.work_log import WorkDone
from federation.worklist import Claim, Stage, WorkItem, dispatch
from p2p_core import periods

log = logging.getLogger(__name__)

#: In seconds. After that, a worker asks to be called again, so that the clock gets its turn.
TURN = 2.0


class _Outcome(NamedTuple):
    """The work done, and the items that became stale by it."""

    done: WorkDone
    stale: Iterable[WorkItem] = ()


def work_through() -> None:
    """Do the work that this worker can claim, most urgent first, until none is left or its turn is over."""
    turn_ends = time.monotonic() + TURN
    claim = _step()
    if claim.items and len(claim.items) == worklist.CLAIM[claim.items[0].stage]:
        # There may be more than one worker claims at once, so another one can help.
        dispatch.wake()
    while claim.items:
        if time.monotonic() > turn_ends:
            dispatch.wake()
            return
        claim = _step()
    if claim.skipped:
        dispatch.wake(dispatch.LATER)


@retry_deadlocks
def _step() -> Claim:
    """Claim and do some items of one level; if that fails, try each of them alone."""
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
        worklist.fail(item, claim.rows, reason=f"{type(error).__name__}: {error}")


def _do(claim: Claim, began: float) -> None:
    if claim.items:
        look_up_by_index()
        outcome = _perform(claim)
        worklist.append(outcome.stale, since=claim.since)
        worklist.finish(claim)
        # Robust, so that work stays done even if logging it fails. No partial, because Django reads a __name__.
        transaction.on_commit(lambda: work_log.write(outcome.done, began), robust=True)


def _perform(claim: Claim) -> _Outcome:
    items = claim.items
    stage = items[0].stage
    now, mark = clock.agreed_and_mark()
    # A period that has ended by the mark has ended, even if the database's clock was put back a little since.
    now = max(now, mark)
    if stage == Stage.EFFECT:
        for item in items:
            effects.renew(item.indicator, mark=mark)
        return _Outcome(WorkDone(claim))

    if stage == Stage.PANEL:
        panels.renew(items, mark=mark)
        return _Outcome(WorkDone(claim), [worklist.effect(item.indicator) for item in items])

    if stage == Stage.PUBLISH:
        done = publication.publish(claim, now=now, mark=mark)
        findings.review_weeks(items, now=now)
        after = chain(done.stale, panels.of_periods(items, now=now))
        return _Outcome(WorkDone(claim, done.changed, done.version), after)

    kept = [item for item in items if publication.is_kept(item, now=now)]
    # An old minute has no figure any more, but its hour may change.
    deleted = [item for item in items if not publication.is_kept(item, now=now)]
    replaced, appeared = figures.replace(kept) if kept else ([], [])
    changed = [*replaced, *deleted]
    findings.review(items, now=now)
    # A report that may repeat the one before is judged again if that one changed, unless it was just judged.
    again = verdicts.next_to_repeat(changed, judged=set(items))
    # An agency that was silent is waited for from now on.
    silences = expectation.silences_changed(appeared, mark=mark)
    waiting = publication.unpublished_periods(silences, mark=mark, now=now)
    # What rests on changed figures: their publications, coarser figures, and the periods in which they locate changes.
    stale = list[WorkItem]()
    for item in changed:
        stale.append(WorkItem(Stage.PUBLISH, item.frequency, item.period, item.indicator))
        for coarser in periods.coarser(item.frequency):
            start = periods.start_of(coarser, item.period)
            stale.append(WorkItem(Stage.FIGURE, coarser, start, item.indicator, item.agency))
        stale += publication.located_by(item, now=now)
    return _Outcome(WorkDone(claim, changed), [*stale, *waiting, *again])
