"""The only way to public data: protected cells, their coverage, windows and panels, now or at a version.

All numbers here are rounded already. A read is one statement, and so it reads one snapshot: version, coverage and cells
agree, even if publications commit meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final

import numpy as np
from django.conf import settings
from psycopg.types.numeric import Int8

from countries.database.routing import read_primary_unless
from countries.population import NO_POPULATION, Inhabitants
from countries.reference import Reference
from federation.database import clock, columns_of, cursor, statement
from federation.errors import (
    AsOfInFutureError,
    MinutesNotPublishedError,
    NetworksNotPublishedError,
    PanelFrequencyNotPublishedError,
    PanelNetworksNotPublishedError,
    VintagesNotKeptError,
)
from federation.published import coverage_cache, detail
from federation.published.answers import Page, Panel, PastView, PublicSpan, Standings, Window
from federation.published.coverage_cache import CachedCoverage, CachedPage
from federation.published.detail import PeriodRange, Withheld
from federation.rules import view
from federation.rules.coverage import Coverage, share_of
from federation.rules.view import ALL_NETWORKS, Series, Table
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES
from p2p_core.periods import Frequency, Longs

Row = dict[str, Any]

#: For each sliding window, the frequency of its parts, and whether whole months replace their days.
_WINDOWS = {
    "P1D": (Frequency.HOUR, False),
    "P7D": (Frequency.DAY, False),
    "P30D": (Frequency.DAY, False),
    "P365D": (Frequency.DAY, True),
}
WINDOWS: Final = tuple(_WINDOWS)
_PART = {Frequency.HOUR: timedelta(hours=1), Frequency.DAY: timedelta(days=1)}
#: A number above every version. It means: what is public now.
NEWEST: Final = 2**63 - 1

#: The frequencies of panels, and what "a year earlier" means for each: the week 52 weeks earlier, or the same month.
_YEAR = {Frequency.WEEK: "364 days", Frequency.MONTH: "12 months"}
_MINUTES_PUBLIC = timedelta(hours=2)
_LIVE = timedelta(minutes=60)

#: Statements that read at most this many series are prepared, because planning them takes longer than reading.
_FEW = 500

_IS_PUBLIC = b"version_to IS NULL"
_WAS_PUBLIC = b"version_from <= %(version)s AND (version_to IS NULL OR version_to > %(version)s)"
_CELLS = b"FROM federation_publishedcell\n"
#: The same cells in two parts, because each part has an index. The larger part is read from its index alone.
_CELLS_OF_THE_PAST = b"""FROM (
    SELECT * FROM federation_publishedcell WHERE version_to IS NULL
    UNION ALL
    SELECT * FROM federation_publishedcell WHERE version_to > %(version)s
) AS cell
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Published cells to read: of one indicator, from the period ``start`` to the period ``end``, both included.

    ``countries`` and ``networks`` are numbers of single ones, groups or totals. If ``open``, series that never had a
    cell are left out. ``version`` is the version at which the cells are read. With ``panel``, the numbers are those of
    the panel of this length in months, instead of all agencies. Rates use the population that was known at the instant
    ``seen``, or that is known now.
    """

    indicator: int
    frequency: str
    start: datetime
    end: datetime
    countries: tuple[int, ...]
    networks: tuple[int, ...]
    version: int = NEWEST
    panel: int | None = None
    open: bool = False
    seen: datetime | None = None


def check(selection: Selection, reference: Reference) -> None:
    """Refuse a selection that is not published. The error says what is published."""
    if selection.panel is not None and selection.frequency not in _YEAR:
        raise PanelFrequencyNotPublishedError
    if selection.panel is not None and selection.networks != (ALL_NETWORKS,):
        raise PanelNetworksNotPublishedError
    if selection.frequency in periods.ALL_NETWORKS_ONLY and selection.networks != (ALL_NETWORKS,):
        raise NetworksNotPublishedError
    if selection.frequency == Frequency.MINUTE and selection.start < _this_minute() - _MINUTES_PUBLIC:
        raise MinutesNotPublishedError
    if not selection.open:
        whole, named = _range(selection, reference), series(selection, reference)
        detail.refuse(whole.withheld(whole.withheld_throughout(named)))


def withheld(selection: Selection, reference: Reference) -> list[Withheld]:
    """What of a selection is withheld."""
    return _range(selection, reference).withheld(
        [Series(*one) for one in product(selection.countries, selection.networks)]
    )


def past_view(frequency: str, as_of: datetime) -> PastView:
    """The version that was public at an instant. ``frequency`` must not be minutes, which have no past views."""
    if frequency == Frequency.MINUTE:
        raise VintagesNotKeptError
    at_instant(as_of)
    [(version, newest, now)] = _rows("published_as_of", {"as_of": as_of})
    known = newest is not None and as_of <= newest
    if not known and as_of > now:
        raise AsOfInFutureError
    return PastView(version or 0, known)


def live_minutes() -> tuple[datetime, datetime]:
    """The first and the last of the newest 60 minutes that have ended."""
    now = _this_minute()
    return now - _LIVE, periods.previous(Frequency.MINUTE, now)


def newest() -> tuple[int, datetime] | None:
    """The newest version, and when it became public. None if nothing has been published."""
    number, known_at = _newest()
    return None if number is None or known_at is None else (number, known_at)


def at_version(number: int) -> None:
    """Read the rest of the answer from a database that has this version. A replica may not have it yet."""
    read_primary_unless(lambda: (_newest()[0] or 0) >= number)


def at_instant(instant: datetime) -> None:
    """Read the rest of the answer from a database that has every version up to an instant. A replica may lack some."""
    read_primary_unless(lambda: (known_at := _newest()[1]) is not None and known_at >= instant)


def _newest() -> tuple[int | None, datetime | None]:
    [(number, known_at)] = _rows("published_newest", {})
    return number, known_at


def version(selection: Selection) -> int | None:
    """The newest version of the selected periods, or of the panel, without reading cells or coverage."""
    found: int | None = _page(selection, selection.start, 0)["version"]
    return found


def extent(selection: Selection) -> tuple[datetime, datetime] | None:
    """The first and the last public period at the version of a selection. Its range is ignored. None if none is public.

    Of minutes: the first and the last of the newest 60.
    """
    if selection.frequency == Frequency.MINUTE:
        return live_minutes()
    [(first, last)] = _rows("published_extent", _named(selection), selection.version)
    return (first, last) if first else None


def count_periods(selection: Selection) -> int:
    """Count the published periods, without reading cells."""
    found: int = _rows("published_count", _named(selection), selection.version)[0][0]
    return found


def read(selection: Selection, reference: Reference, *, first: datetime | None = None, limit: int) -> Page:
    """Read at most ``limit`` periods, beginning with ``first``, or else with the first one of the selection."""
    row, coverage = _page_with_coverage(selection, first or selection.start, limit)
    # Series are read after the cells, so that the list contains every series that has a cell.
    listed = series(selection, reference, at=row["version"])
    countries, networks = row["countries"], row["networks"]
    if len(selection.countries) * len(selection.networks) <= 1:
        countries = np.full(len(row["cells"]), selection.countries[0], np.int16)
        networks = np.full(len(row["cells"]), selection.networks[0], np.int16)
    values = view.grid(listed, coverage, (countries, networks, row["cells"]), row["values"])
    return _answer(
        row, _table(selection, reference, listed, coverage, values), reference.inhabitants_at(selection.seen)
    )


def panel(
    selection: Selection, reference: Reference, *, first: datetime | None = None, limit: int
) -> tuple[Page, Panel]:
    """Read a panel and its cells in at most ``limit`` periods. Its agencies cover the whole time of each period."""
    assert selection.panel is not None  # noqa: S101  who asks for a panel says which
    row = _page(selection, first or selection.start, limit)
    members, whole = (np.full(len(row["periods"]), number) for number in (len(row["agencies"]), 10_000))
    coverage = view.coverage_of(
        row
        | {"agencies_expected": members, "agencies_reporting": members, "share": whole}
        | {"counted_from": row["periods"]}
    )
    listed = series(selection, reference, at=row["version"])
    values, earlier = (
        view.grid(
            listed,
            coverage,
            (row[f"{when}countries"], np.zeros_like(row[f"{when}countries"]), row[f"{when}cells"]),
            row[f"{when}values"],
        )
        for when in ("", "earlier_")
    )
    page = _answer(
        row, _table(selection, reference, listed, coverage, values), reference.inhabitants_at(selection.seen)
    )
    return page, Panel(selection.panel, row["start"], row["end"], row["agencies"], earlier)


def standings(selection: Selection, *, first: datetime | None = None, limit: int) -> tuple[Page, Standings]:
    """Read the state of each expected agency in at most ``limit`` periods, which are chosen as in ``read``."""
    row = _page(selection, first or selection.start, limit, countries=[], states=True)
    table = Table(selection.frequency, [], view.coverage_of(row), np.zeros((0, len(row["periods"])), np.int64))
    return _answer(row, table), Standings(row["standings"], row["agencies"], row["states"], row["awaited"])


def series(selection: Selection, reference: Reference, *, at: int | None = None) -> list[Series]:
    """The series of a selection, by code.

    If it is ``open``: those that ever had a cell, or have one in the panel, and are not withheld in the whole range.
    """
    if not selection.open:
        return view.by_code(Series(*pair) for pair in product(selection.countries, selection.networks))
    named = _named(selection) | ({"version": at} if at else {})
    name = "published_series" if selection.panel is None else "published_panel_series"
    found = view.by_code(Series(*row[:2]) for row in _rows(name, named, selection.version))
    withheld = set(_range(selection, reference).withheld_throughout(found))
    return [one for one in found if one not in withheld]


def window(
    indicator: int, length: str, reference: Reference, countries: Iterable[int] = COUNTRY_CODES
) -> Window | None:
    """Read a sliding window of some countries. None if no part of it is published yet."""
    row = _window(indicator, length, list(countries), parts=True)
    if row is None:
        return None
    coverage = view.coverage_of(row | {"share": np.array([share_of(row["covered"], row["owed"])])})
    frequency = _WINDOWS[length][0]
    listed = view.by_code(Series(country, ALL_NETWORKS) for country in countries)
    place = row["countries"], np.zeros_like(row["countries"]), np.repeat(coverage.periods, len(row["countries"]))
    values = view.grid(listed, coverage, place, row["values"])
    # The newest day always counts as a part. Otherwise a window made of whole months only would be published on some
    # days and withheld on others.
    newest = row["end"] - _PART[frequency]
    parts = np.unique(np.append(row["parts"], periods.epoch(newest)))
    is_withheld = detail.mask(reference, indicator, frequency).any_withheld(listed, parts)
    table = Table(length, listed, coverage, values * ~is_withheld, until=row["end"], withheld=is_withheld)
    whole = PeriodRange(reference, indicator, frequency, datetime.fromtimestamp(int(parts[0]), UTC), newest)
    withheld = whole.withheld([listed[at] for at in np.flatnonzero(is_withheld).tolist()])
    page = _answer(row, table, reference.inhabitants)
    return Window(datetime.fromtimestamp(int(coverage.periods[0]), UTC), row["end"], page, withheld)


def window_version(indicator: int, length: str) -> tuple[int, datetime] | None:
    """The version and end of a sliding window, without reading its cells."""
    row = _window(indicator, length, [], parts=False)
    return (row["version"], row["end"]) if row else None


def spans(indicators: Iterable[int], frequencies: Iterable[str]) -> list[PublicSpan]:
    """The public span of each indicator at each frequency. Pairs without anything public are left out."""
    pairs = list(product(indicators, frequencies))
    named = {"indicators": [number for number, _ in pairs], "frequencies": [letter for _, letter in pairs]}
    return [PublicSpan(*row) for row in _rows("published_spans", named) if None not in row]


def _range(selection: Selection, reference: Reference) -> PeriodRange:
    return PeriodRange(reference, selection.indicator, selection.frequency, selection.start, selection.end)


def _table(
    selection: Selection, reference: Reference, listed: list[Series], coverage: Coverage, values: Longs
) -> Table:
    flags = detail.mask(reference, selection.indicator, selection.frequency)
    withheld = flags.withheld(listed, coverage.periods)
    # Where everything was withdrawn, the rounding of the change may leave a number that means nothing.
    public = values * coverage.is_known
    if withheld is not None:
        # Nothing of it is stored. If somebody changed the database by hand, it is still withheld.
        public[withheld] = 0
    return Table(selection.frequency, listed, coverage, public, withheld=withheld)


def _this_minute() -> datetime:
    return periods.start_of(Frequency.MINUTE, clock.now())


def _named(selection: Selection) -> Row:
    return {
        "indicator": selection.indicator,
        "frequency": selection.frequency,
        "start": selection.start,
        "end": selection.end,
        "countries": list(selection.countries),
        "networks": list(selection.networks),
        "version": selection.version,
        "panel": selection.panel,
    }


def _page_with_coverage(selection: Selection, first: datetime, limit: int) -> tuple[Row, Coverage]:
    """Read a page. Its coverage is cut out of the cached one if that is still of the version of the selection."""
    if selection.version != NEWEST:
        row = _page(selection, first, limit)
        return row, view.coverage_of(row)
    key, span = (selection.indicator, selection.frequency), (selection.start, selection.end)
    cached = coverage_cache.find(key, *span, first, limit)
    row = _page(selection, first, limit, cached)
    if cached and row["version"] == cached.version:
        return row | {"cached": cached.whole}, cached.coverage
    coverage = view.coverage_of(row)
    if row["version"] and first == selection.start and row["following"] is None:
        coverage_cache.keep(key, CachedCoverage(*span, row["version"], coverage))
    return row, coverage


def _page(selection: Selection, first: datetime, limit: int, cached: CachedPage | None = None, **more: object) -> Row:
    """Read a page without coverage if it is ``cached`` and still of that version."""
    count = len(selection.countries) * len(selection.networks)
    named = _named(selection) | {"first": first, "periods": limit, "several": count > 1, "states": False}
    # Always of the same types, so that a connection prepares one statement.
    version, last = (cached.version, cached.last) if cached else (0, first)
    named |= {"cached": Int8(version), "last": last}
    if selection.panel is None:
        return columns_of(_statement("published_table", selection.version), named | more, prepare=count <= _FEW)
    more = {"year": _YEAR[Frequency(selection.frequency)]}
    return columns_of(_statement("published_panel", selection.version), named | more)


def _window(indicator: int, length: str, countries: list[int], *, parts: bool) -> Row | None:
    """Read a window, or only its version and end. Its name, such as P7D, is an interval for PostgreSQL."""
    frequency, by_month = _WINDOWS[length]
    named = {"indicator": indicator, "window": length, "frequency": frequency, "part": _PART[frequency]}
    named |= {"by_month": by_month, "countries": countries, "parts": parts}
    return columns_of(statement("published_window"), named) or None


def _answer(row: Row, table: Table, inhabitants: Inhabitants = NO_POPULATION) -> Page:
    """The page has the base with which its values were rounded, or that of the settings if nothing is published."""
    base, known_at = row["rounding_base"] or int(settings.ROUNDING_BASE), row["known_at"]
    if known_at and inhabitants.known_at:
        known_at = max(known_at, inhabitants.known_at)
    return Page(row["version"], known_at, base, row.get("following"), table, row.get("cached"), inhabitants)


def _rows(name: str, named: Row, version: int = NEWEST) -> list[tuple[Any, ...]]:
    with cursor() as c:
        return c.execute(_statement(name, version), named).fetchall()


def _statement(name: str, version: int) -> bytes:
    return statement(name) if version == NEWEST else _of_the_past(name)


@cache
def _of_the_past(name: str) -> bytes:
    return statement(name).replace(_IS_PUBLIC, _WAS_PUBLIC).replace(_CELLS, _CELLS_OF_THE_PAST)
