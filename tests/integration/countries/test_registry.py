"""Every write announces its change, with actor and reason, in one transaction, and raises the reference version."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from countries import deletions, registry
from countries.models import Agency, Country, HelpService, Indicator, Schedule
from countries.reference import Reference
from countries.registry import Refused
from federation.models.published import PublishedSeries
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What was said of changes, as anything listening would get it."""
    changes: list[dict[str, Any]] = []

    def hear(**said: Any) -> None:
        changes.append(said)

    registry.changed.connect(hear)
    yield changes
    registry.changed.disconnect(hear)


def test_save_of_a_new_row_says_what_it_is(heard):
    country = factories.CountryFactory.create()
    agency = registry.save(Agency(code="NO-KRIPOS", country=country, name="Kripos"), by="ada", reason="joined")

    [said] = heard
    assert (said["instance"], said["by"], said["reason"]) == (agency, "ada", "joined")
    assert said["before"] is None
    assert said["after"] == {
        "id": agency.pk,
        "code": "NO-KRIPOS",
        "country_id": 578,
        "name": "Kripos",
        "contact": "",
        "active": True,
        "invented": False,
        "signature_required": False,
    }


def test_save_of_a_change_says_from_and_to(heard):
    schedule = factories.ScheduleFactory.create()
    schedule.valid_to = date(2026, 6, 30)
    registry.save(schedule, by="ada")

    [said] = heard
    assert said["before"]["valid_to"] is None
    assert said["after"]["valid_to"] == "2026-06-30"
    assert said["before"] | {"valid_to": "2026-06-30"} == said["after"]


def test_save_without_a_change_says_nothing_and_keeps_the_version(heard):
    agency = factories.AgencyFactory.create()
    registry.save(agency, by="ada")

    assert heard == []
    assert Reference.current().version == 0


def test_what_is_said_fits_json_and_holds_no_secret(heard):
    credential = factories.CredentialFactory.build(agency=factories.AgencyFactory.create(), client_secret="hashed")
    registry.save(credential, by="ada")
    registry.save(factories.HelpServiceFactory.build(country=None, checked=date(2026, 1, 2)), by="ada")
    registry.delete(HelpService.objects.get(), by="ada")

    text = json.dumps([[said["before"], said["after"]] for said in heard])
    assert credential.client_secret not in text
    assert '"client_secret"' not in text
    assert "2026-01-02" in text


def test_each_change_counts_the_version_up():
    indicator = registry.save(Indicator(code="A", name="a", description="a"), by="ada")
    assert Reference.current().version == 1
    indicator.name = "b"
    registry.save(indicator, by="ada")
    assert Reference.current().version == 2
    registry.delete(indicator, by="ada")
    assert Reference.current().version == 3


def test_a_listener_that_fails_undoes_the_change():
    def fail(**_: Any) -> None:
        raise RuntimeError

    country = factories.CountryFactory.create()
    registry.changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            registry.create_agency(code="NO-KRIPOS", country=country.code, name="Kripos", by="ada")
    finally:
        registry.changed.disconnect(fail)

    assert not Agency.objects.exists()
    assert Reference.current().version == 0


def test_save_of_given_fields_leaves_what_another_screen_changed():
    agency = factories.AgencyFactory.create()
    ours, theirs = Agency.objects.get(), Agency.objects.get()
    theirs.name = "Kripos, Oslo"
    registry.save(theirs, by="bo", fields=["name"])
    ours.active = False
    registry.save(ours, by="ada", fields=["active"])

    agency.refresh_from_db()
    assert (agency.name, agency.active) == ("Kripos, Oslo", False)


def test_save_of_a_row_that_breaks_a_rule():
    country = factories.CountryFactory.create()
    with pytest.raises(ValidationError, match="must start with “NO-”"):
        registry.save(Agency(code="SE-NOA", country=country, name="x"), by="ada")
    unlocated = factories.CountryFactory.create(code="_U")
    with pytest.raises(ValidationError, match="Choose the country of the agency"):
        registry.save(Agency(code="NO-A", country=unlocated, name="x"), by="ada")


def test_indicators_get_the_next_free_number():
    assert registry.save(Indicator(code="FIRST", name="a", description="a"), by="ada").number == 1
    factories.IndicatorFactory.create(code="SEVENTH", number=7)
    assert registry.save(Indicator(code="NEXT", name="a", description="a"), by="ada").number == 8


def test_indicator_with_a_number_that_is_taken():
    factories.IndicatorFactory.create(number=1)
    with pytest.raises(ValidationError):
        registry.save(Indicator(number=1, code="ANOTHER", name="a", description="a"), by="ada")


def test_delete_keeps_the_key_for_those_who_listen(heard):
    agency = factories.AgencyFactory.create()
    key = agency.pk
    registry.delete(agency, by="ada", reason="a mistake")

    [said] = heard
    assert (said["instance"].pk, said["before"]["id"], said["after"]) == (key, key, None)
    assert not Agency.objects.exists()


def test_delete_of_an_agency_in_use_says_what_uses_it(heard):
    agency = factories.ScheduleFactory.create().agency
    factories.CredentialFactory.create(agency=agency, client_id="NO-KRIPOS.1")
    factories.CredentialFactory.create(agency=agency, client_id="NO-KRIPOS.2")
    why = "NO-KRIPOS cannot be deleted: 1 schedule and 2 credentials belong to it. Make it inactive instead."
    with pytest.raises(Refused, match=why):
        registry.delete(agency, by="ada")

    assert heard == []
    assert Agency.objects.exists()


def test_refusal_to_delete_counts_and_names_only_some(monkeypatch):
    agency = factories.ScheduleFactory.create().agency
    for number in range(3):
        factories.SetupFactory.create(agency=agency, valid_from=date(2026, 1, 1 + number))
    factories.CredentialFactory.create(agency=agency)
    monkeypatch.setattr(deletions, "_COUNTED", 2)
    monkeypatch.setattr(deletions, "_KINDS_NAMED", 2)
    said = "1 schedule, more than 2 set-ups and other rows belong to it"
    assert said in deletions.why_kept(agency)


def test_delete_of_an_indicator_in_use_says_what_to_do_instead():
    schedule = factories.ScheduleFactory.create()
    code = schedule.indicator.code
    said = f"{code} cannot be deleted: 1 schedule belongs to it. First delete the rows that belong to it."
    assert deletions.why_kept(schedule.indicator) == said
    factories.FindingFactory.create(agency=schedule.agency, indicator=schedule.indicator)
    said = f"{code} cannot be deleted: 1 schedule and 1 finding belong to it. Give its schedules a last day instead: "
    assert deletions.why_kept(schedule.indicator).startswith(said)


def test_refusal_to_delete_has_no_plural_that_is_no_word():
    indicator = factories.IndicatorFactory.create()
    key = {"indicator": indicator, "frequency": "D", "country": 578, "first_version": 1}
    PublishedSeries.objects.bulk_create(PublishedSeries(**key, network=network) for network in (1, 2))
    assert "2 published series belong to it" in deletions.why_kept(indicator)


def test_group_with_users_is_not_deleted():
    group = Group.objects.create(name="editors")
    User.objects.create_user("kari").groups.add(group)
    said = "editors cannot be deleted: 1 user belongs to it. Take the users out of the group first."
    assert deletions.why_kept(group) == said
    User.objects.get().groups.clear()
    registry.delete(group, by="ada")
    assert not Group.objects.filter(name="editors").exists()


def test_delete_of_a_country_in_use_is_refused():
    country = factories.AgencyFactory.create().country
    with pytest.raises(Refused, match="1 agency belongs to it"):
        registry.delete(country, by="ada")


def test_create_agency_again_with_the_same_particulars(heard):
    factories.CountryFactory.create()
    particulars: dict[str, Any] = {
        "code": "NO-KRIPOS",
        "country": "NO",
        "name": "Kripos",
        "invented": True,
        "by": "ada",
    }

    assert registry.create_agency(**particulars) == registry.create_agency(**particulars)
    assert len(heard) == 1
    assert Agency.objects.get().invented


@pytest.mark.parametrize("other", [{"name": "Politiet"}, {"invented": True}, {"country": "SE"}])
def test_create_agency_again_with_other_particulars(other):
    factories.CountryFactory.create(code="SE")
    factories.AgencyFactory.create()
    particulars: dict[str, Any] = {"code": "NO-KRIPOS", "country": "NO", "name": "Kripos"} | other

    with pytest.raises(Refused, match="already an agency NO-KRIPOS") as refused:
        registry.create_agency(**particulars, by="ada")
    assert refused.value.code == "agency_exists"


def test_create_agency_in_an_unknown_country():
    with pytest.raises(Refused, match="no country ZZ"):
        registry.create_agency(code="ZZ-A", country="ZZ", name="x", by="ada")


def test_add_schedule_again_with_the_same_particulars(heard):
    agency = factories.AgencyFactory.create()
    factories.IndicatorFactory.create()
    particulars: dict[str, Any] = {
        "agency": agency,
        "indicator": "DOWNLOADS",
        "frequency": "H",
        "valid_from": date(2026, 1, 1),
        "deadline_minutes": 60,
        "by": "ada",
    }

    assert registry.add_schedule(**particulars) == registry.add_schedule(**particulars)
    assert len(heard) == 1
    with pytest.raises(ValidationError, match="already has a schedule"):
        registry.add_schedule(**particulars | {"deadline_minutes": 61})
    with pytest.raises(Refused, match="no indicator NOPE"):
        registry.add_schedule(**particulars | {"indicator": "NOPE"})
    assert Schedule.objects.count() == 1


def test_load_adds_what_is_missing_in_one_signal(heard):
    rows = [{"number": 578, "code": "NO"}, {"number": 752, "code": "SE"}]
    done = registry.load(Country, rows, key=("number",), overwrite=False, by="ada", reason="a file")

    assert (done.added, done.changed, done.kept) == (2, 0, 0)
    [said] = heard
    assert said["after"] == {"table": "countries.Country", "rows_added": 2}


def test_load_keeps_or_overwrites_what_differs(heard):
    factories.CountryFactory.create(code="NO")
    rows = [{"number": 578, "code": "NX"}]

    kept = registry.load(Country, rows, key=("number",), overwrite=False, by="ada", reason="a file")
    assert (kept.kept, Country.objects.get().code, heard) == (1, "NO", [])
    changed = registry.load(Country, rows, key=("number",), overwrite=True, by="ada", reason="a file")
    assert (changed.changed, Country.objects.get().code) == (1, "NX")
    assert heard[0]["before"]["code"] == "NO"


@pytest.mark.django_db(transaction=True)
def test_writers_take_turns():
    """The second writer sees what the first one did, though it began before the first one ended."""
    first_is_in, second_may_go = Event(), Event()

    def second() -> int:
        try:
            first_is_in.wait(60)
            second_may_go.set()
            with registry.writing():
                return Country.objects.count()
        finally:
            connection.close()

    with ThreadPoolExecutor() as threads:
        counted = threads.submit(second)
        with transaction.atomic(), registry.writing():
            first_is_in.set()
            second_may_go.wait(60)
            registry.save(Country(number=578, code="NO"), by="ada")
    assert counted.result() == 1
