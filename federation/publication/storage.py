"""Reads the public cells and coverage of periods, and writes those that changed as one new version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from federation.database import copy_columns, copy_rows, cursor, microseconds, statement
from federation.models.published import PublishedCoverage
from federation.publication.frozen import Frozen
from federation.publication.versions import new_version
from federation.rules import tables
from federation.rules.coverage import PeriodCoverage
from federation.rules.tables import AgencyCells
from federation.worklist import WorkItem, item_rows, parameters_of
from p2p_core.periods import Frequency
from p2p_core.reports import Values

#: The columns of the coverage table have the same names as these fields.
_FACTS: Final = tuple(PeriodCoverage.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ComputedPeriods:
    """The cells and coverage of ``n`` periods that are to become public.

    ``cells`` are rounded, with the shape (n, countries, networks). ``present`` has the present figures: those of a
    period that is published ``first`` are stored as its frozen sum. Minutes get none, because none is published twice.
    """

    items: Sequence[WorkItem]
    cells: Values
    coverage: Sequence[PeriodCoverage]
    present: AgencyCells
    frozen: Frozen

    @property
    def frequency(self) -> str:
        return self.items[0].frequency

    @property
    def first(self) -> NDArray[np.bool_]:
        """Which periods become public now: they were not, and they wait for nobody."""
        waits = np.array([one.is_waiting for one in self.coverage])
        first: NDArray[np.bool_] = ~self.frozen.exists & ~waits
        return first


@dataclass(frozen=True, slots=True)
class PublicPeriods:
    """The cells and coverage that are public now, with the ids of their rows.

    ``was_known`` says in which periods a number is or was known.
    """

    cells: Values
    ids: Values
    coverage: dict[int, tuple[int, PeriodCoverage]]
    was_known: NDArray[np.bool_]

    def changed_coverage(self, computed: ComputedPeriods) -> list[int]:
        """The positions of the periods whose computed coverage differs from the public one.

        Minutes that wait have none: it would be corrected when they become public.
        """
        is_minute = computed.frequency == Frequency.MINUTE
        return [
            position
            for position, one in enumerate(computed.coverage)
            if self.coverage.get(position, (0, None))[1] != one and not (is_minute and one.is_waiting)
        ]

    def correction_flags(self, computed: ComputedPeriods, changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """In which periods known numbers are corrected. ``changed`` says in which periods cells change.

        It is a correction too if the numbers stop being known, or are known again.
        """
        known = [at in self.coverage and self.coverage[at][1].is_known for at in range(len(changed))]
        is_known = np.array([one.is_known for one in computed.coverage], np.bool_)
        return self.was_known & (changed | (is_known ^ known))


def read(computed: ComputedPeriods) -> PublicPeriods:
    cells, ids = np.zeros_like(computed.cells), np.zeros_like(computed.cells)
    was_known = np.zeros(len(computed.items), np.bool_)
    if computed.frequency == Frequency.MINUTE:
        # Public minutes are not computed again.
        return PublicPeriods(cells, ids, {}, was_known)
    rows = item_rows("publication_cells", computed.items)
    if rows:
        position, row_ids, country, network, value = (np.array(column) for column in zip(*rows, strict=True))
        row, column = tables.place_of(country.astype(np.int16), network.astype(np.int16))
        place = position, row, column if cells.shape[2] > 1 else np.zeros_like(column)
        cells[place], ids[place] = value, row_ids
    with cursor() as c:
        c.execute(statement("publication_coverage"), parameters_of(computed.items))
        names = [described.name for described in c.description or ()]
        found = [dict(zip(names, values, strict=True)) for values in c]
    coverage = {}
    for known in found:
        facts: dict[str, Any] = {
            name: tuple(np.asarray(fact).tolist()) if isinstance(fact := known[name], list | np.ndarray) else fact
            for name in _FACTS
        }
        coverage[known["position"]] = known["id"], PeriodCoverage(**facts)
        was_known[known["position"]] = known["was_known"]
    return PublicPeriods(cells, ids, coverage, was_known)


def write(computed: ComputedPeriods, public: PublicPeriods) -> tuple[int | None, list[WorkItem]]:
    """Write what changed as one new version. Return it (None without a change), and the periods that changed."""
    cells = computed.cells != public.cells
    coverage = public.changed_coverage(computed)
    changed = cells.any(axis=(1, 2))
    corrected = public.correction_flags(computed, changed)
    changed[coverage] = True
    if not changed.any():
        return None, []
    items = [computed.items[position] for position in np.flatnonzero(changed).tolist()]
    with new_version() as version:
        _close("federation_publishedcell", public.ids[cells & (public.cells != 0)], version)
        closed = [public.coverage[position][0] for position in coverage if position in public.coverage]
        _close("federation_publishedcoverage", closed, version)
        _add_cells(computed, cells & (computed.cells != 0), version)
        rows = []
        for position in coverage:
            item, found = computed.items[position], computed.coverage[position]
            facts = (getattr(found, name) for name in _FACTS)
            columns = [list(fact) if isinstance(fact, tuple) else fact for fact in facts]
            rows.append((item.indicator, item.frequency, item.period, version, *columns))
        names = ("indicator_id", "frequency", "period", "version_from", *_FACTS)
        with cursor() as c:
            copy_rows(PublishedCoverage, names, rows, to=c)
            copy_columns(
                "federation_periodversion",
                {
                    "indicator_id": ("smallint", np.array([item.indicator for item in items])),
                    "frequency": ("char", np.array([item.frequency for item in items], "S1")),
                    "period": ("timestamptz", microseconds([item.period for item in items])),
                    "version": ("bigint", np.full(len(items), version)),
                    "is_correction": ("boolean", corrected[changed]),
                },
                to=c,
            )
    return version, items


def _close(table: str, ids: Values | Sequence[int], version: int) -> None:
    """Close rows with this version."""
    if not len(ids):
        return
    query = sql.SQL("UPDATE {} SET version_to = {} WHERE id = ANY(%s)").format(sql.Identifier(table), version)
    with cursor() as c:
        c.execute(query, [np.array(ids, np.int64)])


def _add_cells(computed: ComputedPeriods, added: NDArray[np.bool_], version: int) -> None:
    position, row, column = np.nonzero(added)
    if not len(position):
        return
    countries = tables.PUBLIC_COUNTRIES[row]
    networks = tables.PUBLIC_NETWORKS[column if computed.cells.shape[2] > 1 else column - 1]
    indicators = np.array([item.indicator for item in computed.items])[position]
    series = np.unique(np.stack([indicators, countries, networks]), axis=1).astype(np.int16)
    with cursor() as c:
        copy_columns(
            "federation_publishedcell",
            {
                "indicator_id": ("smallint", indicators),
                "frequency": ("char", np.full(len(position), computed.frequency, "S1")),
                "period": ("timestamptz", microseconds([item.period for item in computed.items])[position]),
                "country": ("smallint", countries),
                "network": ("smallint", networks),
                "value": ("bigint", computed.cells[added]),
                "version_from": ("bigint", np.full(len(position), version)),
            },
            to=c,
        )
        parameters = dict(zip(("indicators", "countries", "networks"), series, strict=True))
        c.execute(statement("publication_series"), parameters | {"frequency": computed.frequency, "version": version})
