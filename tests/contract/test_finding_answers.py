"""An agency answers its findings; each answer is kept, and a wrong one names its faults."""

import logging
from datetime import UTC, datetime

import pytest

from countries.models import Agency
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding
from tests.contract.finding_calls import FINDINGS, SECRET, answer

pytestmark = pytest.mark.django_db


class TestAnswering:
    """What an agency says to a finding stays, and nothing that it must not say."""

    @pytest.mark.parametrize("said", ["confirmed", "will_resubmit", "cannot_fix"])
    def test_answer_is_noted(self, kripos, finding, said):
        told = answer(kripos, finding.pk, {"answer": said, "remark": "Two computers more. 計算機 +2"})
        assert told.status_code == 200
        assert told.json() == kripos.get(f"{FINDINGS}{finding.pk}/").json()
        row = Answer.objects.get()
        assert (row.answer, row.remark) == (said, "Two computers more. 計算機 +2")
        assert row.by == f"credential {kripos.issued.client_id}"
        assert told.json()["state"] == "answered"
        assert told.json()["changed"] == told.json()["answers"][0]["at"]
        assert AuditEvent.objects.get(action="finding.answered").actor == row.by

    def test_remark_may_be_left_out(self, kripos, finding):
        told = answer(kripos, finding.pk, {"answer": "confirmed"}).json()
        assert [(said["answer"], said["remark"]) for said in told["answers"]] == [("confirmed", None)]

    def test_same_answer_twice_is_noted_once(self, kripos, finding):
        first = answer(kripos, finding.pk, {"answer": "confirmed", "remark": "Yes."})
        again = answer(kripos, finding.pk, {"remark": "Yes.", "answer": "confirmed"})
        assert (again.status_code, again.json()) == (200, first.json())
        assert AuditEvent.objects.filter(action="finding.answered").count() == 1

    def test_other_answers_are_kept_and_the_newest_counts(self, kripos, finding):
        for said in ("confirmed", "will_resubmit", "confirmed"):
            told = answer(kripos, finding.pk, {"answer": said})
        assert [said["answer"] for said in told.json()["answers"]] == ["confirmed", "will_resubmit", "confirmed"]

    def test_resolved_finding_cannot_be_answered(self, kripos, finding):
        decisions.resolve(findings=[finding.pk], by="ada", reason="Seen.", now=datetime.now(UTC))
        refused = answer(kripos, finding.pk, {"answer": "confirmed"})
        assert (refused.status_code, refused.json()["code"]) == (409, "finding_resolved")
        assert not Answer.objects.exists()

    def test_longest_remark_is_taken_however_it_is_written(self, kripos, finding):
        remark = "\N{GRINNING FACE}" * 1000
        told = answer(kripos, finding.pk, {"answer": "confirmed", "remark": remark})
        assert told.json()["answers"][0]["remark"] == remark

    @pytest.mark.parametrize(
        ("sent", "faults"),
        [
            ({}, [("/answer", "missing_field")]),
            ([], [("", "wrong_type")]),
            ("confirmed", [("", "wrong_type")]),
            (None, [("", "wrong_type")]),
            ({"answer": "maybe"}, [("/answer", "unknown_answer")]),
            ({"answer": "CONFIRMED"}, [("/answer", "unknown_answer")]),
            ({"answer": ""}, [("/answer", "unknown_answer")]),
            ({"answer": None}, [("/answer", "wrong_type")]),
            ({"answer": ["confirmed"]}, [("/answer", "wrong_type")]),
            ({"answer": SECRET}, [("/answer", "personal_trace")]),
            ({"answer": "confirmed", "remark": ""}, [("/remark", "empty_remark")]),
            ({"answer": "confirmed", "remark": " \n\t"}, [("/remark", "empty_remark")]),
            ({"answer": "confirmed", "remark": None}, [("/remark", "wrong_type")]),
            ({"answer": "confirmed", "remark": 7}, [("/remark", "wrong_type")]),
            ({"answer": "confirmed", "remark": "x" * 1001}, [("/remark", "remark_too_long")]),
            ({"answer": "confirmed", "remark": "x" * 20_000}, [("/remark", "remark_too_long")]),
            ({"answer": "confirmed", "remark": "a\0b"}, [("/remark", "nul_character")]),
            *(
                ({"answer": "confirmed", "remark": f"a{control}b"}, [("/remark", "control_character")])
                for control in ("\x1b[2J", "\x0b", "\x7f", "\x85", "\uffff")
            ),
            ({"answer": "confirmed", "remark": f"Ask {SECRET}."}, [("/remark", "personal_trace")]),
            ({"answer": "confirmed", "remark": "It was 192.0.2.17."}, [("/remark", "personal_trace")]),
            ({"answer": "confirmed", "remark": "It was 2001:db8::17."}, [("/remark", "personal_trace")]),
            ({"answer": "confirmed", "remark": "１９２.０.２.１７"}, [("/remark", "personal_trace")]),
            ({"answer": "confirmed", "remark": "192.0.\u200b2.17"}, [("/remark", "personal_trace")]),
            (
                {"answer": "confirmed", "remark": "file d41d8cd98f00b204e9800998ecf8427e"},
                [("/remark", "personal_trace")],
            ),
            ({"answer": "confirmed", "note": "x"}, [("", "unknown_field")]),
            ({"answer": "confirmed", SECRET: "x"}, [("", "personal_trace")]),
            ({"answer": "confirmed", "note": {"deep": [SECRET]}}, [("", "personal_trace")]),
            (
                {"remark": SECRET, "x": 1},
                [("", "unknown_field"), ("/answer", "missing_field"), ("/remark", "personal_trace")],
            ),
        ],
    )
    def test_what_breaks_a_rule_is_refused_and_forgotten(self, kripos, finding, caplog, sent, faults):
        caplog.set_level(logging.DEBUG)
        before = AuditEvent.objects.count()
        refused = answer(kripos, finding.pk, sent)
        body = refused.json()
        assert (refused.status_code, body["code"]) == (422, "invalid_payload")
        assert [(fault["pointer"], fault["code"]) for fault in body["errors"]] == faults
        assert (Answer.objects.count(), AuditEvent.objects.count()) == (0, before)
        assert Finding.objects.get().state == "open"
        for text in (SECRET, "192.0.2", "d41d8cd9", "maybe", "xxxx"):
            assert text not in refused.content.decode() + caplog.text

    @pytest.mark.parametrize(
        ("body", "media", "status", "code"),
        [
            (b"", "application/json", 400, "not_json"),
            (b"{", "application/json", 400, "not_json"),
            (b'{"answer": "confirmed", "remark": "\\ud800"}', "application/json", 400, "not_json"),
            (b'{"answer": "confirmed", "remark": "a\0b"}', "application/json", 400, "nul_character"),
            (b'{"answer": "confirmed", "remark": "\xff"}', "application/json", 400, "not_utf8"),
            (b'{"answer": "confirmed", "answer": "cannot_fix"}', "application/json", 400, "duplicate_member"),
            (b"answer\nconfirmed\n", "text/csv", 415, "unsupported_media_type"),
            (b"answer=confirmed", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
            (b'{"answer": "confirmed"}', "application/json; charset=latin-1", 415, "unsupported_media_type"),
            (b'{"answer": "confirmed"}' + b" " * 40_000, "application/json", 413, "body_too_large"),
        ],
    )
    def test_body_that_cannot_be_read(self, kripos, finding, body, media, status, code):
        refused = answer(kripos, finding.pk, body, media=media)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert not Answer.objects.exists()

    def test_query_is_refused(self, kripos, finding):
        headers = {"Authorization": f"Bearer {kripos.token}"}
        for query, status, code in [("dry_run=true", 400, "unknown_parameter"), (f"x={SECRET}", 422, "personal_trace")]:
            address = f"{FINDINGS}{finding.pk}/answer/?{query}"
            refused = kripos.client.post(address, b"{}", content_type="application/json", headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (status, code)
            assert SECRET not in refused.content.decode()

    def test_answer_of_an_agency_that_has_left_is_refused(self, kripos, finding):
        Agency.objects.update(active=False)
        assert answer(kripos, finding.pk, {"answer": "confirmed"}).json()["code"] == "invalid_token"
