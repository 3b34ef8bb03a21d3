"""The registry screens, over HTTP, as a coordinator uses them."""

from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import PROTECT
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from countries import registry
from countries.models import Agency, Country, Credential, HelpService, Indicator, Population, Schedule
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


def agency_form(**fields: Any) -> dict[str, Any]:
    return {
        "code": "NO-KRIPOS",
        "name": "Kripos",
        "active": "on",
        "reason": "",
        "schedules-TOTAL_FORMS": 0,
        "schedules-INITIAL_FORMS": 0,
        "thresholds-TOTAL_FORMS": 0,
        "thresholds-INITIAL_FORMS": 0,
        "setups-TOTAL_FORMS": 0,
        "setups-INITIAL_FORMS": 0,
    } | fields


def schedule_form(**fields: Any) -> dict[str, Any]:
    columns = {"indicator": 1, "frequency": "H", "valid_from": "2026-01-01", "valid_to": "", "deadline_minutes": 60}
    return {f"schedules-0-{name}": value for name, value in (columns | fields).items()} | {"schedules-TOTAL_FORMS": 1}


def test_agency_is_added_with_a_schedule(desk, heard):
    factories.CountryFactory.create()
    factories.IndicatorFactory.create()
    answer = desk.post(address(Agency, "add"), agency_form(reason="joined") | schedule_form())

    assert answer.status_code == 302
    assert Schedule.objects.get().agency.code == "NO-KRIPOS"
    assert [(kind, by, reason) for kind, _, _, by, reason in heard] == [
        ("Agency", "ada", "joined"),
        ("Schedule", "ada", "joined"),
    ]


def test_country_of_an_agency_is_the_one_that_its_code_names(desk):
    factories.CountryFactory.create()
    factories.CountryFactory.create(code="SE")
    assert 'name="country"' not in text(desk.get(address(Agency, "add")))
    desk.post(address(Agency, "add"), agency_form(code="SE-NOA"))
    assert Agency.objects.get().country.code == "SE"


@pytest.mark.parametrize("code", ["XX-NOA", "_U-NOA", "no-kripos", "KRIPOS"])
def test_agency_of_no_country(desk, code):
    factories.CountryFactory.create()
    factories.CountryFactory.create(code="_U")
    answer = desk.post(address(Agency, "add"), agency_form(code=code))

    begins = code.partition("-")[0]
    assert f"There is no country {begins}. Begin with the code of a country, such as NO-KRIPOS." in text(answer)
    assert not Agency.objects.exists()


def test_agency_is_added_with_its_set_up(desk, heard):
    factories.CountryFactory.create()
    factories.NetworkFactory.create()
    columns = {
        "valid_from": "2026-01-01", "computers": 4, "networks": "BITTORRENT", "counting": "sent", "time_zone": "UTC",
        "location_source": "A table", "location_date": "2026-01-01",
    }  # fmt: skip
    setup = {f"setups-0-{name}": value for name, value in columns.items()} | {"setups-TOTAL_FORMS": 1}
    refused = desk.post(address(Agency, "add"), agency_form() | setup | {"setups-0-computers": ""})
    assert (refused.status_code, Agency.objects.exists()) == (200, False)
    desk.post(address(Agency, "add"), agency_form(reason="joined") | setup)
    assert [(kind, reason) for kind, _, _, _, reason in heard] == [("Agency", "joined"), ("Setup", "joined")]
    agency = Agency.objects.get()
    assert agency.setups.get().networks == ["BITTORRENT"]
    assert "setups-0-computers" not in text(desk.get(address(Agency, "change", agency.pk)))


def test_refusal_by_the_registry_is_shown_on_the_screen(desk):
    def refuse(**_: Any) -> None:
        raise registry.Refused("no", "Not while the moon is full.")

    agency = factories.AgencyFactory.create()
    registry.changed.connect(refuse)
    try:
        answer = desk.post(address(Agency, "change", agency.pk), agency_form(name="New"), follow=True)
    finally:
        registry.changed.disconnect(refuse)

    assert "Not while the moon is full." in text(answer)
    assert Agency.objects.get().name == "Kripos"


def test_agency_is_deactivated_with_a_reason_only(desk, heard):
    agency = factories.AgencyFactory.create()
    page = address(Agency, "change", agency.pk)
    form = agency_form()
    del form["active"]

    assert "Say why" in text(desk.post(page, form))
    assert heard == []

    assert desk.post(page, form | {"reason": "left the campaign"}).status_code == 302
    [(_, before, after, by, reason)] = heard
    assert (before["active"], after["active"], by, reason) == (True, False, "ada", "left the campaign")


def test_agency_keeps_its_code_and_country(desk):
    agency = factories.AgencyFactory.create()
    factories.CountryFactory.create(code="SE")
    desk.post(address(Agency, "change", agency.pk), agency_form(code="SE-NOA", country="752", name="New"))

    agency.refresh_from_db()
    assert (agency.code, agency.country_id, agency.name) == ("NO-KRIPOS", 578, "New")


def test_agency_saved_unchanged_says_nothing(desk, heard):
    agency = factories.AgencyFactory.create()
    assert desk.post(address(Agency, "change", agency.pk), agency_form()).status_code == 302
    assert heard == []


def test_schedules_that_overlap_are_refused_and_the_form_stays(desk):
    agency = factories.AgencyFactory.create()
    factories.IndicatorFactory.create()
    second = {name.replace("-0-", "-1-"): value for name, value in schedule_form(deadline_minutes=5).items()}
    form = agency_form() | schedule_form() | second | {"schedules-TOTAL_FORMS": 2}
    answer = desk.post(address(Agency, "change", agency.pk), form)

    assert answer.status_code == 200
    assert "already has a schedule" in text(answer)
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("first", ["2016-12-31", "0001-01-01"])
def test_schedule_before_2017_is_refused_with_a_message(desk, first):
    agency = factories.AgencyFactory.create()
    factories.IndicatorFactory.create()
    answer = desk.post(address(Agency, "change", agency.pk), agency_form() | schedule_form(valid_from=first))
    assert answer.status_code == 200
    assert "This is before the year 2017" in text(answer)
    assert not Schedule.objects.exists()


def test_schedules_of_other_frequencies_are_added_together(desk):
    agency = factories.AgencyFactory.create()
    factories.IndicatorFactory.create()
    second = {name.replace("-0-", "-1-"): value for name, value in schedule_form(frequency="D").items()}
    form = agency_form() | schedule_form() | second | {"schedules-TOTAL_FORMS": 2}

    assert desk.post(address(Agency, "change", agency.pk), form).status_code == 302
    assert Schedule.objects.count() == 2


def test_schedule_that_overlaps_one_that_another_coordinator_just_added(desk):
    schedule = factories.ScheduleFactory.create(valid_to=date(2026, 6, 30))
    form = agency_form() | schedule_form(valid_from="2026-06-30")
    answer = desk.post(address(Agency, "change", schedule.agency.pk), form, follow=True)

    assert "already has a schedule" in text(answer)
    assert Schedule.objects.count() == 1


def test_schedule_is_ended_and_removed(desk, heard):
    schedule = factories.ScheduleFactory.create()
    page = address(Agency, "change", schedule.agency.pk)
    row = {"schedules-0-id": schedule.pk, "schedules-0-agency": schedule.agency.pk, "schedules-INITIAL_FORMS": 1}

    desk.post(page, agency_form(reason="ends") | schedule_form(valid_to="2026-06-30") | row)
    assert heard[-1][2]["valid_to"] == "2026-06-30"
    desk.post(page, agency_form(reason="never was") | schedule_form() | row | {"schedules-0-DELETE": "on"})
    assert (heard[-1][0], heard[-1][2], heard[-1][4]) == ("Schedule", None, "never was")
    assert not Schedule.objects.exists()


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
