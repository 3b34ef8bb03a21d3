"""The published view as a table: series x periods, with the coverage of the periods. NumPy only."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.rules.coverage import COLUMNS, Coverage
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES
from p2p_core.periods import Longs

#: The inhabitants of a country or group (given by its number) in a year. None if they are not known.
InhabitantsOf = Callable[[int, int], int | None]
#: The number that stands for all networks together.
ALL_NETWORKS: Final = 0

_NETWORK_BITS: Final = 8
#: So many inhabitants have the rate.
_PER: Final = 100_000


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

    ``values`` (int64) are counts of events. If the database has no cell, the value is 0. This means a true 0 only if
    the period is known (``coverage.is_known``) and the value is not ``withheld``. ``withheld`` is None if nothing is.
    ``since`` has the version in which each value last changed, if that was read. ``until`` is the end of a sliding
    window, which is the only period of its table.
    """

    frequency: str
    series: Sequence[Series]
    coverage: Coverage
    values: Longs
    since: Longs | None = None
    until: datetime | None = None
    withheld: NDArray[np.bool_] | None = None

    @cached_property
    def labels(self) -> list[str]:
        """The names of the periods. A sliding window has the name of its length."""
        is_window = self.frequency not in tuple(periods.Frequency)
        return [self.frequency] if is_window else periods.labels(self.frequency, self.coverage.periods)

    def numbers(self) -> dict[tuple[int, int], list[int | None]]:
        """The values of each series, by country and network. Values that are not known or withheld are None."""
        values = self.values.astype(object)
        values[:, ~self.coverage.is_known] = None
        if self.withheld is not None:
            values[self.withheld] = None
        return {one[:2]: row for one, row in zip(self.series, values.tolist(), strict=True)}

    def rates(self, inhabitants: InhabitantsOf, base: int) -> NDArray[np.float64]:
        """The values per 100,000 inhabitants of the period's year. NaN if their number is not known, or withheld.

        Values are rounded to multiples of ``base``. A rate has as few decimals as it can have so that different values
        have different rates: its last decimal is worth at most ``base`` events.
        """
        people = self._people(inhabitants)
        steps = 10.0 ** _decimals(people, base)
        values = self.values if self.withheld is None else np.where(self.withheld, np.nan, self.values)
        return np.rint(values * _PER / people * steps) / steps

    def decimals(self, inhabitants: InhabitantsOf, base: int) -> list[int]:
        """By series, how many decimals its rates have: the most of any period. 0 if the inhabitants are not known."""
        most = np.nan_to_num(_decimals(self._people(inhabitants), base)).max(axis=1, initial=0)
        return [int(one) for one in most]

    def _people(self, inhabitants: InhabitantsOf) -> NDArray[np.float64]:
        """The inhabitants by series and period. NaN if their number is not known."""
        # A window belongs to the year in which it ends.
        seconds = np.array([periods.epoch(self.until) - 1]) if self.until else self.coverage.periods
        years, year_of = np.unique(periods.years(self.frequency, seconds), return_inverse=True)
        listed = [[inhabitants(one.country, year) or np.nan for year in years.tolist()] for one in self.series]
        return np.array(listed, np.float64).reshape(len(self.series), len(years))[:, year_of]


def _decimals(people: NDArray[np.float64], base: int) -> NDArray[np.float64]:
    return np.maximum(0, np.ceil(np.log10(people / (base * _PER))))


def grid(
    series: Sequence[Series], coverage: Coverage, columns: tuple[NDArray[Any], NDArray[Any], Longs], values: Longs
) -> Longs:
    """The values of cells, as series x periods, with 0 where there is no cell.

    ``columns`` are the countries, networks and periods of the cells. Cells of other series are left out.
    """
    countries, networks, when = columns
    found = np.zeros((len(series), len(coverage.periods)), np.int64)
    if not len(series):
        return found
    keys = np.array([one.country << _NETWORK_BITS | one.network for one in series], np.int64)
    order = np.argsort(keys)
    wanted = countries.astype(np.int64) << _NETWORK_BITS | networks
    rows = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
    kept = keys[rows] == wanted
    found[rows[kept], np.searchsorted(coverage.periods, when[kept])] = values[kept]
    return found


def coverage_of(row: Mapping[str, Any]) -> Coverage:
    """The coverage in the row of a statement. Columns that the statement does not return are 0.

    Instead of ``counted_from``, the row may have ``begun``: the instants from which all agencies count, only for the
    periods in which an agency began. If it has ``waiting``, the columns about waiting have values only for these
    periods.
    """
    columns: dict[str, Any] = dict.fromkeys(COLUMNS, np.zeros(len(row["periods"]), np.int64)) | dict(row)
    columns["status"] = np.frombuffer(row["status"].encode("ascii"), "S1").astype("U1")
    if "begun" in row:
        columns["counted_from"] = row["periods"].copy()
        columns["counted_from"][np.searchsorted(row["periods"], row["begun"], "right") - 1] = row["begun"]
    if "waiting" in row:
        at = np.searchsorted(row["periods"], row["waiting"])
        for name in ("agencies_awaited", "awaited_until"):
            columns[name] = np.zeros(len(row["periods"]), np.int64)
            columns[name][at] = row[name]
    return Coverage(**{name: columns[name] for name in COLUMNS})
