"""Refusals of submissions, of each kind over HTTP; and that nothing stays of what was refused.

What each member and column may hold is tested without HTTP, in tests/unit/core.
"""

import gzip
import json
import logging

import pytest

from api.v1 import body as bodies
from federation.models.audit import AuditEvent
from federation.models.submissions import IdempotencyKey, Report, Submission
from federation.models.worklist import Work
from tests.contract.callers import COLUMNS, hour, report

pytestmark = pytest.mark.django_db

CELL = ("NO", "ARES", 3)
ROW = f"DOWNLOADS,H,{hour()},NO,ARES,3"
#: The same, where it is a part of a test's name: that must not change with the clock.
UNDATED = b"DOWNLOADS,H,HOUR,NO,ARES,3"
HEADER = COLUMNS.encode()
SECRET = "someone@example.org"


def counts():
    return [model.objects.count() for model in (Submission, Report, Work, IdempotencyKey, AuditEvent)]


@pytest.fixture(autouse=True)
def nothing_stays(db, caplog):
    """Nothing that these tests send is stored or logged."""
    caplog.set_level(logging.DEBUG)
    yield
    assert counts()[:4] == [0, 0, 0, 0]
    assert not AuditEvent.objects.filter(action__startswith="submission").exists()
    assert SECRET not in caplog.text
    assert not any(SECRET in str(vars(record)) for record in caplog.records)


def refused(answer, status, code, *faults):
    """Check a refusal, its faults given as (pointer, code)."""
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    if faults:
        assert [(fault["pointer"], fault["code"]) for fault in body["errors"]] == list(faults)
        assert body["error_count"] == len(faults)
    assert SECRET not in answer.content.decode()


OBSERVATION = "/reports/0/observations/0"


@pytest.mark.parametrize(
    ("cells", "pointer", "code"),
    [
        ([("ZZ", "ARES", 3)], f"{OBSERVATION}/country", "unknown_country"),
        ([(SECRET, "ARES", 3)], f"{OBSERVATION}/country", "personal_trace"),
    ],
)
def test_observation(kripos, cells, pointer, code):
    refused(kripos.send(report(*cells)), 422, "invalid_payload", (pointer, code))


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"period": SECRET}, "/reports/0/period", "personal_trace"),
        ({SECRET: "x"}, "/reports/0", "personal_trace"),
    ],
)
def test_report(kripos, members, pointer, code):
    refused(kripos.send(report(CELL, **members)), 422, "invalid_payload", (pointer, code))


@pytest.mark.parametrize(
    ("envelope", "pointer", "code"),
    [
        ({"indicator": SECRET}, "/indicator", "personal_trace"),
    ],
)
def test_envelope(kripos, envelope, pointer, code):
    sent = {"indicator": "DOWNLOADS", "reports": [report(CELL)]} | envelope
    refused(kripos.post(json.dumps(sent)), 422, "invalid_payload", (pointer, code))


@pytest.mark.parametrize(
    ("rows", "pointer", "code"),
    [
        ([ROW.replace("NO", SECRET)], "/rows/0/COUNTRY", "personal_trace"),
        ([ROW, ROW.replace("ARES,3", "EDONKEY,-1")], "/rows/1/OBS_VALUE", "negative_value"),
    ],
)
def test_csv_row(kripos, rows, pointer, code):
    refused(kripos.send_csv(*rows), 422, "invalid_payload", (pointer, code))


@pytest.mark.parametrize(
    ("columns", "pointer", "code"),
    [
        (COLUMNS + f",{SECRET}", "/header/6", "personal_trace"),
    ],
)
def test_csv_header(kripos, columns, pointer, code):
    refused(kripos.send_csv(ROW, columns=columns), 422, "invalid_payload", (pointer, code))


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [
        (b"", "application/json", "not_json"),
        (b"{nope", "application/json", "not_json"),
        (b'{"indicator": NaN, "reports": []}', "application/json", "not_json"),
        (b'{"indicator": "DOWNLOADS", "reports": [{"frequency": "\xff"}]}', "application/json", "not_utf8"),
        (b'{"indicator": "DOWN\0LOADS", "reports": []}', "application/json", "nul_character"),
        (
            b'{"indicator": "DOWNLOADS", "indicator": "DOWNLOADS", "reports": []}',
            "application/json",
            "duplicate_member",
        ),
        (b"", "text/csv", "not_csv"),
        (b"%s\n%s,4\n" % (HEADER, UNDATED), "text/csv", "not_csv"),
        (b"%s,FREQ\n%s,H\n" % (HEADER, UNDATED), "text/csv", "duplicate_column"),
        (b"%s\n%s\xe9\n" % (HEADER, UNDATED), "text/csv", "not_utf8"),
        (b"%s\n%s\0\n" % (HEADER, UNDATED), "text/csv", "nul_character"),
    ],
)
def test_body_that_cannot_be_read(kripos, body, media, code):
    refused(kripos.post(body.replace(b"HOUR", hour().encode()), media=media), 400, code)


@pytest.mark.parametrize(
    "packed",
    [b"no gzip", gzip.compress(b"{}")[:-3], gzip.compress(b"{}") + b"rest", b""],
    ids=["other", "cut", "more", "empty"],
)
def test_bad_gzip(kripos, packed):
    refused(kripos.post(packed, **{"Content-Encoding": "gzip"}), 400, "bad_gzip")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_other_content_encoding(kripos, encoding):
    answer = kripos.post(b"{}", **{"Content-Encoding": encoding})
    refused(answer, 415, "unsupported_encoding")
    assert answer["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=latin1",
        "application/vnd.sdmx.data+csv;version=3.0.0",
        "application/vnd.sdmx.data+csv;version=2.0.0;charset=latin1",
        "application/vnd.sdmx.data+json;version=2.0.0",
        "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
        "application/vnd.sdmx.metadata+csv;version=2.0.0",
    ],
)
def test_other_media_type(kripos, media):
    answer = kripos.post(b"{}", media=media)
    refused(answer, 415, "unsupported_media_type")
    sdmx = [f"application/vnd.sdmx.data+csv;version={version}" for version in ("1.0.0", "2.0.0", "2.1.0")]
    assert answer["Accept"] == ", ".join(["application/json", "text/csv", *sdmx])
    assert ("SDMX-CSV" in answer.json()["detail"]) == ("sdmx" in media)


def test_body_over_the_limit(kripos, monkeypatch):
    monkeypatch.setattr(bodies, "LIMIT", 1000)
    refused(kripos.post(b" " * 1001), 413, "body_too_large")
    refused(kripos.post(gzip.compress(b" " * 1001), **{"Content-Encoding": "gzip"}), 413, "body_too_large")


def test_body_packed_small_stops_at_the_limit(kripos):
    bomb = gzip.compress(bytes(bodies.LIMIT + 1), 1)
    assert len(bomb) < 1_000_000
    refused(kripos.post(bomb, **{"Content-Encoding": "gzip"}), 413, "body_too_large")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?dry_run=yes", 400, "bad_parameter"),
        ("?dry_run=true&dry_run=true", 400, "repeated_parameter"),
        ("?verbose=1", 400, "unknown_parameter"),
        ("?prepared=2026-11-24T08:00:00Z", 400, "unknown_parameter"),
        (f"?note={SECRET}", 422, "personal_trace"),
        ("?192.0.2.17=1", 422, "personal_trace"),
        ("?dry_run=2001:db8::1", 422, "personal_trace"),
    ],
)
def test_query_parameter(kripos, query, status, code):
    refused(kripos.send(report(CELL), query=query), status, code)


@pytest.mark.parametrize(("prepared", "code"), [("now", "bad_prepared"), ("2026-11-24T08:00:00%2B01:00", "not_utc")])
def test_csv_prepared(kripos, prepared, code):
    answer = kripos.send_csv(ROW, query=f"?prepared={prepared}")
    refused(answer, 422, code)
    assert answer.json()["parameter"] == "prepared"


def test_method_and_accept(kripos):
    headers = {"Authorization": f"Bearer {kripos.token}"}
    refused(kripos.client.delete("/api/v1/submissions/", headers=headers), 405, "method_not_allowed")
    refused(kripos.post(b"{}", Accept="application/xml"), 406, "not_acceptable")


def test_one_fault_refuses_the_whole_submission(kripos):
    refused(
        kripos.send(report(CELL), report(("ZZ", "ARES", 1), ago=3), key="one"),
        422,
        "invalid_payload",
        ("/reports/1/observations/0/country", "unknown_country"),
    )
