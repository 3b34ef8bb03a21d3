"""The trend of a country, alone or beside others: periods, series and annotations.

All countries of a period have the same coverage, because every agency sees downloads everywhere.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from api.site import readings
from api.site.readings import Period
from api.site.templatetags import cldr
from countries.reference import Annotation, Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.detail import Withheld
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes, periods

#: The index of an average period.
INDEX: Final = 100
#: The scales of a trend: counts, per head, or an index.
COUNT, HEAD, INDEXED = SCALES = ("count", "head", "index")


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """The numbers of a country or network, one for each period. A number is None if it is not known or withheld.

    For each period, ``steps`` has the country's step if the value is withheld, else "". ``rates`` have ``decimals``.
    """

    code: str
    name: str
    values: list[int | None]
    rates: list[float | None]
    steps: list[str]
    decimals: int = 0

    @property
    def step(self) -> str:
        return next(filter(None, self.steps), "")


class Join(NamedTuple):
    """Two places that a line joins. The line is full, or ``is_partial``: dashed, because reports are missing."""

    before: int
    after: int
    is_partial: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """Series over the same periods. ``version`` is their newest version, and ``known_at`` when it became public.

    ``breaks`` are the times whose two sides are not comparable. If the numbers are those of a panel, ``agencies`` are
    the names of those in it, and ``months`` the starts of the first and last month that all of them reported.
    """

    frequency: str
    periods: list[Period]
    series: list[TrendSeries]
    known_at: datetime | None
    breaks: Sequence[datetime] = ()
    agencies: Sequence[str] = ()
    version: int | None = None
    months: tuple[datetime, datetime] | None = None

    def on_scale(self, series: TrendSeries, what: str) -> Sequence[float | None]:
        """A series as counts, per head, or as an index."""
        if what == HEAD:
            return series.rates
        return series.values if what == COUNT else self._index(series)

    def _index(self, series: TrendSeries) -> list[float | None]:
        """Each value against the average of its side of the breaks. Only whole and final periods are in an average."""
        sides = self.sides()
        bases: dict[int, list[int]] = {}
        for value, period, side in zip(series.values, self.periods, sides, strict=True):
            if value is not None and side is not None and period.coverage == "whole" and not period.provisional:
                bases.setdefault(side, []).append(value)
        means = {side: sum(values) / len(values) for side, values in bases.items() if sum(values)}
        return [
            None if value is None or side not in means else round(INDEX * value / means[side], 1)
            for value, side in zip(series.values, sides, strict=True)
        ]

    def sides(self) -> list[int | None]:
        """By period, how many breaks lie before it. None if there is one within it: it belongs to no side."""
        return [
            None
            if any(period.start < moment < period.end for moment in self.breaks)
            else sum(moment <= period.start for moment in self.breaks)
            for period in self.periods
        ]

    def joins(self) -> list[Join]:
        """The places that a line joins.

        No line crosses a break or an unknown period, or falls because reports are missing. Neighbours that
        all agencies reported are joined in full. Across incomplete periods between them the line goes on in part.
        Incomplete periods at an end are joined in part with each other, if as many agencies reported.
        """
        found: list[Join] = []
        for run in self._runs():
            whole = [at for at in run if self.periods[at].coverage == "whole"]
            found += [Join(*pair, is_partial=pair[1] - pair[0] > 1) for pair in pairwise(whole)]
            ends = [at for at in run if not whole or at < whole[0] or at > whole[-1]]
            found += [Join(*pair, is_partial=True) for pair in pairwise(ends) if self._are_alike(*pair)]
        return sorted(found)

    def _runs(self) -> list[list[int]]:
        """Neighbouring periods that are known and on one side of all breaks."""
        runs: list[list[int]] = [[]]
        last: tuple[datetime, int | None] | None = None
        for at, (period, side) in enumerate(zip(self.periods, self.sides(), strict=True)):
            if side is None or last != (period.start, side) or period.coverage == "none":
                runs.append([])
            if side is not None and period.coverage != "none":
                runs[-1].append(at)
            last = period.end, side
        return runs

    def _are_alike(self, first: int, second: int) -> bool:
        before, after = self.periods[first], self.periods[second]
        covered = [(one.expected, one.reporting, one.time_coverage, one.counted_from) for one in (before, after)]
        return second - first == 1 and covered[0] == covered[1]

    def share(self, moment: datetime) -> float:
        """How far along the periods a moment lies, from 0 to 1."""
        for at, period in enumerate(self.periods):
            if moment < period.end:
                part = max(timedelta(), moment - period.start) / (period.end - period.start)
                return (at + part) / len(self.periods)
        return 1


def read_countries(selection: Selection, countries: Sequence[str]) -> Trend:
    """Read countries and groups over all networks. If there is no such panel, the trend has no periods."""
    reference, agencies, months = Reference.current(), [], None
    if selection.panel is None:
        page = published.read(selection, reference, limit=readings.PERIODS)
    else:
        page, panel = published.panel(selection, reference, limit=readings.PERIODS)
        names = {row.id: row.name for row in reference.agencies}
        agencies = sorted(names[agency] for agency in panel.agencies.tolist() if agency in names)
        if panel.start and panel.end:
            months = panel.start, periods.previous("M", panel.end)
    steps = _steps(page.table, published.withheld(selection, reference))
    rates, found = page.rates().tolist(), {}
    rows = zip(page.table.numbers().items(), rates, page.rate_decimals(), strict=True)
    for ((country, _), values), row, decimals in rows:
        pairs = zip(values, row, strict=True)
        per_head = [None if value is None or math.isnan(rate) else rate for value, rate in pairs]
        code = codes.COUNTRY_CODES[country]
        withheld = steps[country, ALL_NETWORKS]
        found[code] = TrendSeries(code, readings.name_of(code), values, per_head, withheld, decimals)
    series, shown = [found[code] for code in countries], readings.periods_of(page.table)
    breaks = [row.start for row in _annotations(reference, selection.indicator, shown) if row.is_break]
    return Trend(selection.frequency, shown, series, page.known_at, breaks, agencies, page.version, months)


def panels(selections: Iterable[Selection]) -> list[int]:
    """The lengths in months of the panels that there are."""
    reference = Reference.current()
    found = [published.panel(selection, reference, limit=0)[1] for selection in selections]
    return [panel.months for panel in found if len(panel.agencies)]


def newest_of_panels(selections: Iterable[Selection]) -> datetime | None:
    """When the newest version of the panels became public."""
    reference = Reference.current()
    pages = [published.panel(selection, reference, limit=0)[0] for selection in selections]
    newest = max(pages, key=lambda page: page.version or 0, default=None)
    return newest.known_at if newest else None


def _steps(table: Table, withheld: Iterable[Withheld]) -> dict[tuple[int, int], list[str]]:
    """By country and network and then by period, the finest frequency that is published in its place, or ""."""
    by_country = readings.steps_of(withheld)
    masks = [[False] * len(table.coverage.periods)] * len(table.series)
    if table.withheld is not None:
        masks = table.withheld.tolist()
    return {
        one[:2]: [by_country[one.codes[0]] if is_withheld else "" for is_withheld in mask]
        for one, mask in zip(table.series, masks, strict=True)
    }


def read_networks(selection: Selection) -> Trend:
    reference = Reference.current()
    page = published.read(selection, reference, limit=readings.PERIODS)
    steps, numbers = _steps(page.table, published.withheld(selection, reference)), page.table.numbers()
    nobody: list[float | None] = [None] * len(page.table.coverage.periods)
    found = [
        TrendSeries(row.code, row.name, numbers[key], nobody, steps[key])
        for row in reference.networks
        for key in [(selection.countries[0], row.number)]
    ]
    return Trend(selection.frequency, readings.periods_of(page.table), found, page.known_at, version=page.version)


def newest_values(trend: Trend) -> tuple[Period | None, list[int | None]]:
    """The newest period in which any series has a number, and the number of each series in it."""
    for at in reversed(range(len(trend.periods))):
        values = [series.values[at] for series in trend.series]
        if any(value is not None for value in values):
            return trend.periods[at], values
    return None, [None] * len(trend.series)


def newest_known(trend: Trend) -> tuple[Period, list[tuple[TrendSeries, int, int]]] | None:
    """The newest known period: each series with its value, and its percentage of the highest."""
    at = next((at for at in reversed(range(len(trend.periods))) if trend.periods[at].is_known), None)
    if at is None:
        return None
    values = [series.values[at] or 0 for series in trend.series]
    highest = max(values, default=0) or 1
    rows = zip(trend.series, values, (round(100 * value / highest) for value in values), strict=True)
    return trend.periods[at], list(rows)


@dataclass(frozen=True, slots=True)
class AnnotationText:
    """An annotation in words. ``agency`` is the name of its agency, if it is not about all agencies."""

    row: Annotation
    agency: str

    @property
    def text(self) -> str:
        """The text that a coordinator wrote, as a sentence."""
        return f"{self.row.text.rstrip('.')}."

    def when(self) -> str:
        """The day, or the first and last one."""
        first = cldr.day(self.row.start)
        # If an annotation ends at midnight, its last day is the day before.
        last = cldr.day(max(self.row.start, self.row.end - timedelta(microseconds=1))) if self.row.end else first
        return cldr.interval(first, last)

    def line(self) -> str:
        about = f", {self.agency}" if self.agency else ""
        comparable = f" {cldr.incomparable()}" if self.row.is_break else ""
        return f"{self.when()}, {cldr.word(self.row.kind)}{about}: {self.text}{comparable}"


def annotations(indicator: Indicator, trend: Trend, as_of: datetime | None) -> list[AnnotationText]:
    """The annotations of its periods, first one first.

    Interventions in countries that it does not show are left out, and those that were registered after ``as_of``.
    """
    reference = Reference.current()
    names = {row.code: row.name for row in reference.agencies}
    shown = {one.code for one in trend.series}
    rows = _annotations(reference, indicator.number, trend.periods, as_of)
    return [AnnotationText(row, names.get(row.agency or "", "")) for row in rows if _concerns(row, shown)]


def _concerns(row: Annotation, shown: set[str]) -> bool:
    """Whether an annotation is about one of the countries, or about a part of a group."""
    has_group = not shown <= codes.COUNTRIES.keys()
    return not row.countries or has_group or not shown.isdisjoint(row.countries)


def _annotations(
    reference: Reference, indicator: int, shown: Sequence[Period], as_of: datetime | None = None
) -> list[Annotation]:
    if not shown:
        return []
    code = next((row.code for row in reference.indicators if row.number == indicator), None)
    return reference.annotations_of(shown[0].start, shown[-1].end, indicator=code, as_of=as_of)
