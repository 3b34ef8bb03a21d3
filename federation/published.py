"""The one public door: protected cells, their coverage, windows and panels, as they are or as they were at a version.

Whatever is read here is rounded already. A read is one statement, hence one snapshot, so
that version, coverage and cells agree while publications commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from countries.codes import COUNTRY_CODES
from federation import clock
from federation.database import cursor, statement
from federation.errors import (
    AsOfInFutureError,
    MinutesNotPublishedError,
    NetworksNotPublishedError,
    PanelFrequencyNotPublishedError,
    PanelNetworksNotPublishedError,
    VintagesNotKeptError,
)
from federation.rules import periods
from federation.rules.periods import Frequency, PeriodError
from postgresql.routing import read_primary_unless

__all__ = ["PeriodError"]  # handed on, as those who parse through this door have to catch it

Longs = NDArray[np.int64]
Shorts = NDArray[np.int16]

FREQUENCIES: Final = tuple(str(frequency) for frequency in Frequency)
#: Of each sliding window, the frequency of its parts, and whether months stand for their days.
_WINDOWS = {
    "P1D": (Frequency.HOUR, False),
    "P7D": (Frequency.DAY, False),
    "P30D": (Frequency.DAY, False),
    "P365D": (Frequency.DAY, True),
}
WINDOWS: Final = tuple(_WINDOWS)
_PART = {Frequency.HOUR: timedelta(hours=1), Frequency.DAY: timedelta(days=1)}
#: The lengths of panels in months.
PANELS: Final = (12, 24, 36)
#: The number of the total over all networks.
ALL_NETWORKS: Final = 0
#: A version above every other: reads what is public now.
NEWEST: Final = 2**63 - 1

#: At which frequencies panels have numbers, and what a year before is: the same month, or the week 52 weeks earlier.
_YEAR = {Frequency.WEEK: "364 days", Frequency.MONTH: "12 months"}
_MINUTES_PUBLIC = timedelta(hours=2)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LIVE = timedelta(minutes=60)
_COUNTRIES: Final = list(COUNTRY_CODES)
#: All of the time owed, in ten-thousandths.
_WHOLE = 10_000

_IS_PUBLIC = "version_to IS NULL"
_WAS_PUBLIC = "version_from <= %(version)s AND (version_to IS NULL OR version_to > %(version)s)"


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for: the cells of an indicator from one period to another, both included.

    Countries and networks are numbers, groups and totals among them. ``version`` is the
    highest version to read; ``panel`` the length of the panel, if only its agencies count.
    """

    indicator: int
    frequency: str
    start: datetime
    end: datetime
    countries: tuple[int, ...]
    networks: tuple[int, ...]
    version: int = NEWEST
    panel: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of periods, in their order.

    Periods are seconds since 1970. ``shares`` are ten-thousandths of the time owed, cut off,
    and -1 where nobody owed any. ``statuses`` has a letter for each.
    """

    periods: Longs
    expected: Shorts
    reporting: Shorts
    shares: Longs
    statuses: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Published cells, in no order. One that is not here is zero if its period is covered."""

    periods: Longs
    countries: Shorts
    networks: Shorts
    values: Longs


@dataclass(frozen=True, slots=True)
class Standings:
    """Where each expected agency stood, in no order."""

    periods: Longs
    agencies: Shorts
    states: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some published periods at a version; ``following`` is the first period of the next page.

    ``version`` is the highest of the whole range asked for, not of the page; there is none
    if nothing of it has been published.
    """

    version: int | None
    known_at: datetime | None
    rounding_base: int
    following: datetime | None
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Panel:
    """Who a panel is made of, from ``start`` until before ``end``, both the starts of months.

    ``earlier`` has what its cells were a year before, under the later periods. There is no
    start and no end while nobody was expected in the span.
    """

    months: int
    start: datetime | None
    end: datetime | None
    agencies: Shorts
    earlier: Cells


@dataclass(frozen=True, slots=True)
class Window:
    """A sliding window: the sums of its parts' cells over all networks, and their coverage; it ends before ``end``."""

    start: datetime
    end: datetime
    version: int
    known_at: datetime
    rounding_base: int
    coverage: Coverage
    countries: Shorts
    values: Longs


class Span(NamedTuple):
    """From which period to which an indicator is public at a frequency, and when that became so and changed last."""

    indicator: int
    frequency: str
    first: datetime
    last: datetime
    issued: datetime
    modified: datetime


class PastView(NamedTuple):
    """The version that was public at an instant (0: none), and whether that can still change.

    A publication that is about to commit has drawn its time already. Once a later version
    is public, all that were before it are too.
    """

    version: int
    settled: bool


def check(selection: Selection) -> None:
    """Refuse what is not published, with an error that says what is."""
    if selection.panel is not None and selection.frequency not in _YEAR:
        raise PanelFrequencyNotPublishedError
    if selection.panel is not None and selection.networks != (ALL_NETWORKS,):
        raise PanelNetworksNotPublishedError
    if selection.frequency in periods.ALL_NETWORKS_ONLY and selection.networks != (ALL_NETWORKS,):
        raise NetworksNotPublishedError
    if selection.frequency == Frequency.MINUTE and selection.start < _this_minute() - _MINUTES_PUBLIC:
        raise MinutesNotPublishedError


def past_view(frequency: str, as_of: datetime) -> PastView:
    """Return the version that was public at an instant, at hours and coarser."""
    if frequency == Frequency.MINUTE:
        raise VintagesNotKeptError
    at_instant(as_of)
    version, newest, now = _row("published_as_of", {"as_of": as_of})
    known = newest is not None and as_of <= newest
    if not known and as_of > now:
        raise AsOfInFutureError
    return PastView(version or 0, known)


def live_minutes() -> tuple[datetime, datetime]:
    """Return the first and last of the 60 minutes that have closed."""
    now = _this_minute()
    return now - _LIVE, periods.previous(Frequency.MINUTE, now)


def at_version(number: int) -> None:
    """Read on where that version is: a replica may not have it yet."""
    read_primary_unless(lambda: (_newest()[0] or 0) >= number)


def at_instant(instant: datetime) -> None:
    """Read on where every version is that was public at an instant: a replica may not have all of them yet."""
    read_primary_unless(lambda: (known_at := _newest()[1]) is not None and known_at >= instant)


def _newest() -> tuple[int | None, datetime | None]:
    number, known_at = _row("published_newest", {})
    return number, known_at


def version(selection: Selection) -> int | None:
    """Return the highest version of the periods or the panel asked for, without touching cells or coverage."""
    latest = "published_latest" if selection.panel is None else "published_panel_latest"
    found: int | None = _row(f"{latest} published_version", _named(selection))[0]
    return found


def count_periods(selection: Selection) -> int:
    """Count the published periods asked for, without touching cells."""
    found: int = _row("published_count", _named(selection), _condition(selection))[0]
    return found


def cells(selection: Selection, *, first: datetime, limit: int) -> tuple[Page, Cells]:
    """Read published cells of at most so many periods, from the first one on."""
    page, (when, countries, networks, values) = _page(selection, "published_cells", first, limit)
    if not _several(selection):
        countries = np.full(len(values), selection.countries[0], np.int16)
        networks = np.full(len(values), selection.networks[0], np.int16)
    return page, Cells(when, countries, networks, values)


def panel(selection: Selection, *, first: datetime, limit: int) -> tuple[Page, Cells, Panel]:
    """Read a panel and its cells of at most so many periods, from the first one on; it covers all of them whole."""
    assert selection.panel is not None  # noqa: S101  who asks for a panel says which
    named = _named(selection) | {"first": first, "periods": limit, "year": _YEAR[Frequency(selection.frequency)]}
    found = _row("published_panel_latest published_panel", named, _condition(selection))
    version, known_at, base, following, start, end, agencies, when, statuses, *columns = found
    agencies = np.empty(0, np.int16) if agencies is None else agencies
    everybody = np.full(len(when), len(agencies), np.int16)
    coverage = Coverage(when, everybody, everybody, np.full(len(when), _WHOLE), statuses)
    cells, earlier = (
        Cells(when, countries, np.full(len(values), ALL_NETWORKS, np.int16), values)
        for when, countries, values in (columns[:3], columns[3:])
    )
    page = Page(version, known_at, _base(base), following, coverage)
    return page, cells, Panel(selection.panel, start, end, agencies, earlier)


def standings(selection: Selection, *, first: datetime, limit: int) -> tuple[Page, Standings]:
    """Read where each expected agency stood in at most so many periods, from the first one on."""
    page, rest = _page(selection, "published_states", first, limit)
    return page, Standings(*rest)


def series(selection: Selection) -> set[tuple[int, int]]:
    """Return the countries and networks asked for that ever had a cell, up to the version, or have one in the panel."""
    name = "published_series" if selection.panel is None else "published_panel_series"
    with cursor() as c:
        c.execute(_joined(name, _condition(selection)), _named(selection))
        return set(c.fetchall())


def window(indicator: int, length: str) -> Window | None:
    """Read a sliding window, if any of it is published yet."""
    found = _row("published_window_latest published_window", _named_window(indicator, length))
    if not found:
        return None
    start, end, number, known_at, base, *coverage, countries, values = found
    return Window(start, end, number, known_at, _base(base), Coverage(*coverage), countries, values)


def window_version(indicator: int, length: str) -> tuple[int, datetime] | None:
    """Return a sliding window's version and end, without touching its cells."""
    found = _row("published_window_latest published_window_version", _named_window(indicator, length))
    return (found[0], found[1]) if found else None


def spans(indicators: Iterable[int], frequencies: Iterable[str]) -> list[Span]:
    """Return from when to when each indicator is public at each frequency, where anything of it is."""
    pairs = list(product(indicators, frequencies))
    named = {"indicators": [number for number, _ in pairs], "frequencies": [letter for _, letter in pairs]}
    with cursor() as c:
        c.execute(_joined("published_spans", ""), named)
        return [Span(*row) for row in c if None not in row]


def period_named(frequency: str, text: str) -> datetime:
    """Return the start of the period with this label; raises ``PeriodError``, whose ``code`` says why."""
    return periods.parse(frequency, text)


def label(frequency: str, start: datetime) -> str:
    """Return the SDMX name of a period."""
    return periods.label(frequency, start)


def end(frequency: str, start: datetime) -> datetime:
    """Return the instant before which a period ends; the last one of the calendar ends with it."""
    try:
        return periods.end(frequency, start)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def seconds(instant: datetime) -> int:
    """Return an instant as the columns have it."""
    # In whole numbers: as a float, the last moment of the calendar becomes the year 10000, which no date can be.
    return (instant - _EPOCH) // _SECOND


def labels(frequency: str, column: Longs) -> list[str]:
    """Return the labels of a column of periods; a series has thousands, and all series have the same."""
    known = _labels(frequency)
    if len(known) > _LABELS_KEPT:
        known.clear()
    return [known[second] for second in column.tolist()]


class _Labels(dict[int, str]):
    """The labels of periods by their seconds, each made once."""

    def __init__(self, frequency: str) -> None:
        self._frequency = frequency

    def __missing__(self, second: int) -> str:
        found = self[second] = periods.label(self._frequency, datetime.fromtimestamp(second, UTC))
        return found


#: Eleven years of hours, or two months of minutes.
_LABELS_KEPT = 100_000
_labels = cache(_Labels)


def _this_minute() -> datetime:
    return periods.start_of(Frequency.MINUTE, clock.now())


def _base(sealed: int | None) -> int:
    """Return what all values are multiples of; before anything was published, what they will be."""
    return sealed or int(settings.ROUNDING_BASE)


def _several(selection: Selection) -> bool:
    return len(selection.countries) * len(selection.networks) > 1


def _named(selection: Selection) -> dict[str, Any]:
    return {
        "indicator": selection.indicator,
        "frequency": selection.frequency,
        "start": selection.start,
        "end": selection.end,
        "countries": list(selection.countries),
        "networks": list(selection.networks),
        "several": _several(selection),
        "version": selection.version,
        "panel": selection.panel,
    }


def _condition(selection: Selection) -> str:
    return _IS_PUBLIC if selection.version == NEWEST else _WAS_PUBLIC


def _named_window(indicator: int, length: str) -> dict[str, Any]:
    """Return a window as the parameters of its statements. PostgreSQL reads its name as an interval."""
    frequency, by_month = _WINDOWS[length]
    return {
        "indicator": indicator,
        "window": length,
        "frequency": frequency,
        "part": _PART[frequency],
        "by_month": by_month,
        "countries": _COUNTRIES,
    }


def _page(selection: Selection, tail: str, first: datetime, limit: int) -> tuple[Page, tuple[Any, ...]]:
    named = _named(selection) | {"first": first, "periods": limit}
    found = _row(f"published_latest published_periods {tail}", named, _condition(selection))
    version, known_at, base, following, *columns = found
    page = Page(version, known_at, _base(base), following, Coverage(*columns[:5]))
    return page, tuple(columns[5:])


def _row(names: str, named: dict[str, Any], condition: str = "") -> tuple[Any, ...]:
    """Return the first row of a statement made of named parts; an empty one if there is none."""
    with cursor() as c:
        c.execute(_joined(names, condition), named)
        return c.fetchone() or ()


@cache
def _joined(names: str, condition: str) -> bytes:
    parts = b"".join(statement(name) for name in names.split())
    return parts.replace(b"{public}", condition.encode())
