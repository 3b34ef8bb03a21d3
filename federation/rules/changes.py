"""What agencies have changed since a period was first published, and how it is rounded: each agency's by itself.

``docs/explanation/protection.md`` says why, and which random number belongs to a change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countries import codes
from federation.rules import rounding, tables
from federation.rules.periods import Frequency
from federation.rules.rounding import Cell
from federation.rules.tables import Cells, Positions, Values

_FREQUENCIES = tuple(Frequency)
#: Country groups from the largest to the smallest; each holds those after it.
_GROUPS = sorted(codes.GROUPS, key=lambda group: -len(codes.GROUP_MEMBERS[group]))
_IN_GROUP = {
    group: np.isin(tables.COUNTRIES, [codes.COUNTRIES[code] for code in codes.GROUP_MEMBERS[group]])
    for group in _GROUPS
}


@dataclass(frozen=True, slots=True)
class Changes:
    """Present figures less frozen ones, where they differ, and in which period each change lies.

    Periods are numbers (:func:`number_of`). ``within`` has an array for each level of finer periods, the finest
    first: the period that holds the change, which is its own where no finer one does.
    """

    cells: Cells
    own: Values
    within: Sequence[Values] = ()


def number_of(frequency: str, period: datetime) -> int:
    """Return a number that stands for a period: its start in minutes since 1970, and its frequency."""
    return rounding.minute_of(period) << 3 | _FREQUENCIES.index(Frequency(frequency))


def differences(present: Cells, frozen: Cells) -> Cells:
    """Return the cells in which two sets of cells differ, and by how much: present less frozen."""
    both = tables.together([present, replace(frozen, value=-frozen.value)])
    _, first, cell = np.unique(_key(both), return_index=True, return_inverse=True)
    change = np.zeros(len(first), np.int64)
    np.add.at(change, cell, both.value)
    return replace(both.where(first), value=change).where(change != 0)


def _key(cells: Cells) -> Values:
    """Return a number for each cell's table, agency, country and network together."""
    parts = (part.astype(np.int64) for part in (cells.table, cells.agency, cells.country, cells.network))
    table, agency, country, network = parts
    return table << 48 | agency << 32 | country << 16 | network


def located(changed: Cells, own: Values, finer: Changes, table_of: Positions) -> Changes:
    """Say in which finer period each change lies: in the only one that changed there, if it did so by just as much.

    ``own`` holds the number of each change's period, ``table_of`` the table in which each table of ``finer`` lies.
    """
    inner = finer.cells
    keys, first, count = np.unique(
        _key(replace(inner, table=table_of[inner.table])),
        return_index=True,
        return_counts=True,
    )
    levels = [*finer.within, finer.own]
    if not len(keys):
        return Changes(changed, own, [own for _ in levels])
    at = np.searchsorted(keys, _key(changed)).clip(max=len(keys) - 1)
    lies_in_one = (keys[at] == _key(changed)) & (count[at] == 1) & (inner.value[first[at]] == changed.value)
    return Changes(changed, own, [np.where(lies_in_one, level[first[at]], own) for level in levels])


def rounded(changes: Changes, indicators: Values, secret: bytes, base: int, *, all_networks_only: bool) -> Values:
    """Return what the changes add to the public cells of the tables, with margins, each agency's rounded by itself.

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
    np.add.at(added.reshape(-1), place[order[starts]], rounding.rounded(total, drawn, base))
    return added


def _parts(cells: Cells, *, all_networks_only: bool) -> tuple[Positions, Positions, Positions]:
    """Return which cell is part of which public cell of its table: three parallel arrays, cell, row and column."""
    countries, networks = tables.place_of(cells.country, cells.network)
    rows = [countries]
    inside = [np.ones(len(countries), np.bool_)]
    for group in codes.GROUPS:
        rows.append(np.full(len(countries), tables.row_of(group)))
        inside.append(_IN_GROUP[group][countries])
    total = np.zeros_like(networks) if all_networks_only else np.full(len(networks), len(tables.NETWORKS))
    found = [
        (np.flatnonzero(among), row[among], column[among])
        for row, among in zip(rows, inside, strict=True)
        for column in ([total] if all_networks_only else [networks, total])
    ]
    cell, row, column = map(np.concatenate, zip(*found, strict=True))
    return cell, row, column


def _finest(
    changes: Changes, indicators: Values, change: Positions, starts: Positions, *, all_networks_only: bool
) -> Iterator[Cell]:
    """Yield the finest cell that holds all changes of a run of ``change``, for the runs that begin at ``starts``."""

    def common(values: NDArray[Any], otherwise: NDArray[Any]) -> NDArray[Any]:
        lowest, highest = np.minimum.reduceat(values[change], starts), np.maximum.reduceat(values[change], starts)
        return np.where(lowest == highest, lowest, otherwise)

    cells, first = changes.cells, change[starts]
    rows, _ = tables.place_of(cells.country, cells.network)
    group = np.full(len(starts), codes.GROUPS[_GROUPS[0]])
    for smaller in _GROUPS[1:]:
        holds_all = np.logical_and.reduceat(_IN_GROUP[smaller][rows[change]], starts)
        group = np.where(holds_all, codes.GROUPS[smaller], group)
    every = np.full(len(starts), tables.TOTAL_NETWORK)
    network = every if all_networks_only else common(cells.network, every)
    period = changes.own[first]
    for level in reversed(changes.within):
        period = common(level, period)
    for agency, indicator, country, of_network, number in zip(
        cells.agency[first].tolist(),
        indicators[cells.table[first]].tolist(),
        common(cells.country, group).tolist(),
        network.tolist(),
        period.tolist(),
        strict=True,
    ):
        yield Cell(agency, indicator, country, of_network, *_told(number))


def _told(number: int) -> tuple[int, bytes]:
    """Return the start in minutes and the frequency of a period, given as a number."""
    return number >> 3, _FREQUENCIES[number & 7].encode()
