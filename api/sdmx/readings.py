"""Reads what is asked for, some series at a time, so that the longest answer takes no more memory than a short one.

All of an answer is of one version, whatever is published meanwhile.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from heapq import merge
from itertools import chain, groupby, product
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np

from api import caching
from api.caching import Stamp
from api.problems import Problem
from api.sdmx import blocks, filters, times
from api.sdmx.blocks import Block, DataSet, Moments, Window
from api.sdmx.filters import Filter
from api.sdmx.flows import FREQUENCIES, TIME
from api.sdmx.keys import Pattern
from api.sdmx.questions import Question
from countries import queries
from countries.codes import COUNTRIES, COUNTRY_CODES, GROUPS, NETWORK_CODES, NETWORKS, TOTAL
from federation import clock, published, vintages
from federation.errors import AsOfInFutureError
from federation.published import Longs, Selection
from federation.vintages import CellHistory, CoverageHistory, Covered, Cube, Series

#: So many observations are in memory at a time.
AT_ONCE: Final = 50_000
#: More observations than these are not looked through for one answer.
MOST: Final = 10_000_000
#: More publications than these are not told one by one.
MOST_PUBLICATIONS: Final = 20_000

_COUNTRIES: Final = COUNTRIES | GROUPS
_NETWORKS: Final = {TOTAL: published.ALL_NETWORKS} | NETWORKS
#: At which frequencies the networks are published together only.
_TOTAL_ONLY: Final = ("H",)
VINTAGE: Final = "VINTAGE"


class Version(NamedTuple):
    """The version that is read, whether an answer of it can still change, and what changed after another one."""

    number: int
    settled: bool
    after: int | None


class View(NamedTuple):
    """A past view by its name in a key, and its version."""

    label: str
    version: int


@dataclass(frozen=True)
class Slice:
    """What is asked of one indicator at one frequency."""

    question: Question
    indicator: str
    cube: Cube
    version: Version
    #: Those of the question's patterns that want this indicator and frequency.
    patterns: tuple[Pattern, ...]

    @cached_property
    def history(self) -> CoverageHistory:
        return vintages.coverage(self.cube, version=self.version.number)

    @cached_property
    def _known(self) -> dict[tuple[int, int], Series]:
        return {one[:2]: one for one in vintages.series(self.cube, version=self.version.number)}

    @cached_property
    def _named(self) -> set[tuple[int, int]]:
        """The series that are asked for by country and network, which are listed also if they have no cell."""
        return {pair for one in self.patterns if self._names_series(one) for pair in self._pairs(one)}

    @cached_property
    def series(self) -> list[Series]:
        """All that match, by country and network."""
        open_ones = {pair for one in self.patterns if not self._names_series(one) for pair in self._pairs(one)}
        wanted = self._named | (open_ones & self._known.keys())
        in_order = sorted(wanted, key=lambda pair: (COUNTRY_CODES[pair[0]], NETWORK_CODES[pair[1]]))
        return [self._known.get(pair, Series(*pair)) for pair in in_order]

    def listed(self, version: int) -> list[Series]:
        """Return the series that are listed at a version."""
        return [one for one in self.series if one.since <= version or one[:2] in self._named]

    def key(self, one: Series, *more: str) -> tuple[str, ...]:
        """Return the key of a series, in the order of the flow's dimensions."""
        return (self.cube.frequency, self.indicator, COUNTRY_CODES[one.country], NETWORK_CODES[one.network], *more)

    def covered(self, version: int, periods: Longs | None = None) -> Covered:
        """Return the coverage at a version of the periods asked for, or of some of them."""
        found = self.history.at(version, periods)
        inside = np.ones(len(found.periods), np.bool_)
        for one in self.question.filters_of(TIME):
            inside &= one.periods(self.cube.frequency, found.periods)
        return vintages.picked(found, inside)

    @cached_property
    def changes(self) -> tuple[Longs, Longs]:
        """Which versions changed which periods, after the one asked for, in order of version."""
        return vintages.changes(self.cube, after=self.version.after or 0, version=self.version.number)

    @cached_property
    def views(self) -> list[View]:
        """The past views asked for: those named, or the ends of all days on which anything changed."""
        number, labels = self.version.number, _vintages_named(self.question)
        if labels is None:
            days = vintages.days(self.cube, version=number)
            found = [View(published.label("D", datetime.fromtimestamp(day, UTC)), version) for day, version in days]
        else:
            # Of all that is read the version is the newest, also if another one has become public meanwhile.
            found = [View(label, min(_past(label).version, number)) for label in sorted(labels)]
        return [view for view in found if all(one.codes([view.label]) for one in self.question.filters_of(VINTAGE))]

    def _pairs(self, pattern: Pattern) -> Iterator[tuple[int, int]]:
        countries = self._passing("COUNTRY", pattern[2], _COUNTRIES)
        networks = self._passing("NETWORK", pattern[3], _NETWORKS)
        if self.cube.frequency in _TOTAL_ONLY:
            networks &= {published.ALL_NETWORKS}
        return product(countries, networks)

    def _names_series(self, pattern: Pattern) -> bool:
        return all(
            pattern[place] is not None or any(one.names_codes for one in self.question.filters_of(component))
            for place, component in ((2, "COUNTRY"), (3, "NETWORK"))
        )

    def _passing(self, component: str, named: frozenset[str] | None, known: dict[str, int]) -> set[int]:
        codes = known.keys() if named is None else known.keys() & named
        for one in self.question.filters_of(component):
            codes &= one.codes(codes)
        return {known[code] for code in codes}


@lru_cache(maxsize=2)
def indicators(reference: int) -> dict[str, int]:
    """Return the numbers of the indicators under a version of the reference data."""
    queries.at_reference_version(reference)
    return {row.code: row.number for row in queries.indicators()}


def slices(question: Question, indicators: dict[str, int], version: Version) -> list[Slice]:
    """Return the slices that a question asks for, by frequency and indicator."""
    found = []
    first, last = filters.hull(question.filters_of(TIME))
    for frequency, indicator in product(sorted(FREQUENCIES), sorted(indicators)):
        wanted = [one for one in question.patterns if _wants(one, frequency, indicator)]
        passing = all(one.codes([frequency]) for one in question.filters_of("FREQ")) and all(
            one.codes([indicator]) for one in question.filters_of("INDICATOR")
        )
        if wanted and passing:
            cube = Cube(indicators[indicator], frequency, first, last)
            found.append(Slice(question, indicator, cube, version, tuple(wanted)))
    return found


def _vintages_named(question: Question) -> frozenset[str] | None:
    """Return the names of the past views asked for; nothing if it is not by name that they are."""
    some = [one.codes_named for one in question.filters_of(VINTAGE) if one.names_codes]
    if VINTAGE in question.flow.dimensions and (in_key := question.patterns[0][4]) is not None:
        some.append(in_key)
    return frozenset.intersection(*some) if some else None


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
    if (labels := _vintages_named(question)) is not None:
        past = [_past(label) for label in labels]
        most, settled = max((one.version for one in past), default=0), all(one.settled for one in past)
    after = vintages.known_by(question.updated_after) if question.updated_after else None
    cubes = [one.cube for one in slices(question, indicators, Version(most, settled, after))]
    if VINTAGE in question.flow.dimensions:
        # Whatever changed makes a day one of the past views, which are the same for all times asked for.
        cubes = [Cube(one.indicator, one.frequency) for one in cubes]
    return Version(max((newest(cube, most) for cube in cubes), default=0), settled, after)


def stamp(question: Question, version: Version, reference: int, form: str) -> Stamp:
    """Return what an answer in a form hangs on."""
    # The view of a day is there once the day has ended.
    day = f"{clock.now():%j}." if VINTAGE in question.flow.dimensions and not version.settled else ""
    tag = f"{version.number}.{version.after or 0}.{reference}.{day}{form}"
    return Stamp(tag, caching.PAST if version.settled else caching.CURRENT)


def newest(cube: Cube, version: int) -> int:
    """Return the highest version, up to one, that changed anything of a cube."""
    every = Selection(cube.indicator, cube.frequency, cube.start, cube.end, (), (), version)
    return published.version(every) or 0


@dataclass(frozen=True)
class Reading:
    """The answer to a question, to be read."""

    question: Question
    version: Version
    slices: list[Slice]
    moments: Moments

    @cached_property
    def published(self) -> int:
        """When what is answered became public, in milliseconds since 1970; before anything was, then."""
        return int(self.moments.milliseconds(np.array([self.version.number]))[0]) if self.version.number else 0

    @property
    def prepared(self) -> str:
        return times.written(self.published)

    def check_size(self) -> int:
        """Return how many observations are looked through at most, and refuse too many."""
        question = self.question
        size = sum(map(self._size, self.slices))
        if question.limit is not None and not self._observed:
            size = min(size, question.offset + question.limit)
        if size > MOST:
            detail = f"Ask for fewer series or less time: at most {MOST:,} observations are looked through at a time."
            raise Problem("too_much_data", detail=detail)
        if question.history and len(self._publications()) > MOST_PUBLICATIONS:
            detail = f"Ask for less time: at most {MOST_PUBLICATIONS:,} publications are told one by one."
            raise Problem("too_much_data", detail=detail)
        return size

    def _size(self, one: Slice) -> int:
        covered = one.covered(self.version.number)
        if self.version.after is None and not self.question.history:
            views = len(one.views) if VINTAGE in self.question.flow.dimensions else 1
            return len(self._needed(covered).periods) * len(one.series) * views
        _, periods = one.changes
        changed = periods[np.isin(periods, covered.periods)]
        new = sum(each.since > (self.version.after or 0) for each in one.series)
        times_each = len(changed) if self.question.history else len(np.unique(changed))
        return times_each * len(one.series) + new * len(covered.periods)

    def _publications(self) -> Longs:
        """Return the versions that changed anything asked for."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *(one.changes[0] for one in self.slices)]))

    @cached_property
    def _observed(self) -> list[Filter]:
        """Those filters that need a look at each observation."""
        return [one for one in self.question.filters if one.component in blocks.OBSERVED]

    def datasets(self) -> Iterator[DataSet]:
        """Yield what is asked for; with history, one data set for each publication that changed any of it, in order."""
        flow, window = self.question.flow, Window(self.question.offset, self.question.limit)
        if not self.question.history:
            yield DataSet(flow, None, self._cut(self._now(), window))
            return
        empty = True
        for version, found in self._history():
            kept = self._cut(found, window)
            for first in kept:
                empty = False
                yield DataSet(flow, self.moments.of(version), chain([first], kept))
            if window.closed:
                break
        if empty:
            yield DataSet(flow, None, iter(()))

    def _cut(self, found: Iterable[Block], window: Window) -> Iterator[Block]:
        first, last = self._ends
        for block in found:
            passing = block.passing(self._observed)
            cut = window.cut(replace(passing, wanted=blocks.ends_of_series(passing.wanted, first, last)))
            if cut.wanted.any():
                yield cut
            if window.closed:
                return

    @property
    def _ends(self) -> tuple[int | None, int | None]:
        """How many observations are wanted of the beginning and the end of a series: one, where it is for its key."""
        return (1, None) if self.question.shape.keys_only else (self.question.first, self.question.last)

    def _needed(self, covered: Covered) -> Covered:
        """Leave out periods that no observation is wanted of: a series has one in each, whatever it is."""
        first, last = self._ends
        if self._observed or (first, last) == (None, None):
            return covered
        each = np.ones((1, len(covered.periods)), np.bool_)
        return vintages.picked(covered, blocks.ends_of_series(each, first, last)[0])

    def _now(self) -> Iterator[Block]:
        number, after = self.version.number, self.version.after
        for one in self.slices:
            if VINTAGE in self.question.flow.dimensions:
                for view in one.views:
                    past = self._needed(one.covered(view.version))
                    yield from self._read(one, one.listed(view.version), past, view.version, view.label)
            elif after is None:
                yield from self._read(one, one.series, self._needed(one.covered(number)), number)
            else:
                yield from self._changed(one, number, after, np.unique(one.changes[1]))

    def _history(self) -> Iterator[tuple[int, Iterator[Block]]]:
        """Yield the publications that changed anything asked for, in order, each with what it changed."""
        self.moments.look_up(self._publications())
        logs = merge(*map(self._logged, self.slices), key=itemgetter(0))
        for version, parts in groupby(logs, key=itemgetter(0)):
            yield version, chain.from_iterable(found for _, found in parts)

    def _logged(self, one: Slice) -> Iterator[tuple[int, Iterator[Block]]]:
        """Yield the same of one slice; cells are read of many publications at once."""
        versions, periods = one.changes
        step = AT_ONCE // max(1, len(one.series)) + 1
        for at in _steps(versions, step):
            here, changed = versions[at], periods[at]
            after = int(here[0]) - 1
            cells = vintages.history(one.cube, one.series, np.unique(changed), after=after, version=int(here[-1]))
            for each in _steps(here, 1):
                version = int(here[each.start])
                yield version, self._changed(one, version, version - 1, changed[each], cells)

    def _changed(
        self, one: Slice, version: int, after: int, periods: Longs, cells: CellHistory | None = None
    ) -> Iterator[Block]:
        """Read what changed after a version: all of a new series, and of the others what lies in changed periods."""
        for is_new, some in groupby(one.listed(version), lambda each: version >= each.since > after):
            covered = one.covered(version, None if is_new else periods)
            for block in self._read(one, list(some), covered, version, cells=None if is_new else cells, after=after):
                yield replace(block, wanted=block.observed.since > after)

    def _read(
        self,
        one: Slice,
        some: list[Series],
        covered: Covered,
        version: int,
        *more: str,
        cells: CellHistory | None = None,
        after: int = 0,
    ) -> Iterator[Block]:
        """Read series as they were at a version, so many at a time; ``more`` are the last parts of their keys."""
        if not len(covered.periods):
            return
        step = max(1, AT_ONCE // len(covered.periods))
        for at in range(0, len(some), step):
            part = some[at : at + step]
            if cells is None:
                observed = vintages.observed(one.cube, part, covered, version=version, after=after)
            else:
                observed = cells.at(part, covered, version)
            keys = [one.key(each, *more) for each in part]
            wanted = np.ones(observed.values.shape, np.bool_)
            yield Block(one.cube.frequency, keys, covered, observed, wanted, self.moments)


def _steps(versions: Longs, step: int) -> Iterator[slice]:
    """Yield stretches of about so many changes, none of which ends within a version."""
    at = 0
    while at < len(versions):
        end = int(np.searchsorted(versions, versions[min(at + step, len(versions)) - 1], "right"))
        yield slice(at, end)
        at = end
