"""What cannot be read, is not there, or is not offered of the standard; and how answers are kept."""

from datetime import UTC, datetime

import pytest

from api import caching
from countries.models import ReferenceVersion
from tests.contract.sdmx.structures_messages import artefacts, federation
from tests.contract.test_errors import problem
from tests.factories import AgencyFactory


@pytest.fixture(autouse=True)
def anybody(db):
    federation()


@pytest.mark.parametrize(
    "path",
    [
        "2.1/dataflow/ECB",
        "2.1/dataflow/P2PEU/EXR",
        "2.1/dataflow/P2PEU/P2P/2.0.0",
        "2.1/dataflow/P2PEU/P2P/1.0",
        "2.1/codelist/P2PEU/CL_FREQ/1.0.0/X",
        "3.0/structure/dataflow/ECB",
        "3.0/structure/dataflow/P2PEU/EXR,ABC",
        "3.0/structure/dataflow/P2PEU/P2P/2.0+.0",
        "3.0/structure/codelist/P2PEU/CL_FREQ/1.0.0/X,Y/",
        "3.0/structure/valuelist/P2PEU/CL_FREQ",
        "2.1/schema/dataflow/P2PEU/EXR",
        "3.0/schema/provisionagreement/P2PEU/PA_NONE/1.0.0",
    ],
)
def test_what_is_not_there(client, path):
    problem(client.get(f"/sdmx/{path}"), 404, "unknown_structure")
    # Nor is there anything that could be unchanged.
    problem(client.get(f"/sdmx/{path}", headers={"if-none-match": "*"}), 404, "unknown_structure")


@pytest.mark.parametrize(
    "path",
    ["2.1/codelists", "2.1/hierarchy", "3.0/dataflow/P2PEU", "3.0/structure/flow", "3.0/nothing", "4.0/structure"],
)
def test_what_the_standard_has_not(client, path):
    problem(client.get(f"/sdmx/{path}"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "2.1/categoryscheme/P2PEU/all/latest?references=parentsandsiblings",
        "2.1/contentconstraint",
        "2.1/hierarchicalcodelist",
        "2.1/metadata/P2P",
        "2.1/schema/metadataflow/P2PEU/P2P",
        "2.1/schema/dataflow/P2PEU/P2P?explicitMeasure=true",
        "2.1/schema/dataflow/P2PEU/P2P?dimensionAtObservation=COUNTRY",
        "3.0/structure/hierarchy",
        "3.0/structure/dataconstraint/P2PEU/*/+",
        "3.0/structure/dataflow?asOf=2026-01-01T00:00:00Z",
        "3.0/metadata/metadataflow/P2PEU",
        "3.0/registration/id",
        "3.0/schema/dataflow/P2PEU/P2P?deletion=True",
        "3.0/schema/dataflow/P2PEU/P2P?asOf=2026-01-01T00:00:00Z",
    ],
)
def test_what_is_not_offered_of_the_standard(client, path, caplog):
    problem(client.get(f"/sdmx/{path}"), 501, "not_implemented")
    # Or the log would have the address as it was sent, and each question as a failure of ours.
    assert caplog.records == []


@pytest.mark.parametrize(
    "path",
    [
        "2.1/dataflow//P2P",
        "2.1/dataflow/P2PEU/P2P/1.0.0//",
        "2.1/dataflow/P2PEU/P2P/1.0.0/item",
        "2.1/codelist/P2PEU/CL_FREQ/1.0.0/D/more",
        "2.1/codelist/P2PEU/CL_FREQ/1.0.0/D..M",
        "2.1/dataflow/P2PEU,ECB",
        "2.1/dataflow/P2PEU/*",
        "2.1/dataflow/P2PEU/P2P/~",
        "2.1/dataflow/1ECB",
        "2.1/schema",
        "2.1/data",
        "2.1/schema/dataflow/P2PEU",
        "2.1/schema/dataflow/all/P2P",
        "2.1/schema/codelist/P2PEU/CL_FREQ",
        "3.0/structure//P2PEU",
        "3.0/structure/dataflow/P2PEU+ECB",
        "3.0/structure/dataflow/P2PEU/P2P/latest",
        "3.0/structure/dataflow/P2PEU/P2P/1.+.3",
        "3.0/structure/dataflow/P2PEU/P2P/1,",
        "3.0/structure/dataflow/P2PEU/P2P/1.0.0/item",
        "3.0/schema/dataflow/P2PEU/*/1.0.0",
        "3.0/schema/dataflow/P2PEU/P2P,P2P_VINTAGE",
        "3.0/schema/dataflow/P2PEU,XX/P2P",
        "2.1/schema/dataflow/P2PEU/P2P+P2P_VINTAGE",
        "3.0/structure/codelist/P2PEU/CL_FREQ/1.0+",
        "3.0/schema/dataflow/P2PEU/P2P/1.0.0/more",
        "3.0/availability",
    ],
)
def test_what_cannot_be_read(client, path):
    problem(client.get(f"/sdmx/{path}"), 400, "bad_sdmx_query")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("2.1/dataflow?detail=some", "bad_parameter"),
        ("2.1/dataflow?detail=raw", "bad_parameter"),
        ("2.1/dataflow?references=ancestors", "bad_parameter"),
        ("2.1/dataflow?references=children,codelist", "bad_parameter"),
        ("2.1/dataflow?asOf=2026-01-01T00:00:00Z", "unknown_parameter"),
        ("3.0/structure/dataflow?references=cousins", "bad_parameter"),
        ("3.0/structure/dataflow?detail=full&detail=raw", "repeated_parameter"),
        ("3.0/structure/dataflow?format=csv", "bad_parameter"),
        ("3.0/schema/dataflow/P2PEU/P2P?dimensionAtObservation=NOPE", "bad_parameter"),
        ("3.0/schema/dataflow/P2PEU/P2P?references=all", "unknown_parameter"),
    ],
)
def test_parameters_that_cannot_be_read(client, query, code):
    problem(client.get(f"/sdmx/{query}"), 400, code)


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("2.1/dataflow", "application/vnd.sdmx.structure+xml;version=3.0.0"),
        ("2.1/dataflow", "text/csv"),
        ("2.1/dataflow", "application/vnd.sdmx.structure+json;version=2.0.0"),
        ("3.0/structure/dataflow", "application/vnd.sdmx.structure+xml;version=2.1"),
        ("3.0/structure/dataflow", "application/vnd.sdmx.data+json;version=2.0.0"),
        ("3.0/schema/dataflow/P2PEU/P2P", "application/vnd.sdmx.schema+json;version=2.0.0"),
        ("2.1/schema/dataflow/P2PEU/P2P", "application/vnd.sdmx.schema+xml;version=3.0.0"),
    ],
)
def test_forms_that_there_are_not(client, query, accept):
    body = problem(client.get(f"/sdmx/{query}", headers={"accept": accept}), 406, "not_acceptable")
    assert "application/vnd.sdmx.structure+xml;version=" in body["detail"]


PATHS = ("2.1/dataflow/P2PEU/P2P", "3.0/structure/dataflow/P2PEU/P2P", "2.1/schema/dataflow/P2PEU/P2P/")


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_kept_until_the_reference_data_change(client, path):
    first = client.get(f"/sdmx/{path}")
    assert first["Vary"] == "Accept, Accept-Encoding"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert first["Cache-Control"] == caching.REFERENCE
    again = client.get(f"/sdmx/{path}", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    moment = datetime(2026, 11, 24, 10, tzinfo=UTC)
    ReferenceVersion.objects.update_or_create(id=1, defaults={"number": 7, "changed": moment})
    caching.shelf.clear()
    changed = client.get(f"/sdmx/{path}", headers={"if-none-match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] == first["ETag"]) == (200, False)
    assert changed["Last-Modified"] == "Tue, 24 Nov 2026 10:00:00 GMT"


def test_agency_that_is_new_stands_in_the_next_answer(client):
    asked = "/sdmx/2.1/provisionagreement"
    before = artefacts("xml21", client.get(asked).content)
    AgencyFactory.create(code="DE-BKA", name="BKA")
    ReferenceVersion.objects.update_or_create(id=1, defaults={"number": 8})
    caching.shelf.clear()
    assert set(artefacts("xml21", client.get(asked).content)) - set(before) == {"provisionagreement PA_DE-BKA"}


def test_forms_of_one_address_are_told_apart(client):
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
