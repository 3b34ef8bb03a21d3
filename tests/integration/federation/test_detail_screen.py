"""Before the desk saves a change of a detail, it says what the change does to the country and to the groups."""

import re
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse

from countries import reference, registry
from countries.models import Detail
from federation.models.audit import AuditEvent
from tests import factories, second_factor
from tests.contract.public.press import Press
from tests.integration.federation.deskside import account
from tests.integration.locks import one_before_the_other

pytestmark = pytest.mark.django_db
ADD = "/admin/countries/detail/add/"
JANUARY = date(2027, 1, 1)
THREE = "because 3 of its countries have no weeks by network. The number of such countries must be 0 or at least 3."


def said_of(group):
    one = "because 1 of its countries has no weeks (San Marino). The number of such countries must be 0 or at least 3."
    return [
        f"From January 2027, {group} has no weeks, days, hours or minutes, {one}",
        f"From January 2027, {group} has weeks and days by network, {THREE}",
    ]


EXPECTED = [
    "From January 2027, San Marino has no weeks, days, hours or minutes.",
    "From January 2027, San Marino has no weeks or days by network.",
    *said_of("the world"),
    *said_of("Europe"),
]


@pytest.fixture(autouse=True)
def november(monkeypatch):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    monkeypatch.setattr("countries.models.reference.timezone.now", lambda: noon)


@pytest.fixture
def kari():
    return second_factor.signed_in(Client(), account("kari", "coordinator"))


@pytest.fixture
def given():
    """A form that sets San Marino to months alone. By network, two others are withheld already, and one joins them."""
    marino, indicator = factories.CountryFactory.create(code="SM"), factories.IndicatorFactory.create()
    for code in ("VA", "LI"):
        factories.DetailFactory.create(country__code=code, indicator=indicator, step="N", network_step="M")
    reference.snapshots.clear()
    form = {"country": marino.pk, "indicator": indicator.pk, "valid_from": "2027-01-01", "step": "M"}
    return form | {"network_step": "M", "reason": "Few events.\r\nAgreed in October.", "_save": "Save"}


def shown(page):
    return [one.sentence for one in page.context["form"].unconfirmed]


def hidden(page):
    """The fields that the confirmation page sends."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode())
    return {name: [value for key, value in found if key == name] for name, _ in found if name != "csrfmiddlewaretoken"}


def test_nothing_is_saved_before_the_consequences_are_confirmed(kari, given):
    page = kari.post(ADD, given)
    assert (page.status_code, shown(page)) == (200, EXPECTED)
    assert "What this change does: San Marino (SM) DOWNLOADS from 2027-01" in page.content.decode()
    assert not Detail.objects.filter(valid_from=JANUARY).exists()
    assert not AuditEvent.objects.filter(action="detail.added").exists()

    after = kari.post(ADD, hidden(page))
    assert after.status_code == 302
    (row,) = Detail.objects.filter(valid_from=JANUARY)
    (event,) = AuditEvent.objects.filter(action="detail.added")
    assert (row.step, row.network_step, event.actor) == ("M", "M", "kari")
    assert event.reason == given["reason"]


def test_form_that_claims_to_be_confirmed_saves_nothing(kari, given):
    for claimed in ("", "yes", "Nothing that is published changes.", sha256().hexdigest()):
        page = kari.post(ADD, given | {"confirmed": claimed})
        assert shown(page) == EXPECTED
        assert "Since you confirmed, something has changed." in page.content.decode()
    # The confirmation of one change is not that of another.
    [confirmed] = hidden(kari.post(ADD, given))["confirmed"]
    assert shown(kari.post(ADD, given | {"step": "W", "confirmed": confirmed}))
    assert not Detail.objects.filter(valid_from=JANUARY).exists()


def test_going_back_shows_the_form_as_it_was_sent(kari, given):
    confirmation = hidden(kari.post(ADD, given))
    page = kari.post(ADD, confirmation | {"_back": ""})
    form = page.context["adminform"].form
    assert page.templates[0].name == "admin/change_form.html"
    assert {name: form[name].value() for name in ("step", "network_step", "reason", "valid_from")} == {
        name: given[name] for name in ("step", "network_step", "reason", "valid_from")
    }
    assert "errornote" not in page.content.decode()
    assert not Detail.objects.filter(valid_from=JANUARY).exists()


def plan(country):
    """Another coordinator sets a country to months."""
    indicator, country = Detail.objects.all()[0].indicator, factories.CountryFactory.create(code=country)
    new = Detail(indicator=indicator, country=country, valid_from=JANUARY, step="M", network_step="M")
    return registry.save(new, by="ada", reason="Few events.")


def test_other_change_meanwhile_shows_what_the_change_does_now(kari, given):
    confirmation = hidden(kari.post(ADD, given))
    plan("IS")
    page = kari.post(ADD, confirmation)
    assert not Detail.objects.filter(country__code="SM").exists()
    # Of the groups, Iceland has taken the weeks before, and given them back by network.
    assert shown(page) == [*EXPECTED[:2], "Nothing changes for groups of countries."]
    assert "Since you confirmed, something has changed." in page.content.decode()
    assert kari.post(ADD, hidden(page)).status_code == 302
    assert Detail.objects.filter(country__code="SM").exists()


@pytest.mark.django_db(transaction=True)
def test_confirmation_waits_for_a_change_that_is_being_saved(admin_client, given):
    confirmation = hidden(admin_client.post(ADD, given))
    _, page = one_before_the_other(lambda: plan("IS"), lambda: admin_client.post(ADD, confirmation))
    assert shown(page) == [*EXPECTED[:2], "Nothing changes for groups of countries."]
    assert not Detail.objects.filter(country__code="SM").exists()


def test_planned_change_is_taken_back_after_the_same_question(kari, given):
    kari.post(ADD, hidden(kari.post(ADD, given)))
    row = Detail.objects.get(country__code="SM")
    page = kari.post(
        address := reverse("admin:countries_detail_change", args=[row.pk]), given | {"step": "N", "network_step": "D"}
    )
    assert shown(page)[0] == "From January 2027, San Marino has weeks, days, hours and minutes."
    assert (
        "From January 2027, Europe has weeks, days, hours and minutes, because all of its countries have weeks."
        in shown(page)
    )
    row.refresh_from_db()
    assert row.step == "M"
    assert kari.post(address, hidden(page)).status_code == 302
    row.refresh_from_db()
    assert (row.step, row.network_step) == ("N", "D")
    assert AuditEvent.objects.filter(action__startswith="detail.").count() == 2


def test_change_that_leaves_the_groups_alone_says_what_happens_to_the_country(kari, given):
    indicator = Detail.objects.all()[0].indicator
    for code in ("AD", "MC", "LI"):
        factories.DetailFactory.create(
            country__code=code, indicator=indicator, valid_from=date(2027, 1, 1), step="M", network_step="M"
        )
    factories.DetailFactory.create(
        country__code="SM", indicator=indicator, valid_from=date(2027, 3, 1), step="N", network_step="M"
    )
    reference.snapshots.clear()
    page = kari.post(ADD, given)
    assert shown(page) == [
        "From January 2027 to February 2027, San Marino has no weeks, days, hours or minutes.",
        "From January 2027 to February 2027, San Marino has no weeks or days by network.",
        "Nothing changes for groups of countries.",
    ]
    assert shown(kari.post(ADD, given | {"step": "N", "network_step": "D"})) == ["Nothing that is published changes."]


def test_form_with_a_fault_is_corrected_before_anything_is_asked(kari, given):
    for fault in ({"reason": ""}, {"valid_from": "2026-11-01"}, {"step": "W", "network_step": "D"}):
        page = kari.post(ADD, given | fault | {"confirmed": "yes"})
        assert page.templates[0].name == "admin/change_form.html"
        assert page.context["errors"]
    assert not Detail.objects.filter(valid_from=JANUARY).exists()


def test_no_list_changes_a_detail(kari, given):
    """Otherwise a coordinator could change it without the question."""
    row, listed = Detail.objects.all()[0], reverse("admin:countries_detail_changelist")
    page = kari.get(listed)
    assert not page.context["cl"].list_editable
    assert page.context["action_form"] is None
    sent = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "form-0-step": "M", "_save": "Save"}
    kari.post(listed, sent)
    assert Detail.objects.get(pk=row.pk).step == "N"


def test_proposal_leads_to_the_form_and_is_asked_about_too(kari):
    indicator = factories.IndicatorFactory.create()
    factories.DetailFactory.create(country__code="IS", indicator=indicator, step="D", network_step="D")
    press = Press()
    press.publish("M", {month: {"IS": 90} for month in ("2026-08", "2026-09", "2026-10")})
    reference.snapshots.clear()
    (link,) = re.findall(r'href="(/admin/countries/detail/add/[^"]+)"', kari.get("/admin/").content.decode())
    form = kari.get(link.replace("&amp;", "&")).context["adminform"].form
    chosen = {name: form[name].value() for name in ("country", "indicator", "step")}
    assert chosen == {"country": "352", "indicator": str(indicator.pk), "step": "W"}
    page = kari.post(link, chosen | {"valid_from": "2027-01-01", "network_step": "M", "reason": "As proposed."})
    assert shown(page)[0] == "From January 2027, Iceland has no days."
    assert Detail.objects.count() == 1
