"""The validation report: an agency's findings, and that a dry run gives all of them beforehand."""

import json
import re
from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from django.db import transaction
from django.test import Client
from hypothesis import strategies as st

from api.v1 import openapi_submissions
from federation import worklist
from federation.findings import decisions
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report, Submission
from tests.contract.callers import Caller, hour, report
from tests.contract.dry_runs import USUAL, WEEK, Sender, check_dry_run, of_day, of_hours, unnumbered, weeks, withdrawn
from tests.factories import AgencyFactory
from tests.histories import one_in
from tests.reporting import settle

pytestmark = pytest.mark.django_db
IMPLAUSIBLE = [("NO", "ARES", 1200)]


def said(findings):
    return [(one["pointer"], one["rule"], one["state"]) for one in findings]


@pytest.fixture
def sender(kripos):
    return Sender(kripos)


@pytest.fixture(scope="module")
def shared_sweden(shared_kripos):
    """An agency whose usual level is known and settled, for three hours. No hour is like the one before it."""
    sweden = Caller(agency=AgencyFactory.create(code="SE-NOA"))
    for ago, rest in ((2, 10), (3, 11), (4, 12)):
        Sender(sweden).send(weeks(8, 1, USUAL[0], ("DE", "EDONKEY", rest), ago=ago))
    settle()
    return sweden


@pytest.fixture
def known(db, shared_sweden):
    """Sends for that agency. All tests of the module share its history."""
    sweden = copy(shared_sweden)
    sweden.client = Client()
    return Sender(sweden)


class TestDryRun:
    """A dry run says what the submission will have been told once it is reconciled."""

    def test_plausible(self, known):
        assert check_dry_run(known, [report(*USUAL), report(ago=5), report(ago=6)]) == []

    def test_held_by_its_level(self, known):
        found = check_dry_run(known, [report(*USUAL, ago=3), report(*IMPLAUSIBLE)])
        assert said(found) == [("/reports/1", "R102", "open")]
        assert found[0]["message"].startswith(f"Hour {hour()[11:]} on ")
        assert {name: found[0]["facts"][name] for name in ("value", "usual")} == {"value": 1200, "usual": 100.0}

    def test_day_held_by_its_level(self, sender):
        sender.send([of_day(1 + 7 * back, *USUAL) for back in range(8, 0, -1)])
        assert said(check_dry_run(sender, [of_day(1, *IMPLAUSIBLE)])) == [("/reports/0", "R102", "open")]

    def test_held_reports_in_a_row_are_one_finding_at_the_first(self, known):
        found = check_dry_run(known, [report(*IMPLAUSIBLE, ago=ago) for ago in (4, 2, 3)])
        assert [(one["period"], one["last_period"]) for one in found] == [(hour(4), hour(2))]
        assert said(found) == [("/reports/0", "R102", "open")]

    def test_held_after_one_that_is_held_already(self, known):
        first = known.send([report(*IMPLAUSIBLE, ago=3)])
        found = check_dry_run(known, [report(*IMPLAUSIBLE)])
        assert [one["id"] for one in found] == [one["id"] for one in first["findings"]]
        assert [(one["period"], one["last_period"]) for one in found] == [(hour(3), hour(2))]

    def test_nine_weeks_at_once(self, sender):
        found = check_dry_run(sender, [*weeks(8, 1, *USUAL), report(*IMPLAUSIBLE)])
        assert said(found) == [("/reports/8", "R102", "open")]

    def test_weeks_sent_at_once_are_judged_as_if_one_by_one(self, kripos, bka):
        values = [100, 90, 110, 100, 2000, 95, 2100, 105, 1900]
        sent = [report(("NO", "ARES", value), ago=2 + WEEK * (8 - at)) for at, value in enumerate(values)]
        together = Sender(kripos).send(sent)["findings"]
        one_by_one = [Sender(bka).send([one])["findings"] for one in sent]
        alone = [one | {"pointer": f"/reports/{at}"} for at, found in enumerate(one_by_one) for one in found]
        assert unnumbered(together) == unnumbered(alone)
        assert [one["pointer"] for one in together] == ["/reports/4", "/reports/6", "/reports/8"]

    def test_repeated(self, sender):
        sender.send([report(*USUAL, ago=3)])
        assert said(check_dry_run(sender, [report(*USUAL)])) == [("/reports/0", "R104", "open")]

    def test_repeated_within_the_submission(self, sender):
        found = check_dry_run(sender, [report(*USUAL), report(*USUAL, ago=3)])
        assert said(found) == [("/reports/0", "R104", "open")]

    def test_unlocated(self, sender):
        found = check_dry_run(sender, [report(("NO", "ARES", 50), ("_U", "ARES", 50))])
        assert said(found) == [("/reports/0", "R105", "open")]
        assert found[0]["facts"] == {"value": 100, "unlocated": 50, "share": 0.5}

    def test_large_revision(self, sender):
        sender.send([report(*USUAL, ago=72)])
        found = check_dry_run(sender, [report(("NO", "ARES", 300), ago=72)])
        assert said(found) == [("/reports/0", "R103", "open")]
        assert found[0]["facts"]["before"] == 100

    def test_withdrawal(self, sender):
        sender.send([report(*USUAL, ago=72), report(*USUAL, ago=2)])
        found = check_dry_run(sender, [withdrawn(72), withdrawn(2)])
        assert [(one["rule"], one["facts"]["value"]) for one in found] == [("R103", 0)]

    def test_mismatch_with_hours_that_are_there(self, sender):
        sender.send(of_hours(1, ("NO", "ARES", 1)))
        found = check_dry_run(sender, [of_day(1, ("NO", "ARES", 25), ("SE", "ARES", 36))])
        assert said(found) == [("/reports/0", "R101", "open")]

    def test_mismatch_within_the_submission(self, sender):
        found = check_dry_run(sender, [of_day(1, ("NO", "ARES", 25)), *of_hours(1, ("NO", "ARES", 1))])
        assert said(found) == [("/reports/0", "R101", "open")]

    def test_mismatch_that_the_submission_corrects(self, sender):
        sender.send([of_day(1, ("NO", "ARES", 25)), *of_hours(1, ("NO", "ARES", 1))])
        settle()
        assert check_dry_run(sender, [of_day(1, ("NO", "ARES", 24), ("SE", "ARES", 36))]) == []

    def test_mismatch_of_an_hour_with_its_minutes(self, sender):
        minutes = [
            report(("NO", "ARES", 1), frequency="N", period=f"{hour()[:-2]}{at:02}", status="P") for at in range(60)
        ]
        found = check_dry_run(sender, [*minutes, report(("NO", "ARES", 59))])
        assert said(found) == [("/reports/60", "R101", "open")]

    def test_revised_very_often(self, sender, settings):
        settings.THRESHOLDS = {**settings.THRESHOLDS, "R106_REVISIONS": 2}
        for value in (10, 11):
            sender.send([report(("NO", "ARES", value))])
        assert check_dry_run(sender, [report(("NO", "ARES", 12))]) == []
        found = check_dry_run(sender, [report(("NO", "ARES", 13))])
        assert said(found) == [("/reports/0", "R106", "open")]
        assert found[0]["facts"] == {"revisions": 3}

    def test_unchanged_report_shares_what_was_noticed(self, sender):
        before = sender.send([report(("_U", "ARES", 50))])
        settle()
        found = check_dry_run(sender, [report(ago=5), report(("_U", "ARES", 50))])
        assert said(found) == [("/reports/1", "R105", "open")]
        assert found[0]["id"] == sender.read(before)[0]["id"]

    def test_unchanged_report_that_ends_a_hold(self, known):
        known.send([report(*USUAL)])
        held = known.send([report(*IMPLAUSIBLE)])
        assert check_dry_run(known, [report(*USUAL)]) == []
        assert said(known.read(held)) == [("/reports/0", "R102", "resolved")]

    def test_held_report_sent_again(self, known):
        known.send([report(*IMPLAUSIBLE)])
        assert said(check_dry_run(known, [report(*IMPLAUSIBLE)])) == [("/reports/0", "R102", "open")]

    def test_released_value_sent_again(self, known):
        known.send([report(*IMPLAUSIBLE)])
        waiting = list(Hold.objects.filter(decision="").values_list("report", flat=True))
        decisions.release(reports=waiting, by="ada", reason="Seen.", now=datetime.now(UTC))
        known.send([report(*USUAL)])
        assert check_dry_run(known, [report(*IMPLAUSIBLE)]) == []

    def test_report_that_is_superseded_at_once(self, sender):
        sender.send([report(*USUAL)])
        late = json.dumps(
            {"indicator": "DOWNLOADS", "prepared": "2026-01-01T00:00:00Z", "reports": [report(("_U", "ARES", 99))]}
        )
        tried = sender.caller.post(late, query="?dry_run=true").json()
        assert (tried["findings"], tried["outcomes"]["superseded"]) == ([], 1)

    def test_dry_run_leaves_no_trace(self, known):
        before = known.caller.get("/api/v1/findings/").json()
        counts = [model.objects.count() for model in (Submission, Report, Finding, Hold)]
        tried = known.try_out([report(*IMPLAUSIBLE), report(("_U", "ARES", 90), ago=5)])
        assert len(tried["findings"]) == 2
        assert [model.objects.count() for model in (Submission, Report, Finding, Hold)] == counts
        assert known.caller.get("/api/v1/findings/").json() == before
        assert not worklist.is_pending()

    def test_dry_run_leaves_what_waits_for_a_decision_alone(self, known):
        known.send([report(*IMPLAUSIBLE)])
        known.try_out([report(*USUAL)])
        assert Hold.objects.get().decision == ""
        assert Finding.objects.get().state == "open"

    def test_first_thousand_are_listed(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.submissions.FINDINGS", 2)
        sender = Sender(kripos)
        unlocated = [report(("_U", "ARES", 60 + ago), ago=ago) for ago in (2, 3, 4)]
        tried = sender.try_out(unlocated)
        assert ([one["pointer"] for one in tried["findings"]], tried["truncated"]) == (
            ["/reports/0", "/reports/1"],
            True,
        )
        tried = sender.try_out(unlocated[:2])
        assert (len(tried["findings"]), tried["truncated"]) == (2, False)
        sent = sender.send(unlocated)
        settle()
        assert len(sender.read(sent)) == 3


class TestReport:
    """The validation report of a stored submission."""

    def test_findings_are_on_the_page_of_their_first_report(self, kripos, monkeypatch):
        monkeypatch.setattr("api.v1.submissions.REPORTS_PAGE", 2)
        sender = Sender(kripos)
        sent = sender.send([report(("_U", "ARES", 60 + ago), ago=ago) for ago in range(2, 7)])
        settle()
        address, pages = sent["url"], []
        while address:
            page = kripos.get(address).json()
            assert {one["pointer"] for one in page["findings"]} <= {one["pointer"] for one in page["reports"]}
            pages.append([one["pointer"] for one in page["findings"]])
            address = page["next"]
        assert pages == [["/reports/0", "/reports/1"], ["/reports/2", "/reports/3"], ["/reports/4"]]

    def test_report_says_how_findings_stand_now(self, kripos):
        sender = Sender(kripos)
        sent = sender.send([report(("_U", "ARES", 60))])
        settle()
        (found,) = sender.read(sent)
        assert found["state"] == "open"
        sender.send([report(("NO", "ARES", 60))])
        settle()
        assert [(one["id"], one["state"]) for one in sender.read(sent)] == [(found["id"], "resolved")]

    def test_csv_report_stands_where_its_first_row_does(self, kripos):
        rows = [
            f"DOWNLOADS,H,{hour(3)},NO,ARES,5",
            f"DOWNLOADS,H,{hour(2)},NO,ARES,10",
            f"DOWNLOADS,H,{hour(3)},SE,ARES,5",
            f"DOWNLOADS,H,{hour(2)},_U,ARES,90",
        ]
        for quoted in (rows, [row.replace("NO,ARES", '"NO",ARES') for row in rows]):
            tried = kripos.send_csv(*quoted, query="?dry_run=true").json()
            assert [one["pointer"] for one in tried["findings"]] == ["/reports/1"]
            assert [(one["pointer"], one["period"]) for one in tried["preview"]] == [
                ("/reports/0", hour(3)),
                ("/reports/1", hour(2)),
            ]

    def test_pointer_leads_into_the_body(self, kripos):
        body = {"indicator": "DOWNLOADS", "reports": [report(ago=5), report(("_U", "ARES", 60))]}
        (found,) = kripos.post(json.dumps(body), query="?dry_run=true").json()["findings"]
        _, member, position = found["pointer"].split("/")
        assert body[member][int(position)]["period"] == found["period"]

    def test_repetition_tells_how_findings_stand_now(self, known):
        first = known.caller.send(report(*IMPLAUSIBLE), key="one").json()
        again = known.caller.send(report(*IMPLAUSIBLE), key="one").json()
        assert again == first
        decisions.reject(
            reports=list(Hold.objects.values_list("report", flat=True)), by="ada", reason="No.", now=datetime.now(UTC)
        )
        after = known.caller.send(report(*IMPLAUSIBLE), key="one").json()
        assert [one["state"] for one in after.pop("findings")] == ["resolved"]
        assert after == {name: value for name, value in first.items() if name != "findings"}

    @pytest.mark.usefixtures("known")
    def test_another_agencys_history_holds_nothing(self, sender):
        assert sender.try_out([report(*IMPLAUSIBLE)])["findings"] == []
        sent = sender.send([report(*IMPLAUSIBLE)])
        assert sent["outcomes"]["held"] == 0

    def test_documented_example_is_that_of_the_document(self):
        text = (Path(__file__).parents[2] / "docs" / "reference" / "submissions.md").read_text()
        (example,) = re.findall(r"```json\n(\{\"id\".+?)```", text, re.DOTALL)
        assert json.loads(example) == openapi_submissions.FINDING

    def test_number_of_queries_does_not_grow(self, kripos, django_assert_max_num_queries):
        sender = Sender(kripos)
        sent = sender.send([report(("_U", "ARES", 60 + ago), ago=ago) for ago in range(2, 30)])
        settle()
        with django_assert_max_num_queries(6):
            assert len(kripos.get(sent["url"]).json()["findings"]) == 28


def of_hour(ago, cells, gone):
    return withdrawn(ago) if gone else report(*[(*at, value) for at, value in cells.items()], ago=ago)


CELLS = st.dictionaries(st.sampled_from([("NO", "ARES"), ("_U", "ARES")]), st.sampled_from([30, 100, 1500]), min_size=1)
HOURS = st.builds(of_hour, st.sampled_from([2, 3, 60, 61]), CELLS, st.sampled_from([False] * 7 + [True]))
DAYS = st.builds(lambda cells: of_day(1, *[(*at, value) for at, value in cells.items()]), CELLS)
WHOLE_DAYS = st.builds(lambda value: of_hours(1, ("NO", "ARES", value)), st.sampled_from([1, 3]))


def one_of_each(*parts):
    """A submission: the last report for each period."""
    return list({(one["frequency"], one["period"]): one for part in parts for one in part}.values())


SUBMISSIONS = st.builds(
    one_of_each, st.just([]) | WHOLE_DAYS, st.lists(DAYS, max_size=1), st.lists(HOURS, min_size=2, max_size=6)
)


def decide(how):
    waiting = Hold.objects.filter(decision="").values_list("report", flat=True)
    how(reports=list(waiting), by="ada", reason="Seen.", now=datetime.now(UTC))


DEEDS = SUBMISSIONS | st.sampled_from([decisions.release, decisions.reject, settle])


@one_in(4)
@hypothesis.given(media=st.sampled_from(["json", "csv"]), before=st.lists(DEEDS, max_size=4), reports=SUBMISSIONS)
def test_dry_run_equals_the_submission_after_any_history(known, media, before, reports):
    sender = Sender(known.caller, media)
    with transaction.atomic():
        for deed in before:
            if isinstance(deed, list):
                sender.send(deed)
            elif deed is settle:
                settle()
            else:
                decide(deed)
        check_dry_run(sender, reports)
        transaction.set_rollback(True)
