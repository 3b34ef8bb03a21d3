"""Submissions over HTTP: stored, repeated, previewed, and read by their own agency only."""

import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

import jsonschema
import pytest

from api.v1 import body as bodies
from api.v1 import openapi_submissions
from federation import intake
from federation.database import clock
from federation.models.audit import AuditEvent
from federation.models.submissions import IdempotencyKey, Report, Submission
from federation.models.worklist import Work
from tests.contract.callers import COLUMNS, hour, norway, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def kripos(db):
    """New for each test, because some tests commit."""
    return norway()


def rows():
    return [model.objects.count() for model in (Submission, Report, Work, IdempotencyKey)]


def test_submission_is_accepted_and_can_be_read(kripos):
    answer = kripos.send(report(("NO", "ARES", 3), ("DE", "ARES", 4)), report(ago=3))
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == body["url"]
    assert (body["report_count"], body["observation_count"]) == (2, 2)
    assert body["outcomes"] == {"current": 2, "unchanged": 0, "superseded": 0, "held": 0, "withdrawn": 0}
    assert body["prepared"] == body["received"]
    read = kripos.get(body["url"]).json()
    assert [(each["period"], each["total"], each["outcome"], each["state"]) for each in read["reports"]] == [
        (hour(2), 7, "current", "current"),
        (hour(3), 0, "current", "current"),
    ]
    assert {name: read[name] for name in body} == body
    assert AuditEvent.objects.get(action="submission.accepted").actor == f"credential {kripos.issued.client_id}"


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize("ahead", [timedelta(days=1), -timedelta(days=1)])
def test_nothing_is_accepted_while_clocks_disagree_and_the_same_afterwards(kripos, monkeypatch, ahead, query):
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + ahead)
        refused = kripos.send(report(("NO", "ARES", 3)), key="one", query=query)
    assert (refused.status_code, refused.json()["code"]) == (503, "clocks_disagree")
    assert (refused["Retry-After"], refused["Cache-Control"]) == ("5", "no-store")
    assert rows() == [0, 0, 0, 0]
    assert kripos.send(report(("NO", "ARES", 3)), key="one").status_code == 202


def test_report_is_stored_canonically(kripos):
    kripos.send(
        report(("_U", "EDONKEY", 3), ("NO", "BITTORRENT", 17), ("DE", "ARES", 0)), prepared="2026-11-24T08:00:00Z"
    )
    row = Report.objects.get()
    assert (row.countries, row.networks, row.values, row.total) == ([578, 999], [1, 2], [17, 3], 20)
    assert row.prepared == datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "media",
    [
        "text/csv",
        "text/csv; charset=utf-8",
        "application/vnd.sdmx.data+csv",
        "application/vnd.sdmx.data+csv;version=1.0.0",
        "application/vnd.sdmx.data+csv; version=2.0.0; labels=both; timeFormat=original; charset=UTF-8",
        'application/vnd.sdmx.data+csv;version="2.1.0";keys=both',
    ],
)
def test_csv_is_accepted(kripos, media):
    body = f"{COLUMNS}\nDOWNLOADS,H,{hour()},NO,ARES,3\nDOWNLOADS,H,{hour()},DE,ARES,4\n"
    answer = kripos.post(body, media=media, query="?prepared=2026-11-24T08:00:00Z")
    assert answer.status_code == 202
    assert answer.json()["prepared"] == "2026-11-24T08:00:00Z"
    assert Report.objects.get().values == [4, 3]


def test_packed_body_is_accepted(kripos):
    assert kripos.send_packed(report(("NO", "ARES", 3))).status_code == 202


def test_body_in_several_gzip_members_is_accepted(kripos):
    body = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]}).encode()
    packed = gzip.compress(body[:20]) + gzip.compress(body[20:])
    assert kripos.post(packed, **{"Content-Encoding": "gzip"}).status_code == 202


def test_empty_gzip_members_cost_no_more_than_one(kripos, monkeypatch):
    made = []
    unpack = zlib.decompressobj
    monkeypatch.setattr(bodies.zlib, "decompressobj", lambda *given: made.append(given) or unpack(*given))
    answer = kripos.post(gzip.compress(b"") * 100_000, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_gzip")
    assert len(made) == bodies._MEMBERS + 1


def test_as_many_gzip_members_as_a_packer_of_blocks_makes(kripos):
    sent = json.dumps({"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3))]}).encode()
    packed = gzip.compress(b"") * (bodies._MEMBERS - 1) + gzip.compress(sent)
    assert kripos.post(packed, **{"Content-Encoding": "gzip"}).status_code == 202


def test_revision_and_its_outcomes_then_and_now(kripos):
    first = kripos.send(report(("NO", "ARES", 3))).json()
    same = kripos.send(report(("NO", "ARES", 3))).json()
    late = kripos.send(report(("NO", "ARES", 5)), prepared="2026-11-20T00:00:00Z").json()
    withdrawn = kripos.send({"frequency": "H", "period": hour(), "withdrawn": True}).json()
    told = [each["outcomes"] for each in (first, same, late, withdrawn)]
    assert [next(word for word, count in outcomes.items() if count) for outcomes in told] == [
        "current",
        "unchanged",
        "superseded",
        "withdrawn",
    ]
    assert kripos.get(first["url"]).json()["reports"][0]["state"] == "superseded"
    assert kripos.get(withdrawn["url"]).json()["reports"][0] == {
        "pointer": "/reports/0",
        "indicator": "DOWNLOADS",
        "frequency": "H",
        "period": hour(),
        "status": "A",
        "withdrawn": True,
        "total": 0,
        "outcome": "withdrawn",
        "state": "current",
    }


def test_dry_run_says_the_outcomes_and_stores_nothing(kripos):
    kripos.send(report(("NO", "ARES", 3)))
    before = rows(), AuditEvent.objects.count()
    answer = kripos.send(report(("NO", "ARES", 3)), report(("NO", "ARES", 3), ago=4), query="?dry_run=true", key="k")
    assert answer.status_code == 200
    body = answer.json()
    assert [(each["pointer"], each["period"], each["outcome"]) for each in body["preview"]] == [
        ("/reports/0", hour(2), "unchanged"),
        ("/reports/1", hour(4), "current"),
    ]
    assert (body["dry_run"], body["truncated"], body["report_count"]) == (True, False, 2)
    assert (rows(), AuditEvent.objects.count()) == before


def test_dry_run_refuses_what_would_be_refused(kripos):
    assert kripos.send(report(("ZZ", "ARES", 3)), query="?dry_run=true").json()["code"] == "invalid_payload"


class TestIdempotencyKey:
    """A repetition is answered like the first time."""

    def test_same_body_gets_the_first_answer(self, kripos):
        first = kripos.send(report(("NO", "ARES", 3)), key="one")
        again = kripos.send(report(("NO", "ARES", 3)), key="one")
        assert again.status_code == 202
        assert again.json() == first.json()
        assert again["Location"] == first["Location"]
        assert again["Idempotent-Replayed"] == "true"
        assert "Idempotent-Replayed" not in first
        assert Submission.objects.count() == 1

    def test_packing_makes_no_other_body(self, kripos):
        body = json.dumps({"indicator": "DOWNLOADS", "reports": [report()]}).encode()
        headers = {"Idempotency-Key": "one"}
        first = kripos.post(body, **headers)
        again = kripos.post(gzip.compress(body), **headers, **{"Content-Encoding": "gzip"})
        assert again.json() == first.json()

    def test_other_body_is_refused(self, kripos):
        kripos.send(report(("NO", "ARES", 3)), key="one")
        answer = kripos.send(report(("NO", "ARES", 4)), key="one")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    def test_refused_submission_uses_no_key(self, kripos):
        assert kripos.send(report(("ZZ", "ARES", 3)), key="one").status_code == 422
        assert kripos.send(report(("NO", "ARES", 3)), key="one").status_code == 202

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("breach", ["at once", "at the commit"])
    def test_what_the_database_refuses_is_lost_in_no_part_and_may_be_sent_again(
        self, kripos, monkeypatch, caplog, breach
    ):
        def store_wrongly(submission, *_):
            key = {"agency": submission.agency, "body_digest": b"", "created": submission.received}
            if breach == "at once":
                IdempotencyKey.objects.create(key_digest=sha256(b"one").digest(), submission=submission, **key)
            else:
                # A foreign key is looked at when all is to be committed.
                IdempotencyKey.objects.create(key_digest=b"another", submission_id=uuid4(), **key)

        with monkeypatch.context() as patch:
            patch.setattr(intake, "_store_reports", store_wrongly)
            answer = kripos.send(report(("NO", "ARES", 3)), key="one")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_stored")
        assert answer["Retry-After"] == "5"
        assert rows() == [0, 0, 0, 0]
        [said] = [record.getMessage() for record in caplog.records if record.name == "federation.intake"]
        assert "idempoten" in said
        again = kripos.send(report(("NO", "ARES", 3)), key="one")
        assert again.status_code == 202
        assert "Idempotent-Replayed" not in again

    def test_keys_are_an_agencys_own(self, kripos, bka):
        assert kripos.send(report(), key="one").json()["id"] != bka.send(report(), key="one").json()["id"]

    def test_key_is_stored_as_a_digest(self, kripos):
        kripos.send(report(), key="do-not-keep-me")
        stored = IdempotencyKey.objects.get()
        assert b"do-not-keep-me" not in bytes(stored.key_digest)

    @pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9"])
    def test_key_that_cannot_be_used_is_refused(self, kripos, key):
        answer = kripos.post(json.dumps({}), **{"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


class TestReading:
    """Own submissions, and nobody else's."""

    def test_list_is_newest_first_in_pages(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.submissions.PAGE", 2)
        sent = [kripos.send(report(ago=ago)).json() for ago in range(2, 7)]
        first = kripos.get("/api/v1/submissions/").json()
        second = kripos.get(first["next"]).json()
        third = kripos.get(second["next"]).json()
        pages = [page["submissions"] for page in (first, second, third)]
        assert [each | {"findings": []} for page in pages for each in page] == sent[::-1]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert third["next"] is None

    def test_list_within_bounds_of_time(self, kripos):
        old, new = kripos.send(report()).json(), kripos.send(report(ago=3)).json()
        day_ago = datetime.now(UTC) - timedelta(days=1)
        Submission.objects.filter(id=old["id"]).update(received=day_ago)
        edge = (day_ago + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = {
            name: [each["id"] for each in kripos.get("/api/v1/submissions/", **{name: edge}).json()["submissions"]]
            for name in ("since", "before")
        }
        assert found == {"since": [new["id"]], "before": [old["id"]]}

    def test_reports_come_in_pages(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.submissions.REPORTS_PAGE", 2)
        url = kripos.send(*[report(ago=ago) for ago in range(2, 7)]).json()["url"]
        periods = []
        while url:
            page = kripos.get(url).json()
            periods += [each["period"] for each in page["reports"]]
            url = page["next"]
        assert periods == [hour(ago) for ago in range(2, 7)]

    def test_another_agency_sees_nothing(self, kripos, bka):
        mine = kripos.send(report()).json()
        assert bka.get(mine["url"]).json()["code"] == "not_found"
        assert bka.get("/api/v1/submissions/").json() == {"submissions": [], "next": None}

    def test_cursor_of_another_agency_is_refused(self, kripos, bka, monkeypatch):
        monkeypatch.setattr("api.v1.submissions.PAGE", 1)
        kripos.send(report())
        kripos.send(report(ago=3))
        following = kripos.get("/api/v1/submissions/").json()["next"]
        assert bka.get(following).json()["code"] == "bad_cursor"

    def test_unknown_submission_is_not_found(self, kripos):
        assert kripos.get(f"/api/v1/submissions/{uuid4()}/").json()["code"] == "not_found"
        assert kripos.get("/api/v1/submissions/17/").json()["code"] == "not_found"

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"since": "yesterday"}, "bad_parameter"),
            ({"cursor": "x"}, "bad_cursor"),
            ({"agency": "DE-BKA"}, "unknown_parameter"),
            ({"format": "csv"}, "unknown_parameter"),
        ],
    )
    def test_odd_questions_are_refused(self, kripos, query, code):
        assert kripos.get("/api/v1/submissions/", **query).json()["code"] == code

    def test_answers_are_in_nobodys_cache(self, kripos):
        assert kripos.get("/api/v1/submissions/")["Cache-Control"] == "no-store"

    def test_number_of_queries_does_not_grow(self, kripos, django_assert_max_num_queries):
        url = kripos.send(*[report(ago=ago) for ago in range(2, 30)]).json()["url"]
        with django_assert_max_num_queries(4):
            kripos.get(url)
        with django_assert_max_num_queries(2):
            kripos.get("/api/v1/submissions/")


class TestDocument:
    """What the OpenAPI document shows is what is accepted."""

    @pytest.fixture
    def sent(self, client):
        """Validates what is sent, by the schema that the document has of it."""
        components = json.loads(client.get("/api/schema/").content)["components"]
        return jsonschema.Draft202012Validator(openapi_submissions.SUBMISSION | {"components": components})

    def test_json_example_fits_its_schema_and_is_accepted(self, kripos, sent):
        sent.validate(openapi_submissions.SUBMISSION_EXAMPLE)
        assert kripos.post(json.dumps(openapi_submissions.SUBMISSION_EXAMPLE)).status_code == 202

    def test_csv_example_is_accepted(self, kripos):
        answer = kripos.post(openapi_submissions.CSV_EXAMPLE, media="text/csv")
        assert answer.status_code == 202
        assert (answer.json()["report_count"], answer.json()["observation_count"]) == (3, 2)

    def test_sdmx_csv_example_is_accepted(self, kripos):
        answer = kripos.post(openapi_submissions.SDMX_CSV_EXAMPLE, media="application/vnd.sdmx.data+csv")
        assert answer.status_code == 202
        assert (answer.json()["report_count"], answer.json()["observation_count"]) == (1, 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"withdrawn": True},
            {"status": "X"},
            {"frequency": "W"},
            {"note": 1},
            {"observations": [{"country": "_T", "network": "ARES", "value": 1}]},
            {"observations": [{"country": "NO", "network": "ARES", "value": -1}]},
        ],
    )
    def test_schema_refuses_what_the_api_refuses(self, kripos, sent, change):
        body = {"indicator": "DOWNLOADS", "reports": [report(("NO", "ARES", 3)) | change]}
        assert list(sent.iter_errors(body))
        assert kripos.post(json.dumps(body)).status_code == 422

    @pytest.mark.parametrize("query", ["", "?dry_run=true"])
    def test_answers_fit_their_schemas(self, kripos, client, query):
        document = json.loads(client.get("/api/schema/").content)
        answer = kripos.send(report(("NO", "ARES", 3)), query=query)
        paths = [("/api/v1/submissions/", "post", answer)]
        if not query:
            paths.append(("/api/v1/submissions/", "get", kripos.get("/api/v1/submissions/")))
            paths.append(("/api/v1/submissions/{id}/", "get", kripos.get(answer.json()["url"])))
        for path, method, given in paths:
            described = document["paths"][path][method]["responses"][str(given.status_code)]
            schema = described["content"]["application/json"]["schema"]
            jsonschema.validate(given.json(), schema | {"components": document["components"]})
