"""Deciding at the desk: with a reason, once, by users who may, on rows that they may see."""

from datetime import timedelta

import pytest

from federation.database import clock
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding, Hold
from federation.models.submissions import Report
from tests import factories
from tests.integration.federation.deskside import NOW, address, held, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]


def test_release_needs_a_reason_and_then_shows_what_was_done(coordinator, agency):
    report = held(agency)
    action = address("finding", "release", report.hold.finding_id)
    asked = coordinator.get(action)
    assert "Release 1 report" in asked.content.decode()

    fields = dict(asked.context["selection"].fields)
    refused = coordinator.post(action, fields | {"reason": "   "})
    assert "Say why." in refused.content.decode()
    assert refused.context["selection"].fields == asked.context["selection"].fields
    report.refresh_from_db()
    assert report.state == "held"

    done = coordinator.post(action, fields | {"reason": "a new campaign"}, follow=True)
    assert told(done) == ["1 report released."]
    report.refresh_from_db()
    assert report.state == "current"
    assert "a new campaign" in done.content.decode()
    assert AuditEvent.objects.get(action="report.released").actor == "kari"


def test_nothing_is_decided_while_clocks_disagree(coordinator, agency, monkeypatch):
    report = held(agency)
    action = address("finding", "release", report.hold.finding_id)
    fields = dict(coordinator.get(action).context["selection"].fields)
    monkeypatch.setattr(clock, "of_host", lambda: NOW + timedelta(days=1))
    [told_first] = told(coordinator.post(action, fields | {"reason": "a new campaign"}, follow=True))
    assert told_first.startswith("The clocks disagree: this host's clock is 86400.0 s ahead of the database's.")
    report.refresh_from_db()
    assert report.state == "held"


def test_second_click_shows_who_decided_and_when(coordinator, agency):
    report = held(agency)
    action = address("finding", "release", report.hold.finding_id)
    fields = dict(coordinator.get(action).context["selection"].fields)
    decisions.reject(reports=[report.pk], by="per", reason="no", now=NOW)
    second = coordinator.post(action, fields | {"reason": "yes"}, follow=True)
    assert told(second) == ["1 report decided already, and left as it was: rejected by per at 12:00 on 25 November."]
    report.refresh_from_db()
    assert report.state == "rejected"
    assert AuditEvent.objects.filter(action__startswith="report.").count() == 1


def test_deciding_what_is_decided_leads_back_with_a_word(coordinator, agency):
    report = held(agency)
    decisions.reject(reports=[report.pk], by="per", reason="no", now=NOW)
    page = coordinator.get(address("finding", "release", report.hold.finding_id), follow=True)
    assert told(page) == ["There is nothing here to release any more: it was decided already."]


def test_several_findings_are_decided_at_once(coordinator, agency):
    reports = [held(agency), held(factories.AgencyFactory.create(code="SE-NOA"))]
    chosen = {"action": "reject", "_selected_action": [report.hold.finding_id for report in reports]}
    asked = coordinator.post(address("finding"), chosen)
    assert "Reject 2 reports" in asked.content.decode()
    ids = [report.pk for report in reports]
    missing = coordinator.post(address("finding"), chosen | {"report": ids, "reason": ""})
    assert sorted(missing.context["selection"].ids) == sorted(ids)
    done = coordinator.post(address("finding"), chosen | {"report": ids, "reason": "both wrong"}, follow=True)
    assert told(done) == ["2 reports rejected."]
    assert Report.objects.filter(state="rejected").count() == 2


def test_held_reports_are_decided_in_their_list_and_on_their_page(coordinator, agency):
    first, second = held(agency), held(agency, hours=-4)
    chosen = {"action": "release", "_selected_action": [first.pk]}
    coordinator.post(address("hold"), chosen)
    done = coordinator.post(address("hold"), chosen | {"reason": "right"}, follow=True)
    assert told(done) == ["1 report released."]
    assert "Reject this report" in coordinator.get(address("hold", "change", second.pk)).content.decode()
    done = coordinator.post(address("hold", "reject", second.pk), {"reason": "wrong"}, follow=True)
    assert told(done) == ["1 report rejected."]
    assert set(Hold.objects.values_list("decision", "reason")) == {("released", "right"), ("rejected", "wrong")}


def test_second_click_in_the_list_shows_who_decided(coordinator, agency):
    report = held(agency)
    decisions.release(reports=[report.pk], by="per", reason="no", now=NOW)
    again = {"action": "reject", "_selected_action": [report.pk], "reason": "wrong"}
    page = coordinator.post(address("hold"), again, follow=True)
    assert told(page) == ["1 report decided already, and left as it was: released by per at 12:00 on 25 November."]


def test_second_click_in_the_list_of_findings_shows_who_decided(coordinator, agency):
    report = held(agency)
    chosen = {"action": "release", "_selected_action": [report.hold.finding_id]}
    asked = coordinator.post(address("finding"), chosen)
    decisions.release(reports=[report.pk], by="per", reason="no", now=NOW)
    again = {
        "report": [value for name, value in asked.context["selection"].fields if name == "report"],
        "reason": "right",
    }
    page = coordinator.post(address("finding"), chosen | again, follow=True)
    assert told(page) == ["1 report decided already, and left as it was: released by per at 12:00 on 25 November."]


def test_resolving_leaves_findings_that_hold_reports(coordinator, agency):
    holding = held(agency).hold.finding
    other = factories.FindingFactory.create(agency=agency)
    chosen = {"action": "resolve", "_selected_action": [holding.pk, other.pk], "reason": "explained by telephone"}
    page = coordinator.post(address("finding"), chosen, follow=True)
    assert told(page) == ["1 finding resolved.", "1 finding left open, with held reports: release or reject those."]
    assert set(Finding.objects.filter(resolved=None).values_list("pk", flat=True)) == {holding.pk}


def test_one_finding_is_resolved_on_its_page(coordinator, agency):
    finding = factories.FindingFactory.create(agency=agency)
    page = coordinator.post(address("finding", "resolve", finding.pk), {"reason": "known"}, follow=True)
    assert told(page) == ["1 finding resolved."]
    again = coordinator.post(address("finding", "resolve", finding.pk), {"reason": "known"}, follow=True)
    assert told(again) == ["1 finding decided already, and left as it was: resolved by kari at 12:00 on 25 November."]


# --- who may what -----------------------------------------------------------------------------------------------------


def test_observer_looks_and_is_refused_politely(observer, agency):
    report = held(agency)
    page = observer.get(address("finding", "change", report.hold.finding_id)).content.decode()
    assert "Release" not in page
    assert "Answer for the agency" not in page
    for action in ("release", "reject", "resolve", "answer"):
        refused = observer.post(
            address("finding", action, report.hold.finding_id), {"reason": "x", "answer": "confirmed"}
        )
        assert refused.status_code == 403
        assert "Nothing was changed" in refused.content.decode()
    assert observer.post(address("hold", "release", report.pk), {"reason": "x"}).status_code == 403
    observer.post(address("hold"), {"action": "release", "_selected_action": [report.pk], "reason": "x"})
    report.refresh_from_db()
    assert report.state == "held"
    assert not Answer.objects.exists()


def test_coordinator_answers_for_the_agency(coordinator, agency):
    hold = held(agency).hold
    answered = {"answer": "confirmed", "remark": "A new campaign."}
    page = coordinator.post(address("finding", "answer", hold.finding_id), answered, follow=True)
    assert told(page) == ["Your answer is saved."]
    assert "A new campaign." in page.content.decode()
    assert set(Answer.objects.values_list("finding", "by")) == {(hold.finding_id, "kari")}


def test_answer_without_a_choice_says_so_and_keeps_the_remark(coordinator, agency):
    hold = held(agency).hold
    page = coordinator.post(address("finding", "answer", hold.finding_id), {"remark": "We look into it."})
    assert "Choose an answer." in page.content.decode()
    assert "We look into it." in page.content.decode()
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ask someone@example.org", "looks like an address, a hash or an e-mail"),
        ("It was 192.0.2.17.", "looks like an address, a hash or an e-mail"),
        ("a\x1bb", "Remove the control character U+001B."),
    ],
)
def test_neither_reason_nor_remark_may_hold_a_trace(coordinator, agency, text, why):
    report, before = held(agency), AuditEvent.objects.count()
    other = factories.FindingFactory.create(agency=agency)
    for action in (
        address("finding", "release", report.hold.finding_id),
        address("hold", "reject", report.pk),
        address("finding", "resolve", other.pk),
        address("finding", "answer", other.pk),
    ):
        page = coordinator.post(action, {"reason": text, "answer": "confirmed", "remark": text})
        assert why in page.content.decode(), action
    report.refresh_from_db()
    assert report.state == "held"
    assert not Answer.objects.exists()
    assert AuditEvent.objects.count() == before


def test_answer_to_a_resolved_finding_is_told(coordinator, agency):
    hold = held(agency).hold
    decisions.release(reports=[hold.pk], by="per", reason="no", now=NOW)
    page = coordinator.post(address("finding", "answer", hold.finding_id), {"answer": "confirmed"}, follow=True)
    assert told(page) == ["The finding is resolved, so it takes no more answers."]


def test_list_of_held_reports_says_what_waits_and_who_decided(coordinator, agency):
    report = held(agency)
    listed = address("hold", "changelist")
    assert '<td class="field-decision_text">waits</td>' in coordinator.get(listed).content.decode()
    decisions.reject(reports=[report.pk], by="per", reason="no", now=NOW)
    every = coordinator.get(listed, {"decision": "all"}).content.decode()
    assert '<td class="field-decision_text">rejected by per</td>' in every


def test_number_that_no_report_can_have_names_none(coordinator, agency):
    report = held(agency)
    action = address("finding", "release", report.hold.finding_id)
    asked = coordinator.post(action, {"report": "9" * 5000})
    assert asked.status_code == 200
    assert asked.context["selection"].ids == [report.pk]
