"""Observations and structures as SDMX-JSON 2.0. Observations have numbers for codes.

The end of the message explains them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from api.sdmx import flows
from api.sdmx.blocks import DATED, SeriesBlock
from api.sdmx.flows import ATTRIBUTES, COMPONENTS, MEASURE, TIME, Component
from api.sdmx.observations import Observations
from api.sdmx.queries import DataQuery
from api.sdmx.structures import Artefact, Note, Structures
from federation.published.terms import INVENTED
from p2p_core.flow import AGENCY

Object = dict[str, Any]
_SCHEMAS: Final = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/"
_DATA_SCHEMA: Final = f"{_SCHEMAS}master/data-message/tools/schemas/2.0.0/sdmx-json-data-schema.json"
_STRUCTURE_SCHEMA: Final = f"{_SCHEMAS}develop/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json"
#: For each type, the name of the group of structures, and of the items in a list.
_GROUPS: Final = {
    "agencyscheme": ("agencySchemes", "agencies"),
    "codelist": ("codelists", "codes"),
    "conceptscheme": ("conceptSchemes", "concepts"),
    "dataconstraint": ("dataConstraints", ""),
    "dataflow": ("dataflows", ""),
    "dataproviderscheme": ("dataProviderSchemes", "dataProviders"),
    "datastructure": ("dataStructures", ""),
    "provisionagreement": ("provisionAgreements", ""),
}
_encode: Final = msgspec.json.Encoder().encode


def write_data(query: DataQuery, answer: Observations, structures: Structures) -> Iterator[bytes]:
    """Write a message, some series at a time."""
    shape, message = query.shape, _DataMessage(query, structures)
    links = [{"rel": "dataflow", "urn": flows.urn("dataflow", query.flow.id)}]
    meta = {
        "schema": _DATA_SCHEMA,
        "id": query.flow.id,
        "test": structures.invented,
        "prepared": answer.prepared,
        "contentLanguages": ["en"],
        "sender": {"id": AGENCY},
    } | ({"name": INVENTED} if structures.invented else {})
    yield b'{"meta":%s,"data":{"dataSets":[' % _encode(meta)
    notes = [{"id": "WITHHELD", "type": "WITHHELD", "text": answer.withheld}] if answer.withheld else []
    head = {"links": links, "action": "Replace", "structure": 0} | ({"annotations": [0]} if notes else {})
    yield b'%s,"%s":{' % (_encode(head)[:-1], b"observations" if shape.flat else b"series")
    comma = ""
    for block in answer.blocks():
        yield f"{comma}{','.join(message.series(block))}".encode()
        comma = ","
    # A dimension without any value cannot be described.
    noted = {"annotations": notes} if notes else {}
    described = [{"links": links, **message.structure(), **noted, "dataSets": [0]}] if message.numbers else []
    yield b'}}],"structures":%s}}' % _encode(described)


class _Numbers(dict[str, int]):
    """Gives each text a number, in the order in which they are first looked up."""

    def __missing__(self, text: str) -> int:
        found = self[text] = len(self)
        return found


@dataclass
class _DataMessage:
    """A message on its way out, with the values that each component has had so far."""

    query: DataQuery
    structures: Structures
    numbers: dict[str, _Numbers] = field(default_factory=lambda: defaultdict(_Numbers))

    def series(self, block: SeriesBlock) -> Iterator[str]:
        shape, dimensions = self.query.shape, self.query.flow.dimensions
        keys = [
            tuple(str(self.numbers[name][code]) for name, code in zip(dimensions, key, strict=True))
            for key in block.keys
        ]
        block = replace(block, keys=keys)
        places = ":".join(["{}"] * len(dimensions))
        if shape.keys_only:
            yield from (f'"{places.format(*key)}":{{}}' for key, *_ in block.rows())
            return
        before = [f'{self.numbers[TIME][label]}":[' for label in block.labels]
        after, date = [], '"' if DATED in shape.attributes else ""
        for missing, one in zip(block.missing, block.attributes(shape.attributes), strict=True):
            value = ["null" if missing else ""] if shape.measure else []
            texts = [*value, *(self._attribute(name, text) for name, text in one.items())]
            after.append(",".join([*texts, date] if date else texts))
        start = f'"{places}:' if shape.flat else '"'
        for key, text in block.texts(shape, start, before, after, f"{date}],"):
            whole = text.removesuffix(",")
            yield whole if shape.flat else f'"{places.format(*key)}":{{"observations":{{{whole}}}}}'

    def _attribute(self, name: str, text: str) -> str:
        """A value as an observation has it: a code by its number."""
        component = COMPONENTS[name]
        if text and component.codelist:
            return str(self.numbers[name][text])
        return "null" if not text else f'"{text}"' if component.type == "BasicTimePeriod" else text

    def structure(self) -> Object:
        """What the numbers of the message mean."""
        shape = self.query.shape
        keys = [self._dimension(at, name) for at, name in enumerate(self.query.flow.dimensions)]
        time = self._dimension(len(keys), TIME)
        grouped = {"observation": [*keys, time]} if shape.flat else {"series": keys}
        if not shape.flat and not shape.keys_only:
            grouped["observation"] = [time]
        measures = [{"id": MEASURE, "name": COMPONENTS[MEASURE].name}]
        attributes: list[Object] = []
        for name in shape.attributes:
            coded = {"values": self._values(name)} if COMPONENTS[name].codelist else {}
            attributes.append({"id": name, "name": COMPONENTS[name].name, "relationship": {"observation": {}}} | coded)
        return (
            {"name": self.query.flow.id, "dimensions": grouped}
            | ({"measures": {"observation": measures}} if shape.measure else {})
            | {"attributes": {"observation": attributes}}
        )

    def _dimension(self, position: int, name: str) -> Object:
        return {"id": name, "name": COMPONENTS[name].name, "keyPosition": position, "values": self._values(name)}

    def _values(self, name: str) -> list[dict[str, str]]:
        """The values that a component has had, with their names if they are codes."""
        if not COMPONENTS[name].codelist:
            return [{"value": text} for text in self.numbers[name]]
        names = self.structures.codes(COMPONENTS[name].codelist)
        return [{"id": code, "name": names.get(code, code)} for code in self.numbers[name]]


def write_structures(artefacts: Iterable[Artefact], meta: Object, address: str) -> bytes:
    """Write a message of structures; stubs name ``address``, below which the whole structures are."""
    artefacts = list(artefacts)
    groups = {
        name: [_artefact(one, address) for one in artefacts if one.kind == kind] for kind, (name, _) in _GROUPS.items()
    }
    # The schema must be near the beginning, because clients find out from it what they read.
    head = {"schema": _STRUCTURE_SCHEMA, **meta, "contentLanguages": ["en"], "sender": {"id": AGENCY}}
    # Clients of schema queries look here for the structure.
    head["links"] = [{"rel": "related", "urn": one.urn} for one in artefacts]
    return _encode({"meta": head, "data": {name: found for name, found in groups.items() if found}})


def _artefact(one: Artefact, address: str) -> Object:
    link = {"rel": "self", "urn": one.urn}
    if one.stub:
        link["href"] = f"{address}{one.path}"
    own: Object = {"id": one.id, "version": one.version, "agencyID": one.agency, "links": [link]}
    own |= _names(one.name, one.description, one.notes) | ({"isExternalReference": True} if one.stub else {})
    # A stub of an agreement, too, names its flow and provider: the schema requires them.
    return own if one.stub and one.kind != "provisionagreement" else own | _content(one)


def _content(one: Artefact) -> Object:
    if one.values is not None:
        return _constraint(one)
    match one.kind:
        case "datastructure":
            return {"dataStructureComponents": _components(one)}
        case "dataflow":
            return {"structure": flows.urn("datastructure", one.flow.dsd)}
        case "provisionagreement":
            flow = flows.urn("dataflow", one.flow.id)
            return {"dataflow": flow, "dataProvider": flows.provider_urn(one.provider)}
    items: list[Object] = []
    for item in one.items:
        own: Object = {"id": item.id, "links": [{"rel": "self", "urn": one.item_urn(item.id)}]}
        if item.component:
            own["coreRepresentation"] = _representation(item.component)
        items.append(own | _names(item.name, item.description, item.notes))
    return {"isPartial": one.partial} | ({_GROUPS[one.kind][1]: items} if items else {})


def _components(one: Artefact) -> Object:
    dimensions = [_component(name) | {"position": position} for position, name in enumerate(one.flow.dimensions)]
    attributes = [
        _component(name)
        | {"usage": "mandatory" if COMPONENTS[name].mandatory else "optional"}
        | {"attributeRelationship": {"observation": {}}}
        for name in ATTRIBUTES
    ]
    time = {"timeDimension": _component(TIME)}
    return {
        "dimensionList": {"id": "DimensionDescriptor", "dimensions": dimensions, **time},
        "attributeList": {"id": "AttributeDescriptor", "attributes": attributes},
        "measureList": {"id": "MeasureDescriptor", "measures": [_component(MEASURE)]},
    }


def _component(name: str) -> Object:
    own = {"id": name, "conceptIdentity": flows.urn("conceptscheme", flows.CONCEPTS, name)}
    return own | {"localRepresentation": _representation(COMPONENTS[name])}


def _representation(component: Component) -> Object:
    if component.codelist:
        return {"enumeration": flows.urn("codelist", component.codelist)}
    return {"format": {"dataType": component.type}}


def _constraint(one: Artefact) -> Object:
    keys: list[Object] = [
        {"id": name, "include": True, "values": [{"value": value} for value in some]}
        for name, some in (one.values or {}).items()
    ]
    if one.span is not None:
        start, end = ({"period": period, "isInclusive": True} for period in one.span)
        keys.append({"id": TIME, "timeRange": {"startPeriod": start, "endPeriod": end}})
    # If no data exist, the dimensions have no values.
    keys = keys or [{"id": name} for name in one.flow.dimensions]
    return {
        "role": "Actual",
        "constraintAttachment": {"dataflows": [flows.urn("dataflow", one.flow.id)]},
        "cubeRegions": [{"include": True, "keyValues": keys}],
    }


def _names(name: str, description: str, notes: Iterable[Note]) -> Object:
    own: Object = {"name": name, "names": {"en": name}}
    if description:
        own |= {"description": description, "descriptions": {"en": description}}
    annotations = [
        {"id": note.id, "type": note.type}
        | ({"title": note.title} if note.title else {})
        | ({"text": note.text, "texts": {"en": note.text}} if note.text else {})
        for note in notes
    ]
    return own | ({"annotations": annotations} if annotations else {})
