"""The published view as a table: series x periods, with the coverage of the periods. NumPy only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.rules.coverage import Coverage
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES
from p2p_core.periods import Longs

#: The inhabitants of a country or group (given by its number) in a year. None if they are not known.
Inhabitants = Callable[[int, int], int | None]
#: The number that stands for all networks together.
ALL_NETWORKS: Final = 0

_NETWORK_BITS: Final = 8


class Series(NamedTuple):
    """A country or group, and a network. ``since`` is the version in which it got its first cell, if that was read."""

    country: int
    network: int
    since: int = 0

    @property
    def codes(self) -> tuple[str, str]:
        return COUNTRY_CODES[self.country], NETWORK_CODES[self.network]


def by_code(some: Iterable[Series]) -> list[Series]:
    """The series in the order in which all answers list them."""
    return sorted(some, key=lambda one: one.codes)


@dataclass(frozen=True)
class Table:
    """Published numbers, series x periods.

    ``values`` (int64) are counts of events. If the database has no cell, the value is 0. This means a true 0 only if an
    agency reported in the period; otherwise the number is not known (``coverage.is_known``). ``since`` has the version
    in which each value last changed, if that was read. ``until`` is the end of a sliding window, which is the only
    period of its table.
    """

    frequency: str
    series: Sequence[Series]
    coverage: Coverage
    values: Longs
    since: Longs | None = None
    until: datetime | None = None

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods. A sliding window has the name of its length."""
        is_window = self.frequency not in tuple(periods.Frequency)
        return [self.frequency] if is_window else periods.labels(self.frequency, self.coverage.periods)

    def numbers(self) -> dict[tuple[int, int], list[int | None]]:
        """The values of each series, by country and network. Values that are not known are None."""
        values = self.values.astype(object)
        values[:, ~self.coverage.is_known] = None
        return {one[:2]: row for one, row in zip(self.series, values.tolist(), strict=True)}

    def rates(self, inhabitants: Inhabitants) -> NDArray[np.float64]:
        """The values per 100,000 inhabitants in the year of the period. NaN if the inhabitants are not known."""
        # A window belongs to the year in which it ends.
        seconds = np.array([periods.epoch(self.until) - 1]) if self.until else self.coverage.periods
        years, year_of = np.unique(periods.years(self.frequency, seconds), return_inverse=True)
        people = [[inhabitants(one.country, year) or np.nan for year in years.tolist()] for one in self.series]
        shape = (len(self.series), len(years))
        return np.round(self.values * 100_000 / np.array(people, np.float64).reshape(shape)[:, year_of], 2)


def grid(
    series: Sequence[Series], coverage: Coverage, columns: tuple[NDArray[Any], NDArray[Any], Longs], values: Longs
) -> Longs:
    """The values of cells, as series x periods, with 0 where there is no cell.

    ``columns`` are the countries, networks and periods of the cells.
    """
    countries, networks, when = columns
    keys = np.array([one.country << _NETWORK_BITS | one.network for one in series], np.int64)
    order = np.argsort(keys)
    rows = order[np.searchsorted(keys, countries.astype(np.int64) << _NETWORK_BITS | networks, sorter=order)]
    found = np.zeros((len(series), len(coverage.periods)), np.int64)
    found[rows, np.searchsorted(coverage.periods, when)] = values
    return found
