"""What the pages show, read through the public door and put in words and order.

A number that is 0 and one that is not known are two things: who reported decides, never a value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from api import formats
from api.formats import Sheet
from api.site import alphabets
from countries import codes, queries
from countries.reference import Indicator, Reference
from federation import published
from federation.published import Selection

#: The indicator that a page is about unless its address names another.
DOWNLOADS: Final = "DOWNLOADS"
EUROPE: Final = "EUROPE"
#: How many days of coverage are shown.
COVERAGE_DAYS: Final = 28

_EUROPE: Final = codes.GROUPS[EUROPE]
_HOUR_WIDTH: Final = 1000
_HOUR_HEIGHT: Final = 220


@dataclass(frozen=True, slots=True)
class Place:
    """A country's numbers in a window; ``share`` is the value's of the highest one, in hundredths."""

    code: str
    name: str
    value: int | None
    rate: float | None
    share: int


@dataclass(frozen=True, slots=True)
class WindowReading:
    """The numbers of a window or a day. ``known`` is false where nobody reported: then no value is, not even zero."""

    start: datetime
    end: datetime
    expected: int
    reporting: int
    time_coverage: float | None
    provisional: bool
    known: bool
    total: Place
    places: list[Place]

    @property
    def last_day(self) -> datetime:
        """The last day in it; it ends before ``end``."""
        return self.end - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Minute:
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

    bars: list[Minute]
    top: int


def window(indicator: Indicator, length: str) -> WindowReading | None:
    """Read a window: every country of Europe, and each other one that has a number."""
    found = published.window(indicator.number, length)
    if found is None:
        return None
    people = Reference.current().people((found.end - timedelta(seconds=1)).year)
    rows = formats.window_observations(found, codes.COUNTRY_CODES.keys(), people)
    (covered,) = formats.coverage_rows([length], found.coverage)
    return _reading((found.start, found.end), covered, rows, people)


def day_of(indicator: Indicator, day: datetime) -> Selection:
    """Return what names a day in all countries and in Europe."""
    countries = (*codes.COUNTRIES.values(), _EUROPE)
    return Selection(indicator.number, "D", day, day, countries, (published.ALL_NETWORKS,))


def day(indicator: Indicator, start: datetime) -> WindowReading | None:
    """Read a day as a window is read."""
    found = sheet(indicator, day_of(indicator, start))
    covered = formats.coverage_rows(found.labels, found.page.coverage)
    if not covered:
        return None
    people = Reference.current().people(start.year)
    return _reading((start, published.end("D", start)), covered[0], formats.observations(found), people)


def _reading(
    span: tuple[datetime, datetime],
    covered: formats.CoverageRow,
    rows: Iterable[formats.Observation | formats.WindowObservation],
    people: Mapping[int, int],
) -> WindowReading:
    known = covered.agencies_reporting > 0
    numbers: dict[str, tuple[int, float | None]] = {row.country: (row.value, row.per_100k) for row in rows}
    listed = codes.GROUP_MEMBERS[EUROPE] | (numbers.keys() & codes.COUNTRIES.keys())
    highest = max((numbers[code][0] for code in listed if code in numbers), default=0)
    place = partial(_place, numbers=numbers, people=people, known=known, highest=highest)
    return WindowReading(
        start=span[0],
        end=span[1],
        expected=covered.agencies_expected,
        reporting=covered.agencies_reporting,
        time_coverage=covered.time_coverage,
        provisional=covered.status == "P",
        known=known,
        total=place(EUROPE),
        places=[place(code) for code in listed],
    )


def _place(
    code: str, *, numbers: dict[str, tuple[int, float | None]], people: Mapping[int, int], known: bool, highest: int
) -> Place:
    number = (codes.COUNTRIES | codes.GROUPS)[code]
    value, rate = numbers.get(code, (0, 0.0 if people.get(number) else None))
    name = name_of(code)
    if not known:
        return Place(code, name, None, None, 0)
    return Place(code, name, value, rate, round(100 * value / highest) if highest else 0)


def name_of(code: str) -> str:
    """Return the name of a country in the language of the page."""
    if code == codes.UNKNOWN:
        return gettext("Not located in any country")
    return queries.country_name(code, translation.get_language() or "en")


def headline(indicator: Indicator, length: str, country: str) -> tuple[str, WindowReading | None, Place | None]:
    """Read what a window says of one country, which may have no number of its own in it."""
    reading = window(indicator, length)
    if reading is None:
        return length, None, None
    found = next((place for place in reading.places if place.code == country), None)
    nothing = Place(country, "", 0 if reading.known else None, None, 0)
    return length, reading, found or nothing


def in_order(places: Iterable[Place], by: str) -> list[Place]:
    """Return places by name, or with the highest value or rate first; who could not be located comes last."""
    named = sorted(places, key=lambda place: (place.code == codes.UNKNOWN, alphabets.place_of(place.name)))
    if by == "country":
        return named
    return sorted(named, key=lambda place: -((place.value if by == "value" else place.rate) or 0))


def place_of(code: str) -> str:
    """Return what a country is sorted by: its name, in the alphabet of the page's language."""
    return alphabets.place_of(name_of(code))


def days(indicator: Indicator) -> Selection:
    """Return what names the days of which coverage is shown."""
    now = timezone.now()
    start, end = (
        published.period_named("D", published.label("D", day)) for day in (now - timedelta(days=COVERAGE_DAYS), now)
    )
    return Selection(indicator.number, "D", start, end, (_EUROPE,), (published.ALL_NETWORKS,))


def example_days() -> list[str]:
    """Return the names of the first and last of four weeks of days that have ended, and of today."""
    now = timezone.now()
    return [published.label("D", now - timedelta(days=ago)) for ago in (COVERAGE_DAYS, 1, 0)]


def minutes(indicator: Indicator) -> Selection:
    """Return what names the last hour, minute by minute."""
    start, end = published.live_minutes()
    return Selection(indicator.number, "N", start, end, (_EUROPE,), (published.ALL_NETWORKS,))


def hour(indicator: Indicator, selection: Selection) -> Hour:
    """Read minutes and say where they are drawn."""
    found = sheet(indicator, selection)
    seen = {row.period: row.value for row in formats.observations(found)}
    rows = formats.coverage_rows(found.labels, found.page.coverage)
    top = _round_top(max(seen.values(), default=0))
    step = _HOUR_WIDTH // max(1, len(rows))
    bars = []
    for at, row in enumerate(rows):
        value = seen.get(row.period, 0) if row.agencies_reporting else None
        bars.append(
            Minute(
                period=published.period_named(selection.frequency, row.period),
                value=value,
                x=at * step,
                width=max(1, step - max(2, step // 6)),
                height=round(_HOUR_HEIGHT * (value or 0) / top),
            )
        )
    return Hour(bars, top)


def sheet(indicator: Indicator, selection: Selection) -> Sheet:
    """Read cells with their coverage, and who lives there, as the API does."""
    page, cells = published.cells(selection, first=selection.start, limit=PERIODS)
    labels = published.labels(selection.frequency, page.coverage.periods)
    reference = Reference.current()

    def inhabitants(country: int, year: int) -> int | None:
        return reference.people(year).get(country)

    return Sheet(indicator.code, selection.frequency, labels, page, cells, inhabitants)


#: More than any selection here names.
PERIODS: Final = 1000


def _round_top(value: int) -> int:
    """Return the lowest round number that is no lower than a value."""
    scale = 10
    while scale * 10 < value:
        scale *= 10
    # The steps of the map's script, so that nothing jumps when it draws the minutes anew.
    return next(scale * step for step in (1, 2, 5, 10) if scale * step >= value)
