"""Reads what is asked for, some series at a time, so that the longest answer takes no more memory than a short one.

All of an answer is of one version, whatever is published meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from api import caching
from api.caching import Stamp
from api.problems import Problem
from api.sdmx import blocks, filters, times
from api.sdmx.blocks import Block, DataSet, Moments, Window
from api.sdmx.flows import FREQUENCIES, TIME
from api.sdmx.keys import Pattern
from api.sdmx.questions import Question
from countries import queries
from countries.codes import COUNTRIES, COUNTRY_CODES, GROUPS, NETWORK_CODES, NETWORKS, TOTAL
from federation import clock, published, vintages
from federation.published import Longs, Selection
from federation.vintages import CoverageHistory, Covered, Cube, Series

#: So many observations are in memory at a time.
AT_ONCE: Final = 50_000
#: More observations than these are not one answer.
MOST: Final = 10_000_000

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

    def covered(self, version: int) -> Covered:
        """Return the coverage at a version of the periods asked for."""
        found = self.history.at(version)
        inside = np.ones(len(found.periods), np.bool_)
        for one in self.question.filters_of(TIME):
            inside &= one.periods(self.cube.frequency, found.periods)
        return vintages.picked(found, inside)

    @cached_property
    def views(self) -> list[View]:
        """The past views asked for: those named, or the ends of all days on which anything changed."""
        filtered = self.question.filters_of(VINTAGE)
        named = [self.patterns[0][4], *(one.codes_named for one in filtered if one.names_codes)]
        labels = frozenset.intersection(*(each for each in named if each is not None)) if any(named) else None
        found = self._days() if labels is None else map(_view, sorted(labels))
        return [view for view in found if all(one.codes([view.label]) for one in filtered)]

    def _days(self) -> Iterator[View]:
        for day, version in vintages.days(self.cube, version=self.version.number):
            label = published.label("D", datetime.fromtimestamp(day, UTC))
            if vintages.has_come(times.end_of_vintage(label)):
                yield View(label, version)

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


def _view(label: str) -> View:
    return View(label, published.past_view("H", times.end_of_vintage(label)).version)


def _wants(pattern: Pattern, *codes: str) -> bool:
    return all(named is None or code in named for named, code in zip(pattern, codes, strict=False))


def version_of(question: Question, indicators: dict[str, int]) -> Version:
    """Return the version that answers a question: the highest of what it asks for."""
    most, settled = published.past_view("H", question.as_of) if question.as_of else (published.NEWEST, False)
    after = vintages.known_by(question.updated_after) if question.updated_after else None
    asked = slices(question, indicators, Version(most, settled, after))
    return Version(max((newest(one.cube, most) for one in asked), default=0), settled, after)


def stamp(question: Question, version: Version, reference: int, form: str) -> Stamp:
    """Return what an answer in a form hangs on."""
    # The view of a day is there once the day has ended.
    day = f"{clock.now():%j}." if VINTAGE in question.flow.dimensions else ""
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
    def prepared(self) -> str:
        """When what is answered became public; before anything was, the beginning of time."""
        return self.moments.of(self.version.number) if self.version.number else times.written(0)

    def check_size(self) -> int:
        """Return how many observations there may be at most, and refuse too many."""
        size = sum(map(self._size, self.slices))
        if size > MOST:
            raise Problem("too_much_data", detail=f"Ask for less than {MOST:,} observations at a time.")
        return size

    def _size(self, one: Slice) -> int:
        if self.question.history:
            return len(self._changes(one)[0]) * len(one.series)
        views = len(one.views) if VINTAGE in self.question.flow.dimensions else 1
        return len(one.covered(self.version.number).periods) * len(one.series) * views

    def datasets(self) -> Iterator[DataSet]:
        """Yield what is asked for; with history, one data set for each version, in their order."""
        window = Window(self.question.offset, self.question.limit)
        if not self.question.history:
            yield DataSet(self.question.flow, None, self._cut(self._now(), window))
            return
        for version, parts in self._disseminations():
            found = (block for one, periods in parts for block in self._changed(one, version, version - 1, periods))
            yield DataSet(self.question.flow, self.moments.of(version), self._cut(found, window))

    def _cut(self, found: Iterator[Block], window: Window) -> Iterator[Block]:
        observed = [one for one in self.question.filters if one.component in blocks.OBSERVED]
        for block in found:
            passing = block.passing(observed)
            kept = blocks.ends_of_series(passing.wanted, self.question.first, self.question.last)
            cut = window.cut(replace(passing, wanted=kept))
            if cut.wanted.any():
                yield cut
            if window.closed:
                return

    def _now(self) -> Iterator[Block]:
        number, after = self.version.number, self.version.after
        for one in self.slices:
            if VINTAGE in self.question.flow.dimensions:
                for view in one.views:
                    past = one.covered(view.version)
                    yield from self._read(one, one.listed(view.version), past, view.version, view.label)
            elif after is None:
                yield from self._read(one, one.series, one.covered(number), number)
            else:
                yield from self._changed(one, number, after, np.unique(self._changes(one)[1]))

    def _changes(self, one: Slice) -> tuple[Longs, Longs]:
        return vintages.changes(one.cube, after=self.version.after or 0, version=self.version.number)

    def _changed(self, one: Slice, version: int, after: int, periods: Longs) -> Iterator[Block]:
        """Read what changed after a version: all of a new series, and of the others what lies in changed periods."""
        covered = one.covered(version)
        of_others = vintages.picked(covered, np.isin(covered.periods, periods))
        listed = one.listed(version)
        for is_new, which in ((True, covered), (False, of_others)):
            some = [each for each in listed if (version >= each.since > after) == is_new]
            for block in self._read(one, some, which, version):
                yield replace(block, wanted=block.observed.since > after)

    def _read(self, one: Slice, some: list[Series], covered: Covered, version: int, *more: str) -> Iterator[Block]:
        """Read series as they were at a version, so many at a time; ``more`` are the last parts of their keys."""
        if not len(covered.periods):
            return
        step = max(1, AT_ONCE // len(covered.periods))
        for at in range(0, len(some), step):
            part = some[at : at + step]
            observed = vintages.observed(one.cube, part, covered, version=version)
            keys = [one.key(each, *more) for each in part]
            wanted = np.ones(observed.values.shape, np.bool_)
            yield Block(one.cube.frequency, keys, covered, observed, wanted, self.moments)

    def _disseminations(self) -> Iterator[tuple[int, list[tuple[Slice, Longs]]]]:
        """Yield the versions that changed anything asked for, each with what it changed."""
        logs = [(one, *self._changes(one)) for one in self.slices]
        for version in sorted({one for _, versions, _ in logs for one in versions.tolist()}):
            stretches = ((one, *_stretch(versions, version), periods) for one, versions, periods in logs)
            yield version, [(one, periods[first:last]) for one, first, last, periods in stretches if first < last]


def _stretch(versions: Longs, version: int) -> tuple[int, int]:
    first, last = np.searchsorted(versions, [version, version + 1]).tolist()
    return first, last
