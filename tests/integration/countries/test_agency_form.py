"""The form of an agency, with its schedules and its first set-up."""

from datetime import date
from typing import Any

import pytest

from countries import registry
from countries.models import Agency, Schedule
from tests import factories
from tests.integration.countries.conftest import address, text

pytestmark = pytest.mark.django_db


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


def test_request_for_many_set_ups_gets_one(desk):
    answer = desk.post(address(Agency, "add"), agency_form(code="x") | {"setups-TOTAL_FORMS": 3})
    assert 'name="setups-0-computers"' in text(answer)
    assert 'name="setups-1-computers"' not in text(answer)


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


def test_rows_of_schedules_that_were_left_empty_are_not_saved(desk):
    factories.CountryFactory.create()
    factories.IndicatorFactory.create()
    empty = {f"schedules-{row}-deadline_minutes": 60 for row in (1, 2)}
    form = agency_form() | schedule_form() | empty | {"schedules-TOTAL_FORMS": 3}
    assert desk.post(address(Agency, "add"), form).status_code == 302
    assert Schedule.objects.count() == 1


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
