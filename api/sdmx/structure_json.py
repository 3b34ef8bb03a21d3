"""Structure messages in SDMX-JSON 2.0."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from api.sdmx import flows
from api.sdmx.flows import ATTRIBUTES, COMPONENTS, MEASURE, TIME, Component
from api.sdmx.structures import Artefact, Item, Note
from p2p_core.flow import AGENCY

Object = dict[str, Any]
_SCHEMA: Final = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/develop/structure-message/tools/schemas/2.0.0/"
    "sdmx-json-structure-schema.json"
)
#: By type, the name of the group of structures, and of the items in a list.
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


def message(artefacts: Iterable[Artefact], meta: Object, address: str) -> bytes:
    """Return structures as a message; ``address`` is where structures are asked for."""
    artefacts = list(artefacts)
    groups = {
        name: [_artefact(one, address) for one in artefacts if one.kind == kind] for kind, (name, _) in _GROUPS.items()
    }
    # The schema must be near the beginning: by that clients tell what they read.
    head = {"schema": _SCHEMA, **meta, "contentLanguages": ["en"], "sender": {"id": AGENCY}}
    # Clients of schema queries look there for what they have read.
    head["links"] = [{"rel": "related", "urn": one.urn} for one in artefacts]
    return _encode({"meta": head, "data": {name: found for name, found in groups.items() if found}})


def _artefact(one: Artefact, address: str) -> Object:
    link = {"rel": "self", "urn": one.urn}
    if one.stub:
        link["href"] = f"{address}{one.kind}/{one.agency}/{one.id}/{one.version}"
    own = {"id": one.id, "version": one.version, "agencyID": one.agency, "links": [link]}
    # A stub of an agreement, too, says what it is about: without that it is none.
    content = {} if one.stub and one.kind != "provisionagreement" else _content(one)
    return (
        own
        | _named(one.name, one.description, one.notes)
        | ({"isExternalReference": True} if one.stub else {})
        | content
    )


def _content(one: Artefact) -> Object:
    flow = flows.urn("dataflow", one.flow.id)
    if one.values is not None:
        return _constraint(one, one.values)
    match one.kind:
        case "datastructure":
            return {"dataStructureComponents": _components(one)}
        case "dataflow":
            return {"structure": flows.urn("datastructure", one.flow.dsd)}
        case "provisionagreement":
            return {"dataflow": flow, "dataProvider": flows.provider_urn(one.provider)}
    items = [_item(one, item) for item in one.items]
    return {"isPartial": one.partial} | ({_GROUPS[one.kind][1]: items} if items else {})


def _item(one: Artefact, item: Item) -> Object:
    own: Object = {"id": item.id, "links": [{"rel": "self", "urn": one.item_urn(item.id)}]}
    if item.component:
        own["coreRepresentation"] = _form(item.component)
    return own | _named(item.name, item.description, item.notes)


def _form(component: Component) -> Object:
    if component.codelist:
        return {"enumeration": flows.urn("codelist", component.codelist)}
    return {"format": {"dataType": component.type}}


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
    return {
        "id": name,
        "conceptIdentity": flows.concept_urn(name),
        "localRepresentation": _form(COMPONENTS[name]),
    }


def _constraint(one: Artefact, values: Mapping[str, tuple[str, ...]]) -> Object:
    keys: list[Object] = [
        {"id": name, "include": True, "values": [{"value": value} for value in some]} for name, some in values.items()
    ]
    if one.span is not None:
        start, end = ({"period": period, "isInclusive": True} for period in one.span)
        keys.append({"id": TIME, "timeRange": {"startPeriod": start, "endPeriod": end}})
    # If there is nothing, dimensions without values say so.
    keys = keys or [{"id": name} for name in one.flow.dimensions]
    return {
        "role": "Actual",
        "constraintAttachment": {"dataflows": [flows.urn("dataflow", one.flow.id)]},
        "cubeRegions": [{"include": True, "keyValues": keys}],
    }


def _named(name: str, description: str, notes: Iterable[Note]) -> Object:
    named: Object = {"name": name, "names": {"en": name}}
    if description:
        named |= {"description": description, "descriptions": {"en": description}}
    annotations = [_annotation(note) for note in notes]
    return named | ({"annotations": annotations} if annotations else {})


def _annotation(note: Note) -> Object:
    own: Object = {"id": note.id, "type": note.type}
    if note.title:
        own["title"] = note.title
    return own | ({"text": note.text, "texts": {"en": note.text}} if note.text else {})
