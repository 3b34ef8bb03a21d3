"""How the numbers of a country went, alone or beside others: periods, series, and what is to be known of them.

Which agencies were there is the same for all countries of a period, as every agency sees downloads everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from api import formats
from api.site import readings
from countries import codes
from countries.reference import Annotation, Indicator, Reference
from federation import published
from federation.published import Selection

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
class Period:
    """A period, and how much of what was expected for it is there."""

    start: datetime
    end: datetime
    label: str
    expected: int
    reporting: int
    time_coverage: float | None
    provisional: bool
    #: The first day that anybody counted, where a period had begun before.
    since: datetime | None = None

    @property
    def coverage(self) -> str:
        """The word for it."""
        if not self.reporting:
            return "none"
        everybody = self.reporting == self.expected and not self.since
        whole = everybody and (self.time_coverage is None or self.time_coverage == 1)
        return "whole" if whole else "part"


@dataclass(frozen=True, slots=True)
class Series:
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
    series: list[Series]
    known_at: datetime | None

    def shown(self, series: Series, what: str) -> Sequence[float | None]:
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
    return published.period_named(frequency, published.label(frequency, moment))


def selection(
    indicator: Indicator, frequency: str, span: tuple[datetime, datetime], countries: Sequence[str], version: int
) -> Selection:
    """Return what names the numbers of countries over all networks."""
    numbers = tuple(_ALL[code] for code in countries)
    return Selection(indicator.number, frequency, *span, numbers, (published.ALL_NETWORKS,), version)


def network_selection(
    indicator: Indicator, frequency: str, span: tuple[datetime, datetime], country: str, version: int
) -> Selection:
    """Return what names the numbers of a country by network."""
    networks = tuple(codes.NETWORKS.values())
    return Selection(indicator.number, frequency, *span, (_ALL[country],), networks, version)


def days_of(asked: Selection) -> Selection:
    """Return what names the days of the same time."""
    last = published.end(asked.frequency, asked.end) - timedelta(seconds=1)
    return replace(asked, frequency="D", end=containing("D", last))


def trend(indicator: Indicator, asked: Selection, countries: Sequence[str]) -> Trend:
    """Read countries over all networks."""
    sheet, periods = _read(indicator, asked)
    found = _by_key(sheet, sheet.cells.countries)
    series = [
        _series(code, readings.name_of(code), _row(found, _ALL[code], periods), _people(sheet, _ALL[code], periods))
        for code in countries
    ]
    return Trend(asked.frequency, periods, series, sheet.page.known_at)


def networks(indicator: Indicator, asked: Selection) -> Trend:
    """Read a country by network."""
    sheet, periods = _read(indicator, asked)
    found = _by_key(sheet, sheet.cells.networks)
    nobody = [None] * len(periods)
    series = [
        _series(row.code, row.name, _row(found, row.number, periods), nobody) for row in Reference.current().networks
    ]
    return Trend(asked.frequency, periods, series, sheet.page.known_at)


def newest_known(trend: Trend) -> tuple[Period, list[tuple[Series, int, int]]] | None:
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


def _read(indicator: Indicator, asked: Selection) -> tuple[formats.Sheet, list[Period]]:
    sheet = readings.sheet(indicator, asked)
    periods = _periods(sheet)
    periods[:1] = [_begun(indicator, asked, first) for first in periods[:1]]
    return sheet, periods


def _by_key(sheet: formats.Sheet, keys: published.Shorts) -> dict[tuple[int, int], int]:
    """Return the values by country or network, whichever tells the series apart, and period."""
    columns = (keys.tolist(), sheet.cells.periods.tolist(), sheet.cells.values.tolist())
    return {(key, period): value for key, period, value in zip(*columns, strict=True)}


def _periods(sheet: formats.Sheet) -> list[Period]:
    found = []
    for row in formats.coverage_rows(sheet.labels, sheet.page.coverage):
        start = published.period_named(sheet.frequency, row.period)
        found.append(
            Period(
                start=start,
                end=published.end(sheet.frequency, start),
                label=row.period,
                expected=row.agencies_expected,
                reporting=row.agencies_reporting,
                time_coverage=row.time_coverage,
                provisional=row.status == "P",
            )
        )
    return found


def _begun(indicator: Indicator, asked: Selection, first: Period) -> Period:
    """Return the first period with the day on which counting began, if that is in it.

    Agencies owe nothing for the time before they joined, so the coverage of their first month is
    whole, while its number is that of some days: beside a full month it would look like a leap.
    """
    counted = _periods(readings.sheet(indicator, days_of(replace(asked, start=first.start, end=first.start))))
    return replace(first, since=counted[0].start) if counted and counted[0].start > first.start else first


def _row(found: Mapping[tuple[int, int], int], number: int, periods: Sequence[Period]) -> list[int | None]:
    """Return the values of a series: a cell that is not there is zero if anybody reported, and else not known."""
    return [found.get((number, published.seconds(period.start)), 0) if period.reporting else None for period in periods]


def _people(sheet: formats.Sheet, country: int, periods: Sequence[Period]) -> list[int | None]:
    years = ((period.start + timedelta(days=3 if sheet.frequency == "W" else 0)).year for period in periods)
    return [sheet.inhabitants(country, year) for year in years]


def _series(code: str, name: str, values: list[int | None], people: Sequence[int | None]) -> Series:
    pairs = zip(values, people, strict=True)
    rates = [round(value * 100_000 / many, 2) if value is not None and many else None for value, many in pairs]
    return Series(code, name, values, rates)


def _indexed(values: Sequence[int | None], periods: Sequence[Period]) -> list[float | None]:
    """Return values against their own average over the periods that are whole and final; nothing without such."""
    pairs = zip(values, periods, strict=True)
    base = [value or 0 for value, period in pairs if period.coverage == "whole" and not period.provisional]
    if not sum(base):
        return [None] * len(values)
    mean = sum(base) / len(base)
    return [None if value is None else round(INDEX * value / mean, 1) for value in values]
