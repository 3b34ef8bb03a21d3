"""Deciding at the desk: with a reason, once, by users who may, on rows that they may see."""

from datetime import timedelta

import pytest
from django.urls import reverse

from federation.database import clock
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding, Hold
from federation.models.submissions import Report
from tests import factories
from tests.integration.federation.deskside import HOUR, NOW, address, held, hour, submit, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]


def decide(client, held_one, decision, **more):
    """Decide on a held report on the page of its finding, and follow to the page after it."""
    form = {"decision": decision, "report": [held_one.pk], "reason": "so it is"} | more
    return client.post(address("finding", "decide", held_one.hold.finding_id), form, follow=True)


def test_release_needs_a_reason_and_then_says_what_was_done(coordinator, agency):
    report = held(agency)
    refused = decide(coordinator, report, "release", reason="   ")
    assert "Say why." in refused.content.decode()
    assert [(row.hold.pk, is_ticked) for row, is_ticked in refused.context["held"]] == [(report.pk, True)]
    report.refresh_from_db()
    assert report.state == "held"

    done = decide(coordinator, report, "release", reason="a new campaign")
    assert told(done) == ["1 report released.", "No held report waits for a decision."]
    assert done.redirect_chain[-1][0] == reverse("admin:index")
    report.refresh_from_db()
    assert report.state == "current"
    page = coordinator.get(address("finding", "change", report.hold.finding_id)).content.decode()
    assert "kari released the report of NO-KRIPOS, DOWNLOADS, hour 2026-11-25T10:00." in page
    assert "report.released" not in page
    assert "a new campaign" in page
    assert "Decide</h2>" not in page
    assert AuditEvent.objects.get(action="report.released").actor == "kari"


def test_nothing_is_decided_while_clocks_disagree_and_the_reason_is_kept(coordinator, agency, monkeypatch):
    report, other, before = held(agency), factories.FindingFactory.create(agency=agency), AuditEvent.objects.count()
    monkeypatch.setattr(clock, "of_host", lambda: NOW + timedelta(days=1))
    why = "Nothing was saved. Try again later. The clocks disagree: this host's clock is 86400.0 s ahead"
    typed = {"reason": "They moved."}
    remark = {"answer": "confirmed", "remark": "They moved."}
    page = decide(coordinator, report, "release", **typed)
    assert [row.hold.pk for row, is_ticked in page.context["held"] if is_ticked] == [report.pk]
    for kept in (
        page,
        coordinator.post(address("hold"), {"action": "reject", "_selected_action": [report.pk], **typed}),
        coordinator.post(address("finding", "resolve", other.pk), typed),
        coordinator.post(address("finding", "answer", other.pk), remark),
    ):
        [said] = told(kept)
        assert said.startswith(why)
        assert "They moved.</textarea>" in kept.content.decode()
    report.refresh_from_db()
    assert (report.state, AuditEvent.objects.count(), Answer.objects.exists()) == ("held", before, False)


def test_nothing_is_decided_if_no_report_is_ticked(coordinator, agency):
    report = held(agency)
    page = decide(coordinator, report, "release", report=[])
    assert "Tick at least one report. Nothing was decided yet." in page.content.decode()
    assert "so it is</textarea>" in page.content.decode()
    assert Report.objects.filter(state="held").count() == 1


def test_second_click_shows_who_decided_and_when(coordinator, agency):
    report = held(agency)
    decisions.reject(reports=[report.pk], by="per", reason="no", now=NOW)
    assert told(decide(coordinator, report, "release"))[0] == (
        "1 report decided already, and left as it was: rejected by per at 12:00 on 25 November."
    )
    report.refresh_from_db()
    assert report.state == "rejected"
    assert AuditEvent.objects.filter(action__startswith="report.").count() == 1


def test_decision_on_a_report_that_was_superseded_meanwhile_leaves_the_newer_one(coordinator, agency):
    report = held(agency)
    submit(agency, hour(7000), at=NOW + timedelta(seconds=2))
    newer = Report.objects.get(state="held")
    page = decide(coordinator, report, "release")
    [said] = told(page)
    assert said.startswith("1 report decided already, and left as it was: superseded by a newer report by NO-KRIPOS at")
    # The newer report is held by the same finding, which is shown again.
    assert [row.hold.pk for row, _ in page.context["held"]] == [newer.pk]
    assert set(Report.objects.filter(period=HOUR).values_list("total", "state")) == {
        (5000, "superseded"),
        (7000, "held"),
    }


def test_several_reports_of_an_agency_are_decided_with_one_reason(coordinator, agency):
    """Three of a finding and one of another are ticked, one of these is not."""
    first = held(agency)
    others = [held(agency, hours=hours) for hours in (-4, -8)]
    foreign = held(factories.AgencyFactory.create(code="SE-NOA"))
    action = address("finding", "decide", first.hold.finding_id)
    page = coordinator.post(action, {"decision": "", "reason": "both ri"})
    assert [(row.hold.pk, ticked) for row, ticked in page.context["held"]] == [
        (one.pk, True) for one in (others[1], others[0], first)
    ]
    assert "both ri</textarea>" in page.content.decode()
    chosen = {"report": [first.pk, others[0].pk, foreign.pk], "reason": "both right", "decision": "release"}
    before = AuditEvent.objects.count()
    done = coordinator.post(action, chosen, follow=True)
    assert told(done) == ["2 reports released."]
    assert {one.report_id for one in Hold.objects.filter(decision="released", reason="both right")} == {
        first.pk,
        others[0].pk,
    }
    assert AuditEvent.objects.count() == before + 2
    assert Report.objects.filter(state="held").count() == 2


def test_held_reports_are_decided_in_their_list_and_on_their_page(coordinator, agency):
    first, second = held(agency), held(agency, hours=-4)
    chosen = {"action": "release", "_selected_action": [first.pk]}
    coordinator.post(address("hold"), chosen)
    done = coordinator.post(address("hold"), chosen | {"reason": "right"}, follow=True)
    assert told(done) == ["1 report released."]
    assert coordinator.get(address("hold", "change", second.pk))["Location"] == address(
        "finding", "change", second.hold.finding_id
    )
    assert told(decide(coordinator, second, "reject", reason="wrong"))[0] == "1 report rejected."
    assert set(Hold.objects.values_list("decision", "reason")) == {("released", "right"), ("rejected", "wrong")}


def test_second_click_in_the_list_shows_who_decided(coordinator, agency):
    report = held(agency)
    decisions.release(reports=[report.pk], by="per", reason="no", now=NOW)
    again = {"action": "reject", "_selected_action": [report.pk], "reason": "wrong"}
    page = coordinator.post(address("hold"), again, follow=True)
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
    way = address("finding", "resolve", finding.pk)
    assert f'action="{way}#resolve"' in coordinator.get(address("finding", "change", finding.pk)).content.decode()
    refused = coordinator.post(way, {"reason": " "})
    assert "Say why. Nothing was decided yet" in refused.content.decode()
    assert Finding.objects.get(pk=finding.pk).resolved is None
    page = coordinator.post(way, {"reason": "known"}, follow=True)
    assert told(page) == ["1 finding resolved."]
    again = coordinator.post(address("finding", "resolve", finding.pk), {"reason": "known"}, follow=True)
    assert told(again) == ["1 finding decided already, and left as it was: resolved by kari at 12:00 on 25 November."]


# --- who may what -----------------------------------------------------------------------------------------------------


def test_observer_looks_and_is_refused_politely(observer, agency):
    report = held(agency)
    page = observer.get(address("finding", "change", report.hold.finding_id)).content.decode()
    assert "If you release it" in page
    assert "</button>" not in page.partition('id="content-main"')[2]
    assert "Answer for the agency" not in page
    other = factories.FindingFactory.create(agency=agency)
    page = observer.get(address("finding", "change", other.pk)).content.decode()
    assert "</button>" not in page.partition('id="content-main"')[2]
    form = {"reason": "x", "answer": "confirmed", "decision": "release", "report": [report.pk]}
    for action in ("decide", "resolve", "answer"):
        refused = observer.post(address("finding", action, report.hold.finding_id), form)
        assert refused.status_code == 403
        assert "Nothing was changed" in refused.content.decode()
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
    form = {"reason": text, "answer": "confirmed", "remark": text, "decision": "release", "report": [report.pk]}
    for action in (
        address("finding", "decide", report.hold.finding_id),
        address("finding", "resolve", other.pk),
        address("finding", "answer", other.pk),
    ):
        page = coordinator.post(action, form)
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
    page = decide(coordinator, report, "release", report=["9" * 5000, "9" * 19, "-1", "x"])
    assert "Tick at least one report." in page.content.decode()
