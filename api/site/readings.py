"""What the pages show, read through the public door and put in words and order.

A number that is 0 and one that is not known are two things: who reported decides, never a value.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from api.site import languages
from countries import queries
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes, periods

#: The indicator that a page is about unless its address names another.
DOWNLOADS: Final = "DOWNLOADS"
EUROPE: Final = "EUROPE"
#: How many days of coverage are shown.
COVERAGE_DAYS: Final = 28

_EUROPE: Final = codes.GROUPS[EUROPE]
_HOUR_WIDTH: Final = 1000
_HOUR_HEIGHT: Final = 220


@dataclass(frozen=True, slots=True)
class CountryNumbers:
    """A country's numbers in a window; ``share`` is the value's of the highest one, in hundredths."""

    code: str
    name: str
    value: int | None
    rate: float | None
    share: int


@dataclass(frozen=True, slots=True)
class Period:
    """A period or window, how much of what was expected for it is there, and from when it is counted if not whole."""

    start: datetime
    end: datetime
    label: str
    expected: int
    reporting: int
    time_coverage: float | None
    provisional: bool
    since: datetime | None

    @property
    def coverage(self) -> str:
        """The word for it."""
        if not self.reporting:
            return "none"
        everybody = self.reporting == self.expected and not self.since
        whole = everybody and (self.time_coverage is None or self.time_coverage == 1)
        return "whole" if whole else "part"

    @property
    def last_day(self) -> datetime:
        """The last day in it; it ends before ``end``."""
        return self.end - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of a window or a day."""

    period: Period
    total: CountryNumbers
    places: list[CountryNumbers]


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """A minute: its value, if it is known, and where it is drawn."""

    period: datetime
    value: int | None
    x: int
    width: int
    height: int

    @property
    def y(self) -> int:
        return _HOUR_HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour as bars, and the value at the top of their axis."""

    bars: list[MinuteBar]
    top: int


def window(indicator: Indicator, length: str) -> Reading | None:
    """Read a window: every country of Europe, and each other one that has a number."""
    found = published.window(indicator.number, length)
    if found is None:
        return None
    people = Reference.current().people((found.end - timedelta(seconds=1)).year)
    (period,) = periods_of(found.page.table, end=found.end)
    return _reading(period, found.page.table, people)


def day_of(indicator: Indicator, day: datetime) -> Selection:
    """Return what names a day in all countries and in Europe."""
    countries = (*codes.COUNTRIES.values(), _EUROPE)
    return Selection(indicator.number, "D", day, day, countries, (ALL_NETWORKS,))


def day(indicator: Indicator, start: datetime) -> Reading | None:
    """Read a day as a window is read."""
    table = published.read(day_of(indicator, start), limit=1).table
    return next((_reading(period, table, Reference.current().people(start.year)) for period in periods_of(table)), None)


def periods_of(table: Table, *, end: datetime | None = None) -> list[Period]:
    """Return the periods of a table as pages show them; a window has an end of its own."""
    columns = table.coverage
    beginnings = columns.beginnings
    starts = [datetime.fromtimestamp(second, UTC) for second in columns.periods.tolist()]
    return [
        Period(
            start=start,
            end=end or periods.end(table.frequency, start),
            label=label,
            expected=int(columns.agencies_expected[at]),
            reporting=int(columns.agencies_reporting[at]),
            time_coverage=share,
            # What was counted in part stays a part; that it may change too is not said beside it.
            provisional=bool(columns.status[at] == "P") and at not in beginnings,
            since=beginnings.get(at),
        )
        for at, (start, label, share) in enumerate(zip(starts, table.labels, columns.time_coverage, strict=True))
    ]


def _reading(period: Period, table: Table, people: Mapping[int, int]) -> Reading:
    rates = table.rates(lambda country, _: people.get(country))[:, 0].tolist()
    rows = zip(table.series, table.numbers().values(), rates, strict=True)
    numbers = {one.codes[0]: (value, rate) for one, (value,), rate in rows}
    listed = codes.GROUP_MEMBERS[EUROPE] | {code for code in codes.COUNTRIES if numbers.get(code, (0, 0))[0]}
    highest = max((numbers[code][0] or 0 for code in listed), default=0)
    place = partial(_place, numbers=numbers, highest=highest)
    return Reading(period, place(EUROPE), [place(code) for code in listed])


def _place(code: str, *, numbers: Mapping[str, tuple[int | None, float]], highest: int) -> CountryNumbers:
    value, rate = numbers[code]
    share = round(100 * value / highest) if value and highest else 0
    return CountryNumbers(code, name_of(code), value, None if value is None or math.isnan(rate) else rate, share)


def name_of(code: str) -> str:
    """Return the name of a country in the language of the page."""
    if code == codes.UNKNOWN:
        return gettext("Not located in any country")
    return queries.country_name(code, translation.get_language() or "en")


def headline(indicator: Indicator, length: str, country: str) -> tuple[str, Reading | None, CountryNumbers | None]:
    """Read what a window says of one country, which may have no number of its own in it."""
    reading = window(indicator, length)
    if reading is None:
        return length, None, None
    found = next((place for place in reading.places if place.code == country), None)
    nothing = CountryNumbers(country, "", 0 if reading.period.reporting else None, None, 0)
    return length, reading, found or nothing


def in_order(places: Iterable[CountryNumbers], by: str) -> list[CountryNumbers]:
    """Return places by name, or with the highest value or rate first; who could not be located comes last."""
    named = sorted(places, key=lambda place: (place.code == codes.UNKNOWN, languages.sort_key(place.name)))
    if by == "country":
        return named
    return sorted(named, key=lambda place: -((place.value if by == "value" else place.rate) or 0))


def sort_key(code: str) -> str:
    """What a country is sorted by: its name."""
    return languages.sort_key(name_of(code))


def days(indicator: Indicator) -> Selection:
    """Return what names the days of which coverage is shown."""
    now = timezone.now()
    start, end = (periods.parse("D", periods.label("D", day)) for day in (now - timedelta(days=COVERAGE_DAYS), now))
    return Selection(indicator.number, "D", start, end, (_EUROPE,), (ALL_NETWORKS,))


def example_days() -> list[str]:
    """Return the names of the first and last of four weeks of days that have ended, and of today."""
    now = timezone.now()
    return [periods.label("D", now - timedelta(days=ago)) for ago in (COVERAGE_DAYS, 1, 0)]


def minutes(indicator: Indicator) -> Selection:
    """Return what names the last hour, minute by minute."""
    start, end = published.live_minutes()
    return Selection(indicator.number, "N", start, end, (_EUROPE,), (ALL_NETWORKS,))


def hour(selection: Selection) -> Hour:
    """Read minutes and say where they are drawn."""
    table = published.read(selection, limit=PERIODS).table
    values = table.numbers()[_EUROPE, ALL_NETWORKS]
    top = _round_top(max((value or 0 for value in values), default=0))
    step = _HOUR_WIDTH // max(1, len(values))
    bars = [
        MinuteBar(
            period=period.start,
            value=value,
            x=at * step,
            width=max(1, step - max(2, step // 6)),
            height=round(_HOUR_HEIGHT * (value or 0) / top),
        )
        for at, (period, value) in enumerate(zip(periods_of(table), values, strict=True))
    ]
    return Hour(bars, top)


#: More than any selection here names.
PERIODS: Final = 1000


def _round_top(value: int) -> int:
    """Return the lowest round number that is no lower than a value."""
    scale = 10
    while scale * 10 < value:
        scale *= 10
    # The steps of the map's script, so that nothing jumps when it draws the minutes again.
    return next(scale * step for step in (1, 2, 5, 10) if scale * step >= value)
