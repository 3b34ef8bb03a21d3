"""The combined view as a JSON-stat 2.0 dataset: a cube of periods, countries, networks and measures.

The coverage of the periods has no place in the cube, because it has no country. So it is in ``extension``.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from django.utils.translation import gettext
from msgspec import Meta as Doc

from api import formats
from api.formats import AnnotationDocument, AnswerPage, CoverageDocument, RangeMeta
from api.formats.cells import Grid, Names, cells_of
from api.formats.explanation import Explanation, statuses
from federation.published import terms
from federation.published.detail import Withheld

#: The most cells of an answer, because it is one document that is written at once.
MAX_CELLS: Final = 500_000

Labels = Annotated[dict[str, str], Doc(description="The name of each code")]


class JsonStatCategory(msgspec.Struct):
    """The codes of a dimension, in order, and their names."""

    index: list[str]
    label: Labels


class JsonStatDimension(msgspec.Struct):
    """A dimension of the cube."""

    label: str
    category: JsonStatCategory


class JsonStatRoles(msgspec.Struct):
    """What some of the dimensions are."""

    time: list[str]
    geo: list[str]
    metric: list[str]


class JsonStatExtension(msgspec.Struct):
    """What JSON answers have besides the numbers."""

    meta: RangeMeta
    coverage: list[CoverageDocument]
    annotations: list[AnnotationDocument]
    withheld: list[Withheld]
    status: Annotated[dict[str, str], Doc(description="What each status means")]


class JsonStatLink(msgspec.Struct):
    """A page or document that belongs to the dataset."""

    href: str
    label: str


class JsonStatDataset(msgspec.Struct):
    """The combined view of a range of periods, as a dataset of JSON-stat 2.0. The last dimension changes fastest."""

    version: Annotated[str, Doc(pattern="^2\\.0$")]
    class_: Annotated[str, Doc(pattern="^dataset$")] = msgspec.field(name="class")
    href: Annotated[str, Doc(description="The address that always shows these numbers")]
    label: str
    source: str
    updated: Annotated[str | None, Doc(description="The time at which the newest of the numbers became public")]
    note: list[str]
    link: dict[str, list[JsonStatLink]]
    id: list[str]
    size: list[int]
    role: JsonStatRoles
    dimension: dict[str, JsonStatDimension]
    value: Annotated[list[float | None], Doc(description="null: not known, or withheld. It is never zero")]
    status: Annotated[list[str], Doc(description="For each value: A, P, O (not known) or Q (withheld)")]
    extension: JsonStatExtension


def write(page: AnswerPage, explanation: Explanation, names: Names) -> bytes:
    """Write a page whose series are every country with every network. The texts are in the language that is active."""
    cells, table, metadata = cells_of(page), page.content.table, explanation.metadata
    countries, networks = ([*dict.fromkeys(one.codes[at] for one in table.series)] for at in (0, 1))
    measures = {"OBS_VALUE": cells.values, "PER_100K": cells.rates}
    if cells.changes is not None:
        measures["CHANGE_12M"] = cells.changes
    shape = (len(countries), len(networks), len(table.labels))
    dimensions = {
        "TIME_PERIOD": _dimension(gettext("Period"), {label: label for label in table.labels}),
        "COUNTRY": _dimension(gettext("Country"), {code: names.country(code) for code in countries}),
        "NETWORK": _dimension(gettext("Network"), {code: names.network(code) for code in networks}),
        "MEASURE": _dimension(gettext("Measure"), {code: _measures()[code] for code in measures}),
    }
    return formats.encode(
        JsonStatDataset(
            version="2.0",
            class_="dataset",
            href=explanation.address,
            label=explanation.title,
            source=explanation.publisher,
            updated=metadata.meta.known_at,
            note=[*explanation.notes, explanation.rounding()],
            link={"license": [JsonStatLink(terms.LICENCE, terms.LICENCE_NAME)]},
            id=list(dimensions),
            size=[len(one.category.index) for one in dimensions.values()],
            role=JsonStatRoles(["TIME_PERIOD"], ["COUNTRY"], ["MEASURE"]),
            dimension=dimensions,
            value=_flat(list(measures.values()), shape),
            status=_flat([cells.statuses] * len(measures), shape),
            extension=JsonStatExtension(
                metadata.meta,
                formats.coverage(table),
                metadata.annotations,
                metadata.withheld,
                statuses(),
            ),
        )
    )


def _flat(grids: Sequence[Grid], shape: tuple[int, int, int]) -> list[Any]:
    """Grids of series x periods in the order of the cube. The series are sorted by country, then by network."""
    cube = np.stack([grid.reshape(shape) for grid in grids])
    found: list[Any] = cube.transpose(3, 1, 2, 0).ravel().tolist()
    return found


def _dimension(label: str, names: Mapping[str, str]) -> JsonStatDimension:
    return JsonStatDimension(label, JsonStatCategory(list(names), dict(names)))


def _measures() -> dict[str, str]:
    return {
        "OBS_VALUE": gettext("Count"),
        "PER_100K": gettext("Per 100,000 inhabitants"),
        "CHANGE_12M": gettext("Change from a year earlier"),
    }
