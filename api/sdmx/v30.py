"""SDMX-REST 2.x, which the root 3.0 speaks: paths and parameters, read into queries."""

import re
from collections.abc import Mapping
from typing import Final

from api.problems import Problem
from api.sdmx import queries
from api.sdmx.flows import ATTRIBUTES, MEASURE, P2P_VINTAGE, TIME
from api.sdmx.queries import AvailabilityQuery, Codes, DataQuery, Dialect, StructureQuery
from api.sdmx.times import Times
from p2p_core import flow

#: sdmx1 writes updateAfter.
_SELECTING: Final = (*queries.SELECTING, "updateAfter", *(f"c[{name}]" for name in (*P2P_VINTAGE.dimensions, TIME)))


def data(path: str, given: Mapping[str, str]) -> DataQuery:
    """Read `{context}/{agency}/{id}/{version}[/{key}]`. Parts left out at the end mean any."""
    queries.check_names(given, (*_SELECTING, "attributes", "measures", "offset", "limit", *queries.SHOWING))
    *named, key = queries.path_parts(path, 5)
    return _data(named, key, given)


def availability(path: str, given: Mapping[str, str]) -> AvailabilityQuery:
    """Read `{context}/{agency}/{id}/{version}[/{key}[/{component}]]`."""
    queries.check_names(given, (*_SELECTING, "mode", "references", "format"))
    *named, key, component = queries.path_parts(path, 6)
    return queries.availability_query(_data(named, key, given), component, given)


def _data(named: list[str], key: str, given: Mapping[str, str]) -> DataQuery:
    context, *names = named
    if context not in ("", "*", *queries.CONTEXTS):
        raise queries.not_offered(f"Expected for the context: {', '.join(queries.CONTEXTS)} or *.")
    found = queries.find_flow((context,) if context in queries.CONTEXTS else queries.CONTEXTS, _names(*names))
    if "updateAfter" in given:
        given = {**given, "updatedAfter": given["updateAfter"]}
    codes = queries.key(key, found, short=True)
    if "c[VINTAGE]" in given and "VINTAGE" not in codes:
        raise queries.not_offered("P2P has no dimension VINTAGE: ask for P2P_VINTAGE, or leave c[VINTAGE] out.")
    codes |= {name: one.and_(_filter(given[f"c[{name}]"])) for name, one in codes.items() if f"c[{name}]" in given}
    when = Times.matching(given[f"c[{TIME}]"]) if f"c[{TIME}]" in given else Times()
    attributes = given.get("attributes", "all").split(",")
    offered = ("all", "dsd", "none", *ATTRIBUTES)
    wanted = {queries.word({"attributes": one}, "attributes", offered, "") for one in attributes}
    shown = ATTRIBUTES if wanted & {"all", "dsd"} else tuple(name for name in ATTRIBUTES if name in wanted)
    measure = queries.word(given, "measures", ("all", "none", MEASURE), "all") != "none"
    shape = queries.shape(given, measure=measure, attributes=shown)
    return queries.data_query(found, codes, when, shape, given)


def _filter(text: str) -> Codes:
    """Read a filter of codes: `NO,SE` or `ne:NO+ne:SE`."""
    terms = text.split("+")
    if all(term.startswith("ne:") for term in terms) and "," not in text:
        return Codes(excluded=frozenset(term.removeprefix("ne:") for term in terms))
    named = [one.removeprefix("eq:") for one in text.split(",")]
    if any(re.search(r"\+|^[a-z]{2}:", one) for one in named):
        raise queries.not_offered("Filter codes as NO,SE or as ne:NO+ne:SE.")
    if not all(named):
        raise Problem("bad_sdmx_query", detail="Write a filter as codes with commas between. Leave out the empty one.")
    return Codes(frozenset(named))


def structures(path: str, given: Mapping[str, str]) -> StructureQuery:
    """Read `structure/{type}[/{agency}[/{id}[/{version}]]]`; the type `*` is any."""
    resource, kind, agency, name, version, item = queries.path_parts(path, 6)
    # If clients find no code list, they ask for a list of values next. There is none here.
    if resource != "structure" or kind not in ("", "*", "valuelist", *queries.STRUCTURES):
        types = ", ".join(queries.STRUCTURES)
        raise queries.not_offered(
            f"Expected: structure, data, availability or schema. The structures are {types} or *."
        )
    return queries.structure_query(
        queries.STRUCTURES if kind in ("", "*") else (kind,), _names(agency, name, version), item, given
    )


def schema(path: str, given: Mapping[str, str]) -> StructureQuery:
    """Read `{context}/{agency}/{id}[/{version}]`."""
    context, agency, name, version = queries.path_parts(path, 4)
    return queries.schema_query(context, _names(agency, name, version), given)


def _names(agency: str, name: str, version: str) -> tuple[str, str, str]:
    one = queries.one_name
    # Each structure has only one version, and it is stable. So "all", "the latest" and "the latest stable" mean the
    # same.
    return one(agency, "*"), one(name, "*"), one(version, "*", "~", "+")


DIALECT: Final = Dialect(
    namespace="http://www.sdmx.org/resources/sdmxml/schemas/v3_0",
    structures_path="structure/",
    constraint="dataconstraint",
    formats_of_data=flow.DATA_30,
    formats_of_structures=(flow.XML_30, flow.JSON),
    formats_of_schemas=(flow.XSD_30, flow.XML_30._replace(plain=()), flow.JSON),
    data=data,
    availability=availability,
    structures=structures,
    schema=schema,
)
