"""Who reported and who is silent, put in words and order: computed from what was expected, never from values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.site import readings
from api.site.readings import Period
from countries.reference import Agency, Reference
from federation import published
from federation.published import Selection

#: Where an agency can stand, in the order in which that is told.
STATES: Final[tuple[str, ...]] = ("reported", "partial", "late", "awaited", "held", "withdrawn")
#: An agency in one of these states has no number in the period.
_MISSING: Final = frozenset({"late", "awaited", "withdrawn"})


@dataclass(frozen=True, slots=True)
class SilentAgency:
    """An agency without numbers on the newest days; ``since`` is nothing if on all of the days looked at."""

    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class AgencyDays:
    """Where an agency stood on each of some days; nothing where it was not expected."""

    name: str
    country: str
    invented: bool
    days: list[tuple[datetime, str]]
    counts: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class CoverageDay:
    """The coverage of a day, and which agencies stood in which way if they did not simply report."""

    period: Period
    others: list[tuple[str, list[str]]]


def read(selection: Selection) -> tuple[list[AgencyDays], list[CoverageDay]]:
    """Read where each agency stood, by agency and by day, newest day first."""
    page, standings = published.standings(selection, limit=readings.PERIODS)
    agencies = {row.id: row for row in Reference.current().agencies}
    columns = (standings.periods.tolist(), standings.agencies.tolist(), standings.states)
    stood: dict[int, dict[int, str]] = {}
    for second, agency, state in zip(*columns, strict=True):
        stood.setdefault(agency, {})[second] = state
    seconds = page.table.coverage.periods.tolist()
    listed = sorted((agency for agency in stood if agency in agencies), key=lambda agency: agencies[agency].name)
    strips = [_strip(agencies[agency], seconds, stood[agency]) for agency in listed]
    names = {agency: agencies[agency].name for agency in listed}
    days = zip(seconds, readings.periods_of(page.table), strict=True)
    calendar = [CoverageDay(day, _others(second, stood, names)) for second, day in days]
    return strips, calendar[::-1]


def _strip(agency: Agency, seconds: list[int], states: dict[int, str]) -> AgencyDays:
    days = [(datetime.fromtimestamp(second, UTC), states.get(second, "")) for second in seconds]
    present = [state for _, state in days if state]
    counts = [(state, present.count(state)) for state in STATES if state in present]
    return AgencyDays(agency.name, readings.name_of(agency.country), agency.invented, days, counts)


def _others(period: int, stood: dict[int, dict[int, str]], names: dict[int, str]) -> list[tuple[str, list[str]]]:
    found = []
    for state in STATES[1:]:
        who = [name for agency, name in names.items() if stood[agency].get(period) == state]
        if who:
            found.append((state, who))
    return found


def silences(strips: Iterable[AgencyDays]) -> list[SilentAgency]:
    """Return the agencies that are late with the newest day that has passed its deadline, and since when."""
    found = []
    for strip in strips:
        backwards = [(day, state) for day, state in reversed(strip.days) if state and state != "awaited"]
        if not backwards or backwards[0][1] != "late":
            continue
        ended = next((at for at, (_, state) in enumerate(backwards) if state not in _MISSING), None)
        found.append(SilentAgency(strip.name, backwards[ended - 1][0] if ended else None))
    return found
