"""Recomputes everything from the reports: to check what is stored, or to mend it.

Each level is recomputed from what is stored one level finer. Where every level agrees with
the one below it, and the lowest with the reports, all of it agrees with the reports.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from itertools import islice

from countries.models import Indicator
from federation import clock, figures, panels, publication, windows, worklist
from federation.database import cursor, statement
from federation.expectation import schedules_by_agency
from federation.rules import periods
from federation.rules.periods import EXPECTED_AT, Frequency
from federation.worklist import CLAIM, LEVELS, WINDOWS, Stage, Thing, window

_ALWAYS = datetime.min.replace(tzinfo=UTC)


def everything(*, now: datetime) -> Iterator[Thing]:
    """Yield all that can be computed, in order of level."""
    for stage, frequency in LEVELS:
        if stage == Stage.FIGURE:
            yield from _figures(frequency, now=now)
        elif stage == Stage.PUBLISH:
            yield from _periods(frequency, now=now)
    for indicator in _indicators():
        yield from (window(name, indicator) for name in WINDOWS)
    for indicator in _indicators():
        yield from panels.panels_of(indicator)


def _figures(frequency: str, *, now: datetime) -> Iterator[Thing]:
    """Yield the figures that there are or should be: of each report, and of all periods that it lies in."""
    since = now - publication.MINUTES_KEPT if frequency == Frequency.MINUTE else None
    with cursor() as c:
        c.execute(statement("rebuilding_figures"), {"frequency": frequency, "since": since})
        rows = c.fetchall()
    for indicator, agency, period in rows:
        yield Thing(Stage.FIGURE, frequency, period, indicator, agency)


def _periods(frequency: str, *, now: datetime) -> Iterator[Thing]:
    """Yield the periods that are public or should be: all since an indicator's first that is kept."""
    since = now - publication.MINUTES_KEPT if frequency == Frequency.MINUTE else _ALWAYS
    with cursor() as c:
        c.execute(
            "SELECT indicator_id, min(period) FROM federation_figure WHERE frequency = %s AND period >= %s GROUP BY 1",
            [frequency, since],
        )
        firsts = dict(c.fetchall())
    for indicator, schedules in schedules_by_agency(_indicators()).items():
        everyone = [s for mine in schedules.values() for s in mine if s.valid_to >= since.date()]
        expecting = [s for s in everyone if frequency in EXPECTED_AT[Frequency(s.frequency)]]
        days = [datetime.combine(s.valid_from, time(), UTC) for s in expecting]
        firsts[indicator] = min([*days, firsts.get(indicator, now)])
    for indicator, first in firsts.items():
        for period in periods.between(frequency, max(first, since), now):
            thing = Thing(Stage.PUBLISH, frequency, period, indicator)
            if publication.is_due(thing, now=now):
                yield thing


def _indicators() -> list[int]:
    return list(Indicator.objects.values_list("number", flat=True))


def differences() -> Iterator[Thing]:
    """Yield what is stored otherwise than it would be computed now; changes nothing.

    Must run in one snapshot, or a worker's commit would look like a difference. What is on
    the list in this snapshot is about to be computed, so it is passed over.
    """
    mark, waiting = worklist.mark(), _about_to_change()
    for things in _batches(thing for thing in everything(now=mark) if thing not in waiting):
        yield from _differing(things, mark)


def _about_to_change() -> set[Thing]:
    """Return what is on the list, and the hours of its minutes: an hour is summed from reports, which are there."""
    waiting = worklist.waiting()
    minutes = [thing for thing in waiting if thing[:2] == (Stage.FIGURE, Frequency.MINUTE)]
    hours = [
        Thing(Stage.FIGURE, Frequency.HOUR, periods.start_of(Frequency.HOUR, minute.period), *minute[3:])
        for minute in minutes
    ]
    return waiting.union(hours)


def _differing(things: Sequence[Thing], mark: datetime) -> Iterable[Thing]:
    stage = things[0].stage
    if stage == Stage.FIGURE:
        return figures.differing(things, figures.compute(things), figures.stored(things))
    if stage == Stage.PUBLISH:
        return publication.differing(publication.compute(things, mark=mark))
    if stage == Stage.WINDOW:
        return [t for t in things if windows.differs(windows.compute(t, mark=mark), windows.stored(t))]
    return [t for t in things if panels.compute(t, mark=mark) != panels.stored(t)]


def _batches(things: Iterator[Thing]) -> Iterator[Sequence[Thing]]:
    """Put consecutive things of one level together."""
    batch: list[Thing] = []
    for thing in things:
        full = batch and len(batch) == CLAIM[batch[0].stage]
        if batch and (full or batch[0][:2] != thing[:2]):
            yield batch
            batch = []
        batch.append(thing)
    if batch:
        yield batch


def enqueue() -> None:
    """Put everything on the work list; where something differs, the workers write a new vintage."""
    things = everything(now=clock.now())
    while part := list(islice(things, 10_000)):
        worklist.append(part)
