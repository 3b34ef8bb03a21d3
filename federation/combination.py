"""Puts all agencies' figures of a period together (rule 3), with its coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from federation.database import cursor, statement
from federation.expectation import Facts, coverage_of
from federation.models.figures import Source
from federation.rules.coverage import Coverage
from federation.rules.tables import NO_CELLS, Cells, Numbers
from federation.worklist import Thing


@dataclass(frozen=True, slots=True)
class Combined:
    """The figures of all agencies in some periods, a table each, and the coverage of the periods."""

    cells: Cells
    coverage: Sequence[Coverage]


def combine(things: Sequence[Thing], *, mark: datetime) -> Combined:
    """Combine periods, all of one frequency; who is late is judged at the clock's ``mark``."""
    rows = named_rows("combination_figures", things)
    facts: list[dict[int, Facts]] = [{} for _ in things]
    for position, agency, *said in rows:
        facts[position][agency] = Facts(*said[:5])
    return Combined(_cells(rows), coverage_of(things, facts, mark=mark))


def figures_of(things: Sequence[Thing], *, agencies: Numbers) -> Cells:
    """Return the figures of these agencies in periods, all of one frequency."""
    return _cells(named_rows("combination_figures", things, agencies=agencies))


def _cells(rows: Sequence[tuple[Any, ...]]) -> Cells:
    with_figure = [row for row in rows if row[2] != Source.NONE]
    if not with_figure:
        return NO_CELLS
    lengths = [len(row[7]) for row in with_figure]
    return Cells(
        np.repeat([row[0] for row in with_figure], lengths),
        np.repeat(np.array([row[1] for row in with_figure], np.int16), lengths),
        *(np.concatenate([row[i] for row in with_figure]) for i in (7, 8, 9)),
    )


def named_rows(name: str, things: Sequence[Thing], *, agencies: Numbers | None = None) -> list[tuple[Any, ...]]:
    """Run a named statement over periods; its first column is the position of the period."""
    with cursor() as c:
        c.execute(statement(name), named(things) | {"agencies": agencies})
        return c.fetchall()


def named(things: Sequence[Thing]) -> dict[str, Any]:
    """Return periods, all of one frequency, as the parameters of a named statement."""
    return {
        "frequency": things[0].frequency,
        "indicators": np.array([thing.indicator for thing in things], np.int16),
        "periods": [thing.period for thing in things],
    }
