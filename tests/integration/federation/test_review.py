"""Decisions of coordinators and answers of agencies: once, with a reason and an event, also two at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from federation.errors import FindingNotFoundError, FindingResolvedError, PersonalTraceError, ReasonMissingError
from federation.findings import decisions
from federation.models.audit import AuditEvent
from federation.models.findings import Answer, Finding, Hold
from federation.models.submissions import Report
from federation.models.worklist import Work
from tests import factories
from tests.integration.federation.deskside import HOUR, NOW, held, hour, submit

TOGETHER = 4


@pytest.fixture
def agency(db):
    return factories.AgencyFactory.create()


def said_of(deed):
    return {"by": "kari", "reason": f"{deed}: as the agency explained", "now": NOW}


def at_the_same_time(*deeds):
    """Do items in transactions of their own at once, and return what each gave."""
    start = Barrier(len(deeds))

    def run(deed):
        start.wait()
        try:
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return [future.result() for future in [threads.submit(run, deed) for deed in deeds]]


@pytest.mark.django_db(transaction=True)
def test_many_clicks_at_once_decide_once(agency):
    report = held(agency)

    def release():
        return decisions.release(reports=[report.pk], **said_of("released"))

    decided = at_the_same_time(*[release] * TOGETHER)
    assert sorted(one.done for one in decided) == [()] * (TOGETHER - 1) + [(report.pk,)]
    assert sorted(one.already for one in decided) == [(), *[(report.pk,)] * (TOGETHER - 1)]
    assert AuditEvent.objects.filter(action="report.released").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_who_disagree_end_in_the_decision_of_the_first(agency):
    report = held(agency)
    decided = at_the_same_time(
        lambda: decisions.release(reports=[report.pk], **said_of("released")),
        lambda: decisions.reject(reports=[report.pk], **said_of("rejected")),
    )
    assert sorted(len(one.done) for one in decided) == [0, 1]
    report.refresh_from_db()
    assert report.state == ("current" if decided[0].done else "rejected")
    assert Hold.objects.get().decision == ("released" if decided[0].done else "rejected")


@pytest.mark.django_db(transaction=True)
def test_a_decision_and_a_newer_report_at_once_leave_one_current_report(agency):
    report = held(agency)
    at_the_same_time(
        lambda: decisions.release(reports=[report.pk], **said_of("released")),
        lambda: submit(agency, hour(101), at=NOW + timedelta(minutes=1)),
    )
    assert Report.objects.get(state="current", period=HOUR).total == 101
    assert not Report.objects.filter(state="held").exists()
    assert not Hold.objects.filter(decision="").exists()


def test_a_decision_makes_work_and_a_trace_with_its_reason(agency):
    report = held(agency)
    Work.objects.all().delete()
    decisions.reject(reports=[report.pk], **said_of("rejected"))
    assert Work.objects.exists()
    event = AuditEvent.objects.get(action="report.rejected")
    assert (event.actor, event.subject, event.reason) == (
        "kari", f"report {report.pk}", "rejected: as the agency explained",
    )  # fmt: skip
    assert event.details["agency"] == agency.code


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_decision_without_a_reason_is_refused_and_nothing_changes(agency, reason):
    report = held(agency)
    for decide in (decisions.release, decisions.reject):
        with pytest.raises(ReasonMissingError):
            decide(reports=[report.pk], by="kari", reason=reason, now=NOW)
    with pytest.raises(ReasonMissingError):
        decisions.resolve(findings=[Finding.objects.get().pk], by="kari", reason=reason, now=NOW)
    report.refresh_from_db()
    assert report.state == "held"
    assert not AuditEvent.objects.filter(action__startswith="report.").exists()


def test_several_reports_are_decided_together_and_those_decided_before_are_named(agency):
    first, second = held(agency), held(agency, hours=1)
    decisions.release(reports=[first.pk], **said_of("released"))
    decided = decisions.reject(reports=[first.pk, second.pk], **said_of("rejected"))
    assert (decided.done, decided.already) == ((second.pk,), (first.pk,))


def test_a_finding_that_holds_is_decided_not_closed(agency):
    held(agency)
    finding = Finding.objects.get()
    decided = decisions.resolve(findings=[finding.pk], **said_of("closed"))
    assert (decided.done, decided.holding) == ((), (finding.pk,))
    finding.refresh_from_db()
    assert finding.state == "open"


def test_closing_a_finding_is_once_and_leaves_a_trace(agency):
    finding = factories.FindingFactory.create(agency=agency)
    assert decisions.resolve(findings=[finding.pk], **said_of("closed")).done == (finding.pk,)
    assert decisions.resolve(findings=[finding.pk], **said_of("closed")).already == (finding.pk,)
    finding.refresh_from_db()
    assert (finding.state, finding.resolution, finding.resolved_by) == ("resolved", "coordinator", "kari")
    assert AuditEvent.objects.get(action="finding.resolved").reason == "closed: as the agency explained"


def answered(finding, agency, answer="confirmed", remark="New computers"):
    decisions.answer(finding=finding.pk, agency=agency.pk, answer=answer, remark=remark, by="NO-KRIPOS.1", now=NOW)


def test_an_answer_is_kept_with_its_trace_and_the_same_twice_is_one(agency):
    finding = factories.FindingFactory.create(agency=agency)
    answered(finding, agency)
    answered(finding, agency)
    answered(finding, agency, "will_resubmit", "")
    finding.refresh_from_db()
    assert finding.state == "answered"
    assert list(Answer.objects.values_list("answer", flat=True)) == ["confirmed", "will_resubmit"]
    assert AuditEvent.objects.filter(action="finding.answered").count() == 2


def test_an_answer_to_anothers_or_a_closed_finding_is_refused(agency):
    finding = factories.FindingFactory.create(agency=agency)
    with pytest.raises(FindingNotFoundError):
        answered(finding, factories.AgencyFactory.create(code="SE-NFC"))
    decisions.resolve(findings=[finding.pk], **said_of("closed"))
    with pytest.raises(FindingResolvedError):
        answered(finding, agency)
    assert not Answer.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Ask someone@example.org", "x" * 5000 + "192.0.2.17"], ids=["short", "long"])
def test_nothing_is_decided_or_answered_with_a_trace(agency, text):
    report, other = held(agency), factories.FindingFactory.create(agency=agency)
    before = AuditEvent.objects.count()
    for deed in (
        lambda: decisions.release(reports=[report.pk], by="kari", reason=text, now=NOW),
        lambda: decisions.reject(reports=[report.pk], by="kari", reason=text, now=NOW),
        lambda: decisions.resolve(findings=[other.pk], by="kari", reason=text, now=NOW),
        lambda: decisions.answer(finding=other.pk, agency=agency.pk, answer="confirmed", remark=text, by="x", now=NOW),
    ):
        with pytest.raises(PersonalTraceError):
            deed()
    assert Report.objects.get(pk=report.pk).state == "held"
    assert Finding.objects.get(pk=other.pk).state == "open"
    assert not Answer.objects.exists()
    assert AuditEvent.objects.count() == before
