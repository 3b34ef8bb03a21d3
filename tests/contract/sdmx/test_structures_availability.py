"""What there is of a flow is said as the standard has it, and as clients read it, with what goes with it."""

import json

import pytest

from api.problems import Problem
from api.sdmx import availability_messages, flows, structures
from api.sdmx.availability_messages import Availability
from api.sdmx.structure_messages import JSON_10, JSON_20, ML_21, ML_30
from tests.contract.sdmx.structures_messages import artefacts, faults, federation

OFFERS = {"xml21": ML_21, "json10": JSON_10, "xml30": ML_30, "json20": JSON_20}
SOME = Availability(
    flow=flows.P2P,
    values={"FREQ": ("D", "M"), "INDICATOR": (), "COUNTRY": ("NO", "_T"), "NETWORK": ("_T",)},
    span=("2026-11-01", "2026-11-30"),
    observations=120,
    series=4,
)
ONE = Availability(flow=flows.P2P_VINTAGE, values={}, span=("2026", "2026-W48"), observations=2, series=1)
NOTHING = Availability(flow=flows.P2P, values=dict.fromkeys(flows.P2P.dimensions, ()), observations=0, series=0)
LISTS = {f"codelist CL_{name}" for name in ("FREQ", "COUNTRY", "NETWORK")}
OTHERS = {f"codelist CL_{name}" for name in ("INDICATOR", "OBS_STATUS", "CONF_STATUS")}
STRUCTURE, CONCEPTS = "datastructure DSD_P2P", "conceptscheme CS_P2P"


@pytest.fixture
def said(db):
    federation()

    def message(found, form, references="none"):
        wanted = availability_messages.references(references)
        known = structures.structures()
        return availability_messages.message(found, wanted, OFFERS[form], known, "http://testserver/sdmx/")

    return message


def beside(form, content):
    return {name: told for name, told in artefacts(form, content).items() if "constraint" not in name}


@pytest.mark.parametrize("form", OFFERS)
@pytest.mark.parametrize("found", [SOME, ONE, NOTHING], ids=["some", "one", "nothing"])
@pytest.mark.parametrize("references", ["none", "all", "codelist,conceptscheme"])
def test_message_fits_the_schema(said, form, found, references):
    assert faults(form, said(found, form, references)) == []


@pytest.mark.parametrize("form", OFFERS)
@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ("none", set()),
        ("codelist", LISTS),
        ("conceptscheme", {CONCEPTS}),
        ("dataflow", {"dataflow P2P"}),
        ("dataproviderscheme", {"dataproviderscheme DATA_PROVIDERS"}),
        ("valuelist", set()),
        ("codelist,dataflow", {*LISTS, "dataflow P2P"}),
        ("datastructure", {STRUCTURE}),
        ("all", {*LISTS, *OTHERS, STRUCTURE, CONCEPTS, "dataflow P2P", "dataproviderscheme DATA_PROVIDERS"}),
    ],
)
def test_references_go_with_it(said, form, references, expected):
    assert set(beside(form, said(SOME, form, references))) == expected


@pytest.mark.parametrize("form", OFFERS)
def test_lists_have_only_what_there_is(said, form):
    found = beside(form, said(SOME, form, "codelist,conceptscheme,dataproviderscheme"))
    assert found["codelist CL_FREQ"]["content"] == ["D", "M"]
    assert found["codelist CL_FREQ"]["partial"]
    assert found["codelist CL_COUNTRY"]["content"] == ["NO", "_T"]
    assert set(found[CONCEPTS]["content"]) == {"FREQ", "COUNTRY", "NETWORK", "TIME_PERIOD"}
    assert found["dataproviderscheme DATA_PROVIDERS"]["content"] == ["P2PEU"]


def test_structure_beside_it_finds_all_that_it_names(said):
    found = beside("xml21", said(SOME, "xml21", "all"))
    assert {"OBS_STATUS", "VALID_FROM"} < set(found[CONCEPTS]["content"])
    assert found["codelist CL_OBS_STATUS"]["content"] == ["A", "B", "O", "P"]
    assert found["codelist CL_FREQ"]["content"] == ["D", "M"]


def test_json_is_what_clients_read(said):
    [constraint] = json.loads(said(SOME, "json20"))["data"]["dataConstraints"]
    assert constraint["role"] == "Actual"
    assert constraint["constraintAttachment"] == {
        "dataflows": ["urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=P2PEU:P2P(1.0.0)"]
    }
    [region] = constraint["cubeRegions"]
    assert [key["id"] for key in region["keyValues"]] == ["FREQ", "COUNTRY", "NETWORK", "TIME_PERIOD"]
    assert region["keyValues"][0]["values"] == [{"value": "D"}, {"value": "M"}]
    assert region["keyValues"][3]["timeRange"]["endPeriod"] == {"period": "2026-11-30", "isInclusive": True}
    assert constraint["annotations"] == [
        {"id": "obs_count", "type": "sdmx_metrics", "title": "120"},
        {"id": "series_count", "type": "sdmx_metrics", "title": "4"},
    ]


def test_range_of_time_is_no_value_in_xml_30_where_there_are_others(said):
    """A client stumbles over it there."""
    assert b'validFrom="2026-11-01" validTo="2026-11-30"' in said(SOME, "xml30")
    assert b"TimeRange" not in said(SOME, "xml30")
    assert b"TimeRange" in said(ONE, "xml30")
    assert b"TimeRange" in said(SOME, "xml21")


@pytest.mark.parametrize("form", ["xml21", "xml30"])
def test_nothing_is_not_everything(said, form):
    assert b'<str:CubeRegion include="false"/>' in said(NOTHING, form)
    assert b'<str:CubeRegion include="true">' in said(ONE, form)


def test_references_that_there_are_not_are_refused():
    with pytest.raises(Problem) as refused:
        availability_messages.references("codelist,children")
    assert (refused.value.code, refused.value.members) == ("bad_parameter", {"parameter": "references"})
