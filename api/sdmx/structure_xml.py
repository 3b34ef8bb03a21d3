"""Structures in SDMX-ML 2.1 and 3.0: messages, and the XML schema of structure-specific data.

In 2.1 references are elements and in 3.0 URNs; the groups of structures, and some names, differ too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from django.template import Context, Engine

from api.sdmx import flows
from api.sdmx.flows import ALL_DIMENSIONS, ATTRIBUTES, COMPONENTS, KINDS, MEASURE, TIME, Component
from api.sdmx.structures import Artefact, Item, Note, Structures
from p2p_core.characters import writable
from p2p_core.flow import AGENCY, SCHEME_VERSION

PROLOGUE: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_GROUPS_21: Final = {
    "OrganisationSchemes": ("agencyscheme", "dataproviderscheme"),
    "Dataflows": ("dataflow",),
    "Codelists": ("codelist",),
    "Concepts": ("conceptscheme",),
    "DataStructures": ("datastructure",),
    "Constraints": ("contentconstraint",),
    "ProvisionAgreements": ("provisionagreement",),
}
_GROUPS_30: Final = {
    "AgencySchemes": ("agencyscheme",),
    "Codelists": ("codelist",),
    "ConceptSchemes": ("conceptscheme",),
    "DataConstraints": ("dataconstraint",),
    "Dataflows": ("dataflow",),
    "DataProviderSchemes": ("dataproviderscheme",),
    "DataStructures": ("datastructure",),
    "ProvisionAgreements": ("provisionagreement",),
}
_URN: Final = re.compile(r".*[.](\w+)[.](\w+)=(\w+):([\w-]+)\(([\d.]+)\)(?:[.](.+))?")


_SCHEMA: Final = Engine(dirs=[str(Path(__file__).with_name("templates"))]).get_template("schema.xml")
_SCHEMAS: Final = "https://registry.sdmx.org/schemas"
_TYPES: Final = {
    "Long": "xs:long",
    "Integer": "xs:int",
    "Decimal": "xs:decimal",
    "BasicTimePeriod": "common:BasicTimePeriodType",
    "ObservationalTimePeriod": "common:ObservationalTimePeriodType",
}


def text(content: str) -> str:
    """Return text for the inside of an element."""
    return escape(writable(content))


def element(name: str, attributes: Mapping[str, str | None] | None = None, *content: str) -> str:
    """Return an element; attributes without a value and content that is empty are left out."""
    head = name + "".join(f" {key}={quoteattr(writable(value))}" for key, value in (attributes or {}).items() if value)
    inside = "".join(content)
    return f"<{head}>{inside}</{name}>" if inside else f"<{head}/>"


def group(name: str, *content: str) -> str:
    """Return an element around others, a line each; nothing if there are none."""
    inside = "\n".join(filter(None, content))
    return f"<{name}>\n{inside}\n</{name}>" if inside else ""


def header(message: str, prepared: str, *more: str, invented: bool) -> str:
    """Return the header of a message; ``invented`` numbers are a test."""
    return group(
        "mes:Header",
        element("mes:ID", {}, text(message)),
        element("mes:Test", {}, "true" if invented else "false"),
        element("mes:Prepared", {}, text(prepared)),
        element("mes:Sender", {"id": AGENCY}),
        *more,
    )


@dataclass(frozen=True)
class Writer:
    """Writes structures as a message; ``address`` is where structures are asked for."""

    namespace: str
    address: str

    @property
    def _is_30(self) -> bool:
        return self.namespace.endswith("v3_0")

    def message(self, artefacts: Iterable[Artefact], head: str) -> bytes:
        artefacts = list(artefacts)
        groups = (_GROUPS_30 if self._is_30 else _GROUPS_21).items()
        written = [
            group(f"str:{name}", *(self._artefact(one) for one in artefacts if one.kind in kinds))
            for name, kinds in groups
        ]
        names = {"mes": "message", "str": "structure", "com": "common"}
        spaces = "".join(f' xmlns:{prefix}="{self.namespace}/{name}"' for prefix, name in names.items())
        structures = group("mes:Structures", *written)
        return f"{PROLOGUE}<mes:Structure{spaces}>\n{head}\n{structures}\n</mes:Structure>\n".encode()

    def _artefact(self, one: Artefact) -> str:
        attributes: dict[str, str | None] = {"id": one.id, "urn": one.urn, "agencyID": one.agency}
        if not self._is_30 or one.version != SCHEME_VERSION:
            attributes["version"] = one.version
        if one.stub:
            address = f"{self.address}{one.kind}/{one.agency}/{one.id}/{one.version}"
            attributes |= {"isExternalReference": "true", "structureURL": address}
        if one.partial:
            attributes["isPartial"] = "true"
        if one.values is not None:
            attributes["role" if self._is_30 else "type"] = "Actual"
        # A stub of an agreement, too, says what it is about: without that it is none.
        content = "" if one.stub and one.kind != "provisionagreement" else self._content(one)
        named = _named(one.name, one.description, one.notes)
        return element(f"str:{KINDS[one.kind].name}", attributes, named, content)

    def _content(self, one: Artefact) -> str:
        if one.values is not None:
            return self._constraint(one, one.values)
        match one.kind:
            case "datastructure":
                return self._components(one)
            case "dataflow":
                return element("str:Structure", {}, self._refer(flows.urn("datastructure", one.flow.dsd)))
            case "provisionagreement":
                usage = "str:Dataflow" if self._is_30 else "str:StructureUsage"
                flow = element(usage, {}, self._refer(flows.urn("dataflow", one.flow.id)))
                return flow + element("str:DataProvider", {}, self._refer(flows.provider_urn(one.provider)))
        return "\n".join(self._item(one, item) for item in one.items)

    def _item(self, one: Artefact, item: Item) -> str:
        form = self._form("str:CoreRepresentation", item.component) if item.component else ""
        named = _named(item.name, item.description, item.notes)
        return element(f"str:{KINDS[one.kind].item}", {"id": item.id, "urn": one.item_urn(item.id)}, named, form)

    def _form(self, name: str, component: Component) -> str:
        """Return how values are written: by a code list or as text of a type."""
        if component.codelist:
            return element(
                name, {}, element("str:Enumeration", {}, self._refer(flows.urn("codelist", component.codelist)))
            )
        return element(name, {}, element("str:TextFormat", {"textType": component.type}))

    def _components(self, one: Artefact) -> str:
        dimensions = [
            self._component("Dimension", name, {"position": str(position)})
            for position, name in enumerate(one.flow.dimensions, 1)
        ]
        usage, mandatory, optional, measure = (
            ("usage", "mandatory", "optional", "Measure")
            if self._is_30
            else ("assignmentStatus", "Mandatory", "Conditional", "PrimaryMeasure")
        )
        # In 3.0 attributes name no measure: there is one only, and clients fail if it is named.
        to = element("str:PrimaryMeasure", {}, element("Ref", {"id": MEASURE}))
        relation = element("str:AttributeRelationship", {}, element("str:Observation") if self._is_30 else to)
        attributes = [
            self._component("Attribute", name, {usage: mandatory if COMPONENTS[name].mandatory else optional}, relation)
            for name in ATTRIBUTES
        ]
        lists = (
            ("Dimension", [*dimensions, self._component("TimeDimension", TIME, {})]),
            ("Attribute", attributes),
            ("Measure", [self._component(measure, MEASURE, {})]),
        )
        written = (element(f"str:{name}List", {"id": f"{name}Descriptor"}, *inside) for name, inside in lists)
        return group("str:DataStructureComponents", *written)

    def _component(self, kind: str, name: str, more: Mapping[str, str | None], after: str = "") -> str:
        identity = element("str:ConceptIdentity", {}, self._refer(flows.concept_urn(name)))
        form = self._form("str:LocalRepresentation", COMPONENTS[name])
        return element(f"str:{kind}", {"id": name, **more}, identity, form, after)

    def _constraint(self, one: Artefact, values: Mapping[str, tuple[str, ...]]) -> str:
        flow = element("str:Dataflow", {}, self._refer(flows.urn("dataflow", one.flow.id)))
        prefix = "str" if self._is_30 else "com"
        # A range of time is more than clients read in 3.0, if there are values.
        as_validity = self._is_30 and bool(values) and one.span is not None
        validity = dict(zip(("validFrom", "validTo"), one.span or (), strict=False)) if as_validity else {}
        keys = [
            element(
                f"{prefix}:KeyValue", {"id": name, **validity}, *(element(f"{prefix}:Value", {}, text(v)) for v in some)
            )
            for name, some in values.items()
        ]
        if one.span is not None and not as_validity:
            ends = zip(("StartPeriod", "EndPeriod"), one.span, strict=True)
            periods = [element(f"{prefix}:{name}", {"isInclusive": "true"}, text(at)) for name, at in ends]
            keys.append(element(f"{prefix}:KeyValue", {"id": TIME}, element(f"{prefix}:TimeRange", {}, *periods)))
        # A region without values is everything: if there is nothing, that is excluded.
        region = element("str:CubeRegion", {"include": "true" if keys else "false"}, *keys)
        return element("str:ConstraintAttachment", {}, flow) + region

    def _refer(self, urn: str) -> str:
        if self._is_30:
            return urn
        found = _URN.fullmatch(urn)
        assert found is not None  # noqa: S101  all URNs are made here
        package, kind, agency, name, version, item = found.groups()
        parent = {"id": item, "maintainableParentID": name, "maintainableParentVersion": version}
        own = {"id": name, "version": version}
        return element("Ref", {**(parent if item else own), "agencyID": agency, "package": package, "class": kind})


def _named(name: str, description: str, notes: Iterable[Note]) -> str:
    english: dict[str, str | None] = {"xml:lang": "en"}
    described = element("com:Description", english, text(description)) if description else ""
    return group("com:Annotations", *map(_annotation, notes)) + element("com:Name", english, text(name)) + described


def _annotation(note: Note) -> str:
    return element(
        "com:Annotation",
        {"id": note.id},
        element("com:AnnotationTitle", {}, text(note.title)) if note.title else "",
        element("com:AnnotationType", {}, text(note.type)),
        element("com:AnnotationText", {"xml:lang": "en"}, text(note.text)) if note.text else "",
    )


def schema(named: Artefact, at_observation: str, namespace: str, known: Structures) -> bytes:
    """Return the schema of the data messages of a flow, by the dimension that observations have."""
    flat = at_observation == ALL_DIMENSIONS
    version = namespace.rpartition("/")[2]
    values = {
        "namespace": namespace,
        "is_30": version == "v3_0",
        "base": f"{_SCHEMAS}/{version}",
        "target": f"{named.urn}:ObsLevelDim:{at_observation}",
        "codelists": {name: list(known.codes(name)) for name in named.flow.codelists},
        "inside": "Obs" if flat else "Series",
        "of_series": {} if flat else _typed(named.flow.dimensions),
        "of_observation": _typed((*named.flow.dimensions, TIME) if flat else (TIME,)),
        "values": _typed((MEASURE, *ATTRIBUTES)),
    }
    return _SCHEMA.render(Context(values)).encode()


def _typed(names: tuple[str, ...]) -> dict[str, str]:
    return {name: COMPONENTS[name].codelist or _TYPES[COMPONENTS[name].type] for name in names}
