"""Who reported and who is silent, computed from what was expected and never from values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import Final, TypeAlias

from django.conf import settings

from api.site import readings
from api.site.readings import Period
from countries.reference import Agency, Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.answers import Standings
from p2p_core import periods
from p2p_core.periods import Frequency

#: The states of an agency in a period, in the order in which pages show them.
SHOWN_STATES: Final[tuple[str, ...]] = ("reported", "partial", "late", "awaited", "held", "withdrawn")
#: An agency in one of these states has no number in the period.
_MISSING: Final = frozenset({"late", "awaited", "withdrawn"})


@dataclass(frozen=True, slots=True)
class LateAgency:
    """An agency without numbers on the newest days; ``since`` is None if it has none on any day shown."""

    name: str
    since: datetime | None
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class AgencyDays:
    """The state of an agency by day (empty if it was not expected), and how many days have each state.

    ``is_awaited``: some day is not public yet because it waits for the agency.
    """

    name: str
    country: str
    is_awaited: bool
    days: list[tuple[datetime, str]]
    counts: list[tuple[str, int]]


#: By state: the names of the agencies that did not simply report.
Others: TypeAlias = list[tuple[str, list[str]]]


@dataclass(frozen=True, slots=True)
class CoverageDay:
    """The coverage of a day."""

    period: Period
    others: Others


@dataclass(frozen=True, slots=True)
class CoverageRun:
    """Days in a row of which the same can be said. ``period`` is the newest of them."""

    first: datetime
    period: Period
    others: Others


def read(selection: Selection) -> tuple[list[AgencyDays], list[CoverageDay]]:
    """Read the state of each agency, by agency and by day, newest day first."""
    page, standings = published.standings(selection, limit=readings.PERIODS)
    listed = _by_agency(standings)
    awaited = set(standings.agencies[standings.awaited].tolist())
    seconds = page.table.coverage.periods.tolist()

    strips = []
    for agency, states in listed:
        days = [(datetime.fromtimestamp(second, UTC), states.get(second, "")) for second in seconds]
        present = [state for _, state in days if state]
        counts = [(state, present.count(state)) for state in SHOWN_STATES if state in present]
        strips.append(AgencyDays(agency.name, readings.name_of(agency.country), agency.id in awaited, days, counts))

    calendar = [
        CoverageDay(period, _others(listed, second))
        for second, period in zip(seconds, readings.periods_of(page.table), strict=True)
    ]
    return strips, calendar[::-1]


def gaps(selection: Selection, shown: Iterable[Period]) -> dict[datetime, Others]:
    """By start of each period that is not complete: who did not simply report. Reads nothing if all are complete."""
    starts = [period.start for period in shown if period.expected and period.coverage != "whole"]
    if not starts:
        return {}
    _, standings = published.standings(replace(selection, start=starts[0], end=starts[-1]), limit=readings.PERIODS)
    listed = _by_agency(standings)
    return {start: _others(listed, periods.epoch(start)) for start in starts}


def expected(selection: Selection) -> list[Agency]:
    """The agencies that were expected in any period, also because they reported without a schedule."""
    _, standings = published.standings(selection, limit=readings.PERIODS)
    return [agency for agency, _ in _by_agency(standings)]


def _by_agency(standings: Standings) -> list[tuple[Agency, dict[int, str]]]:
    """The agencies by name, and for each its state by period."""
    states: dict[int, dict[int, str]] = {}
    columns = standings.periods.tolist(), standings.agencies.tolist(), standings.states
    for second, agency, state in zip(*columns, strict=True):
        states.setdefault(agency, {})[second] = state
    known = sorted(Reference.current().agencies, key=lambda row: row.name)
    return [(row, states[row.id]) for row in known if row.id in states]


def _others(listed: Iterable[tuple[Agency, Mapping[int, str]]], second: int) -> Others:
    found = [(state, [row.name for row, states in listed if states.get(second) == state]) for state in SHOWN_STATES[1:]]
    return [(state, names) for state, names in found if names]


def runs(calendar: Iterable[CoverageDay]) -> list[CoverageRun]:
    """Put days in a row together if the same can be said of them. Days that are not public yet stay alone."""
    found: list[CoverageRun] = []
    for row in calendar:
        last = found[-1] if found else None
        if last and last.first == row.period.end and _facts(last.period, last.others) == _facts(row.period, row.others):
            found[-1] = replace(last, first=row.period.start)
        else:
            found.append(CoverageRun(row.period.start, row.period, row.others))
    return found


def _facts(period: Period, others: Others) -> tuple[object, ...]:
    covered = period.expected, period.reporting, period.time_coverage, period.provisional, period.counted_from
    return *covered, period.awaited_until, others


def silences(strips: Iterable[AgencyDays]) -> list[LateAgency]:
    """The agencies that are late with the newest day that has passed its deadline, and have been silent since some day.

    An agency that lacks fewer days than the rule R202 says is not silent yet.
    """
    found = []
    for strip in strips:
        backwards = [(day, state) for day, state in reversed(strip.days) if state and state != "awaited"]
        if not backwards or backwards[0][1] != "late":
            continue
        missing = [day for day, _ in takewhile(lambda one: one[1] in _MISSING, backwards)]
        if len(missing) >= settings.THRESHOLDS["R202_PERIODS"]:
            is_longer = missing[-1] == strip.days[0][0] and len(strip.days) >= readings.COVERAGE_DAYS
            found.append(LateAgency(strip.name, None if is_longer else missing[-1], strip.is_awaited))
    return found


def monthly(indicator: Indicator, day: date) -> list[str]:
    """The agencies that report by month only, so that their numbers are in no day and no week."""
    agencies = Reference.current().agencies
    return [row.name for row in agencies if row.step_on(day, indicator.number) == Frequency.MONTH]


def waiting(calendar: Iterable[CoverageDay]) -> list[Period]:
    """The days that are not public yet."""
    return [row.period for row in calendar if row.period.awaited_until]
