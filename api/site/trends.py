"""How the numbers of a country went, alone or beside others: periods, series, and what is to be known of them.

Which agencies were there is the same for all countries of a period, as every agency sees downloads everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.site import readings
from api.site.readings import Period
from countries.reference import Annotation, Indicator, Reference
from federation import published
from federation.published import Selection
from federation.rules.view import ALL_NETWORKS
from p2p_core import codes, periods

#: How far back from its last period a trend goes unless its address says: 30 days, 26 weeks, 24 months. From the first
#: day of a month, 730 days lead to the first or, over a leap day, to the second day of the same month.
SPANS: Final = {"D": timedelta(days=30), "W": timedelta(weeks=26), "M": timedelta(days=730)}
#: No trend has more periods: they could not be told apart.
LONGEST: Final = 400
#: Where an index stands on the average of the periods that it is made of.
INDEX: Final = 100
#: What a trend can show.
COUNT, HEAD, INDEXED = SHOWN = ("count", "head", "index")

_ALL: Final = codes.COUNTRIES | codes.GROUPS


@dataclass(frozen=True, slots=True)
class ShownSeries:
    """The numbers of a country or network, one for each period; nothing where none is known."""

    code: str
    name: str
    values: list[int | None]
    rates: list[float | None]

    @property
    def newest_value(self) -> int | None:
        """The newest value that is known."""
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True, slots=True)
class Trend:
    """Some series over the same periods; ``known_at`` is when the newest of their versions became public."""

    frequency: str
    periods: list[Period]
    series: list[ShownSeries]
    known_at: datetime | None

    def shown(self, series: ShownSeries, what: str) -> Sequence[float | None]:
        """Return a series as counts, per head, or as an index."""
        if what == HEAD:
            return series.rates
        return _indexed(series.values, self.periods) if what == INDEXED else series.values

    def joined(self) -> list[bool]:
        """Return which periods a line may reach from the one before: only from whole to whole, side by side.

        So no line falls because an agency was silent.
        """
        pairs = zip(self.periods, self.periods[1:], strict=False)
        both = [a.end == b.start and a.coverage == b.coverage == "whole" for a, b in pairs]
        return [False, *both][: len(self.periods)]

    def share(self, moment: datetime) -> float:
        """Return how far along the periods a moment lies, as a share of all of them."""
        for at, period in enumerate(self.periods):
            if moment < period.end:
                part = max(timedelta(), moment - period.start) / (period.end - period.start)
                return (at + part) / len(self.periods)
        return 1


def containing(frequency: str, moment: datetime) -> datetime:
    """Return the start of the period that a moment lies in."""
    return periods.parse(frequency, periods.label(frequency, moment))


def selection(
    indicator: Indicator, frequency: str, span: tuple[datetime, datetime], countries: Sequence[str], version: int
) -> Selection:
    """Return what names the numbers of countries over all networks."""
    numbers = tuple(_ALL[code] for code in countries)
    return Selection(indicator.number, frequency, *span, numbers, (ALL_NETWORKS,), version)


def network_selection(
    indicator: Indicator, frequency: str, span: tuple[datetime, datetime], country: str, version: int
) -> Selection:
    """Return what names the numbers of a country by network."""
    networks = tuple(codes.NETWORKS.values())
    return Selection(indicator.number, frequency, *span, (_ALL[country],), networks, version)


def trend(asked: Selection, countries: Sequence[str]) -> Trend:
    """Read countries over all networks."""
    page = published.read(asked, limit=readings.PERIODS)
    reference = Reference.current()
    rates = page.table.rates(lambda country, year: reference.people(year).get(country)).tolist()
    found = {}
    for ((country, _), values), row in zip(page.table.numbers().items(), rates, strict=True):
        pairs = zip(values, row, strict=True)
        per_head = [None if value is None or math.isnan(rate) else rate for value, rate in pairs]
        code = codes.COUNTRY_CODES[country]
        found[code] = ShownSeries(code, readings.name_of(code), values, per_head)
    return Trend(asked.frequency, readings.periods_of(page.table), [found[code] for code in countries], page.known_at)


def networks(asked: Selection) -> Trend:
    """Read a country by network."""
    page = published.read(asked, limit=readings.PERIODS)
    numbers = page.table.numbers()
    nobody: list[float | None] = [None] * len(page.table.coverage.periods)
    found = [
        ShownSeries(row.code, row.name, numbers[asked.countries[0], row.number], nobody)
        for row in Reference.current().networks
    ]
    return Trend(asked.frequency, readings.periods_of(page.table), found, page.known_at)


def newest_known(trend: Trend) -> tuple[Period, list[tuple[ShownSeries, int, int]]] | None:
    """Return the newest known period: each series with its value, and its share of the highest."""
    at = next((at for at in reversed(range(len(trend.periods))) if trend.periods[at].reporting), None)
    if at is None:
        return None
    values = [series.values[at] or 0 for series in trend.series]
    highest = max(values, default=0) or 1
    rows = zip(trend.series, values, (round(100 * value / highest) for value in values), strict=True)
    return trend.periods[at], list(rows)


def annotations(indicator: Indicator, shown: Trend) -> list[Annotation]:
    """Return what is to be known of the periods shown, first one first."""
    if not shown.periods:
        return []
    start, end = shown.periods[0].start, shown.periods[-1].end
    rows = Reference.current().annotations
    return [row for row in rows if row.holds_for(indicator=indicator.code) and row.overlaps(start, end)]


def _indexed(values: Sequence[int | None], periods: Sequence[Period]) -> list[float | None]:
    """Return values against their own average over the periods that are whole and final; nothing without such."""
    pairs = zip(values, periods, strict=True)
    base = [value or 0 for value, period in pairs if period.coverage == "whole" and not period.provisional]
    if not sum(base):
        return [None] * len(values)
    mean = sum(base) / len(base)
    return [None if value is None else round(INDEX * value / mean, 1) for value in values]
