"""Observations as SDMX-JSON 1.0 and 2.0: by numbers, which the structure at the end of the message explains."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from api.sdmx import lines, urns
from api.sdmx.blocks import Block, DataSet, Moments
from api.sdmx.concepts import CONCEPTS
from api.sdmx.flows import AGENCY, ATTRIBUTES, CODELISTS, MEASURE, TIME, Flow
from api.sdmx.lines import DATED, Lines
from api.sdmx.questions import Shape
from federation.rules.periods import Longs

_SCHEMAS: Final = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas"
#: What an id may not have in 1.0; an hour is named without minutes then.
_NO_ID = re.compile(r"(:00:00$)|[^A-Za-z0-9_@$-]")

#: The names of codes, by dimension or attribute.
Names = Mapping[str, Mapping[str, str]]


class Numbers(dict[str, int]):
    """Numbers texts in the order in which they come by."""

    def __missing__(self, text: str) -> int:
        found = self[text] = len(self)
        return found


@dataclass
class Message:
    """A message on its way out, with the values that it has had so far."""

    version: str
    flow: Flow
    shape: Shape
    prepared: str
    names: Names
    #: Whether numbers are invented, and the sentence that says so.
    invented: str = ""
    _numbers: dict[str, Numbers] = field(default_factory=dict)

    @property
    def is_draft(self) -> bool:
        """Whether it is the draft of 1.0, which had all at the top, and is what sdmx1 reads."""
        return self.version == "draft"

    @property
    def is_2(self) -> bool:
        return self.version == "2.0.0"

    def numbers(self, component: str) -> Numbers:
        return self._numbers.setdefault(component, Numbers())

    def write(self, datasets: Iterable[DataSet]) -> Iterator[bytes]:
        """Write the message a block at a time."""
        meta = _json(self._meta())
        yield (f'{{"header":{meta},' if self.is_draft else f'{{"meta":{meta},"data":{{').encode()
        yield b'"dataSets":['
        count = 0
        for count, dataset in enumerate(datasets, 1):
            yield f"{',' if count > 1 else ''}{{{self._head(dataset)}".encode()
            yield from self._observations(dataset)
            yield b"}}"
        yield f"],{self._structure(count)}{'}' if self.is_draft else '}}'}".encode()

    def _meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = (
            {} if self.is_draft else {"schema": f"{_SCHEMAS}/{self.version}/sdmx-json-data-schema.json"}
        )
        meta |= {
            "id": self.flow.id,
            "test": bool(self.invented),
            "prepared": self.prepared,
            "contentLanguages": ["en"],
            "sender": {"id": AGENCY},
        }
        return meta | ({"name": self.invented} if self.invented else {})

    def _head(self, dataset: DataSet) -> str:
        head: dict[str, Any] = {
            "links": [{"rel": "dataflow", "urn": urns.of("dataflow", self.flow.id)}],
            "action": "Replace",
        }
        if self.is_2:
            head["structure"] = 0
        if dataset.valid_from:
            head["validFrom"] = dataset.valid_from
        return f'{_json(head)[1:-1]},"{"observations" if self.shape.flat else "series"}":{{'

    def _observations(self, dataset: DataSet) -> Iterator[bytes]:
        comma = ""
        for block in dataset.blocks:
            text = ",".join(self._series(block))
            yield f"{comma}{text}".encode()
            comma = ","

    def _series(self, block: Block) -> Iterator[str]:
        keys = [tuple(map(self._place, self.flow.dimensions, key)) for key in block.keys]
        numbered = replace(block, keys=keys)
        places = ":".join(["{}"] * len(self.flow.dimensions))
        if self.shape.keys_only:
            yield from (f'"{places.format(*key)}":{{}}' for key, *_ in numbered.rows())
            return
        ways = self._lines(block)
        start = f'"{places}:' if self.shape.flat else '"'
        for key, text in ways.of(start, self._dated(numbered), self.shape):
            whole = text.removesuffix(",")
            yield whole if self.shape.flat else f'"{places.format(*key)}":{{"observations":{{{whole}}}}}'

    def _place(self, component: str, code: str) -> str:
        return str(self.numbers(component)[code])

    def _dated(self, block: Block) -> Block:
        """Return the block with numbers for its dates, where attributes are told by number only."""
        return block if self.is_2 else replace(block, moments=_Numbered(block.moments, self))

    def _lines(self, block: Block) -> Lines:
        valued = [self.shape.measure and not missing for missing in block.missing.tolist()]
        before = [f'{self._place(TIME, label)}":[' for label in block.labels]
        after = []
        for shown, one in zip(valued, lines.told(block, self.shape), strict=True):
            values = ["" if shown else "null"] if self.shape.measure else []
            after.append(",".join([*values, *(self._attribute(name, text) for name, text in one.items())]))
        quote = '"' if self.is_2 else ""
        if DATED not in self.shape.attributes:
            return Lines(before, after, "],")
        return Lines(before, [f"{text},{quote}" if text else quote for text in after], f"{quote}],")

    def _attribute(self, name: str, text: str) -> str:
        """Return a value as it stands in an observation: by number, or in 2.0 itself if it is no code."""
        if not text:
            return "null"
        return text if self.is_2 and name not in _CODED else self._place(name, text)

    def _structure(self, count: int) -> str:
        if not self.is_2:
            return f'"structure":{_json(self._described())}'
        # A dimension without any value cannot be described.
        described = [self._described() | {"dataSets": list(range(count))}] if self._numbers else []
        return f'"structures":{_json(described)}'

    def _described(self) -> dict[str, Any]:
        keys = [self._dimension(at, name) for at, name in enumerate(self.flow.dimensions)]
        time = self._dimension(len(keys), TIME)
        grouped = {"observation": [*keys, time]} if self.shape.flat else {"series": keys}
        if not self.shape.flat and not self.shape.keys_only:
            grouped["observation"] = [time]
        described = {
            "links": [{"rel": "dataflow", "urn": urns.of("dataflow", self.flow.id)}],
            "name": self.flow.id,
            "dimensions": grouped,
        }
        if self.is_2 and self.shape.measure:
            described["measures"] = {"observation": [{"id": MEASURE, "name": _CALLED[MEASURE]}]}
        described["attributes"] = {"observation": [self._described_attribute(name) for name in self.shape.attributes]}
        return described

    def _dimension(self, position: int, name: str) -> dict[str, Any]:
        values = [self._value(name, code) for code in self.numbers(name)]
        return {"id": name, "name": _CALLED[name], "keyPosition": position, "values": values}

    def _value(self, name: str, code: str) -> dict[str, str]:
        if name in self.names:
            return {"id": code, "name": self.names[name].get(code, code)}
        if self.is_2:
            return {"value": code}
        # Only values of dimensions must have an id.
        return {"name": code} | ({"id": _NO_ID.sub("", code)} if name in (TIME, *self.flow.dimensions) else {})

    def _described_attribute(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = {"id": name, "name": _CALLED[name]}
        if not self.is_2:
            described["relationship"] = {"primaryMeasure": MEASURE}
        else:
            described["relationship"] = {"observation": {}}
        if not self.is_2 or name in _CODED:
            described["values"] = [self._value(name, text) for text in self.numbers(name)]
        return described


class _Numbered(Moments):
    """Moments by their numbers."""

    def __init__(self, moments: Moments, message: Message) -> None:
        self._moments, self._message = moments, message

    def written(self, versions: Longs) -> list[str]:
        numbers = self._message.numbers(DATED)
        return [str(numbers[text]) for text in self._moments.written(versions)]


_CALLED: Final = {concept.id: concept.name for concept in CONCEPTS}
_CODED: Final = frozenset(attribute.id for attribute in ATTRIBUTES if attribute.codelist) | frozenset(CODELISTS)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
