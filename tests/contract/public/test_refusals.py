"""Refused questions: each refusal has its own code, and says what can be asked."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from api import pagination

MONTH = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-30"}
LONG_AGO = {"frequency": "N", "start": "2026-11-01T10:00", "end": "2026-11-01T10:10"}
HOURS = {"frequency": "H", "start": "2026-11-01T10:00", "end": "2026-11-01T12:00"}


# A number is a minute so many minutes ago: what names a test must not change with the clock.
TWO_HOURS_AGO = {"frequency": "N", "start": 125, "end": 124}
AN_HOUR_AGO = {"frequency": "N", "start": 60, "end": 59}


def label(ago):
    return f"{datetime.now(UTC) - timedelta(minutes=ago):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("given", "status", "code", "parameter"),
    [
        ({"contry": "NO"}, 400, "unknown_parameter", None),
        ({"indicator": None}, 400, "missing_parameter", "indicator"),
        ({"frequency": None}, 400, "missing_parameter", "frequency"),
        ({"indicator": "UPLOADS"}, 422, "unknown_indicator", "indicator"),
        ({"frequency": "Q"}, 422, "unknown_frequency", "frequency"),
        ({"start": "2026-11"}, 422, "bad_period", "start"),
        ({"end": "2026-11-31"}, 422, "bad_period", "end"),
        (HOURS | {"start": "2026-11-01T10:30"}, 422, "misaligned_period", "start"),
        (HOURS | {"start": "2026-11-01T10:00+01:00"}, 422, "not_utc", "start"),
        ({"start": "2026-11-30", "end": "2026-11-01"}, 422, "end_before_start", "end"),
        ({"country": "no"}, 422, "unknown_country", "country"),
        ({"country": "NO,*"}, 422, "unknown_country", "country"),
        ({"country": "NO,"}, 422, "unknown_country", "country"),
        ({"network": "TOR"}, 422, "unknown_network", "network"),
        (HOURS | {"network": "EDONKEY"}, 422, "networks_not_published", None),
        (HOURS | {"network": "*"}, 422, "networks_not_published", None),
        (LONG_AGO, 422, "minutes_not_published", None),
        (TWO_HOURS_AGO, 422, "minutes_not_published", None),
        (AN_HOUR_AGO | {"network": "EDONKEY"}, 422, "networks_not_published", None),
        (AN_HOUR_AGO | {"as_of": "2026-11-01T10:00:00Z"}, 422, "vintages_not_kept", None),
        ({"as_of": "2026-11-01"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-11-01T10:00:00"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-11-01T10:00:00+00:00"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-13-01T10:00:00Z"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2199-01-01T00:00:00Z"}, 422, "as_of_in_future", None),
        ({"format": "xml"}, 400, "bad_parameter", "format"),
        ({"cursor": "x"}, 400, "bad_cursor", None),
        ({"cursor": "éé"}, 400, "bad_cursor", None),
    ],
    ids=str,
)
def test_refusal_has_its_code(press, read, given, status, code, parameter):
    answer = read(**{name: label(value) if isinstance(value, int) else value for name, value in given.items()})
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"], problem.get("parameter")) == (status, code, parameter)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("country", "which"),
    [("ZZ", "The code in country"), ("NO,ZZ,SE", "Code 2 of country"), ("NO,", "Code 2 of country")],
)
def test_refusal_says_which_code_is_not_known(press, read, country, which):
    detail = json.loads(read(country=country).content)["detail"]
    assert detail == f"{which} is not known here. Use codes from /api/v1/countries/ with commas, or *."


def test_parameter_named_twice_is_refused(press, client):
    answer = client.get("/api/v1/aggregates/?country=NO&country=SE")
    assert json.loads(answer.content)["code"] == "repeated_parameter"


def test_refusal_repeats_nothing_that_was_sent(press, read):
    for name in ("indicator", "frequency", "start", "country", "network", "as_of", "format", "cursor", "anything"):
        answer = read(**{name: "=cmd|evil@example.org"})
        assert answer.status_code in (400, 422)
        assert b"evil" not in answer.content


@pytest.mark.parametrize("cut", [1, 5, 9])
def test_cursor_cut_short_is_refused(press, read, cut):
    cursor = pagination.encode("frequency=D", 1, 1_793_491_200)
    assert json.loads(read(cursor=cursor[:-cut]).content)["code"] == "bad_cursor"


def test_cursor_of_another_question_is_refused(press, read):
    cursor = pagination.encode("frequency=H", 1, 1_793_491_200)
    assert json.loads(read(cursor=cursor).content)["code"] == "bad_cursor"


@pytest.mark.parametrize("place", [(1, 0), (0, 1_793_491_200), (2**63, 1_793_491_200), (1, 2**62), (1,), (1, 2, 3)])
def test_cursor_to_a_place_outside_the_answer_is_refused(press, read, place):
    from api import parameters

    cursor = pagination.encode(parameters.question(MONTH), *place)
    assert json.loads(read(cursor=cursor).content)["code"] == "bad_cursor"


@pytest.mark.parametrize("path", ["aggregates", "coverage", "aggregates/live", "aggregates/windows", "countries"])
def test_other_methods_are_refused(press, client, path):
    answer = client.post(f"/api/v1/{path}/", {"country": "NO"})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["coverage", "aggregates/live", "aggregates/windows", "countries", "networks"])
def test_form_that_is_not_there_is_refused(press, client, path):
    answer = client.get(f"/api/v1/{path}/", headers={"accept": "application/xml"})
    assert (answer.status_code, json.loads(answer.content)["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("aggregates/live", "frequency=N", "unknown_parameter"),
        ("aggregates/live", "indicator=X", "unknown_indicator"),
        ("aggregates/live", "country=XX", "unknown_country"),
        ("aggregates/windows", "indicator=DOWNLOADS", "missing_parameter"),
        ("aggregates/windows", "indicator=DOWNLOADS&window=P1Y", "unknown_window"),
        ("aggregates/windows", "indicator=X&window=P1D", "unknown_indicator"),
        ("coverage", "country=NO", "unknown_parameter"),
        ("countries", "language=xx-nonsense-yy", "unknown_language"),
        ("networks", "language=nb", "unknown_parameter"),
        ("help-services", "country=EUROPE", "unknown_country"),
        ("help-services", "language=12", "unknown_language"),
    ],
)
def test_other_addresses_refuse_too(press, client, path, query, code):
    assert json.loads(client.get(f"/api/v1/{path}/?{query}").content)["code"] == code
