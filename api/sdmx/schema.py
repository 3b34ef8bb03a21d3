"""What data of a flow may look like: an XML schema of structure-specific messages, or the structures they follow."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from api.sdmx import flows
from api.sdmx.artefacts import Artefact, Key, Scheme
from api.sdmx.concepts import FORMS
from api.sdmx.flows import AGENCY, Flow
from api.sdmx.markup import PROLOGUE, element, group
from api.sdmx.resolution import partial
from api.sdmx.structures import AGENCIES, CONCEPT_SCHEME, Structures, codelists_of

#: Where all dimensions are those of an observation, and none of a series.
FLAT: Final = "AllDimensions"
#: Where SDMX has the schemas that this one builds on.
_SCHEMAS: Final = "https://registry.sdmx.org/schemas"
_NAMESPACE: Final = "http://www.sdmx.org/resources/sdmxml/schemas"
_TYPES: Final = {
    "Long": "xs:long",
    "Integer": "xs:int",
    "Decimal": "xs:decimal",
    "DateTime": "xs:dateTime",
    "BasicTimePeriod": "common:BasicTimePeriodType",
    "ObservationalTimePeriod": "common:ObservationalTimePeriodType",
}


class Shape(NamedTuple):
    """Which messages a schema is for: those of an artefact, in a generation, by their dimension of observations."""

    flow: Flow
    urn: str
    generation: str
    observation: str


def parts(flow: Flow, known: Structures) -> list[Artefact]:
    """Return the structures that data of a flow follow: lists have what it uses, and nothing else."""
    keys = frozenset({
        Key("datastructure", AGENCY, flow.dsd),
        CONCEPT_SCHEME,
        AGENCIES,
        *(Key("codelist", AGENCY, name) for name in codelists_of(flow)),
    })  # fmt: skip
    return [partial(artefact, keys, known) for artefact in known.artefacts if artefact.key in keys]


def xsd(shape: Shape, known: Structures) -> bytes:
    """Return the XML schema."""
    target = f"{shape.urn}:ObsLevelDim:{shape.observation}"
    base = f"{_NAMESPACE}/{shape.generation}"
    names = {
        "xmlns:xs": "http://www.w3.org/2001/XMLSchema",
        "xmlns:common": f"{base}/common",
        "xmlns:dsd": f"{base}/data/structurespecific",
        "xmlns": target,
        "targetNamespace": target,
        "elementFormDefault": "qualified",
        "attributeFormDefault": "unqualified",
    }
    content = "\n".join((*_imports(shape.generation), *_codelists(shape.flow, known), *_sets(shape)))
    return (PROLOGUE + element("xs:schema", names, f"\n{content}\n") + "\n").encode()


def _imports(generation: str) -> Iterator[str]:
    for name, file in (("common", "SDMXCommon"), ("data/structurespecific", "SDMXDataStructureSpecific")):
        yield element(
            "xs:import",
            {
                "namespace": f"{_NAMESPACE}/{generation}/{name}",
                "schemaLocation": f"{_SCHEMAS}/{generation}/{file}.xsd",
            },
        )


def _codelists(flow: Flow, known: Structures) -> Iterator[str]:
    for name in codelists_of(flow):
        yield _codelist(known.codelist(name))


def _codelist(scheme: Scheme) -> str:
    codes = "\n".join(element("xs:enumeration", {"value": item.id}) for item in scheme.items)
    return element("xs:simpleType", {"name": scheme.id}, element("xs:restriction", {"base": "xs:string"}, codes))


def _sets(shape: Shape) -> Iterator[str]:
    """Return the types of a data set, of its series, if it has such, and of its observations."""
    is_flat = shape.observation == FLAT
    inside = _chosen("Obs" if is_flat else "Series", shape.generation)
    yield _type("DataSetType", (_annotations(), _provider(), inside), _prohibited(shape.generation))
    everything = (*shape.flow.dimensions, flows.TIME)
    of_observations = everything if is_flat else (shape.observation,)
    if not is_flat:
        of_series = [name for name in everything if name != shape.observation]
        content = (_annotations(), _element("Obs", minOccurs="0", maxOccurs="unbounded"))
        yield _type("SeriesType", content, (*_required(of_series), *_prohibited(shape.generation)))
    values = (flows.MEASURE, *(one.id for one in flows.ATTRIBUTES))
    attributes = (*_required(of_observations), *map(_attribute, values), *_prohibited(shape.generation))
    yield _type("ObsType", (_annotations(),), attributes)


def _type(name: str, content: Iterable[str], attributes: Iterable[str]) -> str:
    within = element("xs:restriction", {"base": f"dsd:{name}"}, group("xs:sequence", *content), *attributes)
    return element("xs:complexType", {"name": name}, element("xs:complexContent", {}, within))


def _annotations() -> str:
    return element("xs:element", {"ref": "common:Annotations", "minOccurs": "0"})


def _provider() -> str:
    kind = {"name": "DataProvider", "type": "common:DataProviderReferenceType"}
    return element("xs:element", kind | {"form": "unqualified", "minOccurs": "0"})


def _chosen(name: str, generation: str) -> str:
    """Return the content of a data set: in 2.1 one choice of many, in 3.0 many choices of one; both only restricted."""
    if generation == "v3_0":
        return element("xs:choice", {"minOccurs": "0", "maxOccurs": "unbounded"}, _element(name))
    return element("xs:choice", {"minOccurs": "0"}, _element(name, maxOccurs="unbounded"))


def _element(name: str, **occurs: str) -> str:
    return element("xs:element", {"name": name, "type": f"{name}Type", "form": "unqualified", **occurs})


def _required(names: Iterable[str]) -> Iterator[str]:
    return (_attribute(name, use="required") for name in names)


def _attribute(name: str, use: str = "optional") -> str:
    """Return the declaration of a component. Values may be left out: nobody reported, or nobody asked for them."""
    form = FORMS[name]
    return element("xs:attribute", {"name": name, "type": form.codelist or _TYPES[form.kind], "use": use})


def _prohibited(generation: str) -> tuple[str, ...]:
    """Return what 2.1 lets every data set have and this one has not."""
    if generation != "v2_1":
        return ()
    return (element("xs:attribute", {"name": "REPORTING_YEAR_START_DAY", "use": "prohibited"}),)
