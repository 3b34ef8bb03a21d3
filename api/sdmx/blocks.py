"""Observations on their way out: some series of one indicator and frequency, with all that is said of them.

Of what depends on a period alone, each text is put together once for all series.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from api.sdmx import times
from api.sdmx.flows import COMPONENTS
from api.sdmx.queries import Shape
from federation.published import vintages
from federation.rules.view import Table
from p2p_core.periods import Longs

Flags = NDArray[np.bool_]

#: When an observation became public as it is: it differs from one to the next, unlike what else is said of a period.
DATED = "VALID_FROM"


class Moments:
    """When versions became public, each looked up and written once."""

    def __init__(self) -> None:
        self._milliseconds: dict[int, int] = {}
        self._written: dict[int, str] = {}

    def milliseconds(self, version: int) -> int:
        """Return an instant in milliseconds since 1970; 0 for no version."""
        return self._look_up({version})[version] if version else 0

    def written(self, versions: Longs) -> list[str]:
        """Return instants in an array's order."""
        asked = versions.tolist()
        some = set(asked)
        known = self._look_up(some)
        for one in some - self._written.keys():
            self._written[one] = times.written(known[one])
        return [self._written[one] for one in asked]

    def _look_up(self, versions: set[int]) -> dict[int, int]:
        if missing := versions - self._milliseconds.keys():
            self._milliseconds |= vintages.times(np.array(sorted(missing), np.int64))
        return self._milliseconds


@dataclass(frozen=True)
class Block:
    """A table, the keys of its series, in the order of the flow's dimensions, and which observations are wanted."""

    table: Table
    keys: list[tuple[str, ...]]
    wanted: Flags
    moments: Moments

    @property
    def since(self) -> Longs:
        """The versions in which the observations last changed."""
        assert self.table.since is not None  # noqa: S101  every table that SDMX reads has them
        return self.table.since

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods; an hour has its seconds too, as the time of an observation must have in XML."""
        labels = self.table.labels
        return [f"{label}:00" for label in labels] if self.table.frequency == "H" else labels

    @cached_property
    def missing(self) -> list[bool]:
        """Of which periods nobody has reported anything."""
        return list((~self.table.coverage.is_known).tolist())

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[int], list[int], list[str]]]:
        """Yield the series that have wanted observations: key, places of the periods, values, since when."""
        since = self.moments.written(self.since[self.wanted])
        at = 0
        for row in np.flatnonzero(self.wanted.any(axis=1)).tolist():
            places = np.flatnonzero(self.wanted[row])
            until = at + len(places)
            yield self.keys[row], places.tolist(), self.table.values[row, places].tolist(), since[at:until]
            at = until

    def attributes(self, names: Sequence[str]) -> list[dict[str, str]]:
        """Return what is said of each period by some attributes; the date, which is each observation's, is left out."""
        some = {name: column for name in names if (column := COMPONENTS[name].column)}
        rows = zip(*(column(self.table.coverage) for column in some.values()), strict=True)
        return [dict(zip(some, row, strict=True)) for row in rows] or [{} for _ in self.labels]


@dataclass(frozen=True, slots=True)
class Lines:
    """The text before and after the value of each period, and at the end, after the date if that is shown."""

    before: Sequence[str]
    after: Sequence[str]
    end: str

    def of(self, start: str, block: Block, shape: Shape) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the key of each series with its observations; each of them begins with ``start``, its key filled in."""
        before, after, end = self.before, self.after, self.end
        shown = [shape.measure and not missing for missing in block.missing]
        for key, places, values, since in block.rows():
            head = start.format(*key)
            rows = zip(places, values, since if DATED in shape.attributes else repeat(""), strict=False)
            text = [f"{head}{before[p]}{v if shown[p] else ''}{after[p]}{moment}{end}" for p, v, moment in rows]
            yield key, "".join(text)


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
