"""Keeps what was first published: the figures of a period, by agency, as they were then.

A frozen sum is written once, in the transaction that publishes its period first, and never changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from federation.combination import figures_of, named_rows
from federation.database import copy_statement, cursor
from federation.rules import changes, periods, tables
from federation.rules.changes import Changes
from federation.rules.periods import Frequency
from federation.rules.tables import Cells
from federation.worklist import Thing

#: In which finer periods a change may lie; never in hours, so that hours and days give the same.
_FINER = {Frequency.WEEK: Frequency.DAY, Frequency.MONTH: Frequency.DAY, Frequency.YEAR: Frequency.MONTH}
#: The periods whose changes are looked for in a finer one, directly or through another.
LOCATED_BY = {
    Frequency.DAY: (Frequency.WEEK, Frequency.MONTH, Frequency.YEAR),
    Frequency.MONTH: (Frequency.YEAR,),
}


class FrozenSumLostError(Exception):
    """A period is public, and what was frozen of it is gone. Restore the database from a backup."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(f"{self.__doc__} It is {thing}.")


@dataclass(frozen=True, slots=True)
class Frozen:
    """The frozen sums of some periods: for which there is one, what it holds, and whether that was altered since."""

    exists: NDArray[np.bool_]
    altered: NDArray[np.bool_]
    cells: Cells


def read(things: Sequence[Thing]) -> Frozen:
    """Return the frozen sums of periods, all of one frequency."""
    exists, altered, parts = np.zeros(len(things), np.bool_), np.zeros(len(things), np.bool_), []
    for position, *columns, sealed in named_rows("frozen_sums", things):
        exists[position] = True
        altered[position] = sealed != _seal(things[position], columns)
        parts.append(Cells(np.full(len(columns[0]), position), *columns))
    return Frozen(exists, altered, tables.together(parts))


_COLUMNS = {
    "indicator_id": "int2", "frequency": "varchar", "period": "timestamptz",
    "agencies": "int2[]", "countries": "int2[]", "networks": "int2[]", "values": "int8[]", "seal": "bytea",
}  # fmt: skip
_COPY = copy_statement("federation_frozensum", _COLUMNS)


def freeze(things: Sequence[Thing], unfrozen: NDArray[np.bool_], present: Cells) -> None:
    """Keep the present figures of those periods that are ``unfrozen``."""
    if not unfrozen.any():
        return
    in_order = present.where(np.argsort(present.table, kind="stable"))
    starts = np.searchsorted(in_order.table, np.arange(len(things) + 1))
    with cursor() as c, c.copy(_COPY) as copy:
        copy.set_types(list(_COLUMNS.values()))
        for position in np.flatnonzero(unfrozen).tolist():
            thing, cells = things[position], in_order.where(slice(starts[position], starts[position + 1]))
            columns: list[NDArray[Any]] = [cells.agency, cells.country, cells.network, cells.value]
            facts = (thing.indicator, thing.frequency, thing.period)
            copy.write_row((*facts, *columns, _seal(thing, columns)))


def _seal(thing: Thing, columns: Sequence[NDArray[Any]]) -> bytes:
    """Return the seal of a frozen sum. Without the rounding key nobody makes one that fits altered cells."""
    named = f"{thing.indicator} {thing.frequency} {periods.label(thing.frequency, thing.period)}"
    seal = blake2b(named.encode(), digest_size=16, key=settings.ROUNDING_KEY, person=b"p2p-frozen-sum")
    for column in columns:
        seal.update(len(column).to_bytes(8) + column.tobytes())
    return seal.digest()


def changes_of(things: Sequence[Thing], present: Cells, kept: Frozen) -> Changes:
    """Return what agencies have changed since these periods, all of one frequency, were published first."""
    changed = changes.differences(present.where(kept.exists[present.table]), kept.cells)
    numbers = np.array([changes.number_of(thing.frequency, thing.period) for thing in things], np.int64)
    own, finer = numbers[changed.table], _FINER.get(Frequency(things[0].frequency))
    if finer is None or not len(changed.value):
        return Changes(changed, own)
    inside = [
        (thing._replace(frequency=finer, period=period), position)
        for position, thing in enumerate(things)
        if position in changed.table
        for period in periods.inside(finer, thing.frequency, thing.period)
    ]
    parts, table_of = [part for part, _ in inside], np.array([position for _, position in inside])
    agencies, of_all = np.unique(changed.agency), read(parts)
    of_them = replace(of_all, cells=of_all.cells.where(np.isin(of_all.cells.agency, agencies)))
    within = changes_of(parts, figures_of(parts, agencies=agencies), of_them)
    return changes.located(changed, own, within, table_of)
