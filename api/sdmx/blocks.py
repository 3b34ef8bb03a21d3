"""Observations on their way out: some series of one indicator and frequency, with all that is told of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from api.sdmx import times
from api.sdmx.filters import Filter
from api.sdmx.flows import CONFIDENTIALITY, MEASURE, Flow
from federation import vintages
from federation.rules.coverage import Coverage
from federation.rules.periods import Longs
from federation.rules.view import Table

Flags = NDArray[np.bool_]
Letters = NDArray[np.str_]


class Moments:
    """When versions became public, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._written: dict[int, str] = {}

    def look_up(self, versions: Longs) -> None:
        """Look up, all at once, those that are not known yet."""
        if missing := [one for one in set(versions.ravel().tolist()) if one not in self._known]:
            self._known |= vintages.times(np.array(missing, np.int64))

    def milliseconds(self, versions: Longs) -> Longs:
        """Return instants in milliseconds since 1970, in an array's shape."""
        self.look_up(versions)
        some, back = np.unique(versions, return_inverse=True)
        return np.array([self._known[one] for one in some.tolist()], np.int64)[back].reshape(versions.shape)

    def written(self, versions: Longs) -> list[str]:
        """Return instants in an array's order, flattened."""
        self.look_up(versions)
        asked = versions.ravel().tolist()
        for one in set(asked):
            if one not in self._written:
                self._written[one] = times.written(self._known[one])
        return [self._written[one] for one in asked]

    def of(self, version: int) -> str:
        return self.written(np.array([version], np.int64))[0]


@dataclass(frozen=True)
class Block:
    """A table, the keys of its series, in the order of the flow's dimensions, and which observations are wanted."""

    keys: list[tuple[str, ...]]
    table: Table
    wanted: Flags
    moments: Moments

    @property
    def coverage(self) -> Coverage:
        return self.table.coverage

    @property
    def since(self) -> Longs:
        """The versions in which the observations last changed."""
        assert self.table.since is not None  # noqa: S101  every table that SDMX reads has them
        return self.table.since

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods."""
        return times.labels(self.table)

    @cached_property
    def missing(self) -> Flags:
        return ~self.coverage.is_known

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[int], list[int], list[str]]]:
        """Yield the series that have wanted observations: key, places of the periods, values, since when."""
        since = self.moments.written(self.since[self.wanted])
        at = 0
        for row in np.flatnonzero(self.wanted.any(axis=1)).tolist():
            places = np.flatnonzero(self.wanted[row])
            until = at + len(places)
            yield self.keys[row], places.tolist(), self.table.values[row, places].tolist(), since[at:until]
            at = until

    def passing(self, filters: list[Filter]) -> "Block":
        """Return the block with the observations only that pass filters which need a look at each of them."""
        wanted = self.wanted
        for one in filters:
            wanted = wanted & _OF_OBSERVATIONS[one.component](self, one)
        return replace(self, wanted=wanted)


def statuses(coverage: Coverage) -> Letters:
    """Return the status of each period, also where a break hides that it is provisional: only one can be told."""
    return np.where(coverage.is_known, np.where(coverage.is_break, "B", coverage.status), "O")


def _values(block: Block) -> NDArray[np.float64]:
    values = block.table.values.astype(np.float64)
    values[:, block.missing] = np.nan
    return values


def _among(codes: frozenset[str], column: Letters) -> Flags:
    return np.isin(column, list(codes))


#: What passes of periods: attributes that all series share.
_OF_PERIODS: Final[dict[str, Callable[[Coverage, Filter], Any]]] = {
    "OBS_STATUS": lambda coverage, one: _among(one.codes("ABOP"), statuses(coverage)),
    "CONF_STATUS": lambda _, one: bool(one.codes([CONFIDENTIALITY])),
    "COVERAGE": lambda coverage, one: one.numbers(np.array(coverage.time_coverage, np.float64)),
    "AGENCIES_REPORTING": lambda coverage, one: one.numbers(coverage.agencies_reporting),
    "AGENCIES_EXPECTED": lambda coverage, one: one.numbers(coverage.agencies_expected),
    "COUNTED_FROM": lambda coverage, one: one.numbers(_beginnings(coverage)),
}
#: What passes of series x periods.
_OF_OBSERVATIONS: Final[dict[str, Callable[[Block, Filter], Any]]] = {
    MEASURE: lambda block, one: one.numbers(_values(block)),
    "VALID_FROM": lambda block, one: one.numbers(block.moments.milliseconds(block.since)),
}
#: What cannot be told without a look at each observation.
OBSERVED: Final = tuple(_OF_OBSERVATIONS)


def _beginnings(coverage: Coverage) -> NDArray[np.float64]:
    """Return from when each period is counted in which counting began, in milliseconds since 1970."""
    return np.where(coverage.counted_from > coverage.periods, coverage.counted_from * 1000.0, np.nan)


def passing_periods(coverage: Coverage, filters: Iterable[Filter]) -> Flags:
    """Return which periods pass the filters of attributes that all series share."""
    passing = np.ones(len(coverage.periods), np.bool_)
    for one in filters:
        if one.component in _OF_PERIODS:
            passing &= _OF_PERIODS[one.component](coverage, one)
    return passing


@dataclass(slots=True)
class Window:
    """Which observations of all that come by are wanted: so many, after so many."""

    offset: int
    limit: int | None

    def cut(self, block: Block) -> Block:
        """Return the block with what of it lies in the window."""
        if not self.offset and self.limit is None:
            return block
        places = np.flatnonzero(block.wanted)
        skipped = min(self.offset, len(places))
        taken = places[skipped:] if self.limit is None else places[skipped : skipped + self.limit]
        self.offset -= skipped
        if self.limit is not None:
            self.limit -= len(taken)
        wanted = np.zeros(block.wanted.size, np.bool_)
        wanted[taken] = True
        return replace(block, wanted=wanted.reshape(block.wanted.shape))

    @property
    def closed(self) -> bool:
        return self.limit == 0


def ends_of_series(wanted: Flags, first: int | None, last: int | None) -> Flags:
    """Return the first and the last so many wanted observations of each series; all, if neither is asked for."""
    if first is None and last is None:
        return wanted
    kept = np.zeros_like(wanted)
    if first is not None:
        kept |= wanted & (np.cumsum(wanted, axis=1) <= first)
    if last is not None:
        kept |= wanted & (np.cumsum(wanted[:, ::-1], axis=1)[:, ::-1] <= last)
    return kept


@dataclass(frozen=True, slots=True)
class DataSet:
    """What one dissemination brought, or all there is: blocks of one flow, to replace what is known of them."""

    flow: Flow
    #: When what it holds became public, if it is one of several.
    valid_from: str | None
    blocks: Iterator[Block]
