"""Structure messages in SDMX-ML: what 2.1 and 3.0 have in common; `structure_xml_21` and `_30` have the rest."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from api.sdmx import flows
from api.sdmx.artefacts import KINDS, Agreement, Artefact, Constraint, FlowStructure, Form, Head, Item, Note, Scheme
from api.sdmx.concepts import FORMS
from api.sdmx.flows import AGENCY, Attribute, Flow
from api.sdmx.markup import PROLOGUE, element, group, text


class Writer(ABC):
    """Writes artefacts as one message of a generation."""

    #: How its namespaces end, and the groups of artefacts in their order.
    generation: ClassVar[str]
    groups: ClassVar[Sequence[tuple[str, tuple[str, ...]]]]
    #: The name of a measure, how attributes say that they belong to observations, and the prefix within constraints.
    measure: ClassVar[str]
    relationship: ClassVar[str]
    cube: ClassVar[str]

    def version(self, artefact: Artefact) -> dict[str, str | None]:
        """Return the version of an artefact, where it is said."""
        return {"version": artefact.version}

    @abstractmethod
    def refer(self, kind: str, name: str) -> str:
        """Return a reference to an artefact of ours."""

    @abstractmethod
    def refer_to_concept(self, name: str) -> str:
        """Return a reference to a concept."""

    @abstractmethod
    def usage(self, attribute: Attribute) -> dict[str, str | None]:
        """Return how it says whether an attribute must be there."""

    @abstractmethod
    def role(self) -> dict[str, str | None]:
        """Return how it says that a constraint tells what there is."""

    @abstractmethod
    def agreement(self, agreement: Agreement) -> str:
        """Return what a provision agreement is about."""

    def message(self, artefacts: Iterable[Artefact], head: Head) -> bytes:
        """Return the message."""
        artefacts = list(artefacts)
        structures = group(
            "mes:Structures", *(self._group(name, kinds, artefacts, head) for name, kinds in self.groups)
        )
        body = "\n".join((_header(head), structures))
        return f"{PROLOGUE}<mes:Structure{self._namespaces()}>\n{body}\n</mes:Structure>\n".encode()

    def _namespaces(self) -> str:
        names = {"mes": "message", "str": "structure", "com": "common"}
        base = f"http://www.sdmx.org/resources/sdmxml/schemas/{self.generation}"
        return "".join(f' xmlns:{prefix}="{base}/{name}"' for prefix, name in names.items())

    def _group(self, name: str, kinds: tuple[str, ...], artefacts: list[Artefact], head: Head) -> str:
        return group(f"str:{name}", *(self._artefact(one, head) for one in artefacts if one.kind in kinds))

    def _artefact(self, artefact: Artefact, head: Head) -> str:
        attributes = {
            "id": artefact.id,
            "urn": artefact.urn,
            "agencyID": artefact.agency,
            **self.version(artefact),
            **self._more(artefact, head),
        }
        content = "" if artefact.stub else self._content(artefact)
        if isinstance(artefact, Agreement):
            # A stub of one, too, says what it is about: without that it is none.
            content = self.agreement(artefact)
        told = _told(artefact.name, artefact.description, artefact.notes)
        return element(f"str:{KINDS[artefact.kind].name}", attributes, told, content)

    def _more(self, artefact: Artefact, head: Head) -> dict[str, str | None]:
        if artefact.stub:
            return {"isExternalReference": "true", "structureURL": head.address_of(artefact)}
        if isinstance(artefact, Scheme):
            return {"isPartial": "true" if artefact.partial else None}
        return self.role() if isinstance(artefact, Constraint) else {}

    def _content(self, artefact: Artefact) -> str:
        match artefact:
            case Scheme():
                return "\n".join(self._item(artefact, item) for item in artefact.items)
            case FlowStructure(kind="datastructure"):
                return self._components(artefact.flow)
            case FlowStructure():
                return element("str:Structure", {}, self.refer("datastructure", artefact.flow.dsd))
            case Constraint():
                return self._constraint(artefact)
        return ""

    def _item(self, scheme: Scheme, item: Item) -> str:
        attributes = {"id": item.id, "urn": scheme.item_urn(item.id)}
        told = _told(item.name, item.description, item.notes)
        form = self._representation("str:CoreRepresentation", item.form) if item.form else ""
        return element(f"str:{KINDS[scheme.kind].item}", attributes, told, form)

    def _representation(self, name: str, form: Form) -> str:
        if form.codelist:
            return element(name, {}, element("str:Enumeration", {}, self.refer("codelist", form.codelist)))
        return element(name, {}, element("str:TextFormat", {"textType": form.kind}))

    def _components(self, flow: Flow) -> str:
        dimensions = [self._dimension(position, name) for position, name in enumerate(flow.dimensions, 1)]
        dimensions.append(self._component("TimeDimension", {"id": flows.TIME}))
        attributes = [
            self._component("Attribute", {"id": one.id, **self.usage(one)}, self.relationship)
            for one in flows.ATTRIBUTES
        ]
        return group(
            "str:DataStructureComponents",
            _list("DimensionList", "DimensionDescriptor", dimensions),
            _list("AttributeList", "AttributeDescriptor", attributes),
            _list("MeasureList", "MeasureDescriptor", [self._component(self.measure, {"id": flows.MEASURE})]),
        )

    def _dimension(self, position: int, name: str) -> str:
        return self._component("Dimension", {"id": name, "position": str(position)})

    def _component(self, name: str, attributes: dict[str, str | None], after: str = "") -> str:
        concept = str(attributes["id"])
        identity = element("str:ConceptIdentity", {}, self.refer_to_concept(concept))
        form = self._representation("str:LocalRepresentation", FORMS[concept])
        return element(f"str:{name}", attributes, identity, form, after)

    def _constraint(self, constraint: Constraint) -> str:
        flow = element("str:Dataflow", {}, self.refer("dataflow", constraint.flow.id))
        keys = self.keys(constraint)
        # A region without values is everything: where there is nothing, that is not there.
        region = element("str:CubeRegion", {"include": "true" if keys else "false"}, *keys)
        return element("str:ConstraintAttachment", {}, flow) + region

    def keys(self, constraint: Constraint) -> list[str]:
        """Return the values of the dimensions, and from when until when."""
        return [*self.values(constraint, {}), *self.span(constraint)]

    def values(self, constraint: Constraint, more: dict[str, str | None]) -> Iterator[str]:
        """Return the values of the dimensions but the time."""
        for name, values in constraint.values.items():
            written = (element(f"{self.cube}:Value", {}, text(value)) for value in values)
            yield element(f"{self.cube}:KeyValue", {"id": name, **more}, *written)

    def span(self, constraint: Constraint) -> Iterator[str]:
        """Return from when until when, as values of the time dimension."""
        if constraint.span is None:
            return
        ends = zip(("StartPeriod", "EndPeriod"), constraint.span, strict=True)
        periods = [element(f"{self.cube}:{name}", {"isInclusive": "true"}, text(period)) for name, period in ends]
        within = element(f"{self.cube}:TimeRange", {}, *periods)
        yield element(f"{self.cube}:KeyValue", {"id": flows.TIME}, within)


def _header(head: Head) -> str:
    return group(
        "mes:Header",
        element("mes:ID", {}, text(head.id)),
        element("mes:Test", {}, "true" if head.test else "false"),
        element("mes:Prepared", {}, text(head.prepared)),
        element("mes:Sender", {"id": AGENCY}),
    )


def _list(name: str, own: str, components: Iterable[str]) -> str:
    return element(f"str:{name}", {"id": own}, "\n".join(components))


def _told(name: str, description: str, notes: Iterable[Note]) -> str:
    english: dict[str, str | None] = {"xml:lang": "en"}
    told = element("com:Name", english, text(name))
    if description:
        told += element("com:Description", english, text(description))
    return group("com:Annotations", *map(_annotation, notes)) + told


def _annotation(note: Note) -> str:
    return element(
        "com:Annotation",
        {"id": note.id},
        element("com:AnnotationTitle", {}, text(note.title)) if note.title else "",
        element("com:AnnotationType", {}, text(note.type)),
        element("com:AnnotationText", {"xml:lang": "en"}, text(note.text)) if note.text else "",
    )
