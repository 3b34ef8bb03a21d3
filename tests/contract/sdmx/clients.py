"""The calls of standard SDMX clients, unmodified, and the result that each call must have.

``python -m tests.contract.sdmx.clients <client> <address> <instant>`` makes the calls of a Python client at each root
and prints what they gave, as JSON; without arguments it prints the table of calls in `docs/reference/sdmx.md`.
The calls of rsdmx are made by `clients.R`. Clients are imported when they are needed, as some do not go together.
"""

import io
import json
import sys
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, NamedTuple

from tests.contract.sdmx.client_results import (
    PLACE,
    by_place,
    cells_of,
    countries_of,
    ids_of,
    keys_of,
    pandas_cells,
    sorted_ids,
    whole_of,
)

JSON_20, ML_21, ML_30, CSV_10, CSV_20 = "SDMX-JSON 2.0", "SDMX-ML 2.1", "SDMX-ML 3.0", "SDMX-CSV 1.0", "SDMX-CSV 2.0"
AGENCIES = ["AGENCIES_REPORTING", "AGENCIES_EXPECTED"]
AWAITED = ["AGENCIES_AWAITED", "AWAITED_UNTIL"]
ATTRIBUTES = ["OBS_STATUS", "CONF_STATUS", "COVERAGE", *AGENCIES, "COUNTED_FROM", *AWAITED, "VALID_FROM"]
LISTS = ["CL_CONF_STATUS", "CL_COUNTRY", "CL_FREQ", "CL_INDICATOR", "CL_NETWORK", "CL_OBS_STATUS"]
FLOWS = ["P2P", "P2P_VINTAGE"]
COMPONENTS = [*PLACE, "OBS_VALUE", *ATTRIBUTES]
FREQUENCIES = ["H", "D", "W", "M", "A"]
WHOLE = ["DSD_P2P", PLACE, ATTRIBUTES, ["OBS_VALUE"], LISTS, "Norway"]
ALL = sorted(["P2P", "DSD_P2P", "CS_P2P", *LISTS, "DATA_PROVIDERS", "PA_P2P", "PA_NO-KRIPOS"])
SERIES = ["D.DOWNLOADS.NO.BITTORRENT", "D.DOWNLOADS.NO._T", "D.DOWNLOADS.SE._T"]
#: What calls are made with; ``first`` is when the first version became public.
WITH: dict[str, Any] = {
    "KEY": "D.DOWNLOADS.NO._T",
    "BOTH": {"FREQ": "D", "INDICATOR": "DOWNLOADS", "COUNTRY": "NO+SE", "NETWORK": "_T"},
    "URN": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=P2PEU:P2P(1.0.0)",
    "FLOW": "dataflow/P2PEU/P2P/1.0.0",
}


class Cells(dict[str, str]):
    """The cells of days that a call must give, as parameters of the API; ``{first}`` is filled in."""


NORWAY = Cells(country="NO", network="_T")
BOTH = Cells(country="NO,SE", network="_T")
OF_NORWAY = Cells(country="NO", network="_T,BITTORRENT")
BEFORE = Cells(NORWAY, as_of="{first}")
SINCE = Cells(NORWAY, start="2026-11-02")
#: Of these, the cells of the series that have one.
EVERYTHING = Cells(country="NO,SE,EUROPE", network="_T,BITTORRENT")


class Call(NamedTuple):
    """A call, as it is written; ``reads`` makes what it must give of its answer."""

    name: str
    reads: Callable[[Any], Any]
    gives: Any
    form: str = ""


def _file(message: Any) -> Any:
    import sdmx

    answer, flow = message
    # An empty cell is more than its reader of CSV can take.
    kept = [line for line in answer.text.splitlines() if ",,O," not in line]
    return pandas_cells(sdmx.read_sdmx(io.BytesIO("\r\n".join(kept).encode()), format="csv", structure=flow))


SDMX1 = [
    Call("dataflow()", lambda m: sorted(m.dataflow), FLOWS),
    Call('dataflow("P2P", params={"references": "descendants"})', whole_of, WHOLE),
    Call(
        'datastructure("DSD_P2P_VINTAGE", params={"references": "children"})',
        lambda m: ids_of(m.structure["DSD_P2P_VINTAGE"].dimensions),
        [*PLACE[:4], "VINTAGE", "TIME_PERIOD"],
    ),
    Call(
        'codelist("CL_FREQ")',
        lambda m: {name: list(one.items) for name, one in m.codelist.items()},
        {"CL_FREQ": FREQUENCIES},
    ),
    Call(
        'conceptscheme("CS_P2P")',
        lambda m: sorted(m.concept_scheme["CS_P2P"].items),
        sorted(["VINTAGE", *COMPONENTS]),
    ),
    Call('data("P2P")', pandas_cells, EVERYTHING),
    Call('data("P2P_VINTAGE", key=f"{KEY}.{first}")', pandas_cells, BEFORE),
]
SDMX1_21 = [
    *SDMX1,
    Call('dataflow("P2P")', whole_of, WHOLE),
    Call("dataproviderscheme()", lambda m: list(m.organisation_scheme["DATA_PROVIDERS"].items), ["P2PEU", "NO-KRIPOS"]),
    Call('provisionagreement("PA_NO-KRIPOS")', lambda m: list(m.provisionagreement), ["PA_NO-KRIPOS"]),
    Call(
        'dataflow(params={"detail": "allcompletestubs"})',
        lambda m: [one.is_external_reference for one in m.dataflow.values()],
        [True, True],
    ),
    Call('codelist("CL_NONE")', str, "raises HTTPError"),
    Call("categoryscheme()", str, "raises NotImplementedError"),
    Call('data("P2P", key=BOTH)', pandas_cells, BOTH),
    Call(
        'data("P2P", key=BOTH, params={"startPeriod": "2026-11-02", "endPeriod": "2026-11-02"})',
        pandas_cells,
        Cells(BOTH, start="2026-11-02", end="2026-11-02"),
    ),
    Call('data("P2P", key=KEY, params={"updatedAfter": first})', pandas_cells, SINCE),
    Call('data("P2P", key=KEY, params={"startPeriod": "2090"})', pandas_cells, {}),
    Call('data("P2P", key=KEY, dsd=client.dataflow("P2P").structure["DSD_P2P"])', pandas_cells, NORWAY),
    Call('series_keys("P2P")', keys_of, SERIES),
    Call('preview_data("P2P", {"COUNTRY": "NO"})', keys_of, SERIES[:2]),
    Call('availableconstraint("P2P", key="D.DOWNLOADS..", force=True)', countries_of, ["NO", "SE"]),
    Call('get(url=f"{root}/data/P2P/{KEY}?asOf={first}")', pandas_cells, BEFORE),
]
SDMX1_30 = [
    *SDMX1,
    Call('dataflow("P2P")', lambda m: list(m.dataflow), ["P2P"]),
    # It adds the agency that maintains the list.
    Call('agencyscheme(agency_id="SDMX")', lambda m: list(m.organisation_scheme["AGENCIES"].items), ["P2PEU", "SDMX"]),
    # The client cannot read 3.0's lists of data providers, nor agreements.
    Call('dataflow("P2P", params={"references": "all"})', str, "raises XMLParseError"),
    Call('data("P2P", key="D.DOWNLOADS.NO.*")', pandas_cells, OF_NORWAY),
    Call('data("PA_P2P", context="provisionagreement", key=KEY)', pandas_cells, NORWAY),
    Call('data("P2P", key=KEY, params={"update_after": first})', pandas_cells, SINCE),
    # It reads the constraint, and leaves out the values in it.
    Call(
        'availableconstraint("P2P", component_id="COUNTRY", force=True)',
        lambda m: list(m.constraint),
        ["AVAILABLE_P2P"],
    ),
    Call(
        'session.get(f"{root}/data/{FLOW}/{KEY}?format=csv"), flow',
        _file,
        Cells(NORWAY, end="2026-11-02"),
        CSV_20,
    ),
]


def _data(message: Any) -> dict[str, int | None]:
    return _joined(message.data)


def _joined(datasets: Any) -> dict[str, int | None]:
    return {place: value for dataset in datasets for place, value in cells_of(dataset.data).items()}


def _structures(message: Any) -> list[str]:
    return sorted_ids(message.structures)


PYSDMX_21 = [
    Call('read_sdmx(f"{root}/{FLOW}?references=all")', _structures, ALL),
    Call("read_sdmx(rest(SDMX_ML_2_1_STR, key=KEY))", _data, NORWAY),
    Call("read_sdmx(rest(SDMX_CSV_1_0_0, key=KEY))", _data, NORWAY, CSV_10),
    Call("read_sdmx(rest(SDMX_ML_2_1_STR, key=KEY, updated_after=later))", _data, SINCE),
    Call('read_sdmx(f"{root}/data/P2P/{KEY}")', _data, NORWAY),
    Call('read_sdmx(f"{root}/data/P2P/A...")', _data, {}),
    Call('get_datasets(f"{root}/data/P2P/{KEY}", f"{root}/{FLOW}?references=descendants")', _joined, NORWAY),
]
PYSDMX_30 = [
    Call('registry.get_dataflows("P2PEU")', sorted_ids, FLOWS, JSON_20),
    Call(
        'registry.get_data_structures("P2PEU", "DSD_P2P", "1.0.0")',
        lambda found: {one.id: [one.required, len(one.local_codes or ())] for one in found[0].components},
        {
            "FREQ": [True, 5],
            "INDICATOR": [True, 1],
            "COUNTRY": [True, 254],
            "NETWORK": [True, 3],
            "TIME_PERIOD": [True, 0],
            "OBS_VALUE": [False, 0],
            "OBS_STATUS": [True, 5],
            "CONF_STATUS": [True, 1],
            "COVERAGE": [False, 0],
            "AGENCIES_REPORTING": [True, 0],
            "AGENCIES_EXPECTED": [True, 0],
            "COUNTED_FROM": [False, 0],
            "AGENCIES_AWAITED": [False, 0],
            "AWAITED_UNTIL": [False, 0],
            "VALID_FROM": [False, 0],
        },
        JSON_20,
    ),
    Call('registry.get_codes("P2PEU", "CL_FREQ", "1.0.0")', ids_of, FREQUENCIES, JSON_20),
    Call(
        'registry.get_concepts("P2PEU", "CS_P2P")',
        lambda found: {
            one.id: [str(one.dtype), len(one.codes or ())] for one in found if one.id in ("FREQ", "VINTAGE")
        },
        {"FREQ": ["String", 5], "VINTAGE": ["BasicTimePeriod", 0]},
        JSON_20,
    ),
    Call(
        'registry.get_schema("dataflow", "P2PEU", "P2P", "1.0.0")',
        lambda found: ids_of(found.components),
        COMPONENTS,
        JSON_20,
    ),
    Call(
        'registry.get_dataflow_details("P2PEU", "P2P")',
        lambda flow: [ids_of(flow.providers), ids_of(flow.components)],
        [["P2PEU", "NO-KRIPOS"], COMPONENTS],
        JSON_20,
    ),
    Call(
        'registry.get_providers("P2PEU", True)',
        lambda found: {one.id: sorted_ids(one.dataflows) for one in found},
        {"P2PEU": FLOWS, "NO-KRIPOS": ["P2P"]},
        JSON_20,
    ),
    Call('registry.get_agencies("SDMX")', ids_of, ["P2PEU"], JSON_20),
    Call('registry.get_provision_agreement("P2PEU", "PA_NO-KRIPOS")', lambda one: one.id, "PA_NO-KRIPOS", JSON_20),
    Call('registry.get_codes("P2PEU", "CL_NONE")', str, "raises NotFound", JSON_20),
    Call(
        "connector.dataflows()",
        lambda found: [[flow.id, bool(flow.description), len(flow.annotations)] for flow in found],
        [["P2P", True, 1], ["P2P_VINTAGE", True, 1]],
        JSON_20,
    ),
    Call(
        "connector.dataflow(URN)",
        lambda flow: [sorted(ids_of(one.local_codes)) for one in flow.structure.components if one.id == "COUNTRY"],
        [["NO", "SE"]],
        JSON_20,
    ),
    Call("connector.data(URN, \"COUNTRY IN ('NO', 'SE') AND NETWORK = '_T'\")", by_place, BOTH, CSV_20),
    Call('read_sdmx(f"{root}/structure/{FLOW}?references=all")', _structures, ALL),
    Call(
        'read_sdmx(service.structure(StructureQuery(DATAFLOW, "P2PEU", "P2P", references=DESCENDANTS)).decode())',
        _structures,
        sorted(["P2P", "DSD_P2P", "CS_P2P", *LISTS]),
        JSON_20,
    ),
    Call('read_sdmx(rest(SDMX_ML_3_0, key="D.*.NO.*"))', _data, OF_NORWAY),
    Call('read_sdmx(rest(SDMX_CSV_2_0_0, key="D.*.NO.*"))', _data, OF_NORWAY, CSV_20),
    Call(
        'read_sdmx(rest(SDMX_CSV_2_0_0, key="D.*.*.*", components=filters, updated_after=early, as_of=later, offset=2, '
        "limit=2))",
        _data,
        BEFORE,
        CSV_20,
    ),
    Call('read_sdmx(f"{root}/data/{FLOW}/{KEY}")', _data, NORWAY),
    Call('read_sdmx(f"{root}/data/{FLOW}/A")', _data, {}),
    Call('read_sdmx(f"{root}/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/{KEY}.{first}")', _data, BEFORE),
    Call(
        'get_datasets(f"{root}/data/{FLOW}/{KEY}", f"{root}/structure/{FLOW}?references=descendants")', _joined, NORWAY
    ),
]
RSDMX_21 = [
    Call('readSDMX(providerId, resource = "dataflow")', str, FLOWS),
    Call('readSDMX(providerId, resource = "datastructure", resourceId = "DSD_P2P")', str, FREQUENCIES),
    Call('readSDMX("…/codelist/P2PEU/CL_FREQ")', str, FREQUENCIES),
    Call('readSDMX(providerId, resource = "data", flowRef = "P2P", key, start, end)', str, BOTH),
    Call('readSDMX(providerId, resource = "data", flowRef = "P2P", key, dsd = TRUE)', str, NORWAY),
    Call("readSDMX(url)  # no data", str, {}),
]
RSDMX_30 = [
    Call("readSDMX(url)", str, NORWAY),
    Call("readSDMX(url)  # no data", str, {}),
    # It knows no structures of 3.0.
    Call('readSDMX("…/structure/dataflow")', str, "raises simpleError"),
]
ROOTS = ("2.1", "3.0")
CLIENTS = {
    ("sdmx1", "2.1"): SDMX1_21,
    ("sdmx1", "3.0"): SDMX1_30,
    ("pysdmx", "2.1"): PYSDMX_21,
    ("pysdmx", "3.0"): PYSDMX_30,
    ("rsdmx", "2.1"): RSDMX_21,
    ("rsdmx", "3.0"): RSDMX_30,
}
#: rsdmx is that of Debian.
VERSIONS = {"sdmx1": version("sdmx1"), "pysdmx": version("pysdmx"), "rsdmx": "0.6"}


def calls(client: str, root: str) -> list[Call]:
    """Return the calls of a client at a root."""
    ml = ML_21 if root == "2.1" else ML_30
    return [call._replace(form=call.form or ml) for call in CLIENTS[client, root]]


def _sdmx1(root: str, address: str) -> dict[str, Any]:
    """Return what the calls of sdmx1 are written with: it speaks to the root that the versions of its source name."""
    import sdmx

    versions = ["3.0.0"] if root == "3.0" else ["2.1"]
    sdmx.add_source({"id": "P2PEU", "url": address, "name": "Police2Peer", "versions": versions}, override=True)
    client = sdmx.Client("P2PEU")
    flow = client.dataflow("P2P", params={"references": "descendants"}).dataflow["P2P"]
    return {"client": client, "flow": flow} | {name: getattr(client, name) for name in dir(client) if name[0] != "_"}


def _pysdmx(root: str, address: str, first: str) -> dict[str, Any]:
    """Return what the calls of pysdmx are written with."""
    from pysdmx import io as pysdmx_io
    from pysdmx.api.dc.query import DateTimeFilter, MultiFilter, Operator, TextFilter
    from pysdmx.api.dc.rest import SdmxConnector
    from pysdmx.api.fmr import RegistryClient
    from pysdmx.api.qb import ApiVersion, DataQuery, RestService, StructureQuery, StructureType
    from pysdmx.api.qb.data import DataContext, DataFormat
    from pysdmx.api.qb.structure import StructureReference

    api = ApiVersion.V1_5_0 if root == "2.1" else ApiVersion.V2_2_2
    filters: list[TextFilter | DateTimeFilter] = [
        TextFilter("COUNTRY", Operator.IN, ["NO", "SE"]),
        DateTimeFilter("TIME_PERIOD", Operator.GREATER_THAN_OR_EQUAL, datetime.fromisoformat("2026-11-01")),
    ]

    def rest(form: DataFormat, **asked: Any) -> str:
        service = RestService(address, api, data_format=form)
        return service.data(DataQuery(DataContext.DATAFLOW, "P2PEU", "P2P", "1.0.0", **asked)).decode()

    return {
        "read_sdmx": pysdmx_io.read_sdmx,
        "get_datasets": pysdmx_io.get_datasets,
        "connector": SdmxConnector(address),
        "registry": RegistryClient(address),
        "service": RestService(address, api),
        "rest": rest,
        "filters": MultiFilter(filters),
        # It sends whole seconds, cut off.
        "later": datetime.fromisoformat(first) + timedelta(seconds=1),
        "early": datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
        "StructureQuery": StructureQuery,
        "DATAFLOW": StructureType.DATAFLOW,
        "DESCENDANTS": StructureReference.DESCENDANTS,
    } | {form.name: form for form in DataFormat}


def made(client: str, address: str, first: str) -> dict[str, dict[str, Any]]:
    """Make the calls of a client, one after the other; what they gave, by root."""
    # Once it has read data of 2.1, sdmx1 cannot load its reader of 3.0.
    return {root: _made(client, root, address, first) for root in reversed(ROOTS)}


def _made(client: str, root: str, address: str, first: str) -> dict[str, Any]:
    at = f"{address}/{root}"
    scope = WITH | {"root": at, "first": first}
    scope |= _sdmx1(root, at) if client == "sdmx1" else _pysdmx(root, at, first)
    given = {}
    for call in calls(client, root):
        try:
            given[call.name] = call.reads(eval(call.name, scope))
        except Exception as error:
            # Of what is not there, clients are to say so.
            if call.gives != f"raises {type(error).__name__}":
                raise
            given[call.name] = call.gives
    return given


def table() -> str:
    """Return the table of calls: a row for each, by client and root."""
    lines = ["| client | root | format | call | |", "|---|---|---|---|---|"]
    for client, root in CLIENTS:
        for call in calls(client, root):
            raised = isinstance(call.gives, str) and call.gives.startswith("raises ")
            found = f"raises `{call.gives.removeprefix('raises ')}`" if raised else "read"
            lines.append(f"| {client} {VERSIONS[client]} | {root} | {call.form} | `{call.name}` | {found} |")
    return "\n".join(lines)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(made(*sys.argv[1:])) if sys.argv[1:] else table())  # noqa: T201
