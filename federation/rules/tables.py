"""Tables of countries × networks as dense arrays, many tables in one array, and their margins.

A table has a row for each single country and a column for each single network, in the order of the code lists. The
*margins* are further rows for the groups of countries, and a further column for all networks.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from p2p_core import codes
from p2p_core.reports import Numbers, Values

Positions = NDArray[np.intp]

#: The number that stands for all networks together.
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
#: The rows of the members of each group.
MEMBERS = [
    _COUNTRY_POSITION[[codes.COUNTRIES[code] for code in sorted(codes.GROUP_MEMBERS[group])]] for group in codes.GROUPS
]


class AgencyCells(NamedTuple):
    """Cells of agencies, in parallel arrays. ``table`` has, for each cell, the position of the table that it is in."""

    table: Positions
    agency: Numbers
    country: Numbers
    network: Numbers
    value: Values

    def where(self, chosen: NDArray[np.bool_] | Positions | slice) -> "AgencyCells":
        return AgencyCells._make(column[chosen] for column in self)

    def sum_agencies(self, n: int) -> Values:
        """The sums of all agencies in ``n`` tables, as :func:`add_up` returns them."""
        return add_up(n, self.table, self.country, self.network, self.value)


def concatenate(parts: Sequence[AgencyCells]) -> AgencyCells:
    return AgencyCells(*map(np.concatenate, zip(NO_CELLS, *parts, strict=True)))


_NO_NUMBERS = np.empty(0, np.int16)
NO_CELLS: Final = AgencyCells(np.empty(0, np.intp), _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, np.empty(0, np.int64))


def add_up(n: int, table: Positions, countries: Numbers, networks: Numbers, values: Values) -> Values:
    """Sum cells into ``n`` tables of shape (countries, networks); cell i belongs to table ``table[i]``.

    Raises OverflowError if a sum does not fit into 64 bits, and LookupError if a country or network is unknown.
    """
    rows, columns = place_of(countries, networks)
    place = (table * len(COUNTRIES) + rows) * len(NETWORKS) + columns
    totals = np.bincount(table, values, n)
    # No cell is negative, so no cell and no margin is larger than the total of its table.
    if len(totals) and totals.max() > _LARGEST:
        raise OverflowError("a sum of counts does not fit into 64 bits")
    sums = np.zeros((n, len(COUNTRIES), len(NETWORKS)), np.int64)
    np.add.at(sums.reshape(-1), place, values)
    return sums


def with_margins(tables: Values) -> Values:
    """The tables with country groups and the networks' total, each summed from exact cells.

    The shape is (n, countries, networks), in the order of ``PUBLIC_COUNTRIES`` and ``PUBLIC_NETWORKS``.
    """
    rows = np.concatenate([tables, *(tables[:, members].sum(axis=1, keepdims=True) for members in MEMBERS)], axis=1)
    return np.concatenate([rows, rows.sum(axis=2, keepdims=True)], axis=2)


def nonzero(tables: Values) -> list[tuple[Numbers, Numbers, Values]]:
    """The cells of each table that are not 0: countries, networks, values."""
    table, row, column = np.nonzero(tables)
    cells = (COUNTRIES[row], NETWORKS[column], tables[table, row, column])
    bounds = np.searchsorted(table, np.arange(1, len(tables)))
    return list(zip(*(np.split(array, bounds) for array in cells), strict=True))


def place_of(countries: Numbers, networks: Numbers) -> tuple[Positions, Positions]:
    """The rows and columns of these code numbers in a table. Raises LookupError for an unknown one."""
    rows, columns = _COUNTRY_POSITION[countries], _NETWORK_POSITION[networks]
    if len(rows) and min(rows.min(), columns.min()) < 0:
        raise LookupError("a country or network that is not in the code lists")
    return rows, columns
