"""Moves the sliding windows of the map: exact sums of whole hours or days, rounded on their own.

The window of one day ends at the last whole hour. The others end before the first day that an
expected agency has not reported and still has time to, so none sags at midnight.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from federation.database import cursor, statement
from federation.expectation import schedules_by_agency
from federation.models.figures import Figure
from federation.models.published import PublishedCoverage, PublishedWindow
from federation.publication import COVERAGE_FACTS, LONGEST_WAIT
from federation.rules import coverage, periods, rounding, tables
from federation.rules.coverage import DAY_SECONDS, Coverage
from federation.rules.periods import Frequency
from federation.rules.tables import Numbers, Values
from federation.versions import new_version
from federation.worklist import WINDOWS, Thing

_SECOND = timedelta(seconds=1)
_NO_CELLS = (np.empty(0, np.int16), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Window:
    """A window as computed: from ``start`` until ``end``, its cells that are not 0, its coverage."""

    start: datetime
    end: datetime
    countries: Numbers
    values: Values
    coverage: Coverage


def compute(thing: Thing, *, mark: datetime) -> Window | None:
    """Compute a sliding window; None while there is no day or hour that it could end at."""
    by_hour = thing.frequency == "P1D"
    part = Frequency.HOUR if by_hour else Frequency.DAY
    end = periods.start_of(part, mark - coverage.GRACE)
    if not by_hour:
        end = _entered_until(thing.indicator, end, mark=mark)
    start = end - timedelta(days=WINDOWS[thing.frequency])
    found = _coverage(thing.indicator, part, start, end)
    if not found.agencies_expected:
        return None
    cells = _sum(thing.indicator, part, start, end)
    drawn = rounding.draws(
        settings.ROUNDING_KEY, (rounding.Cell(0, thing.indicator, int(c), 0, 0, b"H") for c in tables.PUBLIC_COUNTRIES)
    )
    rounded = rounding.rounded(cells[0, :, -1], drawn, settings.ROUNDING_BASE)
    shown = np.flatnonzero(rounded)
    return Window(start, end, tables.PUBLIC_COUNTRIES[shown], rounded[shown], found)


def _entered_until(indicator: int, end: datetime, *, mark: datetime) -> datetime:
    """Return up to where every day has entered: all that were expected in it have reported it, or are late."""
    rows = _covered(indicator, Frequency.DAY, end - LONGEST_WAIT, end)
    complete = {
        row.period: {
            agency: covered >= owed for agency, covered, owed in zip(row.agencies, row.covered, row.owed, strict=True)
        }
        for row in rows
    }
    schedules = schedules_by_agency([indicator])[indicator]
    for day in periods.between(Frequency.DAY, min(complete, default=end), end - _SECOND):
        if day not in complete or any(
            not has_all and coverage.is_awaited(Frequency.DAY, day, schedules[agency], now=mark)
            for agency, has_all in complete[day].items()
        ):
            return day
    return end


def _sum(indicator: int, part: str, start: datetime, end: datetime) -> Values:
    with cursor() as c:
        c.execute(statement("windows_exact"), [indicator, part, start, end])
        rows = [_NO_CELLS, *c.fetchall()]
    countries, values = map(np.concatenate, zip(*rows, strict=True))
    # Over all networks already: which column holds the sum makes no difference to the margins.
    networks = np.full(len(countries), tables.NETWORKS[0])
    table = np.zeros(len(countries), np.intp)
    return tables.with_margins(tables.add_up(1, table, countries, networks, values))


def _coverage(indicator: int, part: str, start: datetime, end: datetime) -> Coverage:
    """Put the coverage of the parts together; agencies expected by the day count in ``P1D`` too."""
    rows = [row for row in _covered(indicator, part, start, end) if row.agencies_expected]
    latest: dict[int, str] = {}
    covered: dict[int, int] = defaultdict(int)
    owed: dict[int, int] = defaultdict(int)
    for row in rows:
        for agency, state, has, owes in zip(row.agencies, row.states, row.covered, row.owed, strict=True):
            latest[agency] = state
            covered[agency] += has
            owed[agency] += owes
    by_day = _owed_by_day_only(indicator, start, end) if part == Frequency.HOUR else {}
    for agency, owes in by_day.items():
        latest.setdefault(agency, "awaited")
        owed[agency] += owes
    agencies = sorted(latest)
    final = not by_day and all(row.status == "A" for row in rows)
    return Coverage(
        agencies_expected=len(agencies),
        agencies_reporting=sum(covered[agency] > 0 for agency in agencies),
        covered_seconds=sum(covered.values()),
        owed_seconds=sum(owed.values()),
        status="A" if rows and final else "P",
        agencies=tuple(agencies),
        states=tuple(_state(latest[agency], covered[agency], owed[agency]) for agency in agencies),
        covered=tuple(covered[agency] for agency in agencies),
        owed=tuple(owed[agency] for agency in agencies),
    )


def _covered(indicator: int, part: str, start: datetime, end: datetime) -> QuerySet[PublishedCoverage]:
    return PublishedCoverage.objects.filter(
        indicator=indicator, frequency=part, version_to=None, period__gte=start, period__lt=end
    ).order_by("period")


def _owed_by_day_only(indicator: int, start: datetime, end: datetime) -> dict[int, int]:
    """Return the time that agencies owe in days of the window, and not in its hours."""
    schedules = schedules_by_agency([indicator])[indicator]
    days = list(periods.between(Frequency.DAY, start, end - _SECOND))
    # The reports of a day that is not public yet are not seen here either.
    ended = [day for day in days if periods.end(Frequency.DAY, day) <= end]
    whole_days = {key for key, seconds in _reported(indicator, Frequency.DAY, ended).items() if seconds == DAY_SECONDS}
    whole_days |= {
        (agency, day)
        for agency, mine in schedules.items()
        for day in days
        if any(s.frequency == Frequency.DAY and s.expects(Frequency.DAY, day) for s in mine)
    }
    hours = list(periods.between(Frequency.HOUR, start, end - _SECOND))
    by_hour = _reported(indicator, Frequency.HOUR, hours)
    owed: dict[int, int] = defaultdict(int)
    for hour in hours:
        for agency, day in whole_days:
            if day == periods.start_of(Frequency.DAY, hour):
                expecting = [s for s in schedules.get(agency, ()) if s.expects(Frequency.HOUR, hour)]
                reported = by_hour.get((agency, hour), 0)
                owed[agency] += 3600 - coverage.owed_seconds(Frequency.HOUR, hour, expecting, reported=reported)
    return {agency: seconds for agency, seconds in owed.items() if seconds}


def _reported(indicator: int, frequency: str, parts: Sequence[datetime]) -> dict[tuple[int, datetime], int]:
    """Return the time that agencies ever reported of each part."""
    rows = Figure.objects.filter(indicator=indicator, frequency=frequency, period__in=parts)
    return {(row[0], row[1]): row[2] for row in rows.values_list("agency_id", "period", "reported_seconds")}


def _state(latest: str, covered: int, owed: int) -> str:
    """Return the state over the whole window: all of it, part of it, or else the latest."""
    if covered >= owed:
        return "reported"
    return "partial" if covered else latest


def stored(thing: Thing) -> Window | None:
    """Return the window that is public now."""
    row = PublishedWindow.objects.filter(indicator=thing.indicator, window=thing.frequency).first()
    if row is None:
        return None
    plain = {name: getattr(row, name) for name in COVERAGE_FACTS}
    parallel: dict[str, Any] = {name: tuple(getattr(row, name)) for name in ("agencies", "states", "covered", "owed")}
    found = Coverage(**plain, **parallel)
    return Window(row.start, row.end, np.array(row.countries, np.int16), np.array(row.values, np.int64), found)


def differs(new: Window | None, old: Window | None) -> bool:
    """Whether two windows say different things."""
    if new is None or old is None:
        return new is not old
    same_cells = np.array_equal(new.countries, old.countries) and np.array_equal(new.values, old.values)
    return not same_cells or (new.start, new.end, new.coverage) != (old.start, old.end, old.coverage)


def slide(things: Sequence[Thing], *, mark: datetime) -> None:
    """Bring sliding windows up to date; those that change are one new version."""
    computed = {thing: compute(thing, mark=mark) for thing in things}
    changed = [thing for thing in things if differs(computed[thing], stored(thing))]
    if changed:
        with new_version() as version:
            for thing in changed:
                _replace(thing, computed[thing], version)


def _replace(thing: Thing, new: Window | None, version: int) -> None:
    PublishedWindow.objects.filter(indicator=thing.indicator, window=thing.frequency).delete()
    if new is None:
        return
    PublishedWindow.objects.create(
        indicator_id=thing.indicator,
        window=thing.frequency,
        start=new.start,
        end=new.end,
        version=version,
        countries=new.countries.tolist(),
        values=new.values.tolist(),
        # A window goes on over breaks: it is compared with none before it.
        **{name: value for name, value in asdict(new.coverage).items() if name != "is_break"},
    )
