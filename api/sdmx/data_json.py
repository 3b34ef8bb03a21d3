"""Observations as SDMX-JSON 2.0: dimensions and codes by numbers, which the structure at the end explains."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from api.datasets import INVENTED
from api.sdmx import flows
from api.sdmx.blocks import DATED, Block, Lines
from api.sdmx.flows import COMPONENTS, MEASURE, TIME
from api.sdmx.queries import DataQuery
from api.sdmx.structures import Structures
from p2p_core.flow import AGENCY

_SCHEMA: Final = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas/2.0.0/"
    "sdmx-json-data-schema.json"
)


def write(query: DataQuery, blocks: Iterable[Block], prepared: str, known: Structures) -> Iterator[bytes]:
    """Write a message, some series at a time."""
    return _Message(query, known).write(blocks, prepared)


class _Numbers(dict[str, int]):
    """Gives each text a number, in the order in which they are first asked for."""

    def __missing__(self, text: str) -> int:
        found = self[text] = len(self)
        return found


@dataclass
class _Message:
    """A message on its way out, with the values that each component has had so far."""

    query: DataQuery
    known: Structures
    numbers: dict[str, _Numbers] = field(default_factory=lambda: defaultdict(_Numbers))

    def write(self, blocks: Iterable[Block], prepared: str) -> Iterator[bytes]:
        meta = {
            "schema": _SCHEMA,
            "id": self.query.flow.id,
            "test": self.known.invented,
            "prepared": prepared,
            "contentLanguages": ["en"],
            "sender": {"id": AGENCY},
        } | ({"name": INVENTED} if self.known.invented else {})
        yield f'{{"meta":{_json(meta)},"data":{{"dataSets":['.encode()
        inside = "observations" if self.query.shape.flat else "series"
        head = {"links": self._links, "action": "Replace", "structure": 0}
        yield f'{{{_json(head)[1:-1]},"{inside}":{{'.encode()
        comma = ""
        for block in blocks:
            text = ",".join(self._series(block))
            yield f"{comma}{text}".encode()
            comma = ","
        # A dimension without any value cannot be described.
        structures = [self._structure() | {"dataSets": [0]}] if self.numbers else []
        yield f'}}}}],"structures":{_json(structures)}}}}}'.encode()

    @property
    def _links(self) -> list[dict[str, str]]:
        return [{"rel": "dataflow", "urn": flows.urn("dataflow", self.query.flow.id)}]

    def _series(self, block: Block) -> Iterator[str]:
        shape, dimensions = self.query.shape, self.query.flow.dimensions
        keys = [tuple(map(self._place, dimensions, key)) for key in block.keys]
        numbered = replace(block, keys=keys)
        places = ":".join(["{}"] * len(dimensions))
        if shape.keys_only:
            yield from (f'"{places.format(*key)}":{{}}' for key, *_ in numbered.rows())
            return
        start = f'"{places}:' if shape.flat else '"'
        for key, text in self._lines(block).of(start, numbered, shape):
            whole = text.removesuffix(",")
            yield whole if shape.flat else f'"{places.format(*key)}":{{"observations":{{{whole}}}}}'

    def _place(self, component: str, code: str) -> str:
        return str(self.numbers[component][code])

    def _lines(self, block: Block) -> Lines:
        shape = self.query.shape
        valued = [shape.measure and not missing for missing in block.missing]
        before = [f'{self._place(TIME, label)}":[' for label in block.labels]
        after = []
        for shown, one in zip(valued, block.attributes(shape.attributes), strict=True):
            values = ["" if shown else "null"] if shape.measure else []
            after.append(",".join([*values, *(self._attribute(name, text) for name, text in one.items())]))
        if DATED not in shape.attributes:
            return Lines(before, after, "],")
        return Lines(before, [f'{text},"' if text else '"' for text in after], '"],')

    def _attribute(self, name: str, text: str) -> str:
        """Return a value as it stands in an observation: a code by its number."""
        if not text:
            return "null"
        component = COMPONENTS[name]
        if component.codelist:
            return self._place(name, text)
        return f'"{text}"' if component.type == "BasicTimePeriod" else text

    def _structure(self) -> dict[str, Any]:
        shape = self.query.shape
        keys = [self._dimension(at, name) for at, name in enumerate(self.query.flow.dimensions)]
        time = self._dimension(len(keys), TIME)
        grouped = {"observation": [*keys, time]} if shape.flat else {"series": keys}
        if not shape.flat and not shape.keys_only:
            grouped["observation"] = [time]
        structure: dict[str, Any] = {"links": self._links, "name": self.query.flow.id, "dimensions": grouped}
        if shape.measure:
            structure["measures"] = {"observation": [{"id": MEASURE, "name": COMPONENTS[MEASURE].name}]}
        return structure | {
            "attributes": {"observation": [self._attribute_described(name) for name in shape.attributes]}
        }

    def _dimension(self, position: int, name: str) -> dict[str, Any]:
        return {"id": name, "name": COMPONENTS[name].name, "keyPosition": position, "values": self._values(name)}

    def _attribute_described(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = {"id": name, "name": COMPONENTS[name].name, "relationship": {"observation": {}}}
        return described | ({"values": self._values(name)} if COMPONENTS[name].codelist else {})

    def _values(self, name: str) -> list[dict[str, str]]:
        """Return the values that a component has had, with their names if they are codes."""
        if not COMPONENTS[name].codelist:
            return [{"value": text} for text in self.numbers[name]]
        names = self.known.codes(COMPONENTS[name].codelist)
        return [{"id": code, "name": names.get(code, code)} for code in self.numbers[name]]


def _json(content: object) -> str:
    return msgspec.json.encode(content).decode()
