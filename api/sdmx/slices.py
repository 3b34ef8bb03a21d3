"""What of the published view a question asks for: indicators at frequencies, series, periods, past views, a version.

All of an answer is of one version, whatever is published meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from itertools import product
from typing import Final, NamedTuple

from api import caching
from api.caching import Stamp
from api.problems import Problem
from api.sdmx import blocks, filters, times
from api.sdmx.flows import FREQUENCIES, TIME, VINTAGE
from api.sdmx.keys import Pattern
from api.sdmx.questions import Question
from countries.codes import COUNTRIES, GROUPS, NETWORKS, TOTAL
from federation import clock, published, vintages
from federation.errors import AsOfInFutureError
from federation.published import Selection
from federation.rules import periods, view
from federation.rules.coverage import Coverage
from federation.rules.periods import Longs
from federation.rules.view import ALL_NETWORKS, Series
from federation.vintages import CoverageHistory, Cube

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
    #: The past views asked for by name; nothing if they are not asked for by name.
    named: tuple[View, ...] | None = None


class Cubes:
    """Reads coverage and series of cubes, each once for all questions that share this."""

    def __init__(self) -> None:
        self.coverage = cache(vintages.coverage)
        self.series = cache(vintages.series)


@dataclass(frozen=True)
class Slice:
    """What is asked of one indicator at one frequency."""

    question: Question
    indicator: str
    cube: Cube
    version: Version
    #: Those of the question's patterns that want this indicator and frequency.
    patterns: tuple[Pattern, ...]
    cubes: Cubes

    @cached_property
    def history(self) -> CoverageHistory:
        return self.cubes.coverage(self.cube, after=self._oldest, version=self.version.number)

    @property
    def _oldest(self) -> int:
        """The version from which on coverage is looked at: the one that is read, unless changes or past views are."""
        number, after = self.version.number, self.version.after
        if VINTAGE in self.question.flow.dimensions:
            return min((view.version for view in self.version.named), default=number) if self.version.named else 0
        return (after or 0) if self.question.history else number

    def changes_at_most(self, most: int) -> int:
        """Return how many changes have to be looked through before anything is read, counted up to so many."""
        question, version = self.question, self.version
        if VINTAGE in question.flow.dimensions:
            # The days on which anything changed are the same for all times asked for.
            cube = Cube(self.cube.indicator, self.cube.frequency)
            return vintages.count_changes(cube, after=self._oldest, version=version.number, most=most)
        if question.history or version.after is not None:
            return vintages.count_changes(self.cube, after=version.after or 0, version=version.number, most=most)
        return 0

    @cached_property
    def _known(self) -> dict[tuple[int, int], Series]:
        return {one[:2]: one for one in self.cubes.series(self.cube, version=self.version.number)}

    @cached_property
    def _named(self) -> set[tuple[int, int]]:
        """The series that are asked for by country and network, which are listed also if they have no cell."""
        return self._pairs(one for one in self.patterns if self._names_series(one))

    @cached_property
    def series(self) -> list[Series]:
        """All that match, by country and network."""
        open_ones = self._pairs(one for one in self.patterns if not self._names_series(one))
        wanted = self._named | (open_ones & self._known.keys())
        return view.by_code(self._known.get(pair, Series(*pair)) for pair in wanted)

    def listed(self, version: int) -> list[Series]:
        """Return the series that are listed at a version."""
        return [one for one in self.series if one.since <= version or one[:2] in self._named]

    def key(self, one: Series, *more: str) -> tuple[str, ...]:
        """Return the key of a series, in the order of the flow's dimensions."""
        return (self.cube.frequency, self.indicator, *one.codes, *more)

    def coverage(self, version: int, some: Longs | None = None) -> Coverage:
        """Return the coverage at a version of the periods asked for, or of some of them."""
        found = self.history.at(version, some)
        inside = blocks.passing_periods(found, self.question.filters)
        for one in self.question.filters_of(TIME):
            inside &= one.periods(self.cube.frequency, found.periods)
        return found.picked(inside)

    @cached_property
    def changes(self) -> tuple[Longs, Longs]:
        """Which versions changed which periods, after the one asked for, in order of version."""
        return vintages.changes(self.cube, after=self.version.after or 0, version=self.version.number)

    @cached_property
    def views(self) -> list[View]:
        """The past views asked for: those named, or the ends of all days on which anything changed."""
        number, named = self.version.number, self.version.named
        if named is None:
            days = vintages.days(self.cube, version=number)
            found = [View(periods.label("D", datetime.fromtimestamp(day, UTC)), version) for day, version in days]
        else:
            # Of all that is read the version is the newest, also if another one has become public meanwhile.
            found = [View(label, min(version, number)) for label, version in named]
        return [view for view in found if all(one.codes([view.label]) for one in self.question.filters_of(VINTAGE))]

    def _pairs(self, patterns: Iterable[Pattern]) -> set[tuple[int, int]]:
        """Return the countries and networks that any of some patterns and all filters let pass."""
        countries_of = defaultdict[str, set[str]](set)
        for one in patterns:
            for network in _among(self._passing["NETWORK"], one[3]):
                countries_of[network] |= _among(self._passing["COUNTRY"], one[2])
        return {(_COUNTRIES[one], _NETWORKS[network]) for network, some in countries_of.items() for one in some}

    def _names_series(self, pattern: Pattern) -> bool:
        return all(
            pattern[place] is not None or component in self._named_by_filters
            for place, component in ((2, "COUNTRY"), (3, "NETWORK"))
        )

    @cached_property
    def _named_by_filters(self) -> set[str]:
        return {one.component for one in self.question.filters if one.names_codes}

    @cached_property
    def _passing(self) -> dict[str, frozenset[str]]:
        """The codes that the filters let pass, by component."""
        networks = _NETWORKS.keys() if self.cube.frequency not in periods.ALL_NETWORKS_ONLY else {TOTAL}
        passing = {"COUNTRY": frozenset(_COUNTRIES), "NETWORK": frozenset(networks)}
        for one in self.question.filters:
            if one.component in passing:
                passing[one.component] = one.codes(passing[one.component])
        return passing


def _among(codes: frozenset[str], named: frozenset[str] | None) -> frozenset[str]:
    return codes if named is None else codes & named


def of(question: Question, indicators: dict[str, int], version: Version, cubes: Cubes | None = None) -> list[Slice]:
    """Return the slices that a question asks for, by frequency and indicator."""
    cubes = cubes or Cubes()
    found = []
    first, last = filters.hull(question.filters_of(TIME))
    for frequency, indicator in product(sorted(FREQUENCIES), sorted(indicators)):
        wanted = [one for one in question.patterns if _wants(one, frequency, indicator)]
        passing = all(one.codes([frequency]) for one in question.filters_of("FREQ")) and all(
            one.codes([indicator]) for one in question.filters_of("INDICATOR")
        )
        if wanted and passing:
            cube = Cube(indicators[indicator], frequency, first, last)
            found.append(Slice(question, indicator, cube, version, tuple(wanted), cubes))
    return found


def _past(label: str) -> published.PastView:
    try:
        return published.past_view("H", times.end_of_vintage(label))
    except AsOfInFutureError:
        detail = "Name a day that has ended or an instant that has passed."
        raise Problem("as_of_in_future", detail=detail, parameter=VINTAGE) from None


def _wants(pattern: Pattern, *codes: str) -> bool:
    return all(named is None or code in named for named, code in zip(pattern, codes, strict=False))


def version_of(question: Question, indicators: dict[str, int]) -> Version:
    """Return the version that answers a question: the highest of what it asks for."""
    most, settled = published.past_view("H", question.as_of) if question.as_of else (published.NEWEST, False)
    named = None
    if (labels := question.vintages) is not None:
        past = {label: _past(label) for label in sorted(labels)}
        named = tuple(View(label, one.version) for label, one in past.items())
        most, settled = max((one.version for one in named), default=0), all(one.settled for one in past.values())
    elif VINTAGE in question.flow.dimensions:
        # Every day that has ended is one of the past views, up to its last version.
        published.at_instant(clock.now().replace(hour=0, minute=0, second=0, microsecond=0))
    after = vintages.known_by(question.updated_after) if question.updated_after else None
    cubes = [one.cube for one in of(question, indicators, Version(most, settled, after))]
    if VINTAGE in question.flow.dimensions:
        # Whatever changed makes a day one of the past views, which are the same for all times asked for.
        cubes = [Cube(one.indicator, one.frequency) for one in cubes]
    return Version(max((newest(cube, most) for cube in cubes), default=0), settled, after, named)


def stamp(question: Question, version: Version, reference: int, form: str) -> Stamp:
    """Return what an answer in a form hangs on."""
    # The view of a day is there once the day has ended.
    day = f"{clock.now():%Y-%j}." if VINTAGE in question.flow.dimensions and not version.settled else ""
    tag = f"{version.number}.{version.after or 0}.{reference}.{day}{form}"
    return Stamp(tag, caching.PAST if version.settled else caching.CURRENT)


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
