"""The numbers of the map and of whole countries, read only from public data.

Whether a number is 0 or not known depends on who reported, never on a value.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from api.site import languages
from countries import queries
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.detail import Withheld
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes, periods

#: The indicator of a page whose address names none.
DOWNLOADS: Final = "DOWNLOADS"
EUROPE: Final = "EUROPE"
#: How many days of coverage are shown.
COVERAGE_DAYS: Final = 28
#: More than any selection here names.
PERIODS: Final = 1000

_EUROPE: Final = codes.GROUPS[EUROPE]
_HOUR_WIDTH: Final = 1000
_HOUR_HEIGHT: Final = 220


@dataclass(frozen=True, slots=True)
class CountryNumbers:
    """A country's numbers in a window; ``share`` is the percentage of the highest value.

    If they are withheld, ``step`` is the finest frequency at which they are published.
    """

    code: str
    name: str
    value: int | None
    rate: float | None
    share: int
    step: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """A period or window with its coverage, and ``since`` when it is counted, if counting began in it.

    A period that is not public yet waits for some agencies ``until`` an instant at the latest.
    """

    start: datetime
    end: datetime
    label: str
    expected: int
    reporting: int
    time_coverage: float | None
    provisional: bool
    since: datetime | None
    awaited: int
    until: datetime | None

    @property
    def is_known(self) -> bool:
        return self.reporting > 0 and not self.until

    @property
    def coverage(self) -> str:
        if not self.is_known:
            return "none"
        everybody = self.reporting == self.expected and not self.since
        whole = everybody and (self.time_coverage is None or self.time_coverage == 1)
        return "whole" if whole else "part"

    @property
    def last_day(self) -> datetime:
        """A moment of its last day."""
        return self.end - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The numbers of a window or a day. For places without a number, ``steps`` has the finest published frequency."""

    period: Period
    total: CountryNumbers
    places: list[CountryNumbers]
    steps: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """The value of a minute, if it is known, and the place of its bar."""

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
    """The last hour as bars, and the value at their top."""

    bars: list[MinuteBar]
    top: int


def window(indicator: Indicator, length: str) -> Reading | None:
    """Read a window: every country of Europe, and each other one that has a number."""
    found = published.window(indicator.number, length, Reference.current())
    return _reading(found.page.table, found.withheld) if found else None


def day_of(indicator: Indicator, day: datetime) -> Selection:
    """A day in all countries and in Europe."""
    countries = (*codes.COUNTRIES.values(), _EUROPE)
    return Selection(indicator.number, "D", day, day, countries, (ALL_NETWORKS,))


def day(indicator: Indicator, start: datetime) -> Reading | None:
    """Read the numbers of a day in the same form as those of a window."""
    reference, selection = Reference.current(), day_of(indicator, start)
    withheld = published.withheld(selection, reference)
    return _reading(published.read(selection, reference, limit=1).table, withheld)


def periods_of(table: Table) -> list[Period]:
    """The periods of a table as pages show them."""
    columns = table.coverage
    beginnings, waits = columns.beginnings, columns.waits
    starts = [datetime.fromtimestamp(second, UTC) for second in columns.periods.tolist()]
    return [
        Period(
            start=start,
            end=table.until or periods.end(table.frequency, start),
            label=label,
            expected=int(columns.agencies_expected[at]),
            reporting=int(columns.agencies_reporting[at]),
            time_coverage=share,
            # If a value covers only a part of the period, the page says so. It does not also call the value
            # provisional.
            provisional=bool(columns.status[at] == "P") and at not in beginnings,
            since=beginnings.get(at),
            awaited=int(columns.agencies_awaited[at]),
            until=waits.get(at),
        )
        for at, (start, label, share) in enumerate(zip(starts, table.labels, columns.time_coverage, strict=True))
    ]


def steps_of(withheld: Iterable[Withheld]) -> dict[str, str]:
    """By place: the finest frequency at which all its numbers are published."""
    found: dict[str, str] = {}
    for one in withheld:
        step = one.published[0]
        for code in one.countries:
            found[code] = max(found.get(code, step), step, key=tuple(periods.Frequency).index)
    return found


def _reading(table: Table, withheld: Iterable[Withheld]) -> Reading | None:
    """The only period of a table, if it has one."""
    if not (found := periods_of(table)):
        return None
    rates = table.rates(Reference.current().inhabitants)[:, 0].tolist()
    rows = zip(table.series, table.numbers().values(), rates, strict=True)
    numbers = {one.codes[0]: (value, rate) for one, (value,), rate in rows}
    listed = codes.GROUP_MEMBERS[EUROPE] | {code for code in codes.COUNTRIES if numbers.get(code, (0, 0))[0]}
    highest, steps = max((numbers[code][0] or 0 for code in listed), default=0), steps_of(withheld)

    def place(code: str) -> CountryNumbers:
        value, rate = numbers[code]
        share = round(100 * value / highest) if value and highest else 0
        known = None if value is None or math.isnan(rate) else rate
        return CountryNumbers(code, name_of(code), value, known, share, steps.get(code, ""))

    return Reading(found[0], place(EUROPE), [place(code) for code in listed], steps)


def name_of(code: str) -> str:
    """The name of a country in the language of the page."""
    if code == codes.UNKNOWN:
        return gettext("Not located in any country")
    return queries.country_name(code, translation.get_language() or "en")


def headline(indicator: Indicator, length: str, country: str) -> tuple[str, Reading | None, CountryNumbers | None]:
    """Read the numbers of a country in a window. One that is not listed has 0, or is not known, or is withheld."""
    reading = window(indicator, length)
    if reading is None:
        return length, None, None
    found = next((place for place in reading.places if place.code == country), None)
    step = reading.steps.get(country, "")
    nothing = CountryNumbers(country, "", 0 if reading.period.is_known and not step else None, None, 0, step)
    return length, reading, found or nothing


def in_order(places: Iterable[CountryNumbers], by: str) -> list[CountryNumbers]:
    """Places by name, or with the highest value or rate first; what could not be located comes last."""
    named = sorted(places, key=lambda place: (place.code == codes.UNKNOWN, languages.sort_key(place.name)))
    if by == "country":
        return named
    return sorted(named, key=lambda place: -((place.value if by == "value" else place.rate) or 0))


def sort_key(code: str) -> str:
    """The key that sorts a country by its name."""
    return languages.sort_key(name_of(code))


def days(indicator: Indicator) -> Selection:
    """The days whose coverage is shown."""
    now = timezone.now()
    start, end = (periods.start_of("D", day) for day in (now - timedelta(days=COVERAGE_DAYS), now))
    return Selection(indicator.number, "D", start, end, (_EUROPE,), (ALL_NETWORKS,))


def example_times() -> list[str]:
    """The names of the first and last of four weeks of days that have ended, and the present minute."""
    now = timezone.now()
    return [*(periods.label("D", now - timedelta(days=ago)) for ago in (COVERAGE_DAYS, 1)), periods.label("N", now)]


def minutes(indicator: Indicator) -> Selection:
    """The last hour, minute by minute."""
    start, end = published.live_minutes()
    return Selection(indicator.number, "N", start, end, (_EUROPE,), (ALL_NETWORKS,))


def hour(selection: Selection) -> Hour:
    table = published.read(selection, Reference.current(), limit=PERIODS).table
    values = table.numbers()[_EUROPE, ALL_NETWORKS]
    highest, scale = max((value or 0 for value in values), default=0), 10
    while scale * 10 < highest:
        scale *= 10
    # The steps are those of the script of the map, so that nothing jumps when the script draws the minutes again.
    top = next(scale * step for step in (1, 2, 5, 10) if scale * step >= highest)
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
