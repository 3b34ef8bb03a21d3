"""Works through the list: claims things, computes them whole, appends what became stale by it.

Claimed, done and deleted in one transaction: killed at any instant, a worker leaves the list
as it was. Nothing here trusts a message, an order of messages, or being the only worker.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from federation import clock, dispatch, figures, findings, noticing, panels, publication, versions, windows, worklist
from federation.database import look_up_by_index
from federation.rules import periods
from federation.rules.periods import Frequency
from federation.worklist import Claim, Stage, Thing

log = logging.getLogger(__name__)


#: After so many seconds a worker asks to be called again, so that the clock gets its turn.
TURN = 2.0


def work_through() -> None:
    """Do all work that this worker can take, most urgent first, or as much as fits its turn."""
    turn_ends = time.monotonic() + TURN
    claim = _step()
    if _is_much(claim):
        dispatch.wake()
    while claim.things:
        if time.monotonic() > turn_ends:
            dispatch.wake()
            return
        claim = _step()
    if claim.skipped:
        dispatch.wake(dispatch.LATER)


def _is_much(claim: Claim) -> bool:
    """Whether there was more to take than one worker takes at once, so another may help."""
    return bool(claim.things) and len(claim.things) == worklist.CLAIM[claim.things[0].stage]


def _step() -> Claim:
    """Claim and do some things of one level; where that fails, each of them alone."""
    claim = Claim((), (), skipped=False)
    try:
        with transaction.atomic():
            versions.check_rounding()
            claim = worklist.claim()
            _do(claim)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if not claim.things:
            raise
        log.exception("a claim failed, each of its things is tried alone")
        for thing in claim.things:
            _do_alone(thing)
    return claim


def _do_alone(thing: Thing) -> None:
    claim = Claim((), (), skipped=False)
    try:
        with transaction.atomic():
            claim = worklist.claim_alone(thing)
            _do(claim)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("failed: %s", thing)
        worklist.failed(thing, claim.rows, reason=f"{type(error).__name__}: {error}")


def _do(claim: Claim) -> None:
    if claim.things:
        look_up_by_index()
        worklist.append(_perform(claim.things))
        worklist.done(claim)


def _perform(things: Sequence[Thing]) -> Iterable[Thing]:
    stage, now = things[0].stage, clock.now()
    if stage == Stage.FIGURE:
        return _reconcile(things, now=now)
    if stage == Stage.PUBLISH:
        return _publish(things, now=now)
    if stage == Stage.WINDOW:
        windows.slide(things, mark=worklist.mark())
    else:
        panels.renew(things, mark=worklist.mark())
    return ()


def _reconcile(things: Sequence[Thing], *, now: datetime) -> Iterable[Thing]:
    changed = _replace_figures(things, now=now)
    findings.review(things, now=now)
    # What repeats the report of the period before is judged again where that has changed, unless it has just been.
    again = noticing.next_to_repeat(changed, judged=set(things))
    return [*_after_figures(changed, now=now), *again]


def _publish(things: Sequence[Thing], *, now: datetime) -> Iterable[Thing]:
    stale = publication.publish(things, now=now, mark=worklist.mark())
    findings.review_weeks(things, now=now)
    return stale


def _replace_figures(things: Sequence[Thing], *, now: datetime) -> Sequence[Thing]:
    """Replace figures and return the changed ones; an old minute has none, but its hour may change."""
    if things[0].frequency != Frequency.MINUTE:
        return figures.replace(things)
    oldest = now - publication.MINUTES_KEPT
    kept = [thing for thing in things if thing.period >= oldest]
    pruned = [thing for thing in things if thing.period < oldest]
    return [*(figures.replace(kept) if kept else ()), *pruned]


def _after_figures(changed: Sequence[Thing], *, now: datetime) -> Iterator[Thing]:
    yield from panels.touched_by(changed, now=now)
    for thing in changed:
        yield Thing(Stage.PUBLISH, thing.frequency, thing.period, thing.indicator)
        for coarser in periods.coarser(thing.frequency):
            start = periods.start_of(coarser, thing.period)
            yield Thing(Stage.FIGURE, coarser, start, thing.indicator, thing.agency)
