"""What standard clients, unmodified, read of the structures: calls with a name, and what each must give.

``python -m tests.contract.sdmx.clients_structures <client> <root> <address>`` makes the calls of a client at a root and
prints what they gave, as JSON. Clients are imported in the calls only, as some of them do not go together.
"""

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

JSON_20, ML_21, ML_30 = "SDMX-JSON 2.0", "SDMX-ML 2.1", "SDMX-ML 3.0"
DIMENSIONS = ["FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD"]
VINTAGE = [*DIMENSIONS[:4], "VINTAGE", "TIME_PERIOD"]
ATTRIBUTES = [
    "OBS_STATUS",
    "CONF_STATUS",
    "COVERAGE",
    "AGENCIES_REPORTING",
    "AGENCIES_EXPECTED",
    "COUNTED_FROM",
    "VALID_FROM",
]
LISTS = ["CL_CONF_STATUS", "CL_COUNTRY", "CL_FREQ", "CL_INDICATOR", "CL_NETWORK", "CL_OBS_STATUS"]
FREQUENCIES = ["H", "D", "W", "M", "A"]


class Call(NamedTuple):
    """A call of a client: ``make`` gets the client, or the address of the root where there is none."""

    name: str
    client: str
    root: str
    form: str
    make: Callable[[Any], Any]
    gives: Any


def _client(root: str, address: str) -> Any:
    """Return an sdmx1 client; which root it speaks to hangs on the versions of its source."""
    import sdmx

    versions = ["3.0.0"] if root == "3.0" else ["2.1"]
    sdmx.add_source({"id": "P2PEU", "url": address, "name": "Police2Peer", "versions": versions}, override=True)
    return sdmx.Client("P2PEU")


def _registry(address: str) -> Any:
    from pysdmx.api.fmr import RegistryClient

    return RegistryClient(address)


def _connector(address: str) -> Any:
    from pysdmx.api.dc.rest import SdmxConnector

    return SdmxConnector(address)


def _whole(message: Any) -> Any:
    """What an sdmx1 message has of a flow with all that goes with it."""
    structure = message.dataflow["P2P"].structure
    return [
        structure.id,
        [dimension.id for dimension in structure.dimensions],
        [attribute.id for attribute in structure.attributes],
        [measure.id for measure in structure.measures],
        sorted(message.codelist),
        str(message.codelist["CL_COUNTRY"]["NO"].name),
    ]


WHOLE = ["DSD_P2P", DIMENSIONS, ATTRIBUTES, ["OBS_VALUE"], LISTS, "Norway"]


def _failing(make: Callable[[], Any]) -> str:
    try:
        make()
    except Exception as error:  # noqa: BLE001  which one it is, is what the call gives
        return type(error).__name__
    return "nothing"


def _read(address: str) -> Any:
    from pysdmx.io import read_sdmx

    return read_sdmx(address).structures


def _details(flow: Any) -> Any:
    return [[provider.id for provider in flow.providers], _components(flow.components)]


def _components(components: Any) -> list[str]:
    return [component.id for component in components]


SDMX1_21 = [
    Call("dataflow()", "sdmx1", "2.1", ML_21, lambda c: sorted(c.dataflow().dataflow), ["P2P", "P2P_VINTAGE"]),
    Call('dataflow("P2P")', "sdmx1", "2.1", ML_21, lambda c: _whole(c.dataflow("P2P")), WHOLE),
    Call(
        'datastructure("DSD_P2P_VINTAGE")',
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: [d.id for d in c.datastructure("DSD_P2P_VINTAGE").structure["DSD_P2P_VINTAGE"].dimensions],
        VINTAGE,
    ),
    Call(
        'codelist("CL_FREQ")',
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: {name: list(found.items) for name, found in c.codelist("CL_FREQ").codelist.items()},
        {"CL_FREQ": FREQUENCIES},
    ),
    Call(
        'conceptscheme("CS_P2P")',
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: str(c.conceptscheme("CS_P2P").concept_scheme["CS_P2P"]["COVERAGE"].name),
        "Coverage",
    ),
    Call(
        "dataproviderscheme()",
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: list(c.dataproviderscheme().organisation_scheme["DATA_PROVIDERS"].items),
        ["P2PEU", "NO-KRIPOS"],
    ),
    Call(
        'provisionagreement("PA_NO-KRIPOS")',
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: list(c.provisionagreement("PA_NO-KRIPOS").provisionagreement),
        ["PA_NO-KRIPOS"],
    ),
    Call(
        'dataflow(params={"detail": "allstubs"})',
        "sdmx1",
        "2.1",
        ML_21,
        lambda c: [f.is_external_reference for f in c.dataflow(params={"detail": "allstubs"}).dataflow.values()],
        [True, True],
    ),
    Call('codelist("CL_NONE")', "sdmx1", "2.1", ML_21, lambda c: _failing(lambda: c.codelist("CL_NONE")), "HTTPError"),
    Call("categoryscheme()", "sdmx1", "2.1", ML_21, lambda c: _failing(c.categoryscheme), "NotImplementedError"),
]

SDMX1_30 = [
    Call("dataflow()", "sdmx1", "3.0", ML_30, lambda c: sorted(c.dataflow().dataflow), ["P2P", "P2P_VINTAGE"]),
    Call('dataflow("P2P")', "sdmx1", "3.0", ML_30, lambda c: list(c.dataflow("P2P").dataflow), ["P2P"]),
    Call(
        'dataflow("P2P", params={"references": "descendants"})',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: _whole(c.dataflow("P2P", params={"references": "descendants"})),
        WHOLE,
    ),
    Call(
        'datastructure("DSD_P2P_VINTAGE", params={"references": "children"})',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: [
            d.id
            for d in c.datastructure("DSD_P2P_VINTAGE", params={"references": "children"})
            .structure["DSD_P2P_VINTAGE"]
            .dimensions
        ],
        VINTAGE,
    ),
    Call(
        'codelist("CL_FREQ")',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: {name: list(found.items) for name, found in c.codelist("CL_FREQ").codelist.items()},
        {"CL_FREQ": FREQUENCIES},
    ),
    Call(
        'conceptscheme("CS_P2P")',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: str(c.conceptscheme("CS_P2P").concept_scheme["CS_P2P"]["COVERAGE"].name),
        "Coverage",
    ),
    Call(
        'agencyscheme(agency_id="SDMX")',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: list(c.agencyscheme(agency_id="SDMX").organisation_scheme["AGENCIES"].items),
        # It adds whoever maintains the list.
        ["P2PEU", "SDMX"],
    ),
    # The client has no word for 3.0's lists of data providers, and so none for agreements.
    Call(
        'dataflow("P2P", params={"references": "all"})',
        "sdmx1",
        "3.0",
        ML_30,
        lambda c: _failing(lambda: c.dataflow("P2P", params={"references": "all"})),
        "XMLParseError",
    ),
]

PYSDMX = [
    Call(
        'RegistryClient.get_dataflows("P2PEU")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: sorted(flow.id for flow in _registry(a).get_dataflows("P2PEU")),
        ["P2P", "P2P_VINTAGE"],
    ),
    Call(
        'RegistryClient.get_data_structures("P2PEU", "DSD_P2P", "1.0.0")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: [
            [component.id, component.required, len(component.local_codes or ())]
            for component in _registry(a).get_data_structures("P2PEU", "DSD_P2P", "1.0.0")[0].components
        ],
        [
            ["FREQ", True, 5],
            ["INDICATOR", True, 1],
            ["COUNTRY", True, 254],
            ["NETWORK", True, 2],
            ["TIME_PERIOD", True, 0],
            ["OBS_VALUE", False, 0],
            ["OBS_STATUS", True, 4],
            ["CONF_STATUS", True, 1],
            ["COVERAGE", False, 0],
            ["AGENCIES_REPORTING", True, 0],
            ["AGENCIES_EXPECTED", True, 0],
            ["COUNTED_FROM", False, 0],
            ["VALID_FROM", False, 0],
        ],
    ),
    Call(
        'RegistryClient.get_codes("P2PEU", "CL_FREQ", "1.0.0")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: [code.id for code in _registry(a).get_codes("P2PEU", "CL_FREQ", "1.0.0")],
        FREQUENCIES,
    ),
    Call(
        'RegistryClient.get_concepts("P2PEU", "CS_P2P")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: [
            [concept.id, str(concept.dtype), len(concept.codes or ())]
            for concept in _registry(a).get_concepts("P2PEU", "CS_P2P")
            if concept.id in ("FREQ", "VINTAGE", "OBS_VALUE")
        ],
        [["FREQ", "String", 5], ["VINTAGE", "BasicTimePeriod", 0], ["OBS_VALUE", "Long", 0]],
    ),
    Call(
        'RegistryClient.get_schema("dataflow", "P2PEU", "P2P", "1.0.0")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: _components(_registry(a).get_schema("dataflow", "P2PEU", "P2P", "1.0.0").components),
        [*DIMENSIONS, "OBS_VALUE", *ATTRIBUTES],
    ),
    Call(
        'RegistryClient.get_dataflow_details("P2PEU", "P2P")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: _details(_registry(a).get_dataflow_details("P2PEU", "P2P")),
        [["P2PEU", "NO-KRIPOS"], [*DIMENSIONS, "OBS_VALUE", *ATTRIBUTES]],
    ),
    Call(
        'RegistryClient.get_providers("P2PEU", True)',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: {
            provider.id: sorted(flow.id for flow in provider.dataflows)
            for provider in _registry(a).get_providers("P2PEU", True)
        },
        {"P2PEU": ["P2P", "P2P_VINTAGE"], "NO-KRIPOS": ["P2P"]},
    ),
    Call(
        'RegistryClient.get_agencies("SDMX")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: [agency.id for agency in _registry(a).get_agencies("SDMX")],
        ["P2PEU"],
    ),
    Call(
        'RegistryClient.get_provision_agreement("P2PEU", "PA_NO-KRIPOS")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: _registry(a).get_provision_agreement("P2PEU", "PA_NO-KRIPOS").id,
        "PA_NO-KRIPOS",
    ),
    Call(
        "SdmxConnector.dataflows()",
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: [[flow.id, bool(flow.description), len(flow.annotations)] for flow in _connector(a).dataflows()],
        [["P2P", True, 1], ["P2P_VINTAGE", True, 1]],
    ),
    Call(
        'RegistryClient.get_codes("P2PEU", "CL_NONE")',
        "pysdmx",
        "3.0",
        JSON_20,
        lambda a: _failing(lambda: _registry(a).get_codes("P2PEU", "CL_NONE")),
        "NotFound",
    ),
    Call(
        'read_sdmx("…/structure/dataflow/P2PEU/P2P/1.0.0?references=all")',
        "pysdmx",
        "3.0",
        ML_30,
        lambda a: sorted(one.id for one in _read(f"{a}/structure/dataflow/P2PEU/P2P/1.0.0?references=all")),
        sorted(["P2P", "DSD_P2P", "CS_P2P", *LISTS, "AGENCIES", "DATA_PROVIDERS", "PA_P2P", "PA_NO-KRIPOS"]),
    ),
    Call(
        'read_sdmx("…/dataflow/P2PEU/P2P/1.0.0?references=all")',
        "pysdmx",
        "2.1",
        ML_21,
        lambda a: sorted(one.id for one in _read(f"{a}/dataflow/P2PEU/P2P/1.0.0?references=all")),
        sorted(["P2P", "DSD_P2P", "CS_P2P", *LISTS, "DATA_PROVIDERS", "PA_P2P", "PA_NO-KRIPOS"]),
    ),
]

CALLS = [*SDMX1_21, *SDMX1_30, *PYSDMX]


def made(client: str, root: str, address: str) -> dict[str, Any]:
    """Make the calls of a client at a root, one after the other."""
    to = _client(root, f"{address}/{root}") if client == "sdmx1" else f"{address}/{root}"
    return {call.name: call.make(to) for call in CALLS if (call.client, call.root) == (client, root)}


if __name__ == "__main__":
    print(json.dumps(made(*sys.argv[1:])))  # noqa: T201
