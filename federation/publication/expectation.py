"""Which agencies were expected in a period, and the time that each owes and covers (rule 4).

It depends on schedules and on which reports were ever sent, never on the values in reports.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import Max, QuerySet
from numpy.typing import NDArray

from countries.models import Schedule
from federation.database import rows_of
from federation.models.figures import Figure, Source
from federation.rules import coverage
from federation.rules.coverage import AgencySchedule, PeriodCoverage, Standing
from federation.rules.waiting import Wait, longest_wait, silent_without_figure_since, wait_for
from federation.worklist import WorkItem
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.lateness import JUDGED_AT


def schedules_by_agency(indicators: Iterable[int]) -> dict[int, dict[int, list[AgencySchedule]]]:
    """The reporting schedules, by indicator and agency."""
    found: dict[int, dict[int, list[AgencySchedule]]] = defaultdict(lambda: defaultdict(list))
    columns = ("indicator", "agency", "frequency", "valid_from", "valid_to", "deadline_minutes")
    rows = Schedule.objects.filter(indicator__in=set(indicators)).values_list(*columns)
    for indicator, agency, frequency, first, last, minutes in rows:
        schedule = AgencySchedule(agency, frequency, first, last or date.max, timedelta(minutes=minutes))
        found[indicator][agency].append(schedule)
    return found


class FigureCoverage(NamedTuple):
    """The seconds of a period for which an agency has a figure (``covered``) or ever sent a report (``reported``)."""

    source: str = Source.NONE
    covered: int = 0
    reported: int = 0
    final: bool = False
    held: bool = False


def coverage_of(
    items: Sequence[WorkItem],
    facts: Sequence[Mapping[int, FigureCoverage]],
    *,
    mark: datetime,
    first: NDArray[np.bool_] | None,
) -> list[PeriodCoverage]:
    """The coverage of periods. ``facts`` has the figures of each period, by agency."""
    schedules = schedules_by_agency({item.indicator for item in items})
    found, waits = [], []
    for position, (item, known) in enumerate(zip(items, facts, strict=True)):
        mine = schedules[item.indicator]
        standings = _standings(item, known, mine, mark=mark)
        found.append(coverage.summarise(standings, item.period))
        if first is not None and first[position]:
            agencies = [standing.agency for standing in standings if not standing.complete]
            # Of a minute, nobody looks at the schedules.
            incomplete = {a: mine.get(a, ()) if item.frequency != Frequency.MINUTE else () for a in agencies}
            if _wait(item, incomplete, mark=mark):
                waits.append((position, item, incomplete))
    # Most periods wait for nobody, so few silences are looked up.
    silent = _silent(
        ((item.indicator, one) for _, item, some in waits for mine in some.values() for one in mine), mark=mark
    )
    for position, item, incomplete in waits:
        left = {a: [one for one in mine if (item.indicator, one) not in silent] for a, mine in incomplete.items()}
        if wait := _wait(item, left, mark=mark):
            found[position] = found[position].as_waiting(*wait)
    return found


def _wait(item: WorkItem, incomplete: Mapping[int, Sequence[AgencySchedule]], *, mark: datetime) -> Wait | None:
    limit = longest_wait(item.frequency, settings.PUBLICATION_LIMITS)
    return wait_for(item.frequency, item.period, incomplete, limit, now=mark)


def _missed(
    schedules: Iterable[tuple[int, AgencySchedule]], *, mark: datetime
) -> Iterable[tuple[tuple[int, str], dict[AgencySchedule, datetime]]]:
    """By indicator and frequency: the schedules in which the agency is silent if it has no figure since an instant."""
    found: dict[tuple[int, str], dict[AgencySchedule, datetime]] = defaultdict(dict)
    for indicator, schedule in set(schedules):
        since = silent_without_figure_since(schedule, int(settings.THRESHOLDS["R202_PERIODS"]), now=mark)
        if since is not None:
            found[indicator, JUDGED_AT[Frequency(schedule.frequency)]][schedule] = since
    return found.items()


def _figures_since(series: tuple[int, str], since: datetime) -> QuerySet[Figure]:
    indicator, frequency = series
    return Figure.objects.filter(indicator=indicator, frequency=frequency, period__gte=since).exclude(
        source=Source.NONE
    )


def _silent(schedules: Iterable[tuple[int, AgencySchedule]], *, mark: datetime) -> set[tuple[int, AgencySchedule]]:
    """Those schedules, each with its indicator, in which the agency is silent at the mark."""
    found = set()
    for series, missed in _missed(schedules, mark=mark):
        figures = _figures_since(series, min(missed.values())).values("agency").annotate(newest=Max("period"))
        newest = dict(figures.values_list("agency", "newest"))
        for one, since in missed.items():
            if one.agency not in newest or newest[one.agency] < since:
                found.add((series[0], one))
    return found


def silences_changed(changed: Sequence[WorkItem], *, mark: datetime) -> set[int]:
    """The indicators in which figures that appeared or disappeared may have ended or begun a silence.

    The figures are of one frequency. A figure that appears changes nothing if the agency has another one that is recent
    enough. A figure that disappears always counts, because another worker may be removing the other one.
    """
    if not changed or changed[0].frequency not in JUDGED_AT.values():
        return set()
    schedules = schedules_by_agency({item.indicator for item in changed})
    owed = {(item.indicator, one) for item in changed for one in schedules[item.indicator].get(item.agency, ())}
    found = set()
    for series, missed in _missed(owed, mark=mark):
        here = {(one.agency, one.period) for one in changed if (one.indicator, one.frequency) == series}
        rows = _figures_since(series, min(missed.values())).filter(agency__in={agency for agency, _ in here})
        there = set(rows.values_list("agency", "period"))
        for one, since in missed.items():
            mine, others, gone = (
                any(who == one.agency and at >= since for who, at in some)
                for some in (here, there - here, here - there)
            )
            if mine and (gone or not others):
                found.add(series[0])
    return found


def _beginnings(
    item: WorkItem, facts: Mapping[int, FigureCoverage], schedules: Mapping[int, Sequence[AgencySchedule]]
) -> dict[int, datetime]:
    """By agency: the first instant of a period that it owes, unless that is the start of the period.

    Reads reports only of agencies that reported part of the period and that no schedule expects at its start.
    """
    frequency, start = item.frequency, item.period
    found, parts = {}, []
    for agency in facts.keys() | schedules.keys():
        reported = facts[agency].reported if agency in facts else 0
        expecting = (one.valid_from for one in schedules.get(agency, ()) if one.expects(frequency, start))
        day = min(expecting, default=None)
        if reported == periods.seconds(frequency, start) or (day and day <= start.date()):
            continue
        if day:
            found[agency] = datetime.combine(day, time(), UTC)
        if reported:
            parts.append(agency)
    for agency, earliest in _first_reported(item, parts) if parts else ():
        found[agency] = min(found.get(agency, earliest), earliest)
    return {agency: first for agency, first in found.items() if first > start}


def _first_reported(item: WorkItem, agencies: list[int]) -> list[tuple[int, datetime]]:
    finer = tuple(Frequency)[: tuple(Frequency).index(Frequency(item.frequency))]
    return rows_of(
        "expectation_first",
        indicator=item.indicator,
        agencies=agencies,
        frequencies=list(finer),
        start=item.period,
        end=periods.end(item.frequency, item.period),
    )


def _standings(
    item: WorkItem,
    facts: Mapping[int, FigureCoverage],
    schedules: Mapping[int, Sequence[AgencySchedule]],
    *,
    mark: datetime,
) -> list[Standing]:
    frequency, start = item.frequency, item.period
    beginnings = _beginnings(item, facts, schedules)
    standings = []
    for agency in facts.keys() | schedules.keys():
        mine = [s for s in schedules.get(agency, ()) if s.expects(frequency, start)]
        source, covered, reported, final, held = facts.get(agency, FigureCoverage())
        if not mine and not reported:
            continue
        by_day = _reported_by_day(item, agency, mine, reported=reported)
        owed = coverage.owed_seconds(frequency, start, mine, reported=reported, reported_by_day=by_day)
        has_figure = source != Source.NONE
        standings.append(
            Standing(
                agency=agency,
                owed=owed,
                covered=covered,
                begins=beginnings.get(agency),
                is_scheduled=bool(mine),
                has_figure=has_figure,
                final=final,
                held=held,
                withdrawn=reported > 0 and not has_figure,
                late=not has_figure and coverage.is_late(frequency, start, mine, now=mark),
            )
        )
    return standings


def _reported_by_day(
    item: WorkItem, agency: int, schedules: Sequence[AgencySchedule], *, reported: int
) -> NDArray[np.int64] | None:
    """The seconds of each day for which the agency ever sent a report. None if the owed time does not need them."""
    if not reported or not schedules or reported == periods.seconds(item.frequency, item.period):
        return None
    if coverage.scheduled_days(item.frequency, item.period, schedules).all():
        return None
    start, end = item.period, periods.end(item.frequency, item.period)
    by_day = np.zeros((end - start).days, np.int64)
    rows = Figure.objects.filter(
        indicator=item.indicator, agency=agency, frequency__in=["D", "M"], period__gte=start, period__lt=end
    ).values_list("frequency", "period", "reported_seconds")
    for frequency, period, seconds in rows:
        first = (period - start).days
        if frequency == Frequency.DAY:
            by_day[first] = max(by_day[first], seconds)
        elif item.frequency != Frequency.WEEK and seconds == periods.seconds(frequency, period):
            by_day[first : first + seconds // coverage.DAY_SECONDS] = coverage.DAY_SECONDS
    return by_day
