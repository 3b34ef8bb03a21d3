"""The OpenAPI document is valid, true, and has an example for each operation."""

import csv
import json
import re
import warnings

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from api import openapi
from tests.contract.public.press import NOBODY
from tests.contract.site.conftest import day

OPERATIONS = ("get", "put", "post", "delete", "patch")


@pytest.fixture
def document(client):
    return json.loads(client.get("/api/schema/").content)


def operations(document):
    for path, item in document["paths"].items():
        for method in OPERATIONS:
            if method in item:
                yield f"{method} {path}", item[method]


def contents(part):
    return (part or {}).get("content", {}).values()


def test_document_is_valid_openapi(document):
    assert document["openapi"].startswith("3.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        validate(document)


def test_generator_warns_of_nothing():
    GENERATOR_STATS.reset()
    openapi.document.cache_clear()
    openapi.document("json")
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_each_operation_has_an_example(document):
    for name, operation in operations(document):
        answers = [
            content
            for status, answer in operation["responses"].items()
            if status.startswith("2")
            for content in contents(answer)
        ]
        assert answers, name
        for content in [*answers, *contents(operation.get("requestBody"))]:
            # A workbook is not a text.
            if content["schema"].get("format") == "binary":
                continue
            assert content.get("examples") or "example" in content, name


def test_operation_ids_differ(document):
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


def test_each_operation_says_what_an_error_looks_like(document):
    for name, operation in operations(document):
        statuses = set(operation["responses"])
        assert {"400", "429", "5XX"} <= statuses, name


def test_json_examples_fit_their_schemas(document):
    for name, operation in operations(document):
        for answer in operation["responses"].values():
            content = answer.get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                check(example["value"], content["schema"], document, name)


def test_each_row_of_a_csv_example_has_the_cells_of_its_header(document):
    for name, operation in operations(document):
        for answer in operation["responses"].values():
            for example in answer.get("content", {}).get("text/csv", {}).get("examples", {}).values():
                header, *rows = csv.reader(example["value"].splitlines())
                assert rows, name
                assert {len(row) for row in rows} == {len(header)}, name


def check(value, schema, document, name):
    resolved = schema | {"components": document["components"]}
    errors = list(OAS31Validator(resolved).iter_errors(value))
    assert not errors, (name, errors)


@pytest.mark.parametrize(
    "path",
    [
        "aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30&country=NO",
        "aggregates/?indicator=DOWNLOADS&frequency=M&start=2026-10&end=2026-11&panel=12",
        "aggregates/live/",
        "aggregates/windows/?indicator=DOWNLOADS&window=P7D",
        "coverage/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-30",
        "countries/",
        "networks/",
        "indicators/",
        "agencies/",
        "audit/head/",
        "help-services/",
        "rules/",
        "webhook-keys/",
    ],
)
def test_answers_fit_their_schemas(press, client, document, path):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    press.compare(12, "M", ("2025-11", "2026-10"), [1], {"2025-10": {"EUROPE": 5}, "2026-10": {"EUROPE": 10}})
    operation = document["paths"][f"/api/v1/{path.partition('?')[0]}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    check(client.get(f"/api/v1/{path}").json(), schema, document, path)


def test_parameters_documented_are_the_parameters_taken(press, client, document):
    for path, item in document["paths"].items():
        operation = item.get("get", {})
        if "public" not in operation.get("tags", ()):
            continue
        named = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
        refusal = client.get(f"{path.replace('{id}', '1')}?no_such_parameter=1").json()
        assert refusal["code"] == "unknown_parameter"
        _, _, listed = refusal["detail"].removesuffix(".").partition("Expected: ")
        assert named == set(filter(None, listed.split(", "))), path


def test_examples_of_ranges_are_the_last_four_weeks_and_run(press, client, document):
    for path in ("aggregates", "coverage", "annotations"):
        operation = document["paths"][f"/api/v1/{path}/"]["get"]
        query = {one["name"]: one["example"] for one in operation["parameters"] if "example" in one}
        if path != "annotations":
            assert (query["start"], query["end"]) == (day(28), day(1))
        assert client.get(f"/api/v1/{path}/", query).status_code == 200, path


def test_document_comes_as_yaml_too(client, document):
    answer = client.get("/api/schema/?format=yaml")
    assert answer["Content-Type"] == "application/vnd.oai.openapi"
    assert yaml.safe_load(answer.content) == document
    assert client.get("/api/schema/?format=xml").status_code == 400


def test_viewer_asks_no_other_host(db, client):
    page = client.get("/api/docs/").content.decode()
    assert 'data-document="/api/schema/"' in page
    assert re.findall(r'<(?:script|link)[^>]*(?:src|href)="(?!/)', page) == []
