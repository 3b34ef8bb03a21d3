"""Texts from the desk bring neither traces of persons nor control characters into the audit trail."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import models
from django.urls import reverse

from countries import registry
from countries.admin.base import RegistryAdmin
from countries.models import (
    Agency,
    Annotation,
    Detail,
    Draw,
    HelpService,
    Indicator,
    IndicatorTranslation,
    Intervention,
    Population,
    Recipient,
    Setup,
    Webhook,
    WrittenByPeople,
)
from countries.registry import Refused
from federation.models.audit import AuditEvent
from tests import factories
from tests.integration.countries.conftest import PASSWORD

pytestmark = pytest.mark.django_db
TRACES = ["Ask someone@example.org", "It was 192.0.2.17.", "２００１:db8::17", "file d41d8cd98f00b204e9800998ecf8427e"]
CONTROLS = ["a\x02b", "a\x0bb", "a\x1bb", "a\x7fb", "a\x85b", "a\uffffb"]
#: The tables that people write.
WRITTEN: dict[type[models.Model], Any] = {
    Agency: factories.AgencyFactory,
    Annotation: factories.AnnotationFactory,
    Detail: factories.DetailFactory,
    Draw: factories.DrawFactory,
    HelpService: factories.HelpServiceFactory,
    Indicator: factories.IndicatorFactory,
    IndicatorTranslation: factories.IndicatorTranslationFactory,
    Intervention: factories.InterventionFactory,
    Population: factories.PopulationFactory,
    Recipient: factories.RecipientFactory,
    Setup: factories.SetupFactory,
    Webhook: factories.WebhookFactory,
}


def columns_of_text(model: type[models.Model]) -> list[str]:
    """Codes have a form of their own."""
    texts = [field for field in model._meta.concrete_fields if isinstance(field, models.CharField | models.TextField)]
    return [field.name for field in texts if not field.choices and field.name != "code"]


COLUMNS = [(model, column) for model in WRITTEN for column in columns_of_text(model)] + [
    (model, column) for model in (Indicator, IndicatorTranslation) for column in ("notes", "unit")
]


def said() -> str:
    """All that the audit trail says."""
    return str(list(AuditEvent.objects.values_list("actor", "action", "subject", "reason", "details")))


def test_each_screen_that_people_write_on_is_named_here():
    screens = {model for model, screen in admin.site._registry.items() if isinstance(screen, RegistryAdmin)}
    # Translations are written on the screen of their indicator.
    assert screens | {IndicatorTranslation} == set(WRITTEN)
    assert all(issubclass(model, WrittenByPeople) for model in WRITTEN)


@pytest.mark.parametrize(("model", "column"), COLUMNS, ids=lambda part: getattr(part, "__name__", part))
def test_no_column_of_text_takes_a_trace_or_a_control_character(model, column):
    factories.NetworkFactory.create()
    row, before = WRITTEN[model].create(), said()
    for word in (*TRACES, *CONTROLS, "x" * 5000 + " 192.0.2.17"):
        text = f"https://example.org/{word}" if column in ("address", "url") else word
        setattr(row, column, [text] if column in ("notes", "unit") else text)
        with pytest.raises(ValidationError) as error:
            registry.save(row, by="ada")
        assert set(error.value.message_dict) == {column}, word
        assert text not in str(error.value)
    assert said() == before


@pytest.mark.parametrize("text", ["Two lines:\r\n\tthe second, with Ærø, 日本 and 😀", "Version 4.2.1 of 12.11.2026"])
def test_ordinary_words_are_taken(text):
    row = factories.AgencyFactory.create()
    row.name = text
    registry.save(row, by="ada", reason=text)
    assert Agency.objects.get().name == text


@pytest.mark.parametrize(
    "address",
    [
        "https://www.example.org/2026/a-long-way-that-leads-to-the-page-of-a-service-which-has-a-number-586366528",
        "https://example.org/?p=14729",
    ],
)
def test_long_web_address_is_no_trace(address):
    row = factories.HelpServiceFactory.create()
    row.address = address
    registry.save(row, by="ada")
    assert HelpService.objects.get().address == address


@pytest.mark.parametrize("contact", ["", "office@example.org", "https://example.org/contact?p=14729"])
def test_contact_of_an_agency_is_a_page_or_a_mailbox(contact):
    row = factories.AgencyFactory.create()
    row.contact = contact
    registry.save(row, by="ada")
    assert Agency.objects.get().contact == contact


@pytest.mark.parametrize(
    "contact",
    [
        "Kripos", "javascript:alert(1)", "https://office@example.org/", "office@example.org, chief@example.org",
        "office@[192.0.2.17]", "http://192.0.2.17/", "d41d8cd98f00b204e9800998ecf8427e@example.org",
    ],
)  # fmt: skip
def test_nothing_else_is_the_contact_of_an_agency(contact):
    row = factories.AgencyFactory.create()
    row.contact = contact
    with pytest.raises(ValidationError) as error:
        registry.save(row, by="ada")
    assert set(error.value.message_dict) == {"contact"}


def test_form_says_what_is_wrong_and_keeps_nothing(desk):
    before = said()
    form = {"kind": "other", "start_0": "2026-11-12", "start_1": "08:00", "text": "a\x1bb", "reason": TRACES[0]}
    page = desk.post(reverse("admin:countries_annotation_add"), form).context["adminform"]
    assert page.errors == {
        "text": ["Remove the control character U+001B."],
        "reason": ["This looks like an address, a hash or an e-mail. Leave it out: it could not be taken back later."],
    }
    assert not Annotation.objects.exists()
    assert said() == before


def test_no_deed_takes_a_reason_with_a_trace(desk):
    agency = factories.AgencyFactory.create()
    credential = factories.CredentialFactory.create(agency=agency)
    key = factories.SigningKeyFactory.create(agency=agency)
    other = User.objects.create_user("bo")
    annotation = factories.AnnotationFactory.create()
    before = said()
    for path, fields in {
        f"countries/credential/{credential.pk}/revoke/": {},
        f"countries/credential/{credential.pk}/rotate/": {"keep_hours": 1, "password": PASSWORD},
        f"countries/credential/{credential.pk}/networks/": {"networks": "", "password": PASSWORD},
        "countries/credential/add/": {"agency": agency.pk, "scopes": credential.scopes, "password": PASSWORD},
        f"countries/signingkey/{key.pk}/revoke/": {},
        f"countries/annotation/{annotation.pk}/delete/": {"post": "yes"},
        f"countries/agency/{agency.pk}/change/": {"name": "Another name"},
        f"auth/user/{other.pk}/second-factor/": {},
    }.items():
        answer = desk.post(f"/admin/{path}", fields | {"reason": TRACES[0]}, follow=True)
        assert "This looks like an address" in answer.content.decode(), path
    assert said() == before
    assert Annotation.objects.exists()


@pytest.mark.parametrize("text", [*TRACES, *CONTROLS])
def test_registry_takes_no_reason_that_its_callers_let_through(text):
    agency = factories.AgencyFactory.create()
    agency.name, before = "Another name", said()
    with pytest.raises(Refused) as error:
        registry.save(agency, by="ada", reason=text)
    assert error.value.code == "personal_trace"
    assert Agency.objects.get().name == "Kripos"
    assert said() == before


class TestAccounts:
    """Of people the trail knows the user name only, and that is no e-mail address."""

    def test_no_account_is_made_with_one(self, desk):
        form = {"username": "bo@example.org", "usable_password": "false"}
        answer = desk.post("/admin/auth/user/add/", form, follow=True)
        assert "This looks like an address" in answer.content.decode()
        assert not User.objects.filter(username="bo@example.org").exists()
        assert "bo@example" not in said()

    def test_none_is_renamed_to_one(self, desk):
        user = User.objects.create_user("bo")
        answer = desk.post(f"/admin/auth/user/{user.pk}/change/", changed(user, username="bo@example.org"), follow=True)
        assert "This looks like an address" in answer.content.decode()
        assert User.objects.get(pk=user.pk).username == "bo"

    def test_one_that_is_there_can_still_be_made_inactive(self, desk):
        user = User.objects.create_user("bo@example.org")
        assert desk.post(f"/admin/auth/user/{user.pk}/change/", changed(user)).status_code == 302
        assert not User.objects.get(pk=user.pk).is_active

    def test_no_group_is_named_so(self, desk):
        desk.post("/admin/auth/group/add/", {"name": "of bo@example.org"})
        assert not Group.objects.filter(name__contains="@").exists()
        assert "bo@example" not in said()

    def test_command_makes_no_such_superuser(self):
        with pytest.raises(CommandError, match="looks like an address"):
            call_command("createsuperuser", "--noinput", "--username", "bo@example.org", "--email", "", verbosity=0)
        assert not User.objects.exists()

    def test_particulars_of_a_person_are_not_told(self):
        call_command("createsuperuser", "--noinput", "--username", "bo", "--email", "bo@example.org", verbosity=0)
        user = User.objects.get()
        with registry.announce_changes(user, by="ada"):
            user.first_name, user.last_name, user.is_staff = "Beate", "Olsen", False
            user.save()
        for particular in ("bo@example.org", "Beate", "Olsen"):
            assert particular not in said()

    def test_desk_asks_for_none(self, desk):
        page = desk.get(f"/admin/auth/user/{User.objects.get().pk}/change/").context["adminform"].form
        assert {"email", "first_name", "last_name"}.isdisjoint(page.fields)


def changed(user: User, **fields: str) -> dict[str, Any]:
    """The form of an account, with active unticked."""
    form = {"username": user.username, "date_joined_0": "2026-11-01", "date_joined_1": "12:00:00"}
    return form | fields


def test_commands_take_no_name_with_a_trace():
    factories.CountryFactory.create(code="NO")
    with pytest.raises(CommandError, match="Name: This looks like an address"):
        call_command("create_agency", "NO-KRIPOS", "--country", "NO", "--name", "Kripos, post@example.org")
    assert not Agency.objects.exists()
    assert "example.org" not in said()
