"""Puts all agencies' figures of a period together (rule 3), with its coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from federation.publication.expectation import FigureCoverage, coverage_of
from federation.rules import tables
from federation.rules.coverage import PeriodCoverage
from federation.rules.tables import AgencyCells
from federation.worklist import WorkItem, item_rows
from p2p_core.reports import Numbers


@dataclass(frozen=True, slots=True)
class Combined:
    """The figures of all agencies in some periods, a table each, and the coverage of the periods."""

    cells: AgencyCells
    coverage: Sequence[PeriodCoverage]


def combine(items: Sequence[WorkItem], *, mark: datetime, first: NDArray[np.bool_] | None = None) -> Combined:
    """Combine periods, all of one frequency. Lateness is judged at the clock's ``mark``.

    Those to be published ``first`` may wait for agencies.
    """
    rows = item_rows("combination_figures", items, only=None)
    facts: list[dict[int, FigureCoverage]] = [{} for _ in items]
    for position, agency, *columns in rows:
        facts[position][agency] = FigureCoverage(*columns[:5])
    return Combined(_cells(rows), coverage_of(items, facts, mark=mark, first=first))


def figures_of(items: Sequence[WorkItem], *, agencies: Numbers) -> AgencyCells:
    """The figures of these agencies in periods, all of one frequency."""
    return _cells(item_rows("combination_figures", items, only=agencies))


def _cells(rows: Sequence[tuple[Any, ...]]) -> AgencyCells:
    parts = []
    for position, agency, *_, countries, networks, values in rows:
        table, agencies = np.full(len(values), position), np.full(len(values), agency, np.int16)
        parts.append(AgencyCells(table, agencies, countries, networks, values))
    return tables.concatenate(parts)
