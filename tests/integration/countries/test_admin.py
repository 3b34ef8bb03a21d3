"""The registry screens, over HTTP, as a coordinator uses them."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import PROTECT
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from countries.models import Agency, Country, Credential, HelpService, Indicator, Population
from tests import factories
from tests.integration.countries.conftest import address, text
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db
LISTS = [Agency, Country, Credential, HelpService, Indicator, Population]


@pytest.fixture
def visitor(client: Client) -> Client:
    """Somebody who may look at everything and change nothing."""
    user = User.objects.create_user("bo", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    signed_in(client, user)
    return client


@pytest.fixture
def populated() -> None:
    for number, code in enumerate(("NO", "SE", "DK", "FI", "IS"), start=1):
        country = factories.CountryFactory.create(code=code)
        agency = factories.AgencyFactory.create(code=f"{code}-POLICE", country=country)
        factories.CredentialFactory.create(agency=agency)
        factories.PopulationFactory.create(country=country)
        factories.HelpServiceFactory.create(country=country)
        factories.ScheduleFactory.create(
            agency=agency, indicator=factories.IndicatorFactory.create(code=f"I{number}", number=number)
        )


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("model", LISTS)
def test_list_page_takes_few_queries(desk, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(15):
        assert desk.get(address(model)).status_code == 200


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize(
    ("model", "term", "found"),
    [
        (Agency, "no-pol", 1),
        (Country, "nor", 1),
        (Country, "DK", 1),
        (Credential, "SE-POLICE", 1),
        (Population, "FI", 1),
    ],
)
def test_list_page_searches(desk, model, term, found):
    answer = desk.get(address(model), {"q": term})
    assert answer.context["cl"].result_count == found


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("model", LISTS)
def test_row_page_opens_for_who_may_look(visitor, model):
    row = model.objects.first()
    answer = visitor.get(address(model, "change", row.pk))

    assert answer.status_code == 200
    assert "_save" not in text(answer)


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("model", [Agency, Credential, HelpService, Indicator, Population])
def test_who_may_look_may_not_write(visitor, model):
    row = model.objects.first()
    assert visitor.get(address(model, "add")).status_code == 403
    assert visitor.post(address(model, "change", row.pk), {}).status_code == 403
    assert visitor.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("view", ["rotate", "revoke"])
def test_who_may_look_may_not_rotate_or_revoke(visitor, view):
    credential = factories.CredentialFactory.create()
    assert visitor.post(address(Credential, view, credential.pk), {"reason": "x"}).status_code == 403
    credential.refresh_from_db()
    assert credential.revoked is None


def test_submitted_and_computed_rows_are_read_only(desk):
    country = factories.CountryFactory.create()
    assert desk.get(address(Country, "add")).status_code == 403
    assert desk.post(address(Country, "change", country.pk), {"code": "SE"}).status_code == 403
    assert desk.post(address(Country, "delete", country.pk), {"post": "yes"}).status_code == 403


def test_the_screens_of_the_toolkit_are_gone(desk):
    assert not admin.site.is_registered(get_access_token_model())
    assert not admin.site.is_registered(get_refresh_token_model())
    assert type(admin.site.get_model_admin(Credential)).__module__ == "countries.admin.credentials"


@pytest.mark.parametrize("model", LISTS)
def test_nothing_is_deleted_past_the_registry(desk, rf, model):
    request = rf.get("/")
    request.user = User.objects.get()
    assert "delete_selected" not in admin.site.get_model_admin(model).get_actions(request)


def test_agency_with_a_schedule_cannot_be_deleted_and_the_screen_says_why(desk):
    agency = factories.ScheduleFactory.create().agency
    answer = desk.post(address(Agency, "delete", agency.pk), {"post": "yes"}, follow=True)

    assert "1 schedule belongs to it. Make it inactive instead." in text(answer)
    assert Agency.objects.exists()


def test_agency_with_nothing_can_be_deleted(desk, heard):
    agency = factories.AgencyFactory.create()
    page = address(Agency, "delete", agency.pk)
    assert 'name="reason"' in text(desk.get(page))
    desk.post(page, {"post": "yes", "reason": "made by mistake"})

    assert not Agency.objects.exists()
    assert (heard[0][2], heard[0][3], heard[0][4]) == (None, "ada", "made by mistake")


@pytest.mark.parametrize("given", [{}, {"reason": " \n"}])
def test_nothing_is_deleted_without_a_reason(desk, heard, given):
    agency = factories.AgencyFactory.create()
    answer = desk.post(address(Agency, "delete", agency.pk), {"post": "yes", **given}, follow=True)

    assert "Nothing was deleted. Give a reason first." in text(answer)
    assert Agency.objects.exists()
    assert heard == []


def fields_of(indicator):
    return {name: getattr(indicator, name) for name in ("name", "description", "usual_rate")}


def translations(count, *, stored=0):
    return {"translations-TOTAL_FORMS": count, "translations-INITIAL_FORMS": stored}


def test_translation_is_added_changed_and_removed_with_its_indicator(desk, heard):
    row = factories.IndicatorFactory.create()
    page = address(Indicator, "change", row.pk)
    form = fields_of(row) | {"notes": "", "reason": "asked for"}
    words = {f"translations-0-{name}": value for name, value in {"language": "pl", "unit": "a, b, c"}.items()}
    assert desk.post(page, form | translations(1) | words).status_code == 302
    stored = row.translations.get()
    assert (stored.language, stored.name, stored.unit) == ("pl", "", ["a", "b", "c"])

    key = {"translations-0-id": stored.pk, "translations-0-indicator": row.pk}
    twice = {name.replace("-0-", "-1-"): value for name, value in words.items()}
    assert "correct the duplicate" in text(desk.post(page, form | translations(2, stored=1) | words | key | twice))
    assert desk.post(page, form | translations(1) | words | {"translations-0-language": "tlh"}).status_code == 200
    assert desk.post(address(Indicator, "delete", row.pk), {"post": "yes", "reason": "x"}).status_code == 302
    assert row.translations.exists(), "an indicator goes only after its translations"

    gone = words | key | {"translations-0-DELETE": "on"}
    assert desk.post(page, form | translations(1, stored=1) | gone).status_code == 302
    assert not row.translations.exists()
    assert [(name, before is None, after is None, by, why) for name, before, after, by, why in heard] == [
        ("IndicatorTranslation", True, False, "ada", "asked for"),
        ("IndicatorTranslation", False, True, "ada", "asked for"),
    ]


def test_indicator_notes_are_lines_with_commas(desk):
    form = translations(0) | {
        "code": "VISITS",
        "name": "Visits",
        "description": "d",
        "notes": "One, two.\r\n\r\nThree.\r\n",
        "usual_rate": "1",
        "reason": "",
    }
    desk.post(address(Indicator, "add"), form)

    row = Indicator.objects.get()
    assert (row.number, row.notes) == (1, ["One, two.", "Three."])
    assert "One, two.\nThree." in text(desk.get(address(Indicator, "change", row.pk)))


def test_indicator_saved_with_the_same_notes_is_unchanged(desk, heard):
    row = factories.IndicatorFactory.create(notes=["One, two.", "Three."])
    form = fields_of(row) | {"notes": "One, two.\r\nThree.", "reason": ""} | translations(0)
    assert desk.post(address(Indicator, "change", row.pk), form).status_code == 302
    assert heard == []


def test_population_is_corrected(desk, heard):
    row = factories.PopulationFactory.create()
    desk.post(address(Population, "change", row.pk), {"inhabitants": "5600000", "source": "SSB", "reason": "newer"})

    row.refresh_from_db()
    assert (row.inhabitants, row.source) == (5_600_000, "SSB")
    assert heard[0][3:] == ("ada", "newer")


def test_help_services_are_marked_as_checked(desk, heard):
    services = [factories.HelpServiceFactory.create(), factories.HelpServiceFactory.create()]
    form = {"action": "mark_checked", "_selected_action": [row.pk for row in services]}
    desk.post(address(HelpService), form)

    assert {row.checked for row in HelpService.objects.all()} == {timezone.now().date()}
    assert len(heard) == 2


def test_help_service_is_edited_and_hidden_but_not_deleted(desk):
    row = factories.HelpServiceFactory.create()
    form = {"name": "New", "languages": "nb, en", "country": "", "address": row.address, "phone": "", "reason": ""}
    desk.post(address(HelpService, "change", row.pk), form | {"description": "d"})

    row.refresh_from_db()
    assert (row.name, row.languages, row.country, row.shown) == ("New", ["nb", "en"], None, False)
    assert desk.post(address(HelpService, "delete", row.pk), {"post": "yes"}).status_code == 403


def keep_agency():
    schedule = factories.ScheduleFactory.create()
    factories.CredentialFactory.create(agency=schedule.agency)
    said = "1 schedule and 1 credential belong to it. Make it inactive instead."
    return schedule.agency, f"NO-KRIPOS cannot be deleted: {said}"


def keep_indicator():
    translation = factories.IndicatorTranslationFactory.create()
    said = "1 translation belongs to it. First delete the rows that belong to it."
    return translation.indicator, f"{translation.indicator} cannot be deleted: {said}"


def keep_group():
    group = Group.objects.create(name="editors")
    User.objects.create_user("kari").groups.add(group)
    return group, "editors cannot be deleted: 1 user belongs to it. Take the users out of the group first."


KEPT = {Agency: keep_agency, Indicator: keep_indicator, Group: keep_group}


@pytest.mark.parametrize("model", KEPT)
def test_row_in_use_is_kept_and_the_screen_says_what_uses_it(desk, model):
    row, why = KEPT[model]()
    for answer in (desk.get, desk.post):
        page = answer(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_delete", args=[row.pk]), follow=True)
        assert [str(message) for message in page.context["messages"]] == [why]
    assert model.objects.filter(pk=row.pk).exists()


def test_each_row_that_others_use_and_that_can_be_deleted_is_tried(desk):
    request = desk.get(address(Agency)).wsgi_request
    deletable = {model for model, screen in admin.site._registry.items() if screen.has_delete_permission(request)}
    used = {model for model in deletable if any(one.on_delete is PROTECT for one in model._meta.related_objects)}
    assert used | {Group} == set(KEPT)
