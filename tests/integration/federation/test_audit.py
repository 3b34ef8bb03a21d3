"""Each submission, decision and change of the registry leaves an event. Neither exists without the other."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from countries import loader, registry
from countries.accounts import agency_accounts, credentials
from countries.models import (
    Agency,
    Annotation,
    Credential,
    HelpService,
    Indicator,
    IndicatorTranslation,
    Network,
    Population,
    Schedule,
    Setup,
    Threshold,
)
from federation import audit
from federation.audit import chain
from federation.findings import decisions
from federation.management.demo import registration
from federation.models.audit import AuditEvent
from federation.models.findings import Finding
from federation.models.submissions import Report
from tests import factories, reporting
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
HOUR = datetime(2026, 11, 25, 10, tzinfo=UTC)
WHO: dict[str, Any] = {"by": "kari", "reason": "as the agency said"}


def submit(*values, weeks=0, key=None):
    """Send hours of Norway, the newest first."""
    hours = [HOUR - timedelta(weeks=weeks + number) for number in range(len(values))]
    agency = Agency.objects.get(code="NO-KRIPOS")
    sent = [reporting.report("H", hour, {(578, 1): value}) for hour, value in zip(hours, values, strict=True)]
    digest = b"%32d" % values[0]
    return reporting.submit(agency, sent, NOW, NOW, digest=digest, key=key, by="credential NO-KRIPOS.1")


@pytest.fixture(autouse=True, scope="module")
def federation(module_db):
    """An agency with a credential, a held report, a user, and an open finding that holds nothing."""
    factories.IndicatorFactory.create()
    agency = factories.AgencyFactory.create()
    factories.CredentialFactory.create(agency=agency)
    factories.ScheduleFactory.create(agency=agency)
    factories.FindingFactory.create(agency=agency)
    Network.objects.create(number=1, code="BITTORRENT", name="BitTorrent")
    User.objects.create_user("ola")
    factories.observer("ada")
    submit(100, 100, 100, 100, 100, weeks=1)
    submit(5000)


def held():
    return {Report.objects.get(state="held").pk}


def finding(**where):
    return Finding.objects.filter(resolved=None, **where).latest("id")


def agency():
    return Agency.objects.get(code="NO-KRIPOS")


def changed(row, **columns):
    for name, value in columns.items():
        setattr(row, name, value)
    return registry.save(row, **WHO)


def added(model, **columns):
    return registry.save(model(**columns), **WHO)


def answer():
    one = finding(rule="R105")
    decisions.answer(finding=one.pk, agency=one.agency_id, answer="confirmed", remark=WHO["reason"], by="kari", now=NOW)


def mark_a_break():
    added(Annotation, kind="change", text="New computers", start=HOUR - timedelta(minutes=1), is_break=True)


def set_password():
    user = User.objects.get(username="ola")
    with registry.announce_changes(user, **WHO):
        user.set_password("another one of some length")
        user.save()


def make_superuser():
    user = User.objects.get(username="ola")
    with registry.announce_changes(user, **WHO):
        user.is_superuser = True
        user.save()


def setup():
    return Setup(
        agency=agency(),
        valid_from=date(2026, 1, 1),
        computers=3,
        networks=["BITTORRENT"],
        counting="shares",
        location_source="x",
        location_date=date(2026, 1, 1),
    )


#: What is done, and which events it leaves.
DEEDS = {
    "submission": (lambda: submit(120), ["submission.accepted"]),
    "release": (lambda: decisions.release(reports=held(), **WHO, now=NOW), ["report.released"]),
    "rejection": (lambda: decisions.reject(reports=held(), **WHO, now=NOW), ["report.rejected"]),
    "resolution": (lambda: decisions.resolve(findings={finding(rule="R105").pk}, **WHO, now=NOW), ["finding.resolved"]),
    "answer": (answer, ["finding.answered"]),
    "break": (mark_a_break, ["annotation.added", "report.released"]),
    "issue": (lambda: credentials.issue(agency=agency(), **WHO, now=NOW), ["credential.added"]),
    "issue to a coordinator": (
        lambda: credentials.issue(coordinator="ada", **WHO, now=NOW),
        ["credential.added"],
    ),
    "rotation": (
        lambda: credentials.rotate(credential=Credential.objects.get(), **WHO, now=NOW),
        ["credential.changed", "credential.added"],
    ),
    "rotation at once": (
        lambda: credentials.rotate(credential=Credential.objects.get(), **WHO, now=NOW, keep_for=timedelta()),
        ["credential.changed", "credential.added"],
    ),
    "revocation": (
        lambda: credentials.revoke(credential=Credential.objects.get(), **WHO, now=NOW),
        ["credential.changed"],
    ),
    "new agency": (
        lambda: registry.create_agency(code="NO-TELE", country="NO", name="Telemark", **WHO),
        ["agency.added"],
    ),
    "agency deactivated": (lambda: changed(agency(), active=False), ["agency.changed"]),
    "indicator": (
        lambda: added(Indicator, code="B", name="b", description="b"),
        ["indicator.added", "referenceversion.added"],
    ),
    "translation": (
        lambda: added(IndicatorTranslation, indicator_id=1, language="de", name="b"),
        ["indicatortranslation.added"],
    ),
    "schedule": (lambda: changed(Schedule.objects.get(), deadline_minutes=5), ["schedule.changed"]),
    "schedule removed": (lambda: registry.delete(Schedule.objects.get(), **WHO), ["schedule.removed"]),
    "population": (
        lambda: added(Population, country_id=578, year=2020, inhabitants=5, source="a test"),
        ["population.added"],
    ),
    "help service": (
        lambda: added(
            HelpService, code="h", name="H" * 200, languages=["nb"], address="https://example.org", description="h"
        ),
        ["helpservice.added"],
    ),
    "threshold": (lambda: added(Threshold, agency=agency(), name="R105_SHARE", value=0.5), ["threshold.added"]),
    "set-up": (lambda: registry.save(setup(), **WHO), ["setup.added"]),
    "account of an agency": (
        lambda: agency_accounts.invite(agency=agency(), username="per", now=NOW, **WHO),
        ["user.added", "agencyaccount.added"],
    ),
    "account": (lambda: registry.create_account(username="per", **WHO), ["user.added"]),
    "rights": (make_superuser, ["user.changed"]),
    "password": (set_password, ["user.changed"]),
}
every_deed = pytest.mark.parametrize(("deed", "actions"), DEEDS.values(), ids=DEEDS)


def events_of(deed):
    before = AuditEvent.objects.latest("id").pk
    deed()
    return list(AuditEvent.objects.filter(id__gt=before).order_by("id"))


def everything():
    """A fingerprint of every table."""
    with connection.cursor() as c:
        tables = connection.introspection.table_names(c)
        rows = "SELECT count(*), md5(string_agg(one::text, '' ORDER BY one::text)) FROM {} AS one"
        return {table: c.execute(rows.format(table)).fetchall() for table in tables}


@every_deed
def test_deed_leaves_its_events_with_actor_and_reason(deed, actions):
    events = events_of(deed)
    assert [event.action for event in events] == actions
    for event in events:
        if event.action == "submission.accepted":
            assert (event.actor, event.reason) == ("credential NO-KRIPOS.1", "")
        else:
            assert event.actor == "kari"
            assert event.reason in {WHO["reason"], "A break in the series was marked: New computers"}
        assert event.details
    chain.seal(now=timezone.now())
    assert list(chain.verify()) == []


@every_deed
def test_deed_is_not_done_without_its_events(deed, actions, monkeypatch):
    def fail(**_):
        raise RuntimeError

    before = everything()
    monkeypatch.setattr(audit.AuditEvent.objects, "create", fail)
    with pytest.raises(RuntimeError):
        deed()
    assert everything() == before


@every_deed
def test_events_are_not_there_without_the_deed(deed, actions):
    before = everything()
    with transaction.atomic():
        assert events_of(deed)
        transaction.set_rollback(True)
    assert everything() == before


def test_no_event_holds_a_secret_or_a_count():
    secrets = [credentials.issue(coordinator="ada", **WHO, now=NOW).client_secret, "another one of some length"]
    set_password()
    said = json.dumps([event.details for event in AuditEvent.objects.all()])
    secrets += [User.objects.get(username="ola").password, *Credential.objects.values_list("client_secret", flat=True)]
    assert all(secret not in said for secret in [*secrets, "5000"])


def test_password_event_says_that_it_changed():
    [event] = events_of(set_password)
    assert (event.subject, event.details["after"]["password"]) == ("user ola", "changed")


def test_a_submission_is_named_by_the_digest_of_its_body():
    [event] = events_of(lambda: submit(120))
    assert event.details == {"agency": "NO-KRIPOS", "reports": 1, "body": (b"%32d" % 120).hex()}


def test_a_submission_that_comes_again_leaves_one_event():
    assert len(events_of(lambda: [submit(120, key="k") for _ in range(2)])) == 1


def test_what_changes_nothing_leaves_no_event():
    assert events_of(lambda: changed(agency())) == []
    user = User.objects.get(username="ola")
    with registry.announce_changes(user, **WHO):
        user.save()
    assert events_of(lambda: decisions.release(reports=[], **WHO, now=NOW)) == []


def test_an_agency_is_not_deleted_together_with_what_leaves_no_event():
    other = factories.AgencyFactory.create(code="NO-TELE")
    added(Threshold, agency=other, name="R105_SHARE", value=0.5)
    with pytest.raises(registry.Refused, match="1 threshold belongs to it"):
        registry.delete(other, **WHO)


def test_loading_reference_data_names_file_and_table():
    events = events_of(lambda: loader.load(by="kari"))
    assert {event.actor for event in events} == {"kari"}
    tables = {event.details["after"].get("table"): event.reason for event in events}
    assert tables["countries.Population"].startswith("population.csv of ")
    assert events_of(lambda: loader.load(by="kari")) == []


def test_commands_leave_events(capsys):
    schedule = ["--indicator", "DOWNLOADS", "--frequency", "H", "--from", "2026-01-01"]
    events = events_of(lambda: call_command("create_agency", "NO-TELE", "--country", "NO", "--name", "T", *schedule))
    assert [(event.actor, event.action) for event in events] == [
        ("command create_agency", "agency.added"),
        ("command create_agency", "schedule.added"),
    ]
    events = events_of(lambda: call_command("issue_credential", "--coordinator", "ada"))
    assert [(event.actor, event.action) for event in events] == [
        ("command issue_credential", "credential.added"),
    ]


def test_the_account_of_the_demo_leaves_events():
    first, again = events_of(registration.coordinator), events_of(registration.coordinator)
    assert [event.action for event in [*first, *again]] == ["user.added", "user.changed"]
    assert {(event.actor, event.subject) for event in [*first, *again]} == {("command demo", "user demo")}


# --- accounts at the desk ---


@pytest.fixture
def desk(client):
    signed_in(client, User.objects.create_superuser("kari"))
    return client


def test_account_made_at_the_desk_leaves_an_event(desk):
    password = "some words that nobody guesses"
    form = {"username": "per", "password1": password, "password2": password, "usable_password": "true"}
    [event] = events_of(lambda: desk.post("/admin/auth/user/add/", form))
    assert (event.action, event.actor, event.subject) == ("user.added", "kari", "user per")
    assert event.details["after"]["username"] == "per"


def test_rights_given_at_the_desk_leave_an_event_with_groups(desk):
    user = User.objects.get(username="ola")
    group, _ = user.groups.model.objects.get_or_create(name="coordinator")
    form = {"username": "ola", "is_active": "on", "is_staff": "on", "groups": [group.pk]}
    form |= {"date_joined_0": "2026-11-01", "date_joined_1": "12:00:00"}
    [event] = events_of(lambda: desk.post(f"/admin/auth/user/{user.pk}/change/", form))
    assert (event.action, event.actor) == ("user.changed", "kari")
    assert (event.details["before"]["groups"], event.details["after"]["groups"]) == ([], ["coordinator"])
    assert (event.details["before"]["is_staff"], event.details["after"]["is_staff"]) == (False, True)


def test_password_given_at_the_desk_leaves_an_event(desk):
    user = User.objects.get(username="ola")
    password = "some words that nobody guesses"
    form = {"password1": password, "password2": password, "usable_password": "true", "set-password": "1"}
    [event] = events_of(lambda: desk.post(f"/admin/auth/user/{user.pk}/password/", form))
    assert (event.action, event.actor) == ("user.changed", "kari")
    assert event.details["after"]["password"] == "changed"


def test_looking_at_an_account_leaves_no_event(desk):
    user = User.objects.get(username="ola")
    assert events_of(lambda: desk.get(f"/admin/auth/user/{user.pk}/change/")) == []
    assert events_of(lambda: desk.post(f"/admin/auth/user/{user.pk}/change/", {"username": ""})) == []
