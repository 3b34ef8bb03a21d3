"""SDMX-REST 1.5, which the root 2.1 speaks: paths and parameters, read into queries."""

from collections.abc import Mapping
from typing import Final

from api.problems import Problem
from api.sdmx import queries, times
from api.sdmx.flows import ATTRIBUTES
from api.sdmx.queries import AvailabilityQuery, DataQuery, Dialect, StructureQuery
from p2p_core import flow
from p2p_core.flow import AGENCY

_SELECTING: Final = ("startPeriod", "endPeriod", *queries.SELECTING)
#: Each detail says whether the measure is shown, and the attributes.
_DETAILS: Final = {
    "full": (True, ATTRIBUTES),
    "dataonly": (True, ()),
    "serieskeysonly": (False, ()),
    "nodata": (False, ()),
}


def data(path: str, given: Mapping[str, str]) -> DataQuery:
    """Read `{flow}[/{key}[/{provider}]]`."""
    queries.check_names(given, (*_SELECTING, "detail", *queries.SHOWING))
    named, key, provider = queries.path_parts(path, 3)
    return _data(named, key, provider, given)


def availability(path: str, given: Mapping[str, str]) -> AvailabilityQuery:
    """Read `{flow}[/{key}[/{provider}[/{component}]]]`."""
    queries.check_names(given, (*_SELECTING, "mode", "references", "format"))
    named, key, provider, component = queries.path_parts(path, 4)
    return queries.availability_query(_data(named, key, provider, given), component, given)


def _data(named: str, key: str, provider: str, given: Mapping[str, str]) -> DataQuery:
    """Read a flow, which is `id`, `agency,id` or `agency,id,version`, a key and the parameters."""
    names = named.split(",")
    if len(names) > 3 or not all(names):
        raise Problem("bad_sdmx_query", detail="Name a flow as P2P, P2PEU,P2P or P2PEU,P2P,1.0.0.")
    agency, name, version = ["all", *names, "latest"] if len(names) == 1 else [*names, "latest"][:3]
    found = queries.find_flow(("dataflow",), _names(agency, name, version))
    if provider not in ("", "all", AGENCY):
        raise Problem("agency_not_published")
    when = times.Times.between(given.get("startPeriod"), given.get("endPeriod"))
    measure, attributes = _DETAILS[queries.word(given, "detail", _DETAILS, "full")]
    shape = queries.shape(given, measure=measure, attributes=attributes)
    return queries.data_query(found, queries.key(key, found, short=False), when, shape, given)


def structures(path: str, given: Mapping[str, str]) -> StructureQuery:
    """Read `{type}[/{agency}[/{id}[/{version}]]]`; the type `structure` is any."""
    kind, agency, name, version, item = queries.path_parts(path, 5)
    if kind not in ("structure", *queries.STRUCTURES):
        raise queries.not_offered(
            f"Expected: structure, {', '.join(queries.STRUCTURES)}, data, availableconstraint or schema."
        )
    kinds = queries.STRUCTURES if kind == "structure" else (kind,)
    return queries.structure_query(kinds, _names(agency, name, version), item, given)


def schema(path: str, given: Mapping[str, str]) -> StructureQuery:
    """Read `{context}/{agency}/{id}[/{version}]`."""
    context, agency, name, version = queries.path_parts(path, 4)
    return queries.schema_query(context, _names(agency, name, version), given)


def _names(agency: str, name: str, version: str) -> tuple[str, str, str]:
    one = queries.one_name
    # Each structure has only one version. So "all" and "the latest" mean the same.
    return one(agency, "all"), one(name, "all"), one(version, "latest", "all")


DIALECT: Final = Dialect(
    namespace="http://www.sdmx.org/resources/sdmxml/schemas/v2_1",
    structures_path="",
    constraint="contentconstraint",
    formats_of_data=flow.DATA_21,
    formats_of_structures=(flow.XML_21,),
    formats_of_schemas=(flow.XSD_21, flow.XML_21._replace(plain=())),
    data=data,
    availability=availability,
    structures=structures,
    schema=schema,
)
