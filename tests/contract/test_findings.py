"""Findings over HTTP: an agency reads and answers its own, and sees no others."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from api.v1 import findings, openapi_findings
from federation.findings import decisions
from federation.models.findings import Answer, Finding, Hold
from federation.runs import reconciliation
from p2p_core.rules.rulebook import RULES
from tests.contract.callers import hour, report
from tests.contract.finding_calls import FINDINGS, answer
from tests.factories import FindingFactory, IndicatorFactory

pytestmark = pytest.mark.django_db
WEEK = 7 * 24


def listed(caller, **query):
    return [row["id"] for row in caller.get(FINDINGS, **query).json()["findings"]]


@pytest.fixture
def held(kripos):
    """A report that is held, as it is twelve times the usual: the answer to its submission."""
    kripos.send(*[report(("NO", "ARES", 100), ago=2 + WEEK * back) for back in range(1, 9)])
    return kripos.send(report(ago=3), report(("NO", "ARES", 1200))).json()


class TestReading:
    """Own findings, newest first."""

    def test_finding_has_the_documented_shape(self, kripos, finding):
        assert kripos.get(FINDINGS).json() == {
            "findings": [
                {
                    "id": finding.pk,
                    "url": f"http://testserver/api/v1/findings/{finding.pk}/",
                    "rule": "R105",
                    "name": "unlocated share",
                    "severity": "warning",
                    "level": 1,
                    "state": "open",
                    "resolution": None,
                    "reason": None,
                    "message": "Hour 14:00 on 2 November 2026 has 40 % that could not be located: 40 of 100.",
                    "facts": {"value": 100, "unlocated": 40, "share": 0.4},
                    "indicator": "DOWNLOADS",
                    "frequency": "H",
                    "period": "2026-11-02T14:00",
                    "last_period": "2026-11-02T14:00",
                    "submission": None,
                    "pointer": None,
                    "held": 0,
                    "opened": "2026-11-20T00:00:00Z",
                    "changed": "2026-11-20T00:00:00Z",
                    "resolved": None,
                }
            ],
            "next": None,
        }

    def test_finding_about_a_report_says_where_that_stands(self, kripos):
        sent = kripos.send(report(ago=5), report(("_U", "ARES", 100), ago=4)).json()
        reconciliation.work_through()
        (found,) = kripos.get(FINDINGS).json()["findings"]
        assert (found["rule"], found["submission"], found["pointer"]) == ("R105", sent["url"], "/reports/1")

    def test_finding_in_full_has_answers_and_what_it_holds(self, kripos, held):
        (noticed,) = held["findings"]
        answer(kripos, noticed["id"], {"answer": "confirmed", "remark": "More computers."})
        found = kripos.get(f"{FINDINGS}{noticed['id']}/").json()
        assert (found["rule"], found["state"], found["held"]) == ("R102", "answered", 1)
        assert [(said["answer"], said["remark"]) for said in found["answers"]] == [("confirmed", "More computers.")]
        (hold,) = found["holds"]
        assert hold["since"] == found["opened"]
        assert {name: hold[name] for name in ("period", "submission", "pointer", "decision", "decided", "reason")} == {
            "period": hour(),
            "submission": held["url"],
            "pointer": "/reports/1",
            "decision": None,
            "decided": None,
            "reason": None,
        }

    @pytest.mark.parametrize(
        ("decide", "decision"),
        [(decisions.release, "released"), (decisions.reject, "rejected")],
        ids=["release", "reject"],
    )
    def test_decision_comes_back_with_its_reason(self, kripos, held, decide, decision):
        decide(
            reports=list(Hold.objects.values_list("report", flat=True)),
            by="Grace Hopper",
            reason="Seen with Kripos.",
            now=datetime.now(UTC),
        )
        found = kripos.get(f"{FINDINGS}{held['findings'][0]['id']}/").json()
        assert (found["state"], found["resolution"], found["reason"]) == ("resolved", decision, "Seen with Kripos.")
        assert [(one["decision"], one["reason"]) for one in found["holds"]] == [(decision, "Seen with Kripos.")]
        assert found["held"] == 0
        assert found["resolved"] == found["changed"] == found["holds"][0]["decided"]
        # Who decided is the desk's affair.
        assert "Hopper" not in json.dumps(found)

    def test_list_is_newest_first_in_pages(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.findings.PAGE", 2)
        made = [FindingFactory.create().pk for _ in range(5)]
        pages, address = [], FINDINGS
        while address:
            page = kripos.get(address).json()
            pages.append([row["id"] for row in page["findings"]])
            address = page["next"]
        assert pages == [made[:2:-1], made[2:0:-1], made[:1]]

    def test_page_begins_after_the_last_one_though_a_finding_came_in_between(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.findings.PAGE", 1)
        first, second = FindingFactory.create(), FindingFactory.create()
        page = kripos.get(FINDINGS).json()
        FindingFactory.create()
        assert [row["id"] for row in page["findings"]] == [second.pk]
        assert [row["id"] for row in kripos.get(page["next"]).json()["findings"]] == [first.pk]

    def test_filters_narrow_the_list(self, kripos):
        IndicatorFactory.create(number=2, code="HELP_VISITS")
        plain = FindingFactory.create().pk
        answered = FindingFactory.create(state="answered").pk
        silent = FindingFactory.create(rule="R202", facts={"periods": 3}).pk
        daily = FindingFactory.create(frequency="D", indicator_id=2).pk
        late = FindingFactory.create(changed=datetime(2026, 11, 23, tzinfo=UTC)).pk
        everything = [late, daily, silent, answered, plain]
        for query, found in [
            ({}, everything),
            ({"state": "answered"}, [answered]),
            ({"state": "open,answered"}, everything),
            ({"state": "resolved"}, []),
            ({"rule": "R202"}, [silent]),
            ({"rule": "R202,R105"}, everything),
            ({"severity": "error"}, [silent]),
            ({"severity": "error", "rule": "R105"}, []),
            ({"severity": "warning", "rule": "R105,R202"}, [late, daily, answered, plain]),
            ({"indicator": "HELP_VISITS"}, [daily]),
            ({"frequency": "D"}, [daily]),
            ({"since": "2026-11-23T00:00:00Z"}, [late]),
            ({"since": "2026-11-23T00:00:00.000001Z"}, []),
        ]:
            assert listed(kripos, **query) == found, query

    @pytest.mark.parametrize(
        ("query", "status", "code", "parameter"),
        [
            ({"state": "shut"}, 400, "bad_parameter", "state"),
            ({"state": "open,"}, 400, "bad_parameter", "state"),
            ({"rule": "R999"}, 400, "bad_parameter", "rule"),
            ({"severity": "fatal"}, 400, "bad_parameter", "severity"),
            ({"since": "yesterday"}, 400, "bad_parameter", "since"),
            ({"since": "2026-11-23T00:00:00+01:00"}, 400, "bad_parameter", "since"),
            ({"indicator": "UPLOADS"}, 422, "unknown_indicator", "indicator"),
            ({"frequency": "Q"}, 422, "unknown_frequency", "frequency"),
            ({"cursor": "x"}, 400, "bad_cursor", None),
            ({"agency": "DE-BKA"}, 400, "unknown_parameter", None),
        ],
    )
    def test_odd_questions_are_refused(self, kripos, query, status, code, parameter):
        refused = kripos.get(FINDINGS, **query)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert refused.json().get("parameter") == parameter

    def test_filters_are_documented(self):
        text = (Path(__file__).parents[2] / "docs" / "reference" / "submissions.md").read_text()
        table = text.split("| parameter | values |")[1].split("\n\n")[0]
        firsts = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        assert [name for cell in firsts for name in re.findall(r"`(\w+)`", cell)] == list(findings.FILTERS)

    def test_each_rule_can_be_asked_for(self, kripos):
        assert listed(kripos, rule=",".join(RULES)) == []

    def test_answers_are_in_nobodys_cache(self, kripos, finding):
        for path in (FINDINGS, f"{FINDINGS}{finding.pk}/"):
            assert kripos.get(path)["Cache-Control"] == "no-store"

    def test_number_of_queries_does_not_grow(self, kripos, held, django_assert_max_num_queries):
        for _ in range(30):
            FindingFactory.create()
        # The first answer loads the reference data.
        listed(kripos)
        with django_assert_max_num_queries(4):
            assert len(listed(kripos)) == 31
        with django_assert_max_num_queries(6):
            kripos.get(f"{FINDINGS}{held['findings'][0]['id']}/")

    def test_what_is_long_is_cut_off(self, kripos, held, monkeypatch):
        monkeypatch.setattr("api.v1.finding_documents.ANSWERS", 2)
        monkeypatch.setattr("api.v1.finding_documents.HOLDS", 0)
        id_ = held["findings"][0]["id"]
        for remark in ("one", "two", "three"):
            answer(kripos, id_, {"answer": "cannot_fix", "remark": remark})
        found = kripos.get(f"{FINDINGS}{id_}/").json()
        assert [said["remark"] for said in found["answers"]] == ["two", "three"]
        assert found["holds"] == []


class TestIsolation:
    """Nobody else's finding is there."""

    def test_another_agency_sees_nothing(self, bka, finding):
        assert listed(bka) == []
        read = bka.get(f"{FINDINGS}{finding.pk}/")
        assert (read.status_code, read.json()["code"]) == (404, "finding_not_found")

    def test_another_agency_answers_nothing(self, bka, finding):
        refused = answer(bka, finding.pk, {"answer": "confirmed"})
        assert (refused.status_code, refused.json()["code"]) == (404, "finding_not_found")
        assert not Answer.objects.exists()
        assert Finding.objects.get().state == "open"

    def test_somebody_elses_and_no_finding_look_the_same(self, bka, finding):
        texts = {bka.get(f"{FINDINGS}{id_}/").content for id_ in (finding.pk, finding.pk + 1, 10**30)}
        texts |= {answer(bka, id_, {"answer": "confirmed"}).content for id_ in (finding.pk, finding.pk + 1, 10**30)}
        assert len(texts) == 1

    def test_cursor_of_another_agency_is_refused(self, kripos, bka, monkeypatch):
        monkeypatch.setattr("api.v1.findings.PAGE", 1)
        FindingFactory.create_batch(2)
        following = kripos.get(FINDINGS).json()["next"]
        assert bka.get(following).json()["code"] == "bad_cursor"

    def test_cursor_belongs_to_its_filters(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.findings.PAGE", 1)
        FindingFactory.create_batch(2)
        cursor = kripos.get(FINDINGS).json()["next"].partition("cursor=")[2]
        assert kripos.get(FINDINGS, cursor=cursor, state="open").json()["code"] == "bad_cursor"

    def test_reading_and_answering_need_their_scopes(self, kripos, finding):
        kripos.use_scope("submissions:write")
        for path in (FINDINGS, f"{FINDINGS}{finding.pk}/"):
            assert kripos.get(path).json()["code"] == "insufficient_scope"
        kripos.use_scope("submissions:read")
        refused = answer(kripos, finding.pk, {"answer": "confirmed"})
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert not Answer.objects.exists()

    def test_coordinator_is_no_agency(self, coordinator, finding):
        assert coordinator.get(FINDINGS).json()["code"] == "insufficient_scope"
        assert answer(coordinator, finding.pk, {"answer": "confirmed"}).json()["code"] == "insufficient_scope"

    def test_nobody_reads_without_a_token(self, client, finding):
        assert client.get(FINDINGS).json()["code"] == "not_authenticated"
        assert client.post(f"{FINDINGS}{finding.pk}/answer/").json()["code"] == "not_authenticated"


class TestDocument:
    """What the OpenAPI document shows is what is accepted and answered."""

    def test_example_fits_its_schema_and_is_accepted(self, kripos, finding):
        jsonschema.validate(openapi_findings.ANSWER_EXAMPLE, openapi_findings.ANSWER)
        assert answer(kripos, finding.pk, openapi_findings.ANSWER_EXAMPLE).status_code == 200

    def test_answers_fit_their_schemas(self, kripos, client, held):
        document = json.loads(client.get("/api/schema/").content)
        id_ = held["findings"][0]["id"]
        answered = answer(kripos, id_, {"answer": "confirmed", "remark": "Yes."})
        for path, method, given in [
            (FINDINGS, "get", kripos.get(FINDINGS)),
            (FINDINGS + "{id}/", "get", kripos.get(f"{FINDINGS}{id_}/")),
            (FINDINGS + "{id}/answer/", "post", answered),
        ]:
            schema = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.validate(given.json(), schema | {"components": document["components"]})
