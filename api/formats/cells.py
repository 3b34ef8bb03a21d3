"""The cells of the combined view one by one, with their names: for files that list each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext
from numpy.typing import NDArray

from api.formats import AnswerPage, changes
from countries.queries import country_name
from countries.reference import Reference
from federation.rules.coverage import NOT_KNOWN, WITHHELD
from p2p_core.codes import TOTAL

Grid = NDArray[Any]


class Cells(NamedTuple):
    """Grids of series x periods. What is not known, withheld or cannot be computed is None, and never 0."""

    statuses: Grid
    values: Grid
    rates: Grid
    changes: Grid | None


def cells_of(page: AnswerPage) -> Cells:
    table = page.content.table
    statuses = np.tile(table.coverage.statuses.astype(object), (len(table.series), 1))
    if table.withheld is not None:
        statuses[table.withheld] = WITHHELD
    is_gap = (statuses == NOT_KNOWN) | (statuses == WITHHELD)

    def filled(numbers: NDArray[Any]) -> Grid:
        found = numbers.astype(object)
        found[is_gap | np.isnan(numbers)] = None
        return found

    compared = filled(changes(table.values, page.panel.earlier)) if page.panel else None
    return Cells(statuses, filled(table.values), filled(page.content.rates()), compared)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of countries in a language of CLDR, and of networks in the language that is active."""

    language: str
    networks: Mapping[str, str]

    @classmethod
    def of(cls, language: str, reference: Reference) -> "Names":
        return cls(language, {row.code: row.name for row in reference.networks} | {TOTAL: gettext("All networks")})

    def country(self, code: str) -> str:
        return country_name(code, self.language)

    def network(self, code: str) -> str:
        return self.networks.get(code, code)
