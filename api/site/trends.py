"""The trend of a country, alone or beside others: periods, series and annotations.

All countries of a period have the same coverage, because every agency sees downloads everywhere.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from api.site import readings
from api.site.readings import Period
from api.site.templatetags import cldr
from countries.reference import Annotation, Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.detail import Withheld
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes

#: How far back a trend goes by default: 30 days, 26 weeks, 24 months. From the first day of a month, 730 days lead to
#: the first or, over a leap day, to the second day of the same month.
SPANS: Final = {"D": timedelta(days=30), "W": timedelta(weeks=26), "M": timedelta(days=730)}
#: The most periods of a trend: nobody could distinguish more.
LONGEST: Final = 400
#: The index of an average period.
INDEX: Final = 100
#: The scales of a trend: counts, per head, or an index.
COUNT, HEAD, INDEXED = SCALES = ("count", "head", "index")


@dataclass(frozen=True, slots=True)
class TrendSeries:
    """The numbers of a country or network, one for each period. A number is None if it is not known or withheld.

    For each period, ``steps`` has the country's step if the value is withheld, else "".
    """

    code: str
    name: str
    values: list[int | None]
    rates: list[float | None]
    steps: list[str]

    @property
    def step(self) -> str:
        return next(filter(None, self.steps), "")

    @property
    def newest_value(self) -> int | None:
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True, slots=True)
class Trend:
    """Series over the same periods. ``known_at`` is the time at which the newest of their versions became public."""

    frequency: str
    periods: list[Period]
    series: list[TrendSeries]
    known_at: datetime | None

    def on_scale(self, series: TrendSeries, what: str) -> Sequence[float | None]:
        """A series as counts, per head, or as an index: against its average over the whole and final periods."""
        if what == HEAD:
            return series.rates
        if what == COUNT:
            return series.values
        pairs = zip(series.values, self.periods, strict=True)
        whole = (value for value, period in pairs if period.coverage == "whole" and not period.provisional)
        base = [value for value in whole if value is not None]
        if not sum(base):
            return [None] * len(series.values)
        mean = sum(base) / len(base)
        return [None if value is None else round(INDEX * value / mean, 1) for value in series.values]

    def joined(self) -> list[bool]:
        """By period, whether a line may join it to the one before: only if both are whole, and neighbours.

        So no line falls because an agency was silent.
        """
        pairs = zip(self.periods, self.periods[1:], strict=False)
        both = [a.end == b.start and a.coverage == b.coverage == "whole" for a, b in pairs]
        return [False, *both][: len(self.periods)]

    def share(self, moment: datetime) -> float:
        """How far along the periods a moment lies, from 0 to 1."""
        for at, period in enumerate(self.periods):
            if moment < period.end:
                part = max(timedelta(), moment - period.start) / (period.end - period.start)
                return (at + part) / len(self.periods)
        return 1


def read_countries(selection: Selection, countries: Sequence[str]) -> Trend:
    reference = Reference.current()
    page = published.read(selection, reference, limit=readings.PERIODS)
    steps = _steps(page.table, published.withheld(selection, reference))
    rates = page.table.rates(reference.inhabitants).tolist()
    found = {}
    for ((country, _), values), row in zip(page.table.numbers().items(), rates, strict=True):
        pairs = zip(values, row, strict=True)
        per_head = [None if value is None or math.isnan(rate) else rate for value, rate in pairs]
        code = codes.COUNTRY_CODES[country]
        found[code] = TrendSeries(code, readings.name_of(code), values, per_head, steps[country, ALL_NETWORKS])
    series = [found[code] for code in countries]
    return Trend(selection.frequency, readings.periods_of(page.table), series, page.known_at)


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
    return Trend(selection.frequency, readings.periods_of(page.table), found, page.known_at)


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
        return first if last == first else gettext("%(start)s to %(end)s") % {"start": first, "end": last}

    def line(self) -> str:
        about = f", {self.agency}" if self.agency else ""
        comparable = f" {cldr.incomparable()}" if self.row.is_break else ""
        return f"{self.when()}, {cldr.word(self.row.kind)}{about}: {self.text}{comparable}"


def annotations(indicator: Indicator, trend: Trend) -> list[AnnotationText]:
    """The annotations of its periods, first one first."""
    if not trend.periods:
        return []
    reference = Reference.current()
    rows = reference.annotations_of(trend.periods[0].start, trend.periods[-1].end, indicator=indicator.code)
    names = {row.code: row.name for row in reference.agencies}
    return [AnnotationText(row, names.get(row.agency or "", "")) for row in rows]
