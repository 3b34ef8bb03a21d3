"""The page of an agency at the desk: the next step, what it shows, and the forms that lead back to it."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from countries.models import Agency, AgencyAccount, Credential, Recipient, Setup, SigningKey, Webhook
from federation.models.findings import Answer, Finding
from federation.models.notifications import Message
from tests import factories
from tests.integration.federation import deskside
from tests.integration.federation.deskside import HOUR, NOW, address, held, hour, submit, told
from tests.second_factor import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk_at_noon")]
PASSWORD = "a password for a test"
OWN_KEY = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="


def page_of(agency):
    return reverse("admin:countries_agency_overview", args=[agency.pk])


def next_step(client, agency):
    """The sentence, and the address of its link."""
    section = re.search(r'class="next.*?</section>', client.get(page_of(agency)).content.decode(), re.DOTALL)
    sentence = re.search(r"<p>(.*?)(?: <a|</p>)", section[0], re.DOTALL)[1]
    link = re.search(r'href="(.*?)"', section[0])
    return sentence, link[1].replace("&amp;", "&") if link else ""


def able(agency, **credential):
    """An agency with all that it needs to send."""
    factories.ScheduleFactory.create(agency=agency)
    factories.SetupFactory.create(agency=agency)
    return factories.CredentialFactory.create(agency=agency, **credential)


@pytest.fixture
def kari(client):
    user = deskside.account("kari", "coordinator")
    user.set_password(PASSWORD)
    user.save()
    return signed_in(client, user)


# --- from a new agency to its first report ---------------------------------------------------------------------------


def test_new_agency_is_led_from_the_schedule_to_the_first_report(kari):
    factories.IndicatorFactory.create()
    factories.NetworkFactory.create()
    factories.CountryFactory.create(code="SE")
    parts = ("schedules", "thresholds", "setups")
    no_rows = {f"{name}-{what}": 0 for name in parts for what in ("TOTAL_FORMS", "INITIAL_FORMS")}
    given = {"code": "SE-NOA", "name": "NOA", "active": "on", **no_rows}
    added = kari.post(reverse("admin:countries_agency_add"), given)
    agency = Agency.objects.get()
    assert added["Location"] == page_of(agency)

    sentence, form = next_step(kari, agency)
    assert "No schedule is valid" in sentence
    path = form.partition("#")[0]
    assert (path, 'id="schedules-heading"' in kari.get(form).content.decode()) == (
        reverse("admin:countries_agency_change", args=[agency.pk]),
        True,
    )
    schedule = {
        "indicator": 1,
        "frequency": "H",
        "valid_from": "2026-11-01",
        "deadline_minutes": 60,
        "agency": agency.pk,
    }
    rows = {f"schedules-0-{name}": value for name, value in schedule.items()} | {"schedules-TOTAL_FORMS": 1}
    assert kari.post(path, {"name": "NOA", "active": "on", **no_rows, **rows})["Location"] == page_of(agency)

    sentence, form = next_step(kari, agency)
    assert "no usable credential" in sentence
    assert f'<option value="{agency.pk}" selected>' in kari.get(form).content.decode()
    issued = kari.post(
        form, {"agency": agency.pk, "scopes": "submissions:write submissions:read", "password": PASSWORD}
    )
    assert f'href="{page_of(agency)}"' in issued.content.decode()
    credential = Credential.objects.get()

    sentence, form = next_step(kari, agency)
    assert "no set-up" in sentence
    setup = {
        "agency": agency.pk, "valid_from": "2026-11-01", "computers": 3, "networks": "BITTORRENT", "counting": "shares",
        "time_zone": "UTC", "location_source": "A table", "location_date": "2026-10-01",
    }  # fmt: skip
    assert kari.post(form, setup)["Location"] == page_of(agency)
    assert Setup.objects.get().agency == agency

    assert next_step(kari, agency) == (
        "A credential is issued but was never used. Send the agency the commands below.",
        "#first-report",
    )
    Credential.objects.update(used=NOW)
    page = kari.get(page_of(agency)).content.decode()
    assert "last token at 12:00 on 25 November 2026" in page
    assert credential.client_id in page
    assert "no report has come yet" in next_step(kari, agency)[0]
    submit(agency, hour(5))
    assert next_step(kari, agency) == ("Nothing to do.", "")
    assert "DOWNLOADS hour 2026-11-25T10:00" in kari.get(page_of(agency)).content.decode()


def test_commands_name_the_installation_and_the_credential_and_no_secret(kari, agency):
    credential = able(agency, client_secret="police2peer_credential$1$salt$hash")
    page = kari.get(page_of(agency)).content.decode()
    assert f"p2p-agency init --address http://testserver --id {credential.client_id}</code>" in page
    assert "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE\nDOWNLOADS,H,2026-11-25T10:00,NO,BITTORRENT,0<" in page
    assert "http://testserver/api/v1/submissions/?dry_run=true" in page
    assert "hash" not in page
    assert page.count("data-copy") == 5
    submit(agency, hour(5))
    page = kari.get(page_of(agency)).content.decode()
    assert re.search(r"<details>\s*<summary>Connect a program", page)


def test_page_of_a_new_secret_has_what_to_copy_and_the_way_back(kari, agency):
    given = {"agency": agency.pk, "scopes": "submissions:write submissions:read", "password": PASSWORD}
    page = kari.post(reverse("admin:countries_credential_add"), given).content.decode()
    client_id = Credential.objects.get().client_id
    assert f"p2p-agency init --address http://testserver --id {client_id}</code>" in page
    secret = re.search(r'<code data-copy="secret-name">(.+?)</code>', page)[1]
    assert page.count(secret) == 1
    assert "copy.js" in page
    assert f'href="{page_of(agency)}"' in page


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (SigningKey, {"public_key": OWN_KEY}),
        (Webhook, {"url": "https://reports.example.org/federation", "active": "on"}),
    ],
)
def test_forms_for_an_agency_lead_back_to_its_page_and_nowhere_else(kari, agency, model, given):
    other = factories.AgencyFactory.create(code="SE-NOA")
    form = reverse(f"admin:countries_{model._meta.model_name}_add")
    odd = "&next=https://example.org&_popup=&agency=//example.org"
    assert f'<option value="{agency.pk}" selected>' in kari.get(f"{form}?agency={agency.pk}").content.decode()
    assert kari.get(f"{form}?agency=99999999999").status_code == 200
    # The page of the agency in the form, whatever the address names.
    saved = kari.post(f"{form}?agency={other.pk}", {"agency": agency.pk, **given, "password": PASSWORD})
    assert saved["Location"] == page_of(agency)
    model.objects.all().delete()
    answer = kari.post(f"{form}?agency={agency.pk}{odd}", {"agency": agency.pk, **given, "password": PASSWORD})
    assert "example.org" not in answer.headers.get("Location", "").partition("?")[0]


def test_invitation_leads_back_to_the_page(kari, agency):
    form = f"{reverse('admin:countries_agencyaccount_add')}?agency={agency.pk}"
    assert f'<option value="{agency.pk}" selected>' in kari.get(form).content.decode()
    page = kari.post(form, {"agency": agency.pk, "username": "ola", "password": PASSWORD}).content.decode()
    assert f'href="{page_of(agency)}"' in page
    assert AgencyAccount.objects.get().agency == agency


# --- what waits ------------------------------------------------------------------------------------------------------


def test_held_reports_come_before_silence_and_findings(kari, agency):
    able(agency, used=NOW)
    held(agency)
    silence = factories.FindingFactory.create(
        agency=agency, rule="R202", period=HOUR - timedelta(days=3), facts={"periods": 72}, opened=NOW
    )
    answered = factories.FindingFactory.create(agency=agency, state="answered")
    Answer.objects.create(finding=answered, at=NOW, by="ola", answer="confirmed")
    assert next_step(kari, agency) == (
        "1 report is held.",
        f"{reverse('admin:federation_hold_next')}?agency=NO-KRIPOS",
    )
    Finding.objects.get(holds__isnull=False).holds.all().delete()
    agency.report_set.filter(state="held").update(state="rejected")
    sentence, link = next_step(kari, agency)
    assert sentence == "Silent for 3 days: no DOWNLOADS since 10:00 on 22 November."
    assert link == reverse("admin:federation_finding_change", args=[silence.pk])
    silence.delete()
    assert next_step(kari, agency)[0] == "1 finding has an answer of the agency."
    assert "state=answered" in next_step(kari, agency)[1]


def test_page_shows_what_belongs_to_the_agency_and_nothing_of_another(kari, agency):
    other = factories.AgencyFactory.create(code="SE-NOA", name="NOA")
    for one in (agency, other):
        able(one, client_id=f"{one.code}.1", used=NOW)
        factories.SigningKeyFactory.create(agency=one, keyid=f"{one.code}.abc")
        factories.WebhookFactory.create(agency=one, url=f"https://example.org/{one.code}")
        recipient = Recipient.objects.create(agency=one, mailbox=f"{one.code}@example.org")
        Message.objects.create(recipient=recipient, created=NOW, due=NOW, error=f"No server takes mail of {one.code}.")
        submit(one, hour(5))
    held(other)
    page = kari.get(page_of(agency)).content.decode()
    for shown in (
        "NO-KRIPOS.1<",
        "NO-KRIPOS.abc",
        "https://example.org/NO-KRIPOS",
        "late after 1 hour",
        "BITTORRENT",
        "No server takes mail of NO-KRIPOS.",
    ):
        assert shown in page, shown
    assert "SE-NOA" not in page
    for link in (
        reverse("admin:countries_credential_rotate", args=[agency.credentials.get().pk]),
        f"{address('auditevent')}?agency=NO-KRIPOS",
        address("submission", "change", agency.submission_set.get().pk),
    ):
        assert f'href="{link}"' in page, link
    assert "<dt>Held reports</dt><dd><strong>0</strong>" in page


def test_ended_rows_are_left_to_their_lists(kari, agency):
    factories.CredentialFactory.create(agency=agency, client_id="NO-KRIPOS.old", revoked=NOW)
    factories.ScheduleFactory.create(agency=agency, valid_to=date(2026, 11, 24))
    factories.SetupFactory.create(agency=agency, valid_from=date(2025, 1, 1), location_source="The old table")
    factories.SetupFactory.create(agency=agency, valid_from=date(2026, 12, 1), location_source="The next table")
    factories.SetupFactory.create(agency=agency, valid_from=date(2026, 1, 1), location_source="The table")
    page = kari.get(page_of(agency)).content.decode()
    for hidden in ("NO-KRIPOS.old", "The old table"):
        assert hidden not in page, hidden
    assert page.index("The next table") < page.index("The table")
    assert next_step(kari, agency) == (
        "The last schedule ended on 24 November 2026, so no report is expected of the agency any more.",
        f"{reverse('admin:countries_agency_change', args=[agency.pk])}#schedules-heading",
    )


def test_inactive_agency_with_a_long_name_and_nothing_else(kari):
    agency = factories.AgencyFactory.create(code="NO-X", name="N" * 200, active=False)
    page = kari.get(page_of(agency)).content.decode()
    assert "N" * 200 in page
    assert "On the last 14 days, no report was expected of it, and none came." in page
    assert next_step(kari, agency) == (
        "The agency is not active, so it can neither send nor read.",
        reverse("admin:countries_agency_change", args=[agency.pk]),
    )


# --- who may -------------------------------------------------------------------------------------------------------


def test_observer_sees_the_page_without_what_changes_something(observer, agency):
    able(agency, used=NOW)
    assert (
        next_step(observer, agency)[0]
        == "A credential was used, but no report has come yet. The commands below try one."
    )
    agency.setups.all().delete()
    assert next_step(observer, agency) == (
        "There is no set-up yet, so nobody can read what the agency counts with.",
        "",
    )
    page = observer.get(page_of(agency)).content.decode()
    for action in ("/add/", ">Edit<", "Issue a credential", "Issue a successor", "Invite", "Change the schedules"):
        assert action not in page, action


def test_page_is_only_read_and_an_agency_that_is_not_there_leads_to_the_start(kari, agency):
    assert kari.post(page_of(agency)).status_code == 405
    for odd in ("999", "x", "99999999999999999999"):
        gone = kari.get(f"/admin/countries/agency/{odd}/overview/")
        assert (gone.status_code, gone["Location"]) == (302, reverse("admin:index")), odd


def test_codes_of_agencies_lead_to_the_page(kari, agency):
    able(agency, used=NOW)
    finding = Finding.objects.get(holds=held(agency).pk)
    link = f'<a href="{page_of(agency)}"'
    for model in ("federation_finding", "federation_hold", "federation_submission", "federation_report",
                  "countries_agency", "countries_credential", "countries_setup"):  # fmt: skip
        assert link in kari.get(reverse(f"admin:{model}_changelist")).content.decode(), model
    assert kari.get(reverse("admin:index")).content.decode().count(link) == 2
    assert link in kari.get(reverse("admin:federation_finding_change", args=[finding.pk])).content.decode()


def test_page_takes_as_many_queries_for_a_long_history_as_for_a_short_one(kari, agency):
    able(agency, used=NOW)
    held(agency)
    kari.get(page_of(agency))
    with CaptureQueriesContext(connection) as short:
        kari.get(page_of(agency))
    for number in range(30):
        other = factories.AgencyFactory.create(code=f"NO-A{number}")
        able(other)
        submit(other, hour(5))
        factories.FindingFactory.create(agency=agency)
        factories.SetupFactory.create(agency=agency, valid_from=date(2026, 1, 2) + timedelta(days=number))
        factories.CredentialFactory.create(agency=agency, revoked=NOW)
        submit(agency, *(hour(5, hours=-number) for number in range(2, 5)), at=NOW + timedelta(minutes=number))
    with CaptureQueriesContext(connection) as long:
        assert kari.get(page_of(agency)).status_code == 200
    assert len(long) == len(short) <= 24
    assert told(kari.get(page_of(agency))) == []
