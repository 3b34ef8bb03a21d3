"""Each request has an id in its answer and its log lines, and calls of agencies leave one line without contents."""

import json
import logging
import re
from ipaddress import ip_network
from uuid import uuid4

import pytest

from api.v1 import submissions
from config.logs import JsonLines
from tests.contract.callers import report

pytestmark = pytest.mark.django_db

ID = re.compile(r"[0-9a-f]{32}")
HOST = {"headers": {"Host": "localhost"}}


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [one for one in caplog.records if one.getMessage() == "request answered"]


def test_answers_name_an_id_of_their_own(client, kripos):
    answers = [
        kripos.send(report(("NO", "ARES", 3))),
        kripos.get("/api/v1/submissions/"),
        client.get("/api/v1/submissions/"),
        client.get("/api/v1/nowhere/"),
        client.get("/api/v1/aggregates/?indicator=WRONG"),
        client.get("/readyz"),
    ]
    ids = [answer["X-Request-ID"] for answer in answers]
    assert all(ID.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)


def test_answer_that_caches_keep_names_none(client):
    answer = client.get("/api/v1/networks/")
    assert answer["Cache-Control"].startswith("public")
    again = client.get("/api/v1/networks/", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assert "X-Request-ID" not in answer
    assert "X-Request-ID" not in again


def test_id_of_a_stranger_is_not_taken(client):
    given = uuid4().hex
    assert client.get("/readyz", headers={"X-Request-ID": given})["X-Request-ID"] != given


@pytest.mark.parametrize("given", [uuid4().hex, str(uuid4())], ids=["plain", "with hyphens"])
def test_id_of_our_proxy_is_taken(client, settings, given):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    answer = client.get("/readyz", headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] == given.replace("-", "")


@pytest.mark.parametrize("given", ["", "7", "x" * 32, "A" * 32, "0" * 33, "../../../etc/passwd", "0" * 31 + "\n"])
def test_id_of_another_form_is_not_taken(client, settings, given):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    answer = client.get("/readyz", headers={"X-Request-ID": given})
    assert ID.fullmatch(answer["X-Request-ID"])
    assert answer["X-Request-ID"] != given


def test_mistake_of_ours_names_the_same_id_in_problem_header_and_log(client, kripos, monkeypatch, caplog):
    monkeypatch.setattr(submissions.queries, "submissions", lambda **_: 1 / 0)
    client.raise_request_exception = kripos.client.raise_request_exception = False
    answer = kripos.get("/api/v1/submissions/")
    assert answer.status_code == 500
    [failed] = [one for one in caplog.records if one.getMessage() == "request failed"]
    assert answer.json()["request_id"] == answer["X-Request-ID"] == failed.request_id


def test_call_of_an_agency_leaves_one_line(kripos, lines):
    answer = kripos.send(report(("NO", "ARES", 918_273)))
    *_, line = lines()
    assert (line.method, line.route, line.status) == ("POST", "v1:submissions", 202)
    assert line.by == f"credential {kripos.issued.client_id}"
    assert (line.bytes_received > 100, line.bytes_sent) == (True, len(answer.content))
    assert line.ms >= 0
    assert "918273" not in str(vars(line)).replace("_", "")
    assert len([one for one in lines() if one.route == "v1:submissions"]) == 1


def test_line_has_these_fields_only(kripos, lines):
    """Not the query, which may name anything, nor a header, which may be a token."""
    kripos.client.get("/api/v1/findings/?state=open", headers={"Authorization": f"Bearer {kripos.token}"})
    line = json.loads(JsonLines().format(lines()[-1]))
    said = {"time", "level", "logger", "event", "request_id"}
    assert line.keys() - said == {"method", "route", "status", "ms", "by", "bytes_received", "bytes_sent"}
    assert kripos.token not in str(line)


def test_refused_call_leaves_one_too(client, lines):
    client.get("/api/v1/figures/", headers={"Authorization": "Bearer nobody"})
    [line] = lines()
    assert (line.route, line.status, line.by) == ("v1:figures", 401, "")


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/networks/", "/api/v1/nowhere/", "/readyz", "/api/v1/aggregates/?country=NO"]
)
def test_public_reads_leave_none(client, lines, path):
    client.get(path)
    assert lines() == []


@pytest.mark.parametrize(
    ("path", "host"), [("/seven-of-spades/", "localhost"), ("/readyz", "seven-of-spades.example")], ids=["path", "host"]
)
def test_what_strangers_make_up_is_in_no_line(client, caplog, path, host):
    assert client.get(path, headers={"Host": host}).status_code in (400, 404)
    assert [one for one in caplog.records if "seven-of-spades" in one.getMessage()] == []


def test_no_line_has_an_address(kripos, client, caplog):
    caplog.set_level(logging.DEBUG)
    kripos.client.defaults["REMOTE_ADDR"] = client.defaults["REMOTE_ADDR"] = "198.51.100.77"
    kripos.send(report(("NO", "ARES", 3)))
    client.get("/api/v1/figures/")
    client.get("/nowhere/")
    assert "198.51.100.77" not in " ".join(
        str(vars(one)) for one in caplog.records if one.name.startswith(("api", "fed"))
    )
