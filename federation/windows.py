"""Moves the sliding windows of the map: exact sums of whole hours or days, rounded on their own.

The window of one day ends at the last whole hour. The others end at the last day that all
expected agencies have reported or whose deadlines have passed, so none sags at midnight.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from federation.database import cursor, statement
from federation.models.published import PublishedCoverage, PublishedWindow
from federation.publication import COVERAGE_FACTS, LONGEST_WAIT, schedules_by_agency
from federation.rules import coverage, periods, rounding, tables
from federation.rules.coverage import DAY_SECONDS, Coverage
from federation.rules.periods import Frequency
from federation.rules.tables import Numbers, Tables, Values
from federation.versions import new_version
from federation.worklist import WINDOWS, Thing

_NO_CELLS = (np.empty(0, np.int16), np.empty(0, np.int64), np.empty(0, np.int64))


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
        end = _settled_until(thing.indicator, end, mark=mark)
    start = end - timedelta(days=WINDOWS[thing.frequency])
    found = _coverage(thing.indicator, part, start, end)
    if not found.agencies_expected:
        return None
    cells = _sum(thing.indicator, part, start, end)
    rounded = rounding.round_values(cells.values, cells.keys, settings.ROUNDING_BASE)[0, :, -1]
    shown = np.flatnonzero(rounded)
    return Window(start, end, tables.PUBLIC_COUNTRIES[shown], rounded[shown], found)


def _settled_until(indicator: int, end: datetime, *, mark: datetime) -> datetime:
    """Return the end of the last day that waits for nobody, looking back from ``end``."""
    states = dict(
        PublishedCoverage.objects.filter(
            indicator=indicator, frequency="D", version_to=None, period__gte=end - LONGEST_WAIT, period__lt=end
        ).values_list("period", "states")
    )
    everyone = [s for mine in schedules_by_agency([indicator])[indicator].values() for s in mine]
    day = end - timedelta(days=1)
    while day in states and not _settled(day, states[day], everyone, mark=mark):
        day -= timedelta(days=1)
    return day + timedelta(days=1)


def _settled(day: datetime, states: Sequence[str], schedules: Sequence[coverage.Schedule], *, mark: datetime) -> bool:
    expecting = [s for s in schedules if s.expects(Frequency.DAY, day)]
    reported = all(state == "reported" for state in states)
    return reported or not expecting or coverage.is_late(Frequency.DAY, day, expecting, now=mark)


def _sum(indicator: int, part: str, start: datetime, end: datetime) -> Tables:
    with cursor() as c:
        c.execute(statement("windows_exact"), [indicator, part, start, end])
        rows = [_NO_CELLS, *c.fetchall()]
    countries, values, keys = map(np.concatenate, zip(*rows, strict=True))
    # Over all networks already: which column holds the sum makes no difference to the margins.
    networks = np.full(len(countries), tables.NETWORKS[0])
    table = np.zeros(len(countries), np.intp)
    return tables.with_margins(tables.add_up(1, table, countries, networks, values, keys.view(np.uint64)))


def _coverage(indicator: int, part: str, start: datetime, end: datetime) -> Coverage:
    """Put the coverage of the parts together; agencies expected by the day count in ``P1D`` too."""
    rows = list(_covered(indicator, part, start, end))
    states: dict[int, list[str]] = {}
    for row in rows:
        for agency, state in zip(row.agencies, row.states, strict=True):
            states.setdefault(agency, []).append(state)
    owed = sum(row.owed_seconds for row in rows)
    if part == Frequency.HOUR:
        for agency in _expected_by_day_only(indicator, start, end) - states.keys():
            states[agency] = ["awaited"]
            owed += DAY_SECONDS
    final = all(row.status == "A" for row in rows) and "awaited" not in {s[0] for s in states.values()}
    return Coverage(
        agencies_expected=len(states),
        agencies_reporting=sum("reported" in s or "partial" in s for s in states.values()),
        covered_seconds=sum(row.covered_seconds for row in rows),
        owed_seconds=owed,
        status="A" if rows and final else "P",
        agencies=tuple(sorted(states)),
        states=tuple(_state(states[agency]) for agency in sorted(states)),
    )


def _covered(indicator: int, part: str, start: datetime, end: datetime) -> QuerySet[PublishedCoverage]:
    return PublishedCoverage.objects.filter(
        indicator=indicator, frequency=part, version_to=None, period__gte=start, period__lt=end
    ).order_by("period")


def _expected_by_day_only(indicator: int, start: datetime, end: datetime) -> set[int]:
    days = list(periods.between(Frequency.DAY, start, end - timedelta(seconds=1)))
    return {
        schedule.agency
        for mine in schedules_by_agency([indicator])[indicator].values()
        for schedule in mine
        if schedule.frequency == Frequency.DAY and any(schedule.expects(Frequency.DAY, day) for day in days)
    }


def _state(states: Sequence[str]) -> str:
    """Return the state over the whole window: all of it, part of it, or else the latest."""
    if all(state == "reported" for state in states):
        return "reported"
    return "partial" if {"reported", "partial"} & set(states) else states[-1]


def stored(thing: Thing) -> Window | None:
    """Return the window that is public now."""
    row = PublishedWindow.objects.filter(indicator=thing.indicator, window=thing.frequency).first()
    if row is None:
        return None
    facts = {name: getattr(row, name) for name in COVERAGE_FACTS}
    found = Coverage(**facts, agencies=tuple(row.agencies), states=tuple(row.states))
    return Window(row.start, row.end, np.array(row.countries, np.int16), np.array(row.values, np.int64), found)


def differs(new: Window | None, old: Window | None) -> bool:
    """Whether two windows say different things."""
    if new is None or old is None:
        return new is not old
    same_cells = np.array_equal(new.countries, old.countries) and np.array_equal(new.values, old.values)
    return not same_cells or (new.start, new.end, new.coverage) != (old.start, old.end, old.coverage)


def slide(things: Sequence[Thing], *, mark: datetime) -> None:
    """Bring sliding windows up to date; what is replaced gets a new version."""
    for thing in things:
        new = compute(thing, mark=mark)
        if not differs(new, stored(thing)):
            continue
        with new_version() as version:
            _replace(thing, new, version)


def _replace(thing: Thing, new: Window | None, version: int) -> None:
    PublishedWindow.objects.filter(indicator=thing.indicator, window=thing.frequency).delete()
    if new is None:
        return
    *plain, agencies, states = astuple(new.coverage)
    PublishedWindow.objects.create(
        indicator_id=thing.indicator,
        window=thing.frequency,
        start=new.start,
        end=new.end,
        version=version,
        countries=new.countries.tolist(),
        values=new.values.tolist(),
        agencies=agencies,
        states=states,
        **dict(zip(COVERAGE_FACTS, plain, strict=True)),
    )
