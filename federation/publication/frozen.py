"""Keeps the frozen sums: for each period, all agencies' figures at its first publication.

A frozen sum is written in the transaction that first publishes its period, and is never changed after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from federation.database import copy_rows, cursor
from federation.models.figures import FrozenSum
from federation.publication.combination import figures_of
from federation.rules import changes, tables
from federation.rules.changes import Changes
from federation.rules.tables import AgencyCells
from federation.worklist import WorkItem, item_rows
from p2p_core import periods
from p2p_core.periods import Frequency


class FrozenSumLostError(Exception):
    """A public period has no frozen sum."""

    def __init__(self, item: WorkItem) -> None:
        super().__init__(f"The frozen sum of {item} is lost. Restore the database from a backup.")


@dataclass(frozen=True, slots=True)
class Frozen:
    """The frozen sums of some periods: which exist, which do not match their seal (``altered``), and their cells."""

    exists: NDArray[np.bool_]
    altered: NDArray[np.bool_]
    cells: AgencyCells


def read(items: Sequence[WorkItem]) -> Frozen:
    """The frozen sums of periods, all of one frequency. Minutes have none."""
    exists, altered, parts = np.zeros(len(items), np.bool_), np.zeros(len(items), np.bool_), []
    rows = item_rows("frozen_sums", items) if items[0].frequency != Frequency.MINUTE else []
    for position, *columns, sealed in rows:
        exists[position] = True
        altered[position] = sealed != _seal(items[position], columns)
        parts.append(AgencyCells(np.full(len(columns[0]), position), *columns))
    return Frozen(exists, altered, tables.concatenate(parts))


_COLUMNS = ("indicator_id", "frequency", "period", "agencies", "countries", "networks", "values", "seal")


def freeze(items: Sequence[WorkItem], unfrozen: NDArray[np.bool_], present: AgencyCells) -> None:
    """Store the present figures of those periods that are ``unfrozen``, as their frozen sums."""
    rows = []
    for position in np.flatnonzero(unfrozen).tolist():
        item = items[position]
        columns: list[NDArray[Any]] = [*present.where(present.table == position)[1:]]
        rows.append((item.indicator, item.frequency, item.period, *columns, _seal(item, columns)))
    if rows:
        with cursor() as c:
            copy_rows(FrozenSum, _COLUMNS, rows, to=c)


def _seal(item: WorkItem, columns: Sequence[NDArray[Any]]) -> bytes:
    """The seal of a frozen sum: a keyed hash. Nobody can make the seal of other cells without the rounding key."""
    named = f"{item.indicator} {item.frequency} {periods.label(item.frequency, item.period)}"
    seal = blake2b(named.encode(), digest_size=16, key=settings.ROUNDING_KEY, person=b"p2p-frozen-sum")
    for column in columns:
        seal.update(len(column).to_bytes(8) + column.tobytes())
    return seal.digest()


def changes_of(items: Sequence[WorkItem], present: AgencyCells, kept: Frozen) -> Changes:
    """What agencies have changed in these periods, all of one frequency, since they were first published."""
    frequency = Frequency(items[0].frequency)
    changed = changes.differences(present.where(kept.exists[present.table]), kept.cells)
    own = np.array([changes.number_of(frequency, item.period) for item in items], np.int64)[changed.table]
    if frequency not in periods.LOCATED or not len(changed.value):
        return Changes(changed, [own])
    inside = [
        (items[position]._replace(frequency=periods.FINER[frequency], period=period), position)
        for position in np.unique(changed.table).tolist()
        for period in periods.inside(periods.FINER[frequency], frequency, items[position].period)
    ]
    parts, table_of = [part for part, _ in inside], np.array([position for _, position in inside])
    agencies, of_all = np.unique(changed.agency), read(parts)
    of_them = replace(of_all, cells=of_all.cells.where(np.isin(of_all.cells.agency, agencies)))
    within = changes_of(parts, figures_of(parts, agencies=agencies), of_them)
    return changes.locate(changed, own, within, table_of)
