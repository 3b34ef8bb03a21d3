"""What agencies changed since a period was first published. Each agency's change in a cell is rounded alone.

``docs/explanation/protection.md`` says why, and which random number belongs to a change.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from federation.rules import rounding, tables
from federation.rules.rounding import CellKey
from federation.rules.tables import AgencyCells, Positions
from p2p_core import codes
from p2p_core.periods import Frequency
from p2p_core.reports import Values

_LETTERS = [frequency.encode() for frequency in Frequency]
_GROUPS = tables.PUBLIC_COUNTRIES[len(tables.COUNTRIES) :]
#: In how many groups each country is. ``n`` means the first ``n`` groups, because each group contains those after it.
_GROUPS_OF = np.array([sum(code in some for some in codes.GROUP_MEMBERS.values()) for code in codes.COUNTRIES])


class Changes(NamedTuple):
    """The cells in which present and frozen figures differ, with the difference, and the period of each change.

    ``periods`` has an array for each frequency, the finest first. It names, for each change, the period of this
    frequency in which the change lies (:func:`number_of`). The last array has the periods of the tables themselves.
    """

    cells: AgencyCells
    periods: Sequence[Values]


def number_of(frequency: str, period: datetime) -> int:
    """A number for a period: its start in minutes since 1970, and its frequency in the last three bits."""
    return rounding.minute_of(period) << 3 | _LETTERS.index(frequency.encode())


def differences(present: AgencyCells, frozen: AgencyCells) -> AgencyCells:
    """The cells in which present and frozen figures differ, with the difference: present less frozen."""
    both = tables.concatenate([present, frozen._replace(value=-frozen.value)])
    _, first, cell = np.unique(_key(both), return_index=True, return_inverse=True)
    change = np.zeros(len(first), np.int64)
    np.add.at(change, cell, both.value)
    return both.where(first)._replace(value=change).where(change != 0)


def _key(cells: AgencyCells) -> Values:
    """One number for each cell, which stands for its table, agency, country and network."""
    table, agency, country, network = (part.astype(np.int64) for part in cells[:4])
    return table << 48 | agency << 32 | country << 16 | network


def locate(changed: AgencyCells, own: Values, finer: Changes, table_of: Positions) -> Changes:
    """Find the finer period in which each change lies.

    A change lies in a finer period if no other finer period has a change of the same agency, country and network, and
    if both changes are equal. ``own`` has the number of the period of each change. ``table_of`` says, for each table of
    ``finer``, which table's period contains it.
    """
    inner = finer.cells._replace(table=table_of[finer.cells.table])
    keys, first, count = np.unique(_key(inner), return_index=True, return_counts=True)
    if not len(keys):
        return Changes(changed, [own])
    at = np.searchsorted(keys, _key(changed)).clip(max=len(keys) - 1)
    lies_in_one = (keys[at] == _key(changed)) & (count[at] == 1) & (inner.value[first[at]] == changed.value)
    return Changes(changed, [*(np.where(lies_in_one, level[first[at]], own) for level in finer.periods), own])


def round_changes(changes: Changes, indicators: Values, secret: bytes, base: int, *, all_networks_only: bool) -> Values:
    """The rounded changes of all public cells of the tables. They are rounded for each agency alone, and then added up.

    ``indicators`` has the indicator of each table. The shape is that of :func:`tables.with_margins`; with
    ``all_networks_only`` there is one column.
    """
    columns = 1 if all_networks_only else len(tables.PUBLIC_NETWORKS)
    added = np.zeros((len(indicators), len(tables.PUBLIC_COUNTRIES), columns), np.int64)
    if not len(changes.cells.value):
        return added
    change, row, column = _parts(changes.cells, all_networks_only=all_networks_only)
    place = (changes.cells.table[change] * added.shape[1] + row) * columns + column
    by_cell_and_agency = place << 16 | changes.cells.agency[change]
    order = np.argsort(by_cell_and_agency, kind="stable")
    change, starts = change[order], np.flatnonzero(np.diff(by_cell_and_agency[order], prepend=-1))
    total = np.add.reduceat(changes.cells.value[change], starts)
    drawn = rounding.draws(secret, _finest(changes, indicators, change, starts, all_networks_only=all_networks_only))
    np.add.at(added.reshape(-1), place[order[starts]], rounding.round_values(total, drawn, base))
    return added


def _parts(cells: AgencyCells, *, all_networks_only: bool) -> tuple[Positions, Positions, Positions]:
    """Say which public cells contain each cell. Three parallel arrays: a cell, and row and column of a public cell."""
    countries, networks = tables.place_of(cells.country, cells.network)
    # Each cell belongs to the row of its country, and to the row of each group of its country.
    group, cell = np.nonzero(np.arange(len(_GROUPS) + 1)[:, None] <= _GROUPS_OF[countries])
    row = np.where(group, len(tables.COUNTRIES) - 1 + group, countries[cell])
    if all_networks_only:
        return cell, row, np.zeros_like(cell)
    return np.tile(cell, 2), np.tile(row, 2), np.append(networks[cell], np.full(len(cell), len(tables.NETWORKS)))


def _finest(
    changes: Changes, indicators: Values, change: Positions, starts: Positions, *, all_networks_only: bool
) -> Iterator[CellKey]:
    """For each run of ``change`` (the runs begin at ``starts``), the finest cell that contains all its changes."""

    def common(values: NDArray[Any], otherwise: NDArray[Any]) -> NDArray[Any]:
        lowest, highest = np.minimum.reduceat(values[change], starts), np.maximum.reduceat(values[change], starts)
        return np.where(lowest == highest, lowest, otherwise)

    cells, first = changes.cells, change[starts]
    rows, _ = tables.place_of(cells.country, cells.network)
    country = common(cells.country, _GROUPS[np.minimum.reduceat(_GROUPS_OF[rows[change]], starts) - 1])
    every = np.full(len(starts), tables.TOTAL_NETWORK)
    network = every if all_networks_only else common(cells.network, every)
    period = changes.periods[-1][first]
    for level in reversed(changes.periods):
        period = common(level, period)
    letters = [_LETTERS[number] for number in (period & 7).tolist()]
    columns = (cells.agency[first], indicators[cells.table[first]], country, network, period >> 3)
    return map(CellKey, *(column.tolist() for column in columns), letters)
