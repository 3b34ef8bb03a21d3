"""Puts all agencies' figures of a period together (rule 3): their exact sum, and its coverage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from federation.database import cursor, statement
from federation.expectation import Facts, coverage_of
from federation.models.figures import Source
from federation.rules import tables
from federation.rules.coverage import Coverage
from federation.rules.tables import Tables
from federation.worklist import Thing


@dataclass(frozen=True, slots=True)
class Combined:
    """The exact sums of some periods, a table each, and their coverage."""

    exact: Tables
    coverage: Sequence[Coverage]


def combine(things: Sequence[Thing], *, mark: datetime) -> Combined:
    """Combine periods, all of one frequency; who is late is judged at the clock's ``mark``."""
    rows = named_rows("combination_figures", things)
    facts: list[dict[int, Facts]] = [{} for _ in things]
    for position, agency, *said in rows:
        facts[position][agency] = Facts(*said[:5])
    return Combined(_sum(len(things), rows), coverage_of(things, facts, mark=mark))


def _sum(n: int, rows: Sequence[tuple[Any, ...]]) -> Tables:
    with_figure = [row for row in rows if row[2] != Source.NONE]
    if not with_figure:
        return tables.empty(n)
    countries, networks, values, keys = (np.concatenate([row[i] for row in with_figure]) for i in range(7, 11))
    table = np.repeat([row[0] for row in with_figure], [len(row[7]) for row in with_figure])
    return tables.add_up(n, table, countries, networks, values, keys.view(np.uint64))


def named_rows(name: str, things: Sequence[Thing]) -> list[tuple[Any, ...]]:
    """Run a named statement over periods; its first column is the position of the period."""
    with cursor() as c:
        c.execute(statement(name), named(things))
        return c.fetchall()


def named(things: Sequence[Thing]) -> dict[str, Any]:
    """Return periods, all of one frequency, as the parameters of a named statement."""
    return {
        "frequency": things[0].frequency,
        "indicators": np.array([thing.indicator for thing in things], np.int16),
        "periods": [thing.period for thing in things],
    }
