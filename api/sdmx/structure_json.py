"""Structure messages in SDMX-JSON: 1.0 for the older clients, 2.0 for the newer."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from api.sdmx import flows, urns
from api.sdmx.artefacts import Agreement, Artefact, Constraint, FlowStructure, Form, Head, Item, Note, Scheme
from api.sdmx.concepts import FORMS
from api.sdmx.flows import AGENCY, Attribute, Flow

Object = dict[str, Any]
_SCHEMAS: Final = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/develop/structure-message/tools/schemas"
_ITEMS: Final = {
    "codelist": "codes",
    "conceptscheme": "concepts",
    "agencyscheme": "agencies",
    "dataproviderscheme": "dataProviders",
}
_encode: Final = msgspec.json.Encoder().encode


class Writer(ABC):
    """Writes artefacts as one message of a generation."""

    generation: ClassVar[str]
    #: The names of groups of artefacts, in their order, by type.
    groups: ClassVar[Mapping[str, str]]
    #: How provision agreements call the flow.
    usage_of_flow: ClassVar[str]

    @abstractmethod
    def text_format(self, kind: str) -> Object:
        """Return how values are written that are no codes."""

    @abstractmethod
    def time(self) -> Object:
        """Return the time dimension, as a member of the list of dimensions."""

    @abstractmethod
    def measure(self) -> Object:
        """Return the measure, as a member of the list of measures."""

    @abstractmethod
    def attribute(self, attribute: Attribute) -> Object:
        """Return what it belongs to, and whether it must be there."""

    @abstractmethod
    def constraint(self, constraint: Constraint) -> Object:
        """Return what there is; where there is nothing, dimensions without values say so."""

    def message(self, artefacts: Iterable[Artefact], head: Head, *, linked: bool = False) -> bytes:
        """Return the message; what it is of is linked in its head, if wanted."""
        artefacts = list(artefacts)
        data: Object = {}
        for kind, name in self.groups.items():
            found = [self._artefact(one, head) for one in artefacts if one.kind == kind]
            if found:
                data[name] = found
        # The schema must be near the beginning: by that clients tell what they read.
        meta: Object = {
            "schema": f"{_SCHEMAS}/{self.generation}/sdmx-json-structure-schema.json",
            "id": head.id,
            "test": head.test,
            "prepared": head.prepared,
            "contentLanguages": ["en"],
            "sender": {"id": AGENCY},
        }
        if linked:
            meta["links"] = [{"rel": "related", "urn": one.urn} for one in artefacts]
        return _encode({"meta": meta, "data": data})

    def _artefact(self, artefact: Artefact, head: Head) -> Object:
        link = {"rel": "self", "urn": artefact.urn}
        more: Object = {}
        if artefact.stub:
            link["href"] = head.address_of(artefact)
            more["isExternalReference"] = True
        # A stub of an agreement, too, says what it is about: without that it is none.
        if not artefact.stub or isinstance(artefact, Agreement):
            more |= self._content(artefact)
        own = {"id": artefact.id, "version": artefact.version, "agencyID": artefact.agency, "links": [link]}
        return own | _told(artefact.name, artefact.description, artefact.notes) | more

    def _content(self, artefact: Artefact) -> Object:
        match artefact:
            case Scheme():
                return self._items(artefact)
            case FlowStructure(kind="datastructure"):
                return {"dataStructureComponents": self._components(artefact.flow)}
            case FlowStructure():
                return {"structure": urns.of("datastructure", artefact.flow.dsd)}
            case Agreement():
                provider = urns.of_provider(artefact.provider)
                return {self.usage_of_flow: urns.of("dataflow", artefact.flow.id), "dataProvider": provider}
            case Constraint():
                return self.constraint(artefact)
        return {}

    def _items(self, scheme: Scheme) -> Object:
        items = [self._item(scheme, item) for item in scheme.items]
        return {"isPartial": scheme.partial} | ({_ITEMS[scheme.kind]: items} if items else {})

    def _item(self, scheme: Scheme, item: Item) -> Object:
        own: Object = {"id": item.id, "links": [{"rel": "self", "urn": scheme.item_urn(item.id)}]}
        if item.form:
            own["coreRepresentation"] = self._representation(item.form)
        return own | _told(item.name, item.description, item.notes)

    def _representation(self, form: Form) -> Object:
        return {"enumeration": urns.of("codelist", form.codelist)} if form.codelist else self.text_format(form.kind)

    def _components(self, flow: Flow) -> Object:
        dimensions = [self.component(name) | {"position": position} for position, name in enumerate(flow.dimensions)]
        attributes = [self.component(one.id) | self.attribute(one) for one in flows.ATTRIBUTES]
        return {
            "dimensionList": {"id": "DimensionDescriptor", "dimensions": dimensions} | self.time(),
            "attributeList": {"id": "AttributeDescriptor", "attributes": attributes},
            "measureList": {"id": "MeasureDescriptor"} | self.measure(),
        }

    def component(self, name: str) -> Object:
        """Return what every component has."""
        form = self._representation(FORMS[name])
        return {"id": name, "conceptIdentity": urns.of_concept(name), "localRepresentation": form}


class _Writer10(Writer):
    generation = "1.0"
    groups: ClassVar = {
        "agencyscheme": "agencySchemes",
        "codelist": "codelists",
        "conceptscheme": "conceptSchemes",
        "contentconstraint": "contentConstraints",
        "dataflow": "dataflows",
        "dataproviderscheme": "dataProviderSchemes",
        "datastructure": "dataStructures",
        "provisionagreement": "provisionAgreements",
    }
    usage_of_flow = "structureUsage"

    def text_format(self, kind: str) -> Object:
        return {"textFormat": {"textType": kind}}

    def time(self) -> Object:
        return {"timeDimensions": [self.component(flows.TIME)]}

    def measure(self) -> Object:
        return {"primaryMeasure": self.component(flows.MEASURE)}

    def attribute(self, attribute: Attribute) -> Object:
        status = "Mandatory" if attribute.mandatory else "Conditional"
        return {"assignmentStatus": status, "attributeRelationship": {"primaryMeasure": flows.MEASURE}}

    def constraint(self, constraint: Constraint) -> Object:
        values: list[Object] = [{"id": name, "values": list(values)} for name, values in constraint.values.items()]
        return {
            "type": "Actual",
            "constraintAttachment": {"dataflows": [urns.of("dataflow", constraint.flow.id)]},
            "cubeRegions": [{"isIncluded": True, "keyValues": _keys(constraint, values)}],
        }


class _Writer20(Writer):
    generation = "2.0.0"
    groups: ClassVar = {
        "agencyscheme": "agencySchemes",
        "codelist": "codelists",
        "conceptscheme": "conceptSchemes",
        "dataconstraint": "dataConstraints",
        "dataflow": "dataflows",
        "dataproviderscheme": "dataProviderSchemes",
        "datastructure": "dataStructures",
        "provisionagreement": "provisionAgreements",
    }
    usage_of_flow = "dataflow"

    def text_format(self, kind: str) -> Object:
        return {"format": {"dataType": kind}}

    def time(self) -> Object:
        return {"timeDimension": self.component(flows.TIME)}

    def measure(self) -> Object:
        return {"measures": [self.component(flows.MEASURE)]}

    def attribute(self, attribute: Attribute) -> Object:
        usage = "mandatory" if attribute.mandatory else "optional"
        return {"usage": usage, "attributeRelationship": {"observation": {}}}

    def constraint(self, constraint: Constraint) -> Object:
        values: list[Object] = [
            {"id": name, "include": True, "values": [{"value": value} for value in values]}
            for name, values in constraint.values.items()
        ]
        return {
            "role": "Actual",
            "constraintAttachment": {"dataflows": [urns.of("dataflow", constraint.flow.id)]},
            "cubeRegions": [{"include": True, "keyValues": _keys(constraint, values)}],
        }


def _keys(constraint: Constraint, values: list[Object]) -> list[Object]:
    return [*values, *_span(constraint)] or [{"id": name} for name in constraint.flow.dimensions]


def _span(constraint: Constraint) -> list[Object]:
    if constraint.span is None:
        return []
    start, end = ({"period": period, "isInclusive": True} for period in constraint.span)
    return [{"id": flows.TIME, "timeRange": {"startPeriod": start, "endPeriod": end}}]


def _told(name: str, description: str, notes: Iterable[Note]) -> Object:
    told: Object = {"name": name, "names": {"en": name}}
    if description:
        told |= {"description": description, "descriptions": {"en": description}}
    annotations = [_annotation(note) for note in notes]
    return told | ({"annotations": annotations} if annotations else {})


def _annotation(note: Note) -> Object:
    told: Object = {"id": note.id, "type": note.type}
    if note.title:
        told["title"] = note.title
    return told | ({"text": note.text, "texts": {"en": note.text}} if note.text else {})


writer_10: Final = _Writer10()
writer_20: Final = _Writer20()
