"""Reads what is asked for, some series at a time, so that the longest answer takes no more memory than a short one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Final

import numpy as np

from api.problems import Problem
from api.sdmx import blocks, slices, times
from api.sdmx.blocks import Block, DataSet, Moments, Window
from api.sdmx.filters import Filter
from api.sdmx.flows import VINTAGE
from api.sdmx.questions import Question
from api.sdmx.slices import Slice, Version
from api.throttling import costs
from federation import vintages
from federation.rules.coverage import Coverage
from federation.rules.periods import Longs
from federation.rules.view import Series
from federation.vintages import CellHistory

#: So many observations are in memory at a time.
AT_ONCE: Final = 50_000
#: More observations than these are not looked through for one answer.
MOST: Final = 10_000_000
#: So many at most if each has to be read to see whether it is wanted.
MOST_OBSERVED: Final = 1_000_000
#: More changes than these are not looked through to find what is to be read.
MOST_CHANGES: Final = 200_000
#: More publications than these are not told one by one.
MOST_PUBLICATIONS: Final = 20_000
#: To write a publication takes as long as to look through so many observations.
_PUBLICATION: Final = 10


@dataclass(frozen=True)
class Reading:
    """The answer to a question, to be read."""

    question: Question
    version: Version
    slices: list[Slice]
    moments: Moments

    @cached_property
    def published(self) -> int:
        """When what is answered became public, in milliseconds since 1970; 0 if nothing was."""
        return int(self.moments.milliseconds(np.array([self.version.number]))[0]) if self.version.number else 0

    @property
    def prepared(self) -> str:
        return times.written(self.published)

    def check_size(self) -> int:
        """Return how many observations are looked through at most, and refuse too many.

        The counting is paid for: coverage is read for it.
        """
        question = self.question
        costs.charge(slices.most_periods(self.slices))
        self._check_changes()
        size = sum(map(self._size, self.slices))
        if question.limit is not None and self._wants_all_it_reads:
            size = min(size, question.offset + question.limit)
        refuse_more(size, MOST_OBSERVED if self._observed else MOST)
        publications = len(self._publications()) if question.history else 0
        if publications > MOST_PUBLICATIONS:
            detail = f"Ask for less time: at most {MOST_PUBLICATIONS:,} publications are told one by one."
            raise Problem("too_much_data", detail=detail)
        return size + publications * _PUBLICATION

    def _check_changes(self) -> None:
        """Refuse too many changes before any is read: of hours, there may be more of them than observations."""
        left = MOST_CHANGES
        for one in self.slices:
            left -= one.changes_at_most(left + 1)
            if left < 0:
                detail = f"Ask for less time: at most {MOST_CHANGES:,} changes are looked through at a time."
                raise Problem("too_much_data", detail=detail)

    def _size(self, one: Slice) -> int:
        coverage = one.coverage(self.version.number)
        if self.version.after is None and not self.question.history:
            observations = len(self._needed(coverage).periods) * len(one.series)
            if VINTAGE in self.question.flow.dimensions:
                # In each past view, what was known of each period is looked for among all that ever was.
                return max(observations, len(one.history)) * len(one.views)
            return observations
        _, periods = one.changes
        changed = periods[np.isin(periods, coverage.periods)]
        new = sum(each.since > (self.version.after or 0) for each in one.series)
        times_each = len(changed) if self.question.history else len(np.unique(changed))
        return times_each * len(one.series) + new * len(coverage.periods)

    def _publications(self) -> Longs:
        """Return the versions that changed anything asked for."""
        return np.unique(np.concatenate([np.zeros(0, np.int64), *(one.changes[0] for one in self.slices)]))

    @property
    def _wants_all_it_reads(self) -> bool:
        """Whether each observation that is read is wanted, so that a limit ends the reading."""
        is_of_changes = self.question.history or self.version.after is not None
        return not self._observed and not is_of_changes and self._ends == (None, None)

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

    def _needed(self, coverage: Coverage) -> Coverage:
        """Leave out periods that no observation is wanted of: a series has one in each, whatever it is."""
        first, last = self._ends
        if self._observed or (first, last) == (None, None):
            return coverage
        each = np.ones((1, len(coverage.periods)), np.bool_)
        return coverage.picked(blocks.ends_of_series(each, first, last)[0])

    def _now(self) -> Iterator[Block]:
        number, after = self.version.number, self.version.after
        for one in self.slices:
            if VINTAGE in self.question.flow.dimensions:
                for view in one.views:
                    past = self._needed(one.coverage(view.version))
                    yield from self._read(one, one.listed(view.version), past, view.version, view.label)
            elif after is None:
                yield from self._read(one, one.series, self._needed(one.coverage(number)), number)
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
            coverage = one.coverage(version, None if is_new else periods)
            for block in self._read(one, list(some), coverage, version, cells=None if is_new else cells, after=after):
                yield replace(block, wanted=block.since > after)

    def _read(
        self,
        one: Slice,
        some: list[Series],
        coverage: Coverage,
        version: int,
        *more: str,
        cells: CellHistory | None = None,
        after: int = 0,
    ) -> Iterator[Block]:
        """Read series as they were at a version, so many at a time; ``more`` are the last parts of their keys."""
        if not len(coverage.periods):
            return
        step = max(1, AT_ONCE // len(coverage.periods))
        for at in range(0, len(some), step):
            part = some[at : at + step]
            if cells is None:
                table = vintages.table(one.cube, part, coverage, version=version, after=after)
            else:
                table = cells.at(part, coverage, version)
            keys = [one.key(each, *more) for each in part]
            yield Block(keys, table, np.ones(table.values.shape, np.bool_), self.moments)


def refuse_more(observations: int, most: int) -> None:
    """Refuse to look through more observations than so many."""
    if observations > most:
        detail = f"Ask for fewer series or less time: at most {most:,} observations are looked through at a time."
        raise Problem("too_much_data", detail=detail)


def _steps(versions: Longs, step: int) -> Iterator[slice]:
    """Yield stretches of about so many changes, none of which ends within a version."""
    at = 0
    while at < len(versions):
        end = int(np.searchsorted(versions, versions[min(at + step, len(versions)) - 1], "right"))
        yield slice(at, end)
        at = end
