"""Makes the panels of the fair comparison: the sum, month by month, of the same agencies throughout.

A panel's span are the last so many months that have ended and entered; its agencies are those that
cover each period of the span whole. Who joins, leaves or falls silent is out, so no line bends by it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
from django.conf import settings
from django.db import models

from federation.combination import combine
from federation.database import cursor, statement
from federation.expectation import schedules_by_agency
from federation.models.figures import Figure
from federation.models.published import PublishedPanel, PublishedPanelPeriod
from federation.publication import LONGEST_WAIT
from federation.rules import coverage, periods, rounding, tables
from federation.rules.coverage import Schedule
from federation.rules.panels import FREQUENCIES, periods_inside, start_of_span
from federation.rules.periods import Frequency
from federation.rules.tables import Values
from federation.versions import new_version
from federation.worklist import PANELS, Stage, Thing, panel

#: No panel reaches back further, however long its last months are waited for and the clock stands still.
_REACH = timedelta(days=31 * max(PANELS.values())) + 2 * LONGEST_WAIT
_SECOND = timedelta(seconds=1)

Schedules = Mapping[int, Sequence[Schedule]]
Row = TypeVar("Row", PublishedPanel, PublishedPanelPeriod)


@dataclass(frozen=True, slots=True)
class Panel:
    """Who a panel is made of, and from when until before when."""

    start: datetime
    end: datetime
    agencies: list[int]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a panel for a period: its cells that are not 0, and whether they are final."""

    status: str
    countries: list[int]
    values: list[int]


@dataclass(frozen=True, slots=True)
class View:
    """What is to be public of a panel, by frequency, and by frequency and period."""

    panels: dict[tuple[str], Panel]
    numbers: dict[tuple[str, datetime], Numbers]


def touched_by(things: Iterable[Thing], *, now: datetime) -> set[Thing]:
    """Return the panels that may hang on these figures or periods: weeks and months of a month that has ended."""
    this_month = periods.start_of(Frequency.MONTH, now)
    indicators = {
        thing.indicator
        for thing in things
        if thing.frequency in FREQUENCIES
        and now - _REACH <= thing.period
        and periods.end(thing.frequency, thing.period) <= this_month
    }
    return {thing for indicator in indicators for thing in panels_of(indicator)}


def panels_of(indicator: int) -> list[Thing]:
    """Return all panels of an indicator."""
    return [panel(name, indicator) for name in PANELS]


def compute(thing: Thing, *, mark: datetime) -> View:
    """Compute a panel at each frequency; it is empty while nobody is expected in its span."""
    schedules = schedules_by_agency([thing.indicator])[thing.indicator]
    end = _entered_until(thing.indicator, schedules, mark=mark)
    start = start_of_span(end, PANELS[thing.frequency])
    view = View({}, {})
    if _is_anybody_expected(thing.indicator, schedules, start, end):
        for frequency in FREQUENCIES:
            inside = periods_inside(frequency, start, end)
            agencies, numbers = _add_up(frequency, thing.indicator, inside)
            view.panels[frequency,] = Panel(start, end, agencies)
            view.numbers.update({(frequency, period): found for period, found in zip(inside, numbers, strict=False)})
    return view


def _entered_until(indicator: int, schedules: Schedules, *, mark: datetime) -> datetime:
    """Return up to where every month has entered: all that were expected in it have reported it, or are late."""
    end = periods.start_of(Frequency.MONTH, mark - coverage.GRACE)
    last = periods.between(Frequency.MONTH, end - LONGEST_WAIT, end - _SECOND)
    months = [Thing(Stage.PUBLISH, Frequency.MONTH, month, indicator) for month in last]
    for month, found in zip(months, combine(months, mark=mark).coverage, strict=True):
        if any(
            covered < owed and coverage.is_awaited(Frequency.MONTH, month.period, schedules.get(agency, ()), now=mark)
            for agency, covered, owed in zip(found.agencies, found.covered, found.owed, strict=True)
        ):
            return month.period
    return end


def _is_anybody_expected(indicator: int, schedules: Schedules, start: datetime, end: datetime) -> bool:
    """Whether an agency owed or ever reported something in some month of the span."""
    first, last = start.date(), (end - _SECOND).date()
    if any(s.valid_from <= last and first <= s.valid_to for mine in schedules.values() for s in mine):
        return True
    months = Figure.objects.filter(indicator=indicator, frequency=Frequency.MONTH, period__gte=start, period__lt=end)
    return months.exists()


def _add_up(frequency: str, indicator: int, inside: Sequence[datetime]) -> tuple[list[int], list[Numbers]]:
    """Return the agencies that cover all periods whole, and their numbers for each; without agencies there are none."""
    agencies: list[int] = []
    sums: list[Values] = []
    statuses: list[str] = []
    # A period at a time: three years of weeks of all agencies are more than there is any need to hold.
    for _, rows in groupby(_figures(frequency, indicator, inside), key=itemgetter(0)):
        figures = list(rows)
        agencies = [figure[1] for figure in figures]
        sums.append(_sum(figures))
        statuses.append("A" if all(figure[2] for figure in figures) else "P")
    return agencies, _rounded(sums, statuses)


def _figures(frequency: str, indicator: int, inside: Sequence[datetime]) -> Iterator[tuple[Any, ...]]:
    """Yield the figures of the agencies that cover all periods whole, in order of period."""
    named = {
        "indicator": indicator,
        "frequency": frequency,
        "periods": list(inside),
        "seconds": np.array([periods.seconds(frequency, period) for period in inside], np.int64),
    }
    with cursor() as c:
        yield from c.stream(statement("panels_figures"), named)


def _sum(figures: Sequence[tuple[Any, ...]]) -> Values:
    countries, networks, values = (np.concatenate([figure[i] for figure in figures]) for i in range(3, 6))
    return tables.add_up(1, np.zeros(len(values), np.intp), countries, networks, values)


def _rounded(sums: Sequence[Values], statuses: Sequence[str]) -> list[Numbers]:
    """Round sums over all networks, for countries and groups, each by its own key."""
    if not sums:
        return []
    exact = tables.with_margins(np.concatenate(sums))[:, :, -1]
    rounded = rounding.rounded(exact, np.zeros(exact.shape, np.uint64), settings.ROUNDING_BASE)
    return [
        Numbers(status, tables.PUBLIC_COUNTRIES[row > 0].tolist(), row[row > 0].tolist())
        for status, row in zip(statuses, rounded, strict=True)
    ]


def stored(thing: Thing) -> View:
    """Return a panel as it is public now."""
    numbers = _current(PublishedPanelPeriod, thing)
    return View(
        {(row.frequency,): Panel(row.start, row.end, row.agencies) for row in _current(PublishedPanel, thing)},
        {(row.frequency, row.period): Numbers(row.status, row.countries, row.values) for row in numbers},
    )


def _current(model: type[Row], thing: Thing) -> models.QuerySet[Row]:
    rows = model._default_manager
    return rows.filter(indicator=thing.indicator, months=PANELS[thing.frequency], version_to=None)


def renew(things: Collection[Thing], *, mark: datetime) -> None:
    """Bring panels up to date, each that changes as one new version; a period that does not is not touched."""
    for thing in things:
        new, old = compute(thing, mark=mark), stored(thing)
        if new != old:
            with new_version() as version:
                _replace(PublishedPanel, thing, old.panels, new.panels, version)
                _replace(PublishedPanelPeriod, thing, old.numbers, new.numbers, version)


#: What tells the rows of a panel apart: the keys of a view.
_KEYS: dict[type[models.Model], tuple[str, ...]] = {
    PublishedPanel: ("frequency",),
    PublishedPanelPeriod: ("frequency", "period"),
}


def _replace(
    model: type[Row],
    thing: Thing,
    old: Mapping[tuple[Any, ...], Panel | Numbers],
    new: Mapping[tuple[Any, ...], Panel | Numbers],
    version: int,
) -> None:
    """Close the rows that do not hold any more, and add those that hold from now on."""
    names = _KEYS[model]
    rows = _current(model, thing).values_list("pk", *names)
    closed = [pk for pk, *key in rows if new.get(tuple(key)) != old[tuple(key)]]
    model._default_manager.filter(pk__in=closed).update(version_to=version)
    model._default_manager.bulk_create(
        model(
            indicator_id=thing.indicator,
            months=PANELS[thing.frequency],
            version_from=version,
            **dict(zip(names, key, strict=True)),
            **{column.name: getattr(found, column.name) for column in fields(found)},
        )
        for key, found in new.items()
        if found != old.get(key)
    )
