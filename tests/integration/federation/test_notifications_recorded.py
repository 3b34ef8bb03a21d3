"""What happens is recorded to be told, in the same transaction, once, and without a figure."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.test import override_settings

from countries.models import Credential
from federation.findings import decisions, lateness
from federation.models.findings import Finding
from federation.models.notifications import Notification
from federation.models.submissions import Report
from federation.models.worklist import WatchMark
from federation.notifications import record
from tests import factories
from tests.contract.callers import norway, report
from tests.integration.federation.holding import HOURS, NORWAY, NOW, TOUCHY
from tests.integration.federation.open_findings import hour
from tests.integration.federation.world import Said, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def federation(monkeypatch, settings):
    settings.THRESHOLDS = {**settings.THRESHOLDS, **TOUCHY}
    with override_settings(), world(monkeypatch, now=NOW) as made:
        yield made


@pytest.fixture
def held(federation):
    """A report of one hour is held."""
    federation.submit(0, *(Said("H", when, {NORWAY: 10}) for when in HOURS[1:]))
    federation.submit(0, Said("H", HOURS[0], {NORWAY: 4321}))
    federation.settle()
    assert Report.objects.filter(state="held").count() == 1
    return federation


def told(*kinds):
    rows = Notification.objects.filter(kind__in=kinds) if kinds else Notification.objects.all()
    return [(row.kind, row.agency.code if row.agency else None, row.details) for row in rows.order_by("pk")]


def kinds():
    return [kind for kind, *_ in told()]


def decide(federation, deed):
    deed(
        reports=list(Report.objects.filter(state="held").values_list("pk", flat=True)), by="kari", reason="so", now=NOW
    )


def test_a_held_report_is_told_with_its_series_and_without_its_number(held):
    [(kind, agency, details)] = told("held")
    finding = Finding.objects.get(rule="R102")
    label = f"{HOURS[0]:%Y-%m-%dT%H:00Z}"
    assert (kind, agency, details["finding"]) == ("held", "NO-0", finding.pk)
    assert details["first"] == details["last"]
    assert details["first"][:13] == label[:13]
    assert "4321" not in str(told())


@pytest.mark.parametrize(("deed", "kind"), [(decisions.release, "released"), (decisions.reject, "rejected")])
def test_a_decision_is_told_once(held, deed, kind):
    decide(held, deed)
    decide(held, deed)
    assert kinds() == ["held", kind]


def test_what_is_rolled_back_is_not_told(held):
    with transaction.atomic():
        decide(held, decisions.release)
        transaction.set_rollback(True)
    assert kinds() == ["held"]


def test_a_report_that_replaces_a_held_one_is_no_decision(held):
    held.now += timedelta(seconds=1)
    held.submit(0, Said("H", HOURS[0], {NORWAY: 11}))
    assert kinds() == ["held"]


def test_findings_their_answers_and_their_ends_are_told(federation):
    federation.submit(0, hour(HOURS[0], {(999, 1): 100}))
    federation.settle()
    federation.settle()
    found = Finding.objects.get(resolved=None)
    decisions.answer(finding=found.pk, agency=1, answer="confirmed", remark="It is so", by="NO-0", now=NOW)
    decisions.answer(finding=found.pk, agency=1, answer="confirmed", remark="It is so", by="NO-0", now=NOW)
    decisions.resolve(findings=[found.pk], by="kari", reason="It is known", now=NOW)
    assert kinds() == ["opened", "answered", "resolved"]
    assert all(details["finding"] == found.pk and details["rule"] == found.rule for *_, details in told())
    # Neither what people wrote nor what was counted.
    assert not {"facts", "remark", "reason", "value"} & {name for *_, details in told() for name in details}


def test_a_silence_and_its_end_are_told(federation):
    federation.schedule(0, "H", date(2026, 11, 25))
    for _ in range(12):
        federation.wait(hours=1)
        federation.settle()
        lateness.watch(now=federation.now)
    assert kinds().count("silent") == 1
    federation.submit(0, *(Said("H", datetime(2026, 11, 25, n, tzinfo=UTC), {NORWAY: 5}) for n in range(24)))
    federation.settle()
    lateness.watch(now=federation.now)
    [(_, agency, details)] = told("silence_over")
    assert (agency, details["rule"]) == ("NO-0", "R202")


def look(federation):
    federation.settle()
    lateness.watch(now=federation.now)


def report_hours(federation, first, last, *, except_for=()):
    """Report the hours from one time to before another, as somebody who loads history does."""
    hours = [first + timedelta(hours=number) for number in range((last - first) // timedelta(hours=1))]
    federation.submit(0, *(Said("H", one, {NORWAY: 5}) for one in hours))
    look(federation)


@pytest.mark.verify
def test_a_first_load_of_history_tells_of_no_silence_in_it(federation):
    """Also not while a part of the history is still missing, nor when the last part has come."""
    first, gap, now = (datetime(2026, 11, day, tzinfo=UTC) for day in (10, 15, 25))
    federation.schedule(0, "H", first.date())
    look(federation)
    assert Finding.objects.get().rule == "R202"
    report_hours(federation, first, gap)
    report_hours(federation, gap + timedelta(hours=6), gap + timedelta(days=3))
    assert Finding.objects.filter(rule="R202", resolved=None).count() == 2
    report_hours(federation, gap + timedelta(days=3), now + timedelta(hours=12))
    report_hours(federation, gap, gap + timedelta(hours=6))
    assert not Finding.objects.filter(resolved=None).exists()
    assert told() == []


@pytest.mark.verify
def test_a_silence_is_told_however_late_the_deadline_is(federation):
    """Each deadline is seven days after its day, and a silence needs three days."""
    federation.schedule(0, "D", date(2026, 11, 25), deadline=7 * 24 * 60)
    for _ in range(11):
        federation.wait(days=1)
        look(federation)
    assert kinds() == ["opened", "silent"]


def test_a_silence_that_is_found_days_late_is_no_news(federation):
    """Nothing was judged meanwhile, such as while the service was down."""
    federation.submit(0, Said("H", HOURS[0], {NORWAY: 5}))
    federation.schedule(0, "H", date(2026, 11, 25))
    federation.wait(days=2)
    look(federation)
    assert "silent" in kinds()
    Notification.objects.all().delete()
    Finding.objects.all().delete()
    federation.wait(days=2)
    WatchMark.objects.update(version=0)
    look(federation)
    assert Finding.objects.filter(rule="R202", resolved=None).exists()
    assert kinds() == []


def test_a_refusal_is_told_once_a_day_for_each_code():
    caller = norway()
    for _ in range(3):
        assert caller.send(report(("XX", "BITTORRENT", 5))).status_code == 422
    assert caller.post("{").status_code == 400
    assert caller.send(report(("XX", "BITTORRENT", 5)), query="?dry_run=true").status_code == 422
    refused = told("refused")
    assert [(agency, details["code"]) for _, agency, details in refused] == [
        ("NO-KRIPOS", "invalid_payload"),
        ("NO-KRIPOS", "not_json"),
    ]
    record.refused(Credential.objects.get().agency_id, "invalid_payload", now=NOW + timedelta(days=40))
    assert len(told("refused")) == 3


def test_a_credential_that_ends_soon_is_told_once_and_again_if_its_end_moves():
    soon = factories.CredentialFactory.create(expires=NOW + timedelta(days=29))
    factories.CredentialFactory.create(agency=soon.agency, expires=NOW + timedelta(days=31))
    factories.CredentialFactory.create(agency=soon.agency, expires=NOW + timedelta(days=1), revoked=NOW)
    for _ in range(2):
        record.endings(now=NOW)
    assert [details["credential"] for *_, details in told()] == [soon.pk]
    Credential.objects.filter(pk=soon.pk).update(expires=NOW + timedelta(days=28))
    record.endings(now=NOW)
    assert kinds() == ["ending", "ending"]
