"""The database refuses invalid rows, even if the code above it has a fault."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import DataError, IntegrityError, transaction

from countries.models import FIGURES, READ_ONLY, READ_WRITE, Agency, Population, ReferenceVersion
from tests import factories

pytestmark = pytest.mark.django_db


def refused(constraint: str, make, /, **columns) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**columns)


@pytest.mark.parametrize("code", ["", "NO", "NO-", "no-kripos", "NOR-KRIPOS", "NO-kripos", "NO--A", "NO-A B", "NO-A\n"])
def test_agency_code_of_another_form(code):
    country = factories.CountryFactory.create()
    refused("countries_agency_code", factories.AgencyFactory.create, code=code, country=country)


@pytest.mark.parametrize("code", ["NO-A", "NO-1", "NO-KRIPOS-2"])
def test_agency_code_of_the_right_form(code):
    assert factories.AgencyFactory.create(code=code).pk


def test_agency_code_twice():
    first = factories.AgencyFactory.create()
    refused("countries_agency_code", Agency.objects.create, code=first.code, country=first.country, name="x")


def test_agency_id_is_a_smallint_since_work_keys_have_fifteen_bits():
    assert factories.AgencyFactory.create(id=32_767).pk == 32_767
    with pytest.raises(DataError, match="smallint"), transaction.atomic():
        factories.AgencyFactory.create(id=32_768, code="NO-B")


@pytest.mark.parametrize("number", [0, 1024])
def test_indicator_number_outside_ten_bits(number):
    refused("countries_indicator_number", factories.IndicatorFactory.create, number=number)


@pytest.mark.parametrize("code", ["", "downloads", "1ST", "A-B", "A B"])
def test_indicator_code_of_another_form(code):
    refused("countries_indicator_code", factories.IndicatorFactory.create, code=code)


@pytest.mark.parametrize("code", ["no", "N", "_T", "N1"])
def test_country_code_of_another_form(code):
    refused("countries_country_code", factories.CountryFactory.create, code=code, number=5)


@pytest.mark.parametrize("frequency", ["W", "A", "n", "X"])
def test_schedule_at_a_frequency_at_which_nobody_reports(frequency):
    refused("countries_schedule_frequency", factories.ScheduleFactory.create, frequency=frequency)


def test_schedule_that_ends_before_it_begins():
    refused("countries_schedule_days", factories.ScheduleFactory.create, valid_to=date(2025, 12, 31))


def test_schedule_that_begins_before_anything_can_be_reported():
    refused("countries_schedule_starts", factories.ScheduleFactory.create, valid_from=date(2016, 12, 31))
    assert factories.ScheduleFactory.create(valid_from=date(2017, 1, 1)).pk


def test_schedule_of_one_day():
    assert factories.ScheduleFactory.create(valid_to=date(2026, 1, 1)).pk


@pytest.mark.parametrize("minutes", [-1, 129_601])
def test_schedule_with_a_deadline_out_of_bounds(minutes):
    refused("deadline", factories.ScheduleFactory.create, deadline_minutes=minutes)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 2, 1), None),
        (date(2026, 1, 31), date(2026, 1, 31)),
        (date(2025, 1, 1), date(2026, 1, 1)),
        (date(2025, 1, 1), None),
    ],
)
def test_schedules_overlap(first, last):
    factories.ScheduleFactory.create(valid_to=None)
    refused("countries_schedule_overlap", factories.ScheduleFactory.create, valid_from=first, valid_to=last)


def test_schedules_one_after_the_other():
    factories.ScheduleFactory.create(valid_to=date(2026, 1, 31))
    assert factories.ScheduleFactory.create(valid_from=date(2026, 2, 1)).pk


def test_schedules_of_others_at_the_same_time():
    factories.ScheduleFactory.create()
    factories.ScheduleFactory.create(frequency="D")
    factories.ScheduleFactory.create(agency=factories.AgencyFactory.create(code="SE-NOA"))
    other = factories.IndicatorFactory.create(number=2, code="HELP_VISITS")
    assert factories.ScheduleFactory.create(indicator=other).pk


@pytest.mark.parametrize("scopes", [READ_WRITE, READ_ONLY])
def test_credential_of_an_agency(scopes):
    assert factories.CredentialFactory.create(scopes=scopes).pk


@pytest.mark.parametrize(
    "columns",
    [
        {"scopes": FIGURES},
        {"scopes": "everything"},
        {"coordinator": "ada"},
        {"agency": None},
        {"agency": None, "coordinator": "ada", "scopes": FIGURES},
    ],
    ids=["agency_reads_all", "unknown_scope", "two_holders", "no_holder", "coordinator_without_account"],
)
def test_credential_of_the_wrong_holder(columns):
    refused("countries_credential_holder", factories.CredentialFactory.create, **columns)


def test_credential_of_a_coordinator():
    user = User.objects.create_user("ada")
    columns = {"agency": None, "coordinator": "ada", "user": user}

    refused("countries_credential_holder", factories.CredentialFactory.create, scopes=READ_WRITE, **columns)
    assert factories.CredentialFactory.create(scopes=FIGURES, **columns).pk


def test_population_twice_for_a_year():
    row = factories.PopulationFactory.create()
    again = {
        "country": row.country,
        "year": row.year,
        "inhabitants": 1,
        "source": "again",
        "known_from": row.known_from,
    }
    refused("countries_population_country_year", Population.objects.create, **again)


def test_population_of_nobody():
    refused("countries_population_inhabitants", factories.PopulationFactory.create, inhabitants=0)


def test_help_service_in_no_language():
    refused("countries_helpservice_languages", factories.HelpServiceFactory.create, languages=[])


@pytest.mark.parametrize("address", ["javascript:alert(1)", "example.org", ""])
def test_help_service_with_an_address_that_is_no_link(address):
    refused("countries_helpservice_address", factories.HelpServiceFactory.create, address=address)


def test_reference_version_is_one_row():
    ReferenceVersion.objects.create()
    refused("countries_referenceversion_single", ReferenceVersion.objects.create, id=2)
