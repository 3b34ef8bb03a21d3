"""The numbers of the map and of whole countries, read only from public data.

Whether a number is 0 or not known depends on who reported, never on a value.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone, translation
from django.utils.translation import gettext

from api.site import languages
from countries import queries
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection
from federation.published.answers import Page
from federation.published.detail import Withheld
from federation.rules.view import ALL_NETWORKS, Table
from p2p_core import codes, periods

#: The indicator of a page whose address names none.
DOWNLOADS: Final = "DOWNLOADS"
EUROPE: Final = "EUROPE"
#: The groups that have a page, and their names in addresses.
GROUPS: Final = {EUROPE: "europe", "EU27_2020": "eu27"}
#: The numbers of all countries, and of these groups.
_PLACES: Final = (*codes.COUNTRIES.values(), *(codes.GROUPS[code] for code in GROUPS))
#: How many days of coverage are shown.
COVERAGE_DAYS: Final = 28
#: More than any selection here names.
PERIODS: Final = 1000

_EUROPE: Final = codes.GROUPS[EUROPE]
_CODES: Final = {slug: code for code, slug in GROUPS.items()}
#: An agency that reports one of these is in numbers of hours.
_WITHIN_HOURS: Final = frozenset({periods.Frequency.MINUTE, periods.Frequency.HOUR})
_HOUR_WIDTH: Final = 1000
_HOUR_HEIGHT: Final = 220
_HOUR_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class CountryNumbers:
    """A country's numbers in a window; ``share`` is the percentage of the highest value. ``rate`` has ``decimals``.

    If they are withheld, ``step`` is the finest frequency at which they are published.
    """

    code: str
    name: str
    value: int | None
    rate: float | None
    share: int
    step: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """A period or window with its coverage. ``counted_from`` and ``awaited_until`` are those of the API."""

    start: datetime
    end: datetime
    label: str
    expected: int
    reporting: int
    time_coverage: float | None
    provisional: bool
    counted_from: datetime | None
    awaited: int
    awaited_until: datetime | None

    @property
    def is_known(self) -> bool:
        return self.reporting > 0 and not self.awaited_until

    @property
    def coverage(self) -> str:
        if not self.is_known:
            return "none"
        everybody = self.reporting == self.expected and not self.counted_from
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
    groups: Mapping[str, CountryNumbers]
    places: list[CountryNumbers]
    steps: Mapping[str, str]
    #: The newest version of its cells, and the time at which it became public.
    version: int | None
    known_at: datetime | None
    #: How many agencies are not in it because they report less often than by the hour, or by month only.
    without_hours: int = 0
    without_days: int = 0

    @property
    def total(self) -> CountryNumbers:
        return self.groups[EUROPE]


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
    """The last hour as bars, the value at their top, and how many agencies they are drawn from."""

    bars: list[MinuteBar]
    top: int
    reporting: int
    expected: int

    @property
    def width(self) -> int:
        """Up to the right edge of the last bar."""
        return self.bars[-1].x + self.bars[-1].width

    @property
    def step(self) -> int:
        """From the left edge of a bar to that of the next."""
        return self.bars[0].width + _HOUR_GAP

    @property
    def unknown(self) -> int:
        return sum(bar.value is None for bar in self.bars)


def window(indicator: Indicator, length: str) -> Reading | None:
    """Read a window: every country of Europe, and each other one that has a number."""
    reference = Reference.current()
    found = published.window(indicator.number, length, reference)
    reading = _reading(found.page, found.withheld) if found else None
    # Whole months are a part of 365 days, and so are agencies that report by month only.
    if reading is None or length == "P365D":
        return reading
    if length != "P1D":
        return _without_months(reading, indicator)
    steps = _steps_on(reading, indicator)
    return replace(reading, without_hours=sum(step not in _WITHIN_HOURS for step in steps))


def day_of(indicator: Indicator, day: datetime) -> Selection:
    """A day in all countries, and in the groups that have a page."""
    return Selection(indicator.number, "D", day, day, _PLACES, (ALL_NETWORKS,))


def day(indicator: Indicator, start: datetime) -> Reading | None:
    """Read the numbers of a day in the same form as those of a window."""
    reference, selection = Reference.current(), day_of(indicator, start)
    withheld = published.withheld(selection, reference)
    return _without_months(_reading(published.read(selection, reference, limit=1), withheld), indicator)


def _without_months(reading: Reading | None, indicator: Indicator) -> Reading | None:
    if reading is None:
        return None
    return replace(reading, without_days=_steps_on(reading, indicator).count(periods.Frequency.MONTH))


def _steps_on(reading: Reading, indicator: Indicator) -> list[str]:
    """The shortest periods that each agency reports on the last day of a reading."""
    day = reading.period.last_day.date()
    steps = [row.step_on(day, indicator.number) for row in Reference.current().agencies]
    return [step for step in steps if step]


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
            # If a value covers only a part of the period, it is drawn as such, and not also as provisional.
            provisional=bool(columns.status[at] == "P") and at not in beginnings,
            counted_from=beginnings.get(at),
            awaited=int(columns.agencies_awaited[at]),
            awaited_until=waits.get(at),
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


def _reading(page: Page, withheld: Iterable[Withheld]) -> Reading | None:
    """The only period of a page, if it has one."""
    table = page.table
    if not (found := periods_of(table)):
        return None
    rates = page.rates()[:, 0].tolist()
    rows = zip(table.series, table.numbers().values(), rates, page.rate_decimals(), strict=True)
    numbers = {one.codes[0]: (value, rate, decimals) for one, (value,), rate, decimals in rows}
    listed = codes.GROUP_MEMBERS[EUROPE] | {code for code in codes.COUNTRIES if numbers.get(code, (0, 0))[0]}
    highest, steps = max((numbers[code][0] or 0 for code in listed), default=0), steps_of(withheld)

    def place(code: str) -> CountryNumbers:
        value, rate, decimals = numbers[code]
        share = round(100 * value / highest) if value and highest else 0
        # Nobody per head is nobody, however many inhabitants there are; what could not be located has none.
        zero = 0.0 if value == 0 and code != codes.UNKNOWN else None
        known = zero if value is None or math.isnan(rate) else rate
        return CountryNumbers(code, name_of(code), value, known, share, steps.get(code, ""), decimals)

    groups = {code: place(code) for code in GROUPS}
    return Reading(found[0], groups, [place(code) for code in listed], steps, page.version, page.known_at)


def name_of(code: str) -> str:
    """The name of a country in the language of the page."""
    if code == codes.UNKNOWN:
        return gettext("Not located in any country")
    return queries.country_name(code, translation.get_language() or "en")


def slug(code: str) -> str:
    """The name of a country or group in the address of its page."""
    return GROUPS.get(code, code.lower())


def code_of(slug: str) -> str | None:
    """The country or group that an address names, in small or capital letters. None if there is none."""
    code = _CODES.get(slug.lower(), slug.upper())
    return code if code in codes.COUNTRIES or code in GROUPS else None


def headline(indicator: Indicator, length: str, country: str) -> tuple[Reading | None, CountryNumbers | None]:
    """Read the numbers of a country or group in a window.

    A country that is not listed has 0, or is not known, or is withheld.
    """
    reading = window(indicator, length)
    if reading is None:
        return None, None
    listed = (*reading.groups.values(), *reading.places)
    found = next((place for place in listed if place.code == country), None)
    step = reading.steps.get(country, "")
    nothing = CountryNumbers(country, "", 0 if reading.period.is_known and not step else None, None, 0, step)
    return reading, found or nothing


@dataclass(frozen=True, slots=True)
class Places:
    """The places of a table in its order: the countries of Europe, the other ones, and what could not be located."""

    europe: list[CountryNumbers]
    others: list[CountryNumbers]
    unlocated: list[CountryNumbers]


def in_order(places: Iterable[CountryNumbers], by: str) -> Places:
    """Each group by name, or with the highest ``value`` or ``rate`` first. A place without a number comes last."""

    def key(place: CountryNumbers) -> tuple[float, str]:
        number = {"value": place.value, "rate": place.rate}.get(by, 0)
        return (math.inf if number is None else -number), languages.sort_key(place.name)

    ordered = sorted(places, key=key)
    europe = codes.GROUP_MEMBERS[EUROPE]
    return Places(
        europe=[place for place in ordered if place.code in europe],
        others=[place for place in ordered if place.code not in europe and place.code != codes.UNKNOWN],
        unlocated=[place for place in ordered if place.code == codes.UNKNOWN],
    )


def sort_key(code: str) -> str:
    """The key that sorts a country by its name."""
    return languages.sort_key(name_of(code))


def public_spans(indicator: Indicator, frequencies: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
    """By frequency: the first and last period that is public now."""
    return {one.frequency: (one.first, one.last) for one in published.spans([indicator.number], frequencies)}


def days(indicator: Indicator) -> Selection:
    """The days whose coverage is shown."""
    now = timezone.now()
    start, end = (periods.start_of("D", day) for day in (now - timedelta(days=COVERAGE_DAYS), now))
    return Selection(indicator.number, "D", start, end, (_EUROPE,), (ALL_NETWORKS,))


class ExampleTimes(NamedTuple):
    """The names of the first and last of four weeks of days that have ended, and the present minute."""

    first: str
    last: str
    present: str


def example_times() -> ExampleTimes:
    now = timezone.now()
    first, last = (periods.label("D", now - timedelta(days=ago)) for ago in (COVERAGE_DAYS, 1))
    return ExampleTimes(first, last, periods.label("N", now))


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
    periods_shown = periods_of(table)
    bars = [
        MinuteBar(
            period=period.start,
            value=value,
            x=at * step,
            width=max(1, step - _HOUR_GAP),
            height=round(_HOUR_HEIGHT * (value or 0) / top),
        )
        for at, (period, value) in enumerate(zip(periods_shown, values, strict=True))
    ]
    reporting = max((period.reporting for period in periods_shown), default=0)
    return Hour(bars, top, reporting, max((period.expected for period in periods_shown), default=0))
