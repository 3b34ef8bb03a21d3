"""The schemas of a flow's data: those of XML accept valid messages and nothing else."""

from itertools import product

import pytest
from lxml import etree

from tests.contract.sdmx.structures_messages import federation, namespace_of

URNS = {
    "dataflow": "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=P2PEU:{}(1.0.0)",
    "datastructure": "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=P2PEU:DSD_{}(1.0.0)",
    "provisionagreement": "urn:sdmx:org.sdmx.infomodel.registry.ProvisionAgreement=P2PEU:PA_{}(1.0.0)",
}
KEY = {"FREQ": "D", "INDICATOR": "DOWNLOADS", "COUNTRY": "NO", "NETWORK": "_T"}
WHEN = {"P2P": {}, "P2P_VINTAGE": {"VINTAGE": "2026-11-24"}}
OBSERVATION = {
    "TIME_PERIOD": "2026-11-01", "OBS_VALUE": "5000000000", "OBS_STATUS": "A", "CONF_STATUS": "F", "COVERAGE": "0.9231",
    "AGENCIES_REPORTING": "12", "AGENCIES_EXPECTED": "13", "VALID_FROM": "2026-11-02T00:01:07.482Z",
    "COUNTED_FROM": "2026-11-01T10:00:00.000Z",
    "AGENCIES_AWAITED": "1", "AWAITED_UNTIL": "2026-11-04T21:00:00.000Z",
}  # fmt: skip


@pytest.fixture(autouse=True)
def somebody(db):
    federation()


def data(root, namespace, observation="TIME_PERIOD", series=KEY, **differently):
    """Write a data message with one observation; what is None is left out."""
    values = {name: value for name, value in (OBSERVATION | differently).items() if value is not None}
    flat = observation == "AllDimensions"
    obs = _element("Obs", series | values if flat else values)
    inside = obs if flat else _element("Series", series, obs)
    usage = {
        "2.1": '<com:StructureUsage><Ref agencyID="P2PEU" id="P2P" version="1.0.0"/></com:StructureUsage>',
        "3.0": f"<com:StructureUsage>{URNS['dataflow'].format('P2P')}</com:StructureUsage>",
    }
    scope = 'ss:dataScope="DataStructure" ' if root == "2.1" else ""
    return etree.fromstring(
        f'<mes:StructureSpecificData xmlns:mes="{namespace_of(root, "message")}" '
        f'xmlns:com="{namespace_of(root, "common")}" xmlns:own="{namespace}" '
        f'xmlns:ss="{namespace_of(root, "data/structurespecific")}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><mes:Header><mes:ID>A</mes:ID><mes:Test>false</mes:Test>'
        '<mes:Prepared>2026-11-25T00:00:00Z</mes:Prepared><mes:Sender id="P2PEU"/>'
        f'<mes:Structure structureID="S" namespace="{namespace}" dimensionAtObservation="{observation}">'
        f"{usage[root]}</mes:Structure></mes:Header>"
        f'<mes:DataSet ss:structureRef="S" xsi:type="own:DataSetType" {scope}ss:action="Replace">'
        f"{inside}</mes:DataSet></mes:StructureSpecificData>"
    )


def _element(name, attributes, content=""):
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


@pytest.mark.parametrize(
    ("root", "context", "flow", "observation"),
    [
        *product(("2.1", "3.0"), ("dataflow",), ("P2P", "P2P_VINTAGE"), ("TIME_PERIOD", "AllDimensions")),
        *product(("2.1", "3.0"), ("datastructure", "provisionagreement"), ("P2P",), ("TIME_PERIOD",)),
    ],
)
def test_schema_takes_data_of_the_flow_and_nothing_else(schema, root, context, flow, observation):
    named = {"dataflow": flow, "datastructure": f"DSD_{flow}", "provisionagreement": f"PA_{flow}"}[context]
    query = "" if observation == "TIME_PERIOD" else f"?dimensionAtObservation={observation}"
    judge, namespace = schema(root, f"{context}/P2PEU/{named}/1.0.0{query}")
    assert namespace == f"{URNS[context].format(flow)}:ObsLevelDim:{observation}"
    key = KEY | WHEN[flow]

    def fits(series=key, **differently):
        return judge.validate(data(root, namespace, observation, series, **differently))

    assert fits(), judge.error_log
    missing = {"OBS_VALUE": None, "OBS_STATUS": "O", "COVERAGE": None, "VALID_FROM": None}
    assert fits(**missing), judge.error_log
    assert fits(TIME_PERIOD="2026-W48")
    wrong = [
        {"series": key | {"COUNTRY": "QQ"}}, {"series": key | {"NETWORK": "NAPSTER"}}, {"series": key | {"FREQ": "N"}},
        {"series": {name: key[name] for name in key if name != "NETWORK"}}, {"series": key | {"EXTRA": "1"}},
        {"OBS_VALUE": "1.5"}, {"OBS_VALUE": ""}, {"OBS_STATUS": "E"}, {"CONF_STATUS": "N"}, {"COVERAGE": "most"},
        {"TIME_PERIOD": None}, {"TIME_PERIOD": "yesterday"}, {"VALID_FROM": "lately"}, {"EXTRA": "1"},
    ]  # fmt: skip
    assert [differently for differently in wrong if fits(**differently)] == []


@pytest.mark.parametrize("vintage", ["2026-11-24", "2026-11-24T10:16:02.481Z"])
def test_vintage_is_a_day_or_an_instant(schema, vintage):
    judge, namespace = schema("2.1", "dataflow/P2PEU/P2P_VINTAGE")
    assert judge.validate(data("2.1", namespace, series=KEY | {"VINTAGE": vintage})), judge.error_log
    assert not judge.validate(data("2.1", namespace, series=KEY | {"VINTAGE": "before"}))
