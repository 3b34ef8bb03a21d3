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
from federation.published import Longs
from federation.vintages import Covered, Flags, Letters, Observed

#: Parts of the time owed: coverage is kept in ten-thousandths.
_WHOLE: Final = 10_000


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
    """Series x periods: their keys, in the order of the flow's dimensions, and which observations are wanted."""

    frequency: str
    keys: list[tuple[str, ...]]
    covered: Covered
    observed: Observed
    wanted: Flags
    moments: Moments

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods."""
        return times.labels(self.frequency, self.covered.periods)

    @cached_property
    def statuses(self) -> Letters:
        return _statuses(self.covered)

    @cached_property
    def missing(self) -> Flags:
        return _missing(self.covered)

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[int], list[int], list[str]]]:
        """Yield the series that have wanted observations: key, places of the periods, values, since when."""
        since = self.moments.written(self.observed.since[self.wanted])
        at = 0
        for row in np.flatnonzero(self.wanted.any(axis=1)).tolist():
            places = np.flatnonzero(self.wanted[row])
            until = at + len(places)
            yield self.keys[row], places.tolist(), self.observed.values[row, places].tolist(), since[at:until]
            at = until

    def passing(self, filters: list[Filter]) -> "Block":
        """Return the block with the observations only that pass filters which need a look at each of them."""
        wanted = self.wanted
        for one in filters:
            wanted = wanted & _OF_OBSERVATIONS[one.component](self, one)
        return replace(self, wanted=wanted)


def _statuses(covered: Covered) -> Letters:
    """Return the status of each period, also where a break hides that it is provisional: only one can be told."""
    marked = np.where(covered.breaks, "B", covered.statuses)
    return np.where(_missing(covered), "O", marked)


def _missing(covered: Covered) -> Flags:
    """Return the periods of which nobody has reported anything."""
    return np.asarray(covered.reporting == 0)


def shares(covered: Covered) -> list[float | None]:
    """Return the time covered of the time owed; nothing where nobody owed any."""
    return [part / _WHOLE if part >= 0 else None for part in covered.shares.tolist()]


def _values(block: Block) -> NDArray[np.float64]:
    values = block.observed.values.astype(np.float64)
    values[:, block.missing] = np.nan
    return values


def _shares(covered: Covered) -> NDArray[np.float64]:
    return np.where(covered.shares >= 0, covered.shares / _WHOLE, np.nan)


def _among(codes: frozenset[str], column: Letters) -> Flags:
    return np.isin(column, list(codes))


#: What passes of periods: attributes that all series share.
_OF_PERIODS: Final[dict[str, Callable[[Covered, Filter], Any]]] = {
    "OBS_STATUS": lambda covered, one: _among(one.codes("ABOP"), _statuses(covered)),
    "CONF_STATUS": lambda _, one: bool(one.codes([CONFIDENTIALITY])),
    "COVERAGE": lambda covered, one: one.numbers(_shares(covered)),
    "AGENCIES_REPORTING": lambda covered, one: one.numbers(covered.reporting),
    "AGENCIES_EXPECTED": lambda covered, one: one.numbers(covered.expected),
}
#: What passes of series x periods.
_OF_OBSERVATIONS: Final[dict[str, Callable[[Block, Filter], Any]]] = {
    MEASURE: lambda block, one: one.numbers(_values(block)),
    "VALID_FROM": lambda block, one: one.numbers(block.moments.milliseconds(block.observed.since)),
}
#: What cannot be told without a look at each observation.
OBSERVED: Final = tuple(_OF_OBSERVATIONS)


def passing_periods(covered: Covered, filters: Iterable[Filter]) -> Flags:
    """Return which periods pass the filters of attributes that all series share."""
    passing = np.ones(len(covered.periods), np.bool_)
    for one in filters:
        if one.component in _OF_PERIODS:
            passing &= _OF_PERIODS[one.component](covered, one)
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
