"""Who reported and who is silent, computed from what was expected and never from values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Final

from django.conf import settings

from api.site import readings
from api.site.readings import Period
from countries.reference import Reference, Setup
from federation import published
from federation.published import Selection

#: The states of an agency in a period, in the order in which pages show them.
STATES: Final[tuple[str, ...]] = ("reported", "partial", "late", "awaited", "held", "withdrawn")
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

    ``is_awaited``: some day is not public yet because it waits for the agency. ``setup`` is that of the last day.
    """

    name: str
    country: str
    is_awaited: bool
    days: list[tuple[datetime, str]]
    counts: list[tuple[str, int]]
    setup: Setup | None


@dataclass(frozen=True, slots=True)
class CoverageDay:
    """The coverage of a day. By state: the agencies that did not simply report."""

    period: Period
    others: list[tuple[str, list[str]]]


def read(selection: Selection) -> tuple[list[AgencyDays], list[CoverageDay]]:
    """Read the state of each agency, by agency and by day, newest day first."""
    page, standings = published.standings(selection, limit=readings.PERIODS)
    agencies = {row.id: row for row in Reference.current().agencies}
    states: dict[int, dict[int, str]] = {}
    for second, agency, state in zip(
        standings.periods.tolist(), standings.agencies.tolist(), standings.states, strict=True
    ):
        states.setdefault(agency, {})[second] = state
    awaited = set(standings.agencies[standings.awaited].tolist())
    seconds = page.table.coverage.periods.tolist()
    listed = sorted((agency for agency in states if agency in agencies), key=lambda agency: agencies[agency].name)

    strips = []
    for agency in listed:
        row = agencies[agency]
        days = [(datetime.fromtimestamp(second, UTC), states[agency].get(second, "")) for second in seconds]
        present = [state for _, state in days if state]
        counts = [(state, present.count(state)) for state in STATES if state in present]
        setup = row.setup_on(days[-1][0].date())
        strips.append(AgencyDays(row.name, readings.name_of(row.country), agency in awaited, days, counts, setup))

    calendar = []
    for second, period in zip(seconds, readings.periods_of(page.table), strict=True):
        names = {
            state: [agencies[agency].name for agency in listed if states[agency].get(second) == state]
            for state in STATES[1:]
        }
        calendar.append(CoverageDay(period, [(state, who) for state, who in names.items() if who]))
    return strips, calendar[::-1]


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


def waiting(calendar: Iterable[CoverageDay]) -> list[Period]:
    """The days that are not public yet."""
    return [row.period for row in calendar if row.period.until]
