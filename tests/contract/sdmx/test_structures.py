"""Messages of structures are valid by the standard's schemas, and contain exactly the requested structures."""

import html
import json
from datetime import UTC, datetime

import pytest

from api import caching
from api.sdmx import flows, structures, views
from api.sdmx.observations import Available
from api.sdmx.queries import AvailabilityQuery, DataQuery
from api.sdmx.times import TimeRange
from api.sdmx.v21 import DIALECT as V21
from api.sdmx.v30 import DIALECT as V30
from countries.models import ReferenceVersion
from countries.reference import Reference
from tests.contract.sdmx.structures_messages import DETAILS, FORMS, TYPES, address, artefacts, faults, federation
from tests.contract.test_errors import problem
from tests.factories import AgencyFactory
from tests.oracles import sdmx_references
from tests.oracles.sdmx_references import LISTS

REFERENCES = ("none", "parentsandsiblings", "children", "descendants", "all", "codelist", "provisionagreement")
PATHS = ("2.1/dataflow/P2PEU/P2P", "3.0/structure/dataflow/P2PEU/P2P", "2.1/schema/dataflow/P2PEU/P2P/")


@pytest.fixture(autouse=True)
def somebody(db):
    federation()


@pytest.fixture
def ask(client):
    """Asks for structures in a form, and returns the content."""

    def asked(form, path):
        root, accept, content_type = FORMS[form]
        answer = client.get(address(root, path), headers={"accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (200, content_type), answer.content
        return answer.content

    return asked


@pytest.mark.parametrize("form", FORMS)
def test_each_type_with_what_goes_with_it_fits_the_schema_in_each_detail(ask, form):
    for kind in TYPES:
        for detail in DETAILS:
            content = ask(form, f"{kind}?references=all&detail={detail}")
            assert faults(form, content) == [], (kind, detail)


@pytest.mark.parametrize("form", ["xml21", "json20"])
def test_references_are_those_of_the_oracle(ask, form):
    for name in sdmx_references.REFERS:
        kind, own = name.split()
        for reference in REFERENCES:
            found = artefacts(
                form, ask(form, f"{kind}/{'*' if form == 'json20' else 'all'}/{own}?references={reference}")
            )
            assert set(found) == sdmx_references.around({name}, reference), (name, reference)


@pytest.mark.parametrize("form", FORMS)
def test_all_structures_are_found_by_one_word(ask, form):
    word = "*" if FORMS[form][0] == "3.0" else "structure"
    assert set(artefacts(form, ask(form, word))) == set(sdmx_references.REFERS)


@pytest.mark.parametrize("form", FORMS)
def test_only_what_is_asked_for_is_answered(ask, form):
    found = artefacts(form, ask(form, "codelist/P2PEU/CL_FREQ/1.0.0"))
    assert found == {"codelist CL_FREQ": found["codelist CL_FREQ"]}
    assert found["codelist CL_FREQ"]["content"] == ["H", "D", "W", "M", "A"]


@pytest.mark.parametrize("form", FORMS)
def test_stubs_have_a_description_and_say_where_the_whole_is(ask, form):
    content = ask(form, "codelist/P2PEU/CL_FREQ?references=all&detail=allcompletestubs")
    found = artefacts(form, content)
    assert all(one.is_stub and one["external"] for name, one in found.items() if not name.startswith("provision"))
    flow = artefacts(form, ask(form, "dataflow/P2PEU/P2P?detail=allcompletestubs"))["dataflow P2P"]
    assert (flow["external"], flow["described"]) == (True, True)
    assert f"http://testserver{address(FORMS[form][0], 'codelist/P2PEU/CL_FREQ/1.0.0')}".encode() in content


@pytest.mark.parametrize("form", FORMS)
def test_partial_references_have_only_what_is_used(ask, form):
    """P2P has no VINTAGE, and nobody but the federation provides P2P_VINTAGE; codes can all be used."""
    of_flow = artefacts(form, ask(form, "dataflow/P2PEU/P2P?references=all&detail=referencepartial"))
    concepts = of_flow["conceptscheme CS_P2P"]
    assert concepts["partial"]
    assert "VINTAGE" not in concepts["content"]
    assert {"FREQ", "TIME_PERIOD", "OBS_VALUE", "VALID_FROM"} < set(concepts["content"])
    assert of_flow["dataproviderscheme DATA_PROVIDERS"]["content"] == ["P2PEU", "NO-KRIPOS"]
    countries = of_flow["codelist CL_COUNTRY"]
    assert (countries["partial"], len(countries["content"])) == (False, 254)
    of_past = artefacts(form, ask(form, "dataflow/P2PEU/P2P_VINTAGE?references=all&detail=referencepartial"))
    assert "VINTAGE" in of_past["conceptscheme CS_P2P"]["content"]
    assert of_past["dataproviderscheme DATA_PROVIDERS"]["content"] == ["P2PEU"]
    asked_for = artefacts(form, ask(form, "conceptscheme?references=parentsandsiblings&detail=referencepartial"))
    assert "VINTAGE" in asked_for["conceptscheme CS_P2P"]["content"]


@pytest.mark.parametrize("form", FORMS)
def test_notes_and_that_numbers_are_made_up_stand_with_the_flow(ask, form):
    content = ask(form, "dataflow/P2PEU/P2P").decode()
    note = "A download is not a person & not an <offence>."
    escaped = note.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert (note if form == "json20" else escaped) in content
    assert "so is every number" in content


@pytest.mark.parametrize("form", FORMS)
def test_data_provider_says_what_it_counts_with(ask, form):
    text = html.unescape(ask(form, "dataproviderscheme/P2PEU/DATA_PROVIDERS").decode())
    assert (
        "Networks: BITTORRENT. Counts each download by the share of the file that the agency sent. Time zone of its "
        "files: Europe/Oslo; days begin at midnight there. Source of locations: Tables & <Co>, 2025-12-01."
    ) in text
    assert text.count("SETUP_2026-01-01") == 1


def test_messages_begin_as_clients_expect(ask):
    content = ask("json20", "dataflow")
    assert b"2.0.0/sdmx-json-structure-schema.json" in content[:350]
    assert json.loads(content)["meta"]["test"] is True
    for form, version in (("xml21", b"v2_1"), ("xml30", b"v3_0")):
        content = ask(form, "datastructure")
        assert content.startswith(b"<?xml")
        assert b"schemas/%b/message" % version in content[:1000]
        assert b"MeasureRelationship" not in content


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("2.1/dataflow/ECB", 404, "unknown_structure"),
        ("2.1/dataflow/P2PEU/P2P/2.0.0", 404, "unknown_structure"),
        ("3.0/structure/dataflow/P2PEU/EXR", 404, "unknown_structure"),
        # Clients that find no code list ask for this next, and understand no 501 there.
        ("3.0/structure/valuelist/P2PEU/CL_FREQ", 404, "unknown_structure"),
        ("2.1/schema/dataflow/P2PEU/EXR", 404, "unknown_structure"),
        ("2.1/categoryscheme/P2PEU/all/latest", 501, "not_implemented"),
        ("3.0/structure/codelist?references=parents", 501, "not_implemented"),
        ("3.0/structure/dataflow?format=csv", 501, "not_implemented"),
        ("3.0/nothing", 501, "not_implemented"),
        ("2.1/data", 501, "not_implemented"),
        ("3.0/schema/dataflow/P2PEU", 400, "bad_sdmx_query"),
        ("3.0/structure/dataflow?detail=full&detail=full", 400, "repeated_parameter"),
    ],
)
def test_refusals(client, path, status, code, caplog):
    problem(client.get(f"/sdmx/{path}"), status, code)
    # Nor is there anything that could be unchanged.
    problem(client.get(f"/sdmx/{path}", headers={"if-none-match": "*"}), status, code)
    assert caplog.records == []


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_cached_until_the_reference_data_change(client, path):
    first = client.get(f"/sdmx/{path}")
    assert first["Vary"] == "Accept, Accept-Encoding"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert first["Cache-Control"] == caching.REFERENCE
    again = client.get(f"/sdmx/{path}", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    moment = datetime(2026, 11, 24, 10, tzinfo=UTC)
    AgencyFactory.create(code="DE-BKA", name="BKA")
    ReferenceVersion.objects.update_or_create(id=1, defaults={"number": 7, "changed": moment})
    caching.response_cache.clear()
    changed = client.get(f"/sdmx/{path}", headers={"if-none-match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)
    assert changed["Last-Modified"] == "Tue, 24 Nov 2026 10:00:00 GMT"
    agreements = artefacts("xml21", client.get("/sdmx/2.1/provisionagreement").content)
    assert "provisionagreement PA_DE-BKA" in agreements


def test_forms_of_one_address_have_different_tags(client):
    tags = set()
    for accept in ("application/xml", "application/json", "application/xml"):
        answer = client.get("/sdmx/3.0/structure/dataflow", headers={"accept": accept})
        assert accept.split("/")[1] in answer["Content-Type"]
        tags.add(answer["ETag"])
    assert len(tags) == 2


@pytest.mark.parametrize("path", PATHS)
def test_head_and_options_and_what_is_not_allowed(client, path):
    whole, head = client.get(f"/sdmx/{path}"), client.head(f"/sdmx/{path}")
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", str(len(whole.content)))
    assert client.options(f"/sdmx/{path}").status_code == 204
    problem(client.post(f"/sdmx/{path}"), 405, "method_not_allowed")


@pytest.mark.parametrize(("form", "root"), [("json20", "3.0"), ("xml30", "3.0"), ("xml21", "2.1")])
def test_schema_as_structures_has_what_the_flow_uses(client, form, root):
    accept = FORMS[form][2]
    answer = client.get(f"/sdmx/{root}/schema/provisionagreement/P2PEU/PA_NO-KRIPOS/", headers={"accept": accept})
    assert faults(form, answer.content) == []
    found = artefacts(form, answer.content)
    assert set(found) == {"datastructure DSD_P2P", "conceptscheme CS_P2P", *LISTS}
    assert "VINTAGE" not in found["conceptscheme CS_P2P"]["content"]
    if form == "json20":
        linked = [link["urn"] for link in json.loads(answer.content)["meta"]["links"]]
        assert len(linked) == len(found)
        assert "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=P2PEU:DSD_P2P(1.0.0)" in linked


SOME = Available(
    {"FREQ": {"D", "M"}, "INDICATOR": set(), "COUNTRY": {"NO", "_T"}, "NETWORK": {"_T"}},
    TimeRange(1_793_491_200, 1_796_083_200),
    series=4,
    observations=120,
)
ONE = Available({name: set() for name in flows.P2P_VINTAGE.dimensions}, TimeRange(1_793_491_200, 1_793_494_800), 1, 2)
NOTHING = Available({name: set() for name in flows.P2P.dimensions})
OF_FORMS = {"xml21": (V21, 0), "xml30": (V30, 0), "json20": (V30, 1)}


def available(found, form, *, references=False):
    """Return what exists as a message."""
    flow = flows.P2P if "VINTAGE" not in found.values else flows.P2P_VINTAGE
    query = AvailabilityQuery(DataQuery(flow, {}), (*flow.dimensions, flows.TIME), references)
    dialect, place = OF_FORMS[form]
    known = structures.structures_of(Reference.current())
    some = structures.availability_structures(query, found, dialect.constraint, known)
    return views.message(some, dialect.formats_of_structures[place], dialect, known)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("found", [SOME, ONE, NOTHING], ids=["some", "one", "nothing"])
@pytest.mark.parametrize("references", [False, True])
def test_availability_fits_the_schema(form, found, references):
    assert faults(form, available(found, form, references=references)) == []


@pytest.mark.parametrize("form", FORMS)
def test_structures_go_with_availability_and_lists_have_only_what_exists(form):
    found = artefacts(form, available(SOME, form, references=True))
    beside = {name for name in found if "constraint" not in name}
    assert beside == {*LISTS, "dataflow P2P", "datastructure DSD_P2P", "conceptscheme CS_P2P"}
    assert (found["codelist CL_FREQ"]["content"], found["codelist CL_FREQ"]["partial"]) == (["D", "M"], True)
    assert found["codelist CL_COUNTRY"]["content"] == ["NO", "_T"]
    # The structure beside it finds all that it names.
    assert {"OBS_STATUS", "VALID_FROM"} < set(found["conceptscheme CS_P2P"]["content"])
    assert found["codelist CL_OBS_STATUS"]["content"] == ["A", "B", "O", "P", "Q"]


def test_availability_in_json_is_what_clients_read():
    [constraint] = json.loads(available(SOME, "json20"))["data"]["dataConstraints"]
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


def test_range_of_time_is_no_value_in_xml_30_if_there_are_others():
    """A client fails over it there."""
    assert b'validFrom="2026-11-01" validTo="2026-11-30"' in available(SOME, "xml30")
    assert b"TimeRange" not in available(SOME, "xml30")
    assert b"TimeRange" in available(ONE, "xml30")
    assert b"TimeRange" in available(SOME, "xml21")


@pytest.mark.parametrize("form", ["xml21", "xml30"])
def test_nothing_is_not_everything(form):
    assert b'<str:CubeRegion include="false"/>' in available(NOTHING, form)
    assert b'<str:CubeRegion include="true">' in available(ONE, form)
