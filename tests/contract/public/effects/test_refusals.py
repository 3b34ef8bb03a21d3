"""Questions about effects that are refused, each with its code."""

import json

import pytest

ODD_IDS = [
    "0", "-1", "00", "1.0", "1e3", "999999", "9223372036854775807", "9223372036854775808", "9" * 60, "9" * 5000, "abc",
    "%00", "%D9%A3", "%C2%B2", "1%202", "1;2", "'%20OR%201=1", "..%2F1", "None", "null", "1,2", "+1", "%2B1", "0x1",
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_IDS, ids=lambda odd: odd[:30])
def test_odd_id_is_not_found(found, read, odd):
    for given in ({}, {"format": "csv"}, {"as_of": "2026-01-01T00:00Z"}):
        answer = read(f"effects/{odd}", **given, headers={"if-none-match": "*"})
        assert answer.status_code == 404
        assert json.loads(answer.content)["code"] in ("effect_not_found", "not_found")
        assert json.loads(answer.content)["detail"]


def test_unknown_id_says_what_to_do(found, read):
    answer = read(f"effects/{found.pk + 1}")
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (404, "effect_not_found")
    assert "/api/v1/effects/" in problem["detail"]
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["effects", "effects/%s"])
@pytest.mark.parametrize(
    ("given", "status", "code", "parameter"),
    [
        ({"colour": "red"}, 400, "unknown_parameter", None),
        ({"limit": "1"}, 400, "unknown_parameter", None),
        ({"format": "xlsx"}, 400, "bad_parameter", "format"),
        ({"format": "CSV"}, 400, "bad_parameter", "format"),
        ({"as_of": "yesterday"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-01-05"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-01-05T00:00:00"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-01-05T00:00:00+01:00"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "2026-13-05T00:00:00Z"}, 422, "bad_as_of", "as_of"),
        ({"as_of": "9999-12-31T23:59:59Z"}, 422, "as_of_in_future", None),
    ],
    ids=str,
)
def test_bad_question_is_refused_with_its_code(found, read, path, given, status, code, parameter):
    answer = read(path.replace("%s", str(found.pk)), **given)
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"], problem.get("parameter")) == (status, code, parameter)
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"indicator": "UPLOADS"}, 422, "unknown_indicator"),
        ({"word": "maybe"}, 400, "bad_parameter"),
        ({"word": "found,maybe"}, 400, "bad_parameter"),
        ({"word": "FOUND"}, 400, "bad_parameter"),
        ({"word": "found,"}, 400, "bad_parameter"),
    ],
)
def test_bad_filter_is_refused(found, read, given, status, code):
    answer = read("effects", **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert read(f"effects/{found.pk}", **given).json()["code"] == "unknown_parameter"


def test_repeated_parameter_and_unfit_accept_are_refused(found, client):
    for path in ("/api/v1/effects/", f"/api/v1/effects/{found.pk}/"):
        assert client.get(f"{path}?as_of=2026-01-05T00:00Z&as_of=2026-01-05T00:00Z").json()["code"] == (
            "repeated_parameter"
        )
        refused = client.get(path, headers={"accept": "image/png"})
        assert (refused.status_code, refused.json()["code"]) == (406, "not_acceptable")
        assert client.post(path).status_code == 405
        assert client.options(path).status_code == 204
        assert client.head(path).status_code == 200
