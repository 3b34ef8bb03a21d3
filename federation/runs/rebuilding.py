"""Recomputes everything from the reports, to check or to correct what is stored.

Each level is recomputed from the stored rows of the level below. If each level agrees with the one below it, and the
lowest with the reports, then everything agrees with the reports.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import groupby, islice
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from countries.actors import ActorKind, name_without_account
from countries.models import Indicator
from federation import audit, effects, figures, publication, worklist
from federation.database import clock, cursor, lock_agency_indicators, rows_of
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report, ReportState
from federation.models.worklist import ClockMark
from federation.publication import panels
from federation.publication.expectation import schedules_by_agency
from federation.rules import precedence
from federation.rules.coverage import WAITING
from federation.rules.precedence import Rank
from federation.worklist import CLAIM, LEVELS, Stage, WorkItem
from p2p_core import periods
from p2p_core.periods import EXPECTED_AT, Frequency

#: The actor of corrections in the audit trail.
BY = name_without_account(ActorKind.COMMAND, "rebuild")
_ALWAYS = datetime.min.replace(tzinfo=UTC)


def everything(*, now: datetime) -> Iterator[WorkItem]:
    """All items that can be computed, in the order of their levels."""
    for stage, frequency in LEVELS:
        if stage == Stage.FIGURE:
            # The figures that exist or should: of each report, and of all periods that it lies in.
            since = publication.first_kept(frequency, _ALWAYS, now=now)
            for indicator, agency, period in rows_of("rebuilding_figures", frequency=frequency, since=since):
                yield WorkItem(Stage.FIGURE, frequency, period, indicator, agency)
        elif stage == Stage.PUBLISH:
            yield from _periods(frequency, now=now)
    for indicator in _indicators():
        yield from panels.of_indicator(indicator)
    for indicator in _indicators():
        yield worklist.effect(indicator)


def _periods(frequency: str, *, now: datetime) -> Iterator[WorkItem]:
    """The periods that are public or should be: all since the first of each indicator."""
    since = publication.first_kept(frequency, _ALWAYS, now=now)
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
            item = WorkItem(Stage.PUBLISH, frequency, period, indicator)
            if publication.is_due(item, now=now):
                yield item
    # Those that have not ended are public too early, because a clock was ahead.
    last = periods.previous(frequency, periods.start_of(frequency, now))
    public = PublishedCoverage.objects.filter(frequency=frequency, version_to=None, period__gte=last)
    public = public.exclude(status=WAITING)
    for indicator, period in public.values_list("indicator", "period").order_by("indicator", "period"):
        item = WorkItem(Stage.PUBLISH, frequency, period, indicator)
        if publication.due_at(item) > now:
            yield item


def _indicators() -> list[int]:
    return list(Indicator.objects.values_list("number", flat=True))


def differences() -> Iterator[WorkItem]:
    """The items whose stored rows differ from what they would be now. Changes nothing.

    Call it in one snapshot, or a worker's commit would look like a difference. It leaves out items on the work list,
    because they are about to be computed.
    """
    mark = clock.mark()
    waiting = _about_to_change(mark)
    yield from (one.item for one in _displaced())
    others = (item for item in everything(now=mark) if item not in waiting)
    for (stage, _), level in groupby(others, key=lambda item: item[:2]):
        while items := list(islice(level, CLAIM[stage])):
            if stage == Stage.FIGURE:
                yield from figures.differing(items, figures.compute(items), figures.read(items))
            elif stage == Stage.PUBLISH:
                yield from publication.differing(items, mark=mark)
            elif stage == Stage.EFFECT:
                yield from (item for item in items if effects.differs(item.indicator, mark=mark))
            else:
                yield from (item for item in items if panels.compute(item, mark=mark) != panels.read(item))


def _about_to_change(mark: datetime) -> set[WorkItem]:
    """The items on the work list, and those that will be appended when they are done but do not depend on the result.

    Those are the hours of minutes, which are summed from reports, the panels of publications, which are summed
    from figures, and the estimates of these, which are made from panels.
    """
    waiting = worklist.waiting()
    minutes = [item for item in waiting if item[:2] == (Stage.FIGURE, Frequency.MINUTE)]
    hours = [
        WorkItem(Stage.FIGURE, Frequency.HOUR, periods.start_of(Frequency.HOUR, minute.period), *minute[3:])
        for minute in minutes
    ]
    published = (item for item in waiting if item.stage == Stage.PUBLISH)
    stale = waiting.union(hours, panels.of_periods(published, now=mark))
    return stale.union(worklist.effect(item.indicator) for item in stale if item.stage == Stage.PANEL)


@transaction.atomic
def put_mark_back() -> timedelta:
    """Put the mark back if a clock that was ahead has moved it beyond the current time; return by how much.

    Raises :class:`ClocksDisagreeError` if the clocks of the database and this host disagree.
    """
    mark = ClockMark.objects.select_for_update().get()
    now = clock.agreed_with_host()
    ahead = mark.at - now
    if ahead <= settings.CLOCK_TOLERANCE:
        return timedelta()
    audit.record(
        by=BY, action="clock.put_back", subject="the clock's mark", details={"before": str(mark.at), "after": str(now)}
    )
    mark.at = now
    mark.save()
    return ahead


class _Displaced(NamedTuple):
    """A period whose current report is wrong: the report that should be current, and the ones that should not."""

    item: WorkItem
    right: int
    wrong: list[int]


def make_right_reports_current() -> int:
    """Make the right reports current; return how many were not. Their figures must be computed afterwards."""
    count = 0
    for agency, indicator in sorted({(one.item.agency, one.item.indicator) for one in _displaced()}):
        with transaction.atomic():
            lock_agency_indicators([(agency, indicator)])
            displaced = _displaced(agency, indicator)
            for one in displaced:
                Report.objects.filter(pk__in=one.wrong).update(state=ReportState.SUPERSEDED)
                Report.objects.filter(pk=one.right).update(state=ReportState.CURRENT)
                label = periods.label(one.item.frequency, one.item.period)
                details: audit.Details = {"frequency": one.item.frequency, "period": label, "instead_of": one.wrong}
                audit.record(by=BY, action="report.made_current", subject=f"report {one.right}", details=details)
        count += len(displaced)
    return count


def _displaced(agency: int | None = None, indicator: int | None = None) -> list[_Displaced]:
    """The figures with the wrong current report, of one agency and indicator or of all."""
    there = rows_of("rebuilding_reports", agency=agency, indicator=indicator, contradiction=precedence.CONTRADICTION)
    found = []
    for (of_agency, of_indicator, frequency, period), reports in groupby(there, key=lambda row: row[:4]):
        stored = [_Stored(id_, state, counted, Rank(*rank)) for _, _, _, _, id_, state, counted, *rank in reports]
        # The report that should be current. The reports come in the order in which they were stored.
        right: _Stored | None = None
        for position, one in enumerate(stored):
            # A report superseded at receipt counts only if the time that superseded it cannot be true.
            earlier = (before.rank.received for before in stored[:position])
            wronged = any(precedence.is_contradicted(received, later=one.rank.received) for received in earlier)
            if (one.counted or wronged) and (right is None or right.rank.gives_way_to(one.rank)):
                right = one
        current = [one.id for one in stored if one.state == ReportState.CURRENT]
        if right is not None and current != [right.id]:
            item = WorkItem(Stage.FIGURE, frequency, period, of_indicator, of_agency)
            found.append(_Displaced(item, right.id, [id_ for id_ in current if id_ != right.id]))
    return found


class _Stored(NamedTuple):
    """A stored report. ``counted`` says that it was current once, or equal to one that was."""

    id: int
    state: str
    counted: bool
    rank: Rank


def enqueue() -> None:
    """Put everything on the work list. The workers write a new version where something differs."""
    worklist.append(everything(now=max(clock.agreed_and_mark())))
