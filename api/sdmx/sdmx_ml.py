"""Observations and structures as SDMX-ML 2.1 and 3.0, and the XML schema of structure-specific data.

References are elements in 2.1, and URNs in 3.0. The groups of structures and some names differ, too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from django.template import Context, Engine

from api.sdmx import flows
from api.sdmx.blocks import DATED, SeriesBlock
from api.sdmx.flows import ALL_DIMENSIONS, ATTRIBUTES, COMPONENTS, MEASURE, TIME, TYPES, Component
from api.sdmx.observations import Observations
from api.sdmx.queries import DataQuery
from api.sdmx.structures import Artefact, Note, Structures
from federation.published.terms import INVENTED
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
_XSD_TYPES: Final = {
    "Long": "xs:long",
    "Integer": "xs:int",
    "Decimal": "xs:decimal",
    "BasicTimePeriod": "common:BasicTimePeriodType",
    "ObservationalTimePeriod": "common:ObservationalTimePeriodType",
}


def text(content: str) -> str:
    """Text for the inside of an element."""
    return escape(writable(content))


def element(name: str, attributes: Mapping[str, str | None] | None = None, *content: str) -> str:
    """An element without the attributes that have no value."""
    head = name + "".join(f" {key}={quoteattr(writable(value))}" for key, value in (attributes or {}).items() if value)
    inside = "".join(content)
    return f"<{head}>{inside}</{name}>" if inside else f"<{head}/>"


def group(name: str, *content: str) -> str:
    """An element around others, a line each; nothing if there are none."""
    inside = "\n".join(filter(None, content))
    return f"<{name}>\n{inside}\n</{name}>" if inside else ""


def _header(message: str, prepared: str, *more: str, invented: bool) -> str:
    """The header of a message. Invented numbers make it a test."""
    return group(
        "mes:Header",
        element("mes:ID", {}, text(message)),
        element("mes:Test", {}, "true" if invented else "false"),
        element("mes:Prepared", {}, text(prepared)),
        element("mes:Sender", {"id": AGENCY}),
        *more,
    )


def write_data(namespace: str, query: DataQuery, answer: Observations, structures: Structures) -> Iterator[bytes]:
    """Write a message, some series at a time."""
    is_30, shape = namespace.endswith("v3_0"), query.shape
    urn = flows.urn("dataflow", query.flow.id)
    own = f"{urn}:ObsLevelDim:{shape.at_observation}"
    # 2.1 has an element for the URN. Clients look for the structure in the message by its id.
    usage = element("com:StructureUsage", {}, urn if is_30 else element("URN", {}, urn))
    structure = {"structureID": query.flow.dsd, "namespace": own, "dimensionAtObservation": shape.at_observation}
    # Not in annotations of the data set: a client, sdmx1, cannot read messages that have them.
    notes = [
        *([INVENTED] if structures.invented else []),
        *([f"Withheld: {answer.withheld}"] if answer.withheld else []),
    ]
    source = element("mes:Source", {"xml:lang": "en"}, text(" ".join(notes))) if notes else ""
    structure_used = element("mes:Structure", structure, usage)
    head = _header(query.flow.id, answer.prepared, structure_used, source, invented=structures.invented)
    yield (
        f'{PROLOGUE}<mes:StructureSpecificData xmlns:mes="{namespace}/message" xmlns:com="{namespace}/common" '
        f'xmlns:ss="{namespace}/data/structurespecific" xmlns:own="{own}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n{head}\n'
    ).encode()
    scope = "" if is_30 else 'ss:dataScope="Dataflow" '
    yield (
        f'<mes:DataSet ss:structureRef="{query.flow.dsd}" xsi:type="own:DataSetType" {scope}ss:action="Replace">\n'
    ).encode()

    key_of = " ".join(f'{name}="{{}}"' for name in query.flow.dimensions).format
    for block in answer.blocks():
        if shape.keys_only:
            yield "".join(f"<Series {key_of(*key)}/>\n" for key, *_ in block.rows()).encode()
        elif shape.flat:
            yield "".join(observations for _, observations in _texts(query, block)).encode()
        else:
            series = (
                f"<Series {key_of(*key)}>\n{observations}</Series>\n" for key, observations in _texts(query, block)
            )
            yield "".join(series).encode()
    yield b"</mes:DataSet>\n</mes:StructureSpecificData>\n"


def _texts(query: DataQuery, block: SeriesBlock) -> Iterator[tuple[tuple[str, ...], str]]:
    """The key and the observations of each series; a value that is missing is left out with its name."""
    shape = query.shape
    valued = [shape.measure and not missing for missing in block.missing]
    before = [f' {TIME}="{label}"' + f' {MEASURE}="' * shown for label, shown in zip(block.labels, valued, strict=True)]
    dated = f' {DATED}="' if DATED in shape.attributes else ""
    after = [
        '"' * shown + "".join(f' {name}="{value}"' for name, value in one.items() if value) + dated
        for shown, one in zip(valued, block.attributes(shape.attributes), strict=True)
    ]
    key = "".join(f' {name}="{{}}"' for name in query.flow.dimensions) if shape.flat else ""
    return block.texts(shape, f"<Obs{key}", before, after, '"/>\n' if dated else "/>\n")


def write_structures(
    namespace: str, address: str, artefacts: Iterable[Artefact], meta: tuple[str, str], *, invented: bool
) -> bytes:
    """Write a message of structures; ``meta`` is its id and when it was prepared."""
    writer, artefacts = _StructureWriter(namespace, address), list(artefacts)
    groups = (_GROUPS_30 if writer.is_30 else _GROUPS_21).items()
    lists = [
        group(f"str:{name}", *(writer.artefact(one) for one in artefacts if one.kind in kinds))
        for name, kinds in groups
    ]
    names = {"mes": "message", "str": "structure", "com": "common"}
    spaces = "".join(f' xmlns:{prefix}="{namespace}/{name}"' for prefix, name in names.items())
    head, content = _header(*meta, invented=invented), group("mes:Structures", *lists)
    return f"{PROLOGUE}<mes:Structure{spaces}>\n{head}\n{content}\n</mes:Structure>\n".encode()


@dataclass(frozen=True)
class _StructureWriter:
    """Writes structures; stubs name ``address``, below which the whole structures are."""

    namespace: str
    address: str

    @property
    def is_30(self) -> bool:
        return self.namespace.endswith("v3_0")

    def artefact(self, one: Artefact) -> str:
        attributes: dict[str, str | None] = {"id": one.id, "urn": one.urn, "agencyID": one.agency}
        if not self.is_30 or one.version != SCHEME_VERSION:
            attributes["version"] = one.version
        if one.stub:
            attributes |= {"isExternalReference": "true", "structureURL": f"{self.address}{one.path}"}
        if one.partial:
            attributes["isPartial"] = "true"
        if one.values is not None:
            attributes["role" if self.is_30 else "type"] = "Actual"
        # A stub of an agreement, too, names its flow and provider: the schema requires them.
        content = "" if one.stub and one.kind != "provisionagreement" else self._content(one)
        names = _names(one.name, one.description, one.notes)
        return element(f"str:{TYPES[one.kind].name}", attributes, names, content)

    def _content(self, one: Artefact) -> str:
        if one.values is not None:
            return self._constraint(one, one.values)
        match one.kind:
            case "datastructure":
                return self._components(one)
            case "dataflow":
                return element("str:Structure", {}, self._reference(flows.urn("datastructure", one.flow.dsd)))
            case "provisionagreement":
                usage = "str:Dataflow" if self.is_30 else "str:StructureUsage"
                flow = element(usage, {}, self._reference(flows.urn("dataflow", one.flow.id)))
                return flow + element("str:DataProvider", {}, self._reference(flows.provider_urn(one.provider)))
        items = []
        for item in one.items:
            form = self._representation("str:CoreRepresentation", item.component) if item.component else ""
            names = _names(item.name, item.description, item.notes)
            own: dict[str, str | None] = {"id": item.id, "urn": one.item_urn(item.id)}
            items.append(element(f"str:{TYPES[one.kind].item}", own, names, form))
        return "\n".join(items)

    def _components(self, one: Artefact) -> str:
        dimensions = [
            self._component("Dimension", name, {"position": str(position)})
            for position, name in enumerate(one.flow.dimensions, 1)
        ]
        usage, mandatory, optional, measure = (
            ("usage", "mandatory", "optional", "Measure")
            if self.is_30
            else ("assignmentStatus", "Mandatory", "Conditional", "PrimaryMeasure")
        )
        # In 3.0 attributes name no measure, because there is only one, and clients fail if it is named.
        to = element("str:PrimaryMeasure", {}, element("Ref", {"id": MEASURE}))
        relation = element("str:AttributeRelationship", {}, element("str:Observation") if self.is_30 else to)
        attributes = [
            self._component("Attribute", name, {usage: mandatory if COMPONENTS[name].mandatory else optional}, relation)
            for name in ATTRIBUTES
        ]
        lists = (
            ("Dimension", [*dimensions, self._component("TimeDimension", TIME, {})]),
            ("Attribute", attributes),
            ("Measure", [self._component(measure, MEASURE, {})]),
        )
        elements = (element(f"str:{name}List", {"id": f"{name}Descriptor"}, *inside) for name, inside in lists)
        return group("str:DataStructureComponents", *elements)

    def _component(self, kind: str, name: str, more: Mapping[str, str | None], after: str = "") -> str:
        concept = flows.urn("conceptscheme", flows.CONCEPTS, name)
        identity = element("str:ConceptIdentity", {}, self._reference(concept))
        form = self._representation("str:LocalRepresentation", COMPONENTS[name])
        return element(f"str:{kind}", {"id": name, **more}, identity, form, after)

    def _representation(self, name: str, component: Component) -> str:
        """How values are written: by a code list or as text of a type."""
        if not component.codelist:
            return element(name, {}, element("str:TextFormat", {"textType": component.type}))
        return element(
            name, {}, element("str:Enumeration", {}, self._reference(flows.urn("codelist", component.codelist)))
        )

    def _constraint(self, one: Artefact, values: Mapping[str, tuple[str, ...]]) -> str:
        flow = element("str:Dataflow", {}, self._reference(flows.urn("dataflow", one.flow.id)))
        prefix = "str" if self.is_30 else "com"
        # Clients of 3.0 cannot read a time range beside values, so the values have its ends.
        as_validity = self.is_30 and bool(values) and one.span is not None
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
        # A region without values means everything. If no data exist, this region is excluded.
        region = element("str:CubeRegion", {"include": "true" if keys else "false"}, *keys)
        return element("str:ConstraintAttachment", {}, flow) + region

    def _reference(self, urn: str) -> str:
        if self.is_30:
            return urn
        found = _URN.fullmatch(urn)
        assert found is not None  # noqa: S101  all URNs are made here
        package, kind, agency, name, version, item = found.groups()
        parent = {"id": item, "maintainableParentID": name, "maintainableParentVersion": version}
        own = {"id": name, "version": version}
        return element("Ref", {**(parent if item else own), "agencyID": agency, "package": package, "class": kind})


def _names(name: str, description: str, notes: Iterable[Note]) -> str:
    english: dict[str, str | None] = {"xml:lang": "en"}
    annotations = (
        element(
            "com:Annotation",
            {"id": note.id},
            element("com:AnnotationTitle", {}, text(note.title)) if note.title else "",
            element("com:AnnotationType", {}, text(note.type)),
            element("com:AnnotationText", english, text(note.text)) if note.text else "",
        )
        for note in notes
    )
    described = element("com:Description", english, text(description)) if description else ""
    return group("com:Annotations", *annotations) + element("com:Name", english, text(name)) + described


def write_schema(named: Artefact, at_observation: str, namespace: str, structures: Structures) -> bytes:
    """Write the schema of the data messages of a flow, by the dimension that observations have."""
    flat = at_observation == ALL_DIMENSIONS
    version = namespace.rpartition("/")[2]

    def types(*names: str) -> dict[str, str]:
        return {name: COMPONENTS[name].codelist or _XSD_TYPES[COMPONENTS[name].type] for name in names}

    values = {
        "namespace": namespace,
        "is_30": version == "v3_0",
        "base": f"{_SCHEMAS}/{version}",
        "target": f"{named.urn}:ObsLevelDim:{at_observation}",
        "codelists": {name: list(structures.codes(name)) for name in named.flow.codelists},
        "inside": "Obs" if flat else "Series",
        "of_series": {} if flat else types(*named.flow.dimensions),
        "of_observation": types(*(named.flow.dimensions if flat else ()), TIME),
        "values": types(MEASURE, *ATTRIBUTES),
    }
    return _SCHEMA.render(Context(values)).encode()
