"""Reads what is asked for, some series at a time, so that the longest answer takes no more memory than a short one."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

import numpy as np

from api.problems import Problem
from api.sdmx import blocks, slices, times
from api.sdmx.blocks import Block, Moments, Window
from api.sdmx.queries import DataQuery
from api.sdmx.slices import Slice, Version
from api.throttling import costs
from federation.published import vintages
from federation.rules.coverage import Coverage
from federation.rules.view import Series

#: So many observations are in memory at a time.
AT_ONCE: Final = 50_000
#: More observations than these are not looked through for one answer.
MOST: Final = 10_000_000
#: So many at most if they are looked through for what exists of them.
MOST_OBSERVED: Final = 1_000_000
#: More changes than these are not looked through to find what is to be read.
MOST_CHANGES: Final = 200_000


@dataclass(frozen=True)
class Reading:
    """The answer to a query, to be read."""

    query: DataQuery
    version: Version
    slices: list[Slice]
    moments: Moments = field(default_factory=Moments)

    @property
    def published(self) -> int:
        """When the answer became public, in milliseconds since 1970; 0 if nothing was."""
        return self.moments.milliseconds(self.version.number)

    @property
    def prepared(self) -> str:
        return times.written(self.published)

    def check_size(self) -> int:
        """Return how many observations are looked through at most, and refuse too many.

        The counting is paid for: coverage is read for it.
        """
        costs.charge(slices.most_periods(self.slices))
        # Changes are counted before any is read: of hours, there may be more of them than observations.
        left = MOST_CHANGES
        for one in self.slices:
            left -= one.changes_at_most(left + 1)
            if left < 0:
                detail = f"Ask for less time: at most {MOST_CHANGES:,} changes are looked through at a time."
                raise Problem("too_much_data", detail=detail)
        size = sum(map(self._size, self.slices))
        if self.query.limit is not None and self.version.after is None and self._ends == (None, None):
            # Each observation that is read is wanted, so the limit ends the reading.
            size = min(size, self.query.offset + self.query.limit)
        refuse_more(size, MOST)
        return size

    def _size(self, one: Slice) -> int:
        coverage = one.coverage(self.version.number)
        if self.version.after is not None:
            changed = np.isin(one.changed, coverage.periods).sum()
            new = sum(each.since > self.version.after for each in one.series)
            return int(changed) * len(one.series) + new * len(coverage.periods)
        observations = len(self._needed(coverage).periods) * len(one.series)
        # In each past view, what was known of each period is looked for among all that ever was.
        return max(observations, len(one.history)) * len(one.views) if self.query.of_vintages else observations

    def blocks(self) -> Iterator[Block]:
        """Yield the requested observations, some series at a time."""
        window = Window(self.query.offset, self.query.limit)
        for block in self._blocks():
            cut = window.cut(replace(block, wanted=blocks.ends_of_series(block.wanted, *self._ends)))
            if cut.wanted.any():
                yield cut
            if window.limit == 0:
                return

    @property
    def _ends(self) -> tuple[int | None, int | None]:
        """How many observations are wanted of the beginning and the end of a series: one, if only its key is."""
        return (1, None) if self.query.shape.keys_only else (self.query.first, self.query.last)

    def _needed(self, coverage: Coverage) -> Coverage:
        """Leave out periods outside firstN and lastN. Every series has exactly one observation in each period."""
        each = np.ones((1, len(coverage.periods)), np.bool_)
        return coverage.picked(blocks.ends_of_series(each, *self._ends)[0])

    def _blocks(self) -> Iterator[Block]:
        number, after = self.version.number, self.version.after
        for one in self.slices:
            if self.query.of_vintages:
                for view in one.views:
                    past = self._needed(one.coverage(view.version))
                    yield from self._read(one, one.listed(view.version), past, view.version, view.label)
            elif after is None:
                yield from self._read(one, one.series, self._needed(one.coverage(number)), number)
            else:
                yield from self._changed(one, number, after)

    def _changed(self, one: Slice, version: int, after: int) -> Iterator[Block]:
        """Read what changed after a version: all of a new series, and of the others what lies in changed periods."""
        for is_new, some in groupby(one.series, lambda each: each.since > after):
            coverage = one.coverage(version, None if is_new else one.changed)
            for block in self._read(one, list(some), coverage, version, after=after):
                yield replace(block, wanted=block.since > after)

    def _read(
        self, one: Slice, some: list[Series], coverage: Coverage, version: int, *more: str, after: int = 0
    ) -> Iterator[Block]:
        """Read series as they were at a version, so many at a time; ``more`` are the last parts of their keys."""
        if not len(coverage.periods):
            return
        step = max(1, AT_ONCE // len(coverage.periods))
        for at in range(0, len(some), step):
            part = some[at : at + step]
            table = vintages.table(one.cube, part, coverage, version=version, after=after)
            keys = [one.key(each, *more) for each in part]
            yield Block(table, keys, np.ones(table.values.shape, np.bool_), self.moments)


def refuse_more(observations: int, most: int) -> None:
    """Refuse to look through more observations than so many."""
    if observations > most:
        detail = f"Ask for fewer series or less time: at most {most:,} observations are looked through at a time."
        raise Problem("too_much_data", detail=detail)
