"""Observations on their way out: some series of one indicator and frequency, with everything that is said about them.

A text that depends only on the period is put together once, for all series.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from api.sdmx import times
from api.sdmx.flows import COMPONENTS, STATUS
from api.sdmx.queries import Shape
from federation.published import vintages
from federation.rules.coverage import WITHHELD
from federation.rules.view import Table
from p2p_core.periods import Longs

Flags = NDArray[np.bool_]

#: The time of the last change of an observation. Unlike the other attributes, it differs between series.
DATED = "VALID_FROM"


class Moments:
    """The times at which versions became public. Each time is looked up and written only once."""

    def __init__(self) -> None:
        self._milliseconds: dict[int, int] = {}
        self._texts: dict[int, str] = {}

    def milliseconds(self, version: int) -> int:
        """An instant in milliseconds since 1970; 0 for no version."""
        return self._look_up({version})[version] if version else 0

    def texts(self, versions: Longs) -> list[str]:
        """Instants in the order of the versions."""
        wanted = versions.tolist()
        known = self._look_up(set(wanted))
        for one in set(wanted) - self._texts.keys():
            self._texts[one] = times.write(known[one])
        return [self._texts[one] for one in wanted]

    def _look_up(self, versions: set[int]) -> dict[int, int]:
        if missing := versions - self._milliseconds.keys():
            self._milliseconds |= vintages.times(np.array(sorted(missing), np.int64))
        return self._milliseconds


@dataclass(frozen=True)
class SeriesBlock:
    """A table, the keys of its series, in the order of the flow's dimensions, and which observations are wanted.

    The same periods are ``withheld`` in all its series.
    """

    table: Table
    keys: list[tuple[str, ...]]
    wanted: Flags
    moments: Moments
    withheld: Flags | None = None

    @property
    def since(self) -> Longs:
        """The versions in which the observations last changed."""
        assert self.table.since is not None  # noqa: S101  every table that SDMX reads has them
        return self.table.since

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods. Hours have seconds too, because XML requires them."""
        labels = self.table.labels
        return [f"{label}:00" for label in labels] if self.table.frequency == "H" else labels

    @cached_property
    def missing(self) -> list[bool]:
        """By period, whether there is no value: it is not known, or withheld."""
        missing = ~self.table.coverage.is_known
        found: list[bool] = (missing if self.withheld is None else missing | self.withheld).tolist()
        return found

    def rows(self) -> Iterator[tuple[tuple[str, ...], list[int], list[int], list[str]]]:
        """The series that have wanted observations: key, places of the periods, values, instants of the last change."""
        since = self.moments.texts(self.since[self.wanted])
        at = 0
        for row in np.flatnonzero(self.wanted.any(axis=1)).tolist():
            places = np.flatnonzero(self.wanted[row])
            until = at + len(places)
            yield self.keys[row], places.tolist(), self.table.values[row, places].tolist(), since[at:until]
            at = until

    def attributes(self, names: Sequence[str]) -> list[dict[str, str]]:
        """The attributes of each period, except the date, which each observation has for itself."""
        some = {name: column for name in names if (column := COMPONENTS[name].column)}
        rows = zip(*(column(self.table.coverage) for column in some.values()), strict=True)
        found = [dict(zip(some, row, strict=True)) for row in rows] or [{} for _ in self.labels]
        if self.withheld is not None and STATUS in some:
            for at in np.flatnonzero(self.withheld).tolist():
                found[at][STATUS] = WITHHELD
        return found

    def texts(
        self, shape: Shape, start: str, before: Sequence[str], after: Sequence[str], end: str
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """The key of each series with the text of its observations.

        Each observation has ``start`` with the key filled in, the text before its value by period, the value, the text
        after it by period, the date if that is shown, and ``end``.
        """
        shown = [shape.measure and not missing for missing in self.missing]
        for key, places, values, since in self.rows():
            head = start.format(*key)
            rows = zip(places, values, since if DATED in shape.attributes else repeat(""), strict=False)
            text = [f"{head}{before[p]}{v if shown[p] else ''}{after[p]}{moment}{end}" for p, v, moment in rows]
            yield key, "".join(text)


def ends_of_series(wanted: Flags, first: int | None, last: int | None) -> Flags:
    """Keep the first and the last wanted observations of each series; all, if both numbers are None."""
    if first is None and last is None:
        return wanted
    kept = np.zeros_like(wanted)
    if first is not None:
        kept |= wanted & (np.cumsum(wanted, axis=1) <= first)
    if last is not None:
        kept |= wanted & (np.cumsum(wanted[:, ::-1], axis=1)[:, ::-1] <= last)
    return kept
