"""What of the published view a query asks for: indicators at frequencies, series, periods, past views, a version.

All of an answer is of one version, even if more is published meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple

from api import caching
from api.caching import Validator
from api.problems import Problem
from api.sdmx import times
from api.sdmx.flows import FREQUENCIES, VINTAGE
from api.sdmx.queries import DataQuery
from federation import published
from federation.database import clock
from federation.errors import AsOfInFutureError
from federation.published import Selection, vintages
from federation.published.vintages import CoverageHistory, Cube
from federation.rules.coverage import Coverage
from federation.rules.view import ALL_NETWORKS, Series, by_code
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUPS, NETWORKS, TOTAL
from p2p_core.periods import Longs

_COUNTRIES: Final = COUNTRIES | GROUPS
_NETWORKS: Final = {TOTAL: ALL_NETWORKS} | NETWORKS


class View(NamedTuple):
    """A past view by its name in a key, and its version."""

    label: str
    version: int


class Version(NamedTuple):
    """The version that is read, whether an answer of it can still change, and what changed after another one."""

    number: int
    settled: bool
    after: int | None
    #: The past views asked for by name; None if they are not asked for by name.
    named: tuple[View, ...] | None = None


@dataclass(frozen=True)
class Slice:
    """What is asked of one indicator at one frequency."""

    query: DataQuery
    indicator: str
    cube: Cube
    version: Version

    @cached_property
    def history(self) -> CoverageHistory:
        return vintages.coverage(self.cube, after=self._oldest, version=self.version.number)

    @property
    def _oldest(self) -> int:
        """The version from which on coverage is read: the one that is asked for, unless past views are."""
        number, named = self.version.number, self.version.named
        if not self.query.of_vintages:
            return number
        return min((view.version for view in named), default=number) if named else 0

    def changes_at_most(self, most: int) -> int:
        """Return how many changes have to be looked through before anything is read, counted up to so many."""
        version = self.version
        if not self.query.of_vintages and version.after is None:
            return 0
        cube = _of_all_time(self.cube) if self.query.of_vintages else self.cube
        return vintages.count_changes(cube, after=version.after or 0, version=version.number, most=most)

    @cached_property
    def series(self) -> list[Series]:
        """All that match, by country and network. Those that are named are listed also if they have no cell."""
        networks = {TOTAL} if self.cube.frequency in periods.ALL_NETWORKS_ONLY else _NETWORKS.keys()
        wanted = product(
            (_COUNTRIES[one] for one in self.query.codes["COUNTRY"].among(_COUNTRIES)),
            (_NETWORKS[one] for one in self.query.codes["NETWORK"].among(networks)),
        )
        known = {one[:2]: one for one in vintages.series(self.cube, version=self.version.number)}
        found = [known.get(pair, Series(*pair)) for pair in wanted if pair in known or self._is_named]
        return by_code(found)

    @property
    def _is_named(self) -> bool:
        return all(self.query.codes[name].named is not None for name in ("COUNTRY", "NETWORK"))

    def listed(self, version: int) -> list[Series]:
        """Return the series that are listed at a version."""
        return [one for one in self.series if self._is_named or one.since <= version]

    def key(self, one: Series, *more: str) -> tuple[str, ...]:
        """Return the key of a series, in the order of the flow's dimensions."""
        return (self.cube.frequency, self.indicator, *one.codes, *more)

    def coverage(self, version: int, some: Longs | None = None) -> Coverage:
        """Return the coverage at a version of the periods asked for, or of some of them."""
        found = self.history.at(version, some)
        return found.picked(self.query.times.inside(self.cube.frequency, found.periods))

    @cached_property
    def changed(self) -> Longs:
        """The periods that have changed after the version asked for."""
        after = self.version.after or 0
        return vintages.changed(self.cube, after=after, version=self.version.number)

    @cached_property
    def views(self) -> list[View]:
        """The past views asked for: those named, or the ends of all days on which anything changed."""
        number, named = self.version.number, self.version.named
        if named is not None:
            # Of all that is read the version is the newest, also if another one has become public meanwhile.
            return [View(label, min(version, number)) for label, version in named]
        days = vintages.days(self.cube, version=number)
        found = [View(periods.label("D", datetime.fromtimestamp(day, UTC)), version) for day, version in days]
        return [view for view in found if self.query.codes[VINTAGE].among([view.label])]


def of(query: DataQuery, indicators: dict[str, int], version: Version) -> list[Slice]:
    """Return the slices that a query asks for, by frequency and indicator."""
    first, last = query.times.bounds
    wanted = product(sorted(query.codes["FREQ"].among(FREQUENCIES)), sorted(query.codes["INDICATOR"].among(indicators)))
    return [
        Slice(query, indicator, Cube(indicators[indicator], frequency, first, last), version)
        for frequency, indicator in wanted
    ]


def version_of(query: DataQuery, indicators: dict[str, int]) -> Version:
    """Return the version that answers a query: the highest of what it asks for."""
    most, settled = published.past_view("H", query.as_of) if query.as_of else (published.NEWEST, False)
    named = None
    if (labels := query.vintages) is not None:
        past = {label: _past(label) for label in sorted(labels)}
        named = tuple(View(label, one.version) for label, one in past.items())
        most, settled = max((one.version for one in named), default=0), all(one.settled for one in past.values())
    elif query.of_vintages:
        # Every day that has ended is one of the past views, up to its last version.
        published.at_instant(clock.now().replace(hour=0, minute=0, second=0, microsecond=0))
    after = vintages.known_by(query.updated_after) if query.updated_after else None
    cubes = [one.cube for one in of(query, indicators, Version(most, settled, after))]
    if query.of_vintages:
        cubes = list(map(_of_all_time, cubes))
    return Version(max((newest(cube, most) for cube in cubes), default=0), settled, after, named)


def _of_all_time(cube: Cube) -> Cube:
    """Return a cube without bounds: the days on which anything changed are the same for all times asked for."""
    return Cube(cube.indicator, cube.frequency)


def _past(label: str) -> published.PastView:
    try:
        return published.past_view("H", times.end_of_vintage(label))
    except AsOfInFutureError:
        detail = "Name a day that has ended or an instant that has passed."
        raise Problem("as_of_in_future", detail=detail, parameter=VINTAGE) from None


def validator(query: DataQuery, version: Version, reference: int, form: str) -> Validator:
    """Return what an answer in a format depends on."""
    # The view of a day is there once the day has ended.
    day = f"{clock.now():%Y-%j}." if query.of_vintages and not version.settled else ""
    tag = f"{version.number}.{version.after or 0}.{reference}.{day}{form}"
    return Validator(tag, caching.PAST if version.settled else caching.CURRENT)


def most_periods(some: Iterable[Slice]) -> int:
    """Return how many periods slices have at most, from the first and the last that is public of each."""
    cubes = {one.cube for one in some}
    spans = published.spans({one.indicator for one in cubes}, {one.frequency for one in cubes})
    known = {(span.indicator, span.frequency): span for span in spans}
    return sum(_periods(cube, known[cube[:2]]) for cube in cubes if cube[:2] in known)


def _periods(cube: Cube, span: published.Span) -> int:
    stretch = min(cube.end, span.last) - max(cube.start, span.first)
    return max(0, int(stretch.total_seconds()) // vintages.AT_LEAST[cube.frequency] + 1)


def newest(cube: Cube, version: int) -> int:
    """Return the highest version, up to one, that changed anything of a cube."""
    every = Selection(cube.indicator, cube.frequency, cube.start, cube.end, (), (), version)
    return published.version(every) or 0
