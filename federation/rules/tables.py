"""Country × network tables as dense arrays, many at a time, and their margins.

A table has a row for each single country and a column for each single network, in the
order of the code lists. The margins add the country groups, and the total of the networks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from countries import codes

Numbers = NDArray[np.int16]
Values = NDArray[np.int64]
Keys = NDArray[np.uint64]
Positions = NDArray[np.intp]

#: The number of the total over all networks.
TOTAL_NETWORK = 0

#: The code numbers of the rows and columns of a table, and of a table with margins.
COUNTRIES: Numbers = np.array(list(codes.COUNTRIES.values()), np.int16)
NETWORKS: Numbers = np.array(list(codes.NETWORKS.values()), np.int16)
PUBLIC_COUNTRIES: Numbers = np.append(COUNTRIES, np.array(list(codes.GROUPS.values()), np.int16))
PUBLIC_NETWORKS: Numbers = np.append(NETWORKS, np.int16(TOTAL_NETWORK))

_LARGEST = 2.0**62


def _positions_by_number(numbers: Numbers) -> Positions:
    table = np.full(numbers.max() + 1, -1, np.intp)
    table[numbers] = np.arange(len(numbers))
    return table


_COUNTRY_POSITION = _positions_by_number(PUBLIC_COUNTRIES)
_NETWORK_POSITION = _positions_by_number(PUBLIC_NETWORKS)
_MEMBERS = [
    _COUNTRY_POSITION[[codes.COUNTRIES[code] for code in sorted(codes.GROUP_MEMBERS[group])]] for group in codes.GROUPS
]


@dataclass(frozen=True, slots=True)
class Tables:
    """``n`` tables: ``values`` and ``keys`` of shape (n, countries, networks).

    ``keys`` are record keys, 0 where the value is 0.
    """

    values: Values
    keys: Keys


def empty(n: int) -> Tables:
    """Return ``n`` tables of zeros."""
    shape = (n, len(COUNTRIES), len(NETWORKS))
    return Tables(np.zeros(shape, np.int64), np.zeros(shape, np.uint64))


def add_up(n: int, table: Positions, countries: Numbers, networks: Numbers, values: Values, keys: Keys) -> Tables:
    """Sum cells into ``n`` tables; cell i belongs to table ``table[i]``.

    Values add up, keys are combined by exclusive or. Raises OverflowError rather than
    give a sum that does not fit into 64 bits, LookupError rather than count an unknown
    country or network as another.
    """
    rows, columns = place_of(countries, networks)
    place = (table * len(COUNTRIES) + rows) * len(NETWORKS) + columns
    _refuse_overflow(np.bincount(table, values, n).astype(np.float64, copy=False))
    sums = empty(n)
    np.add.at(sums.values.reshape(-1), place, values)
    np.bitwise_xor.at(sums.keys.reshape(-1), place, keys)
    return sums


def _refuse_overflow(totals: NDArray[np.float64]) -> None:
    # All cells are positive, so no cell and no margin exceeds the total of its table.
    if len(totals) and totals.max() > _LARGEST:
        raise OverflowError("a sum of counts does not fit into 64 bits")


def with_margins(tables: Tables) -> Tables:
    """Return the tables with country groups and the networks' total, each summed from exact cells.

    The shape is (n, public countries, public networks), in the order of those constants.
    """
    rows = [tables.values, *(tables.values[:, m].sum(axis=1, keepdims=True) for m in _MEMBERS)]
    values = np.concatenate(rows, axis=1)
    xor = np.bitwise_xor.reduce
    rows_of_keys = [tables.keys, *(xor(tables.keys[:, m], axis=1, keepdims=True) for m in _MEMBERS)]
    keys = np.concatenate(rows_of_keys, axis=1)
    return Tables(
        np.concatenate([values, values.sum(axis=2, keepdims=True)], axis=2),
        np.concatenate([keys, xor(keys, axis=2, keepdims=True)], axis=2),
    )


def nonzero(tables: Tables) -> list[tuple[Numbers, Numbers, Values, Keys]]:
    """Return each table's cells that are not 0: countries, networks, values, keys."""
    table, row, column = np.nonzero(tables.values)
    cells = (COUNTRIES[row], NETWORKS[column], tables.values[table, row, column], tables.keys[table, row, column])
    bounds = np.searchsorted(table, np.arange(1, len(tables.values)))
    return list(zip(*(np.split(array, bounds) for array in cells), strict=True))


def place_of(countries: Numbers, networks: Numbers) -> tuple[Positions, Positions]:
    """Return the rows and columns of code numbers in a table, with margins or without."""
    rows, columns = _COUNTRY_POSITION[countries], _NETWORK_POSITION[networks]
    if len(rows) and min(rows.min(), columns.min()) < 0:
        raise LookupError("a country or network that is not in the code lists")
    return rows, columns
