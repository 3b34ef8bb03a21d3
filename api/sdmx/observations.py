"""The observations of an answer: their version, their series and periods, and their number.

All parts of an answer have one version, even if something is published meanwhile. A few series are read at a time, so a
long answer takes no more memory than a short one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby, product
from typing import Final, NamedTuple

import numpy as np

from api.problems import Problem
from api.sdmx import blocks, times
from api.sdmx.blocks import Flags, Moments, SeriesBlock
from api.sdmx.flows import FREQUENCIES, VINTAGE
from api.sdmx.queries import DataQuery
from api.sdmx.times import TimeRange
from api.throttling import costs
from countries.reference import Reference
from federation import published
from federation.database import clock
from federation.errors import AsOfInFutureError
from federation.published import Selection, detail, vintages
from federation.published.detail import PeriodRange, Withheld
from federation.published.vintages import CoverageHistory, Cube
from federation.rules.coverage import Coverage
from federation.rules.view import ALL_NETWORKS, Series, Table, by_code
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUPS, NETWORKS, TOTAL
from p2p_core.periods import Longs

#: How many observations are in memory at a time.
AT_ONCE: Final = 50_000
#: How many observations may be looked through for one answer.
MOST: Final = 10_000_000
#: The same, if the answer only says which of them exist.
MOST_OBSERVED: Final = 1_000_000
#: How many changes may be looked through to find what to read.
MOST_CHANGES: Final = 200_000

_COUNTRIES: Final = COUNTRIES | GROUPS
_NETWORKS: Final = {TOTAL: ALL_NETWORKS} | NETWORKS


class Vintage(NamedTuple):
    """A past view by its name in a key, and its version."""

    label: str
    version: int


class AnswerVersion(NamedTuple):
    """The version that an answer shows. If it is settled, it cannot change.

    With ``after``, only later changes are shown.
    """

    number: int
    settled: bool
    after: int | None
    #: The past views that the query names; None if it names none.
    named: tuple[Vintage, ...] | None = None


@dataclass(frozen=True)
class Slice:
    """The part of an answer that has one indicator and one frequency."""

    query: DataQuery
    indicator: str
    cube: Cube
    version: AnswerVersion
    reference: Reference

    @cached_property
    def history(self) -> CoverageHistory:
        number, named = self.version.number, self.version.named
        oldest = number
        if self.query.of_vintages:
            oldest = min((vintage.version for vintage in named), default=number) if named else 0
        return vintages.coverage(self.cube, after=oldest, version=number)

    def count_changes(self, most: int) -> int:
        """How many changes have to be looked through before anything is read, counted up to ``most``."""
        version = self.version
        if not self.query.of_vintages and version.after is None:
            return 0
        cube = _of_all_time(self.cube) if self.query.of_vintages else self.cube
        return vintages.count_changes(cube, after=version.after or 0, version=version.number, most=most)

    @cached_property
    def series(self) -> list[Series]:
        """All that match and are not withheld throughout, by country and network.

        Named ones are listed even if they have no cell.
        """
        known = {one[:2]: one for one in vintages.series(self.cube, version=self.version.number)}
        withheld = set(self._range.withheld_throughout(self._matching))
        wanted = (one[:2] for one in self._matching if one not in withheld)
        return by_code(known.get(pair, Series(*pair)) for pair in wanted if pair in known or self._is_named)

    @cached_property
    def _matching(self) -> list[Series]:
        # Hours are not published by network, so an open key does not mean such series.
        totals_only = self.cube.frequency in periods.ALL_NETWORKS_ONLY and not self._is_named
        networks = {TOTAL} if totals_only else _NETWORKS.keys()
        wanted = product(
            (_COUNTRIES[one] for one in self.query.codes["COUNTRY"].among(_COUNTRIES)),
            (_NETWORKS[one] for one in self.query.codes["NETWORK"].among(networks)),
        )
        return [Series(*pair) for pair in wanted]

    @property
    def _range(self) -> PeriodRange:
        return PeriodRange(self.reference, *self.cube)

    @property
    def withheld(self) -> list[Withheld]:
        """What of the matching series is withheld."""
        return self._range.withheld(self._matching)

    def refuse_withheld(self) -> None:
        """Refuse series that are named with their frequency, if they are withheld throughout."""
        if self._is_named and self.query.codes["FREQ"].named is not None:
            detail.refuse(self._range.withheld(self._range.withheld_throughout(self._matching)))

    @property
    def _is_named(self) -> bool:
        return all(self.query.codes[name].named is not None for name in ("COUNTRY", "NETWORK"))

    def listed(self, version: int) -> list[Series]:
        return [one for one in self.series if self._is_named or one.since <= version]

    def key(self, one: Series, *more: str) -> tuple[str, ...]:
        """The key of a series, in the order of the flow's dimensions."""
        return (self.cube.frequency, self.indicator, *one.codes, *more)

    def coverage(self, version: int, some: Longs | None = None) -> Coverage:
        """The coverage at a version of the periods that the query names, or of some of them."""
        found = self.history.at(version, some)
        return found.picked(self.query.times.inside(self.cube.frequency, found.periods))

    @cached_property
    def changed(self) -> Longs:
        """The periods that have changed after the version that the query names."""
        return vintages.changed(self.cube, after=self.version.after or 0, version=self.version.number)

    @cached_property
    def vintages(self) -> list[Vintage]:
        """The past views that the query names, or the ends of all days on which anything changed."""
        number, named = self.version.number, self.version.named
        if named is not None:
            # The version of the answer stays the same, even if another one becomes public meanwhile.
            return [Vintage(label, min(version, number)) for label, version in named]
        days = vintages.days(self.cube, version=number)
        found = [Vintage(periods.label("D", datetime.fromtimestamp(day, UTC)), version) for day, version in days]
        return [vintage for vintage in found if self.query.codes[VINTAGE].among([vintage.label])]


def slices_of(query: DataQuery, reference: Reference, version: AnswerVersion) -> list[Slice]:
    """The slices of an answer, by frequency and indicator."""
    first, last = query.times.bounds
    indicators = reference.indicator_numbers
    wanted = product(sorted(query.codes["FREQ"].among(FREQUENCIES)), sorted(query.codes["INDICATOR"].among(indicators)))
    return [
        Slice(query, indicator, Cube(indicators[indicator], frequency, first, last), version, reference)
        for frequency, indicator in wanted
    ]


def version_of(query: DataQuery, reference: Reference) -> AnswerVersion:
    """The version that answers a query: the highest that changed anything in the answer."""
    most, settled = published.past_view("H", query.as_of) if query.as_of else (published.NEWEST, False)
    named = None
    if (labels := query.vintages) is not None:
        try:
            past = {label: published.past_view("H", times.end_of_vintage(label)) for label in sorted(labels)}
        except AsOfInFutureError:
            detail = "Name a day that has ended or an instant that has passed."
            raise Problem("as_of_in_future", detail=detail, parameter=VINTAGE) from None
        named = tuple(Vintage(label, one.version) for label, one in past.items())
        most, settled = max((one.version for one in named), default=0), all(one.settled for one in past.values())
    elif query.of_vintages:
        # Every day that has ended is one of the past views, up to its last version.
        published.at_instant(periods.start_of("D", clock.now()))
    after = vintages.known_by(query.updated_after) if query.updated_after else None

    number = 0
    for one in slices_of(query, reference, AnswerVersion(most, settled, after)):
        cube = _of_all_time(one.cube) if query.of_vintages else one.cube
        every = Selection(cube.indicator, cube.frequency, cube.start, cube.end, (), (), most)
        if changed := published.version(every):
            # A new series is new in all its periods, also in those in which nothing else changed.
            number = max(number, changed, vintages.newest_series(cube, version=most))
    return AnswerVersion(number, settled, after, named)


def _of_all_time(cube: Cube) -> Cube:
    """The days on which anything changed are the same for all times that a query names."""
    return Cube(cube.indicator, cube.frequency)


@dataclass(frozen=True)
class Observations:
    """The observations that answer a query, read when they are needed."""

    query: DataQuery
    version: AnswerVersion
    slices: list[Slice]
    moments: Moments = field(default_factory=Moments)

    @property
    def published_at(self) -> int:
        """When the answer became public, in milliseconds since 1970; 0 if nothing was."""
        return self.moments.milliseconds(self.version.number)

    @property
    def prepared(self) -> str:
        return times.write(self.published_at)

    @cached_property
    def withheld(self) -> str:
        """What is withheld, in words; empty if nothing is."""
        found = {f"{one.cube.frequency}.{one.indicator}": detail.sentences(one.withheld) for one in self.slices}
        return " ".join(f"{key}: {text}" for key, text in found.items() if text)

    def charge_counting(self) -> None:
        """Charge for the coverage of all periods between the first and the last that is public."""
        cubes = {one.cube for one in self.slices}
        spans = published.spans({one.indicator for one in cubes}, {one.frequency for one in cubes})
        known = {(span.indicator, span.frequency): span for span in spans}
        count = 0
        for cube in cubes:
            if span := known.get(cube[:2]):
                stretch = min(cube.end, span.last) - max(cube.start, span.first)
                count += max(0, int(stretch.total_seconds()) // vintages.AT_LEAST[cube.frequency] + 1)
        costs.charge(count)

    def check_size(self) -> int:
        """How many observations are looked through at most; refuse too many. The counting is charged too."""
        self.charge_counting()
        # Changes are counted before any is read, because hours can have more changes than observations.
        left = MOST_CHANGES
        for one in self.slices:
            left -= one.count_changes(left + 1)
            if left < 0:
                detail = f"Ask for less time: at most {MOST_CHANGES:,} changes are looked through at a time."
                raise Problem("too_much_data", detail=detail)
        size = 0
        for one in self.slices:
            coverage = one.coverage(self.version.number)
            if self.version.after is not None:
                changed = np.isin(one.changed, coverage.periods).sum()
                new = sum(each.since > self.version.after for each in one.series)
                size += int(changed) * len(one.series) + new * len(coverage.periods)
                continue
            observations = len(self._needed(coverage).periods) * len(one.series)
            # For each past view and each period, the row that was valid then is looked for among all rows that there
            # ever were.
            size += max(observations, len(one.history)) * len(one.vintages) if self.query.of_vintages else observations
        if self.query.limit is not None and self.version.after is None and self._ends == (None, None):
            # Every observation that is read is wanted, so reading can stop at the limit.
            size = min(size, self.query.offset + self.query.limit)
        refuse_more(size, MOST)
        return size

    def blocks(self) -> Iterator[SeriesBlock]:
        """The wanted observations, some series at a time, between offset and limit."""
        skip, left = self.query.offset, self.query.limit
        for block in self._blocks():
            wanted = blocks.ends_of_series(block.wanted, *self._ends)
            if skip or left is not None:
                places = np.flatnonzero(wanted)
                taken = places[skip:][:left]
                skip -= min(skip, len(places))
                left = None if left is None else left - len(taken)
                wanted = np.isin(np.arange(wanted.size), taken).reshape(wanted.shape)
            if wanted.any():
                yield replace(block, wanted=wanted)
            if left == 0:
                return

    @property
    def _ends(self) -> tuple[int | None, int | None]:
        """The number of first and last observations per series. One is enough if the query asks only for keys."""
        return (1, None) if self.query.shape.keys_only else (self.query.first, self.query.last)

    def _needed(self, coverage: Coverage) -> Coverage:
        """Leave out periods outside firstN and lastN. Every series has exactly one observation in each period."""
        each = np.ones((1, len(coverage.periods)), np.bool_)
        return coverage.picked(blocks.ends_of_series(each, *self._ends)[0])

    def _blocks(self) -> Iterator[SeriesBlock]:
        number, after = self.version.number, self.version.after
        for one in self.slices:
            if self.query.of_vintages:
                for label, version in one.vintages:
                    past = self._needed(one.coverage(version))
                    yield from self._read(one, one.listed(version), past, version, label)
            elif after is None:
                yield from self._read(one, one.series, self._needed(one.coverage(number)), number)
            else:
                # Of a new series, all periods are read. Of the others, only the periods that changed.
                for is_new, some in groupby(one.series, lambda each: each.since > after):
                    coverage = one.coverage(number, None if is_new else one.changed)
                    for block in self._read(one, list(some), coverage, number, after=after):
                        yield replace(block, wanted=block.since > after)

    def _read(
        self, one: Slice, some: list[Series], coverage: Coverage, version: int, *more: str, after: int = 0
    ) -> Iterator[SeriesBlock]:
        """Read series as they were at a version, a few at a time; ``more`` are the last parts of their keys."""
        if not len(coverage.periods):
            return
        step = max(1, AT_ONCE // len(coverage.periods))
        for at in range(0, len(some), step):
            part = some[at : at + step]
            table = vintages.table(one.cube, part, coverage, version=version, after=after)
            among = detail.mask(one.reference, *one.cube[:2]).withheld(part, coverage.periods)
            for withheld, alike in _alike(table, among):
                keys = [one.key(each, *more) for each in alike.series]
                yield SeriesBlock(alike, keys, np.ones(alike.values.shape, np.bool_), self.moments, withheld)


def _alike(table: Table, withheld: Flags | None) -> Iterator[tuple[Flags | None, Table]]:
    """Split a table into series in a row of which the same periods are withheld, with these."""
    if withheld is None:
        yield None, table
        return
    for _, group in groupby(range(len(table.series)), key=lambda row: withheld[row].tobytes()):
        rows = list(group)
        some = slice(rows[0], rows[-1] + 1)
        since = None if table.since is None else table.since[some]
        yield withheld[rows[0]], replace(table, series=table.series[some], values=table.values[some], since=since)


def refuse_more(observations: int, most: int) -> None:
    if observations > most:
        detail = f"Ask for fewer series or less time: at most {most:,} observations are looked through at a time."
        raise Problem("too_much_data", detail=detail)


@dataclass
class Available:
    """Which data exist: the values of each dimension, the time range, and how many series and observations."""

    values: dict[str, set[str]]
    range: TimeRange | None = None
    series: int = 0
    observations: int = 0

    def add(self, keys: list[tuple[str, ...]], observations: int, frequency: str, some: Longs) -> None:
        """Count series of one frequency, each for the first time, with their observations in some periods."""
        self.series += len(keys)
        self.observations += observations
        for values, codes in zip(self.values.values(), zip(*keys, strict=True), strict=True):
            values.update(codes)
        start, end = int(some[0]), int(times.ends(frequency, some[-1:])[0])
        before = self.range or TimeRange(start, end)
        self.range = TimeRange(min(before.start, start), max(before.end, end))


def find_available(answer: Observations) -> Available:
    """Describe what an answer would contain. Only changes and past views are looked through, and cost requests."""
    query, number = answer.query, answer.version.number
    found = Available({name: set() for name in query.flow.dimensions})
    answer.charge_counting()
    size = 0
    if query.updated_after or query.of_vintages:
        size = answer.check_size()
        refuse_more(size, MOST_OBSERVED)
    with costs.take_turn(size):
        if query.updated_after:
            for block in answer.blocks():
                rows = np.flatnonzero(block.wanted.any(axis=1)).tolist()
                some = block.table.coverage.periods[block.wanted.any(axis=0)]
                found.add([block.keys[row] for row in rows], int(block.wanted.sum()), block.table.frequency, some)
            return found
        # Nothing is read: each series has an observation in each period.
        for one in answer.slices:
            for label, version in one.vintages if query.of_vintages else [("", number)]:
                some, listed = one.coverage(version).periods, one.listed(version)
                if len(some) and listed:
                    keys = [one.key(each, *([label] if query.of_vintages else [])) for each in listed]
                    found.add(keys, len(listed) * len(some), one.cube.frequency, some)
    return found
