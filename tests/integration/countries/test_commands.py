"""The registry's commands, as an operator types them."""

import io
import json
from datetime import UTC, date, datetime

import pytest
from django.core.management import CommandError, call_command

from countries.models import FIGURES, READ_ONLY, Agency, Credential, Population, Schedule
from tests import factories

pytestmark = pytest.mark.django_db
SCHEDULE = ("--indicator", "DOWNLOADS", "--frequency", "H", "--from", "2026-01-01")


@pytest.fixture(autouse=True)
def reference() -> None:
    factories.CountryFactory.create()
    factories.IndicatorFactory.create()


def create(*arguments: str, code: str = "NO-KRIPOS") -> None:
    call_command("create_agency", code, "--country", "NO", "--name", "Kripos", *arguments)


def issue(capsys, *arguments: str) -> dict[str, str]:
    call_command("issue_credential", *arguments)
    printed: dict[str, str] = json.loads(capsys.readouterr().out)
    return printed


def test_create_agency_with_a_schedule(capsys):
    create(*SCHEDULE, "--deadline-minutes", "90", "--to", "2026-12-31")

    schedule = Schedule.objects.get()
    assert (schedule.agency.code, schedule.agency.invented) == ("NO-KRIPOS", False)
    assert (schedule.indicator.code, schedule.frequency, schedule.deadline_minutes) == ("DOWNLOADS", "H", 90)
    assert (schedule.valid_from, schedule.valid_to) == (date(2026, 1, 1), date(2026, 12, 31))
    assert "It owes DOWNLOADS by the hour from 2026-01-01 to 2026-12-31." in capsys.readouterr().out


def test_create_agency_twice_is_fine():
    create(*SCHEDULE)
    create(*SCHEDULE)
    assert (Agency.objects.count(), Schedule.objects.count()) == (1, 1)


def test_create_agency_that_is_invented():
    create("--invented")
    assert Agency.objects.get().invented


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "Politiet"], "already an agency NO-KRIPOS, called “Kripos”"),
        (["--country", "ZZ"], "no country ZZ"),
        (["--indicator", "DOWNLOADS"], "needs --indicator, --frequency and --from"),
        (["--from", "2026-01-01"], "needs --indicator, --frequency and --from"),
        (["--to", "2026-01-01"], "needs --indicator, --frequency and --from"),
        ([*SCHEDULE, "--indicator", "NOPE"], "no indicator NOPE"),
        ([*SCHEDULE, "--frequency", "W"], "invalid choice: 'W'"),
        ([*SCHEDULE, "--from", "01.01.2026"], "01.01.2026 is not a date such as"),
        ([*SCHEDULE, "--to", "2026-02-30"], "2026-02-30 is not a date such as"),
        ([*SCHEDULE, "--to", "2025-12-31"], "Valid to: The last day must not be before the first"),
        ([*SCHEDULE, "--deadline-minutes", "-1"], "Deadline minutes: "),
        ([*SCHEDULE, "--deadline-minutes", "129601"], "at most 129600 minutes"),
        ([*SCHEDULE, "--deadline-minutes", "soon"], "invalid int value: 'soon'"),
        ([*SCHEDULE, "--deadline-minutes", "61"], "already has a schedule"),
    ],
)
def test_create_agency_says_plainly_what_is_wrong(arguments, message):
    create(*SCHEDULE)
    with pytest.raises(CommandError, match=message):
        create(*arguments)
    assert (Agency.objects.count(), Schedule.objects.count()) == (1, 1)


@pytest.mark.parametrize("code", ["SE-NOA", "no-kripos", "KRIPOS", "NO-"])
def test_create_agency_with_a_bad_code(code):
    with pytest.raises(CommandError, match="Code: "):
        create(code=code)
    assert not Agency.objects.exists()


def test_create_agency_with_a_bad_schedule_makes_no_agency():
    with pytest.raises(CommandError):
        create(*SCHEDULE, "--to", "2025-12-31")
    with pytest.raises(CommandError, match="before the year 2017"):
        create(*SCHEDULE, "--from", "2016-12-31")
    assert not Agency.objects.exists()


def test_issue_credential_prints_json_and_nothing_else(capsys):
    agency = factories.AgencyFactory.create()
    printed = issue(capsys, "NO-KRIPOS")

    assert printed.keys() == {"client_id", "client_secret"}
    assert Credential.objects.get(client_id=printed["client_id"]).agency == agency


def test_issue_credential_for_reading_until_a_day(capsys):
    factories.AgencyFactory.create()
    issue(capsys, "NO-KRIPOS", "--scopes", READ_ONLY, "--expires", "2100-01-01")

    credential = Credential.objects.get()
    assert (credential.scopes, credential.expires) == (READ_ONLY, datetime(2100, 1, 1, tzinfo=UTC))


def test_issue_credential_to_a_coordinator(capsys):
    factories.observer("ada")
    issue(capsys, "--coordinator", "ada")

    credential = Credential.objects.get()
    assert (credential.coordinator, credential.scopes) == ("ada", FIGURES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["NO-NOPE"], "no agency NO-NOPE"),
        ([], "one agency or one coordinator"),
        (["NO-KRIPOS", "--coordinator", "ada"], "one agency or one coordinator"),
        (["--coordinator", "ada"], "There is no user ada"),
        (["NO-KRIPOS", "--expires", "tomorrow"], "tomorrow is not a date"),
        (["NO-KRIPOS", "--expires", "2020-01-01"], "must expire in the future"),
    ],
)
def test_issue_credential_says_plainly_what_is_wrong(arguments, message):
    factories.AgencyFactory.create()
    with pytest.raises(CommandError, match=message):
        call_command("issue_credential", *arguments)
    assert not Credential.objects.exists()


def test_issue_credential_a_third_time(capsys):
    factories.AgencyFactory.create()
    issue(capsys, "NO-KRIPOS")
    issue(capsys, "NO-KRIPOS")
    with pytest.raises(CommandError, match=r"has two live credentials.* at the desk, under Credentials"):
        call_command("issue_credential", "NO-KRIPOS")


def test_migrate_loads_the_reference_data_too_if_told():
    call_command("migrate", verbosity=0)
    assert not Population.objects.exists()
    said = io.StringIO()
    call_command("migrate", "--with-reference", verbosity=0, stdout=said)
    assert Population.objects.exists()
    assert "population.csv" in said.getvalue()


def test_load_reference_says_what_it_did(capsys):
    call_command("load_reference")
    printed = capsys.readouterr().out
    assert "countries.csv (2026-11-24): 250 rows added, 0 changed\n" in printed
    assert "indicators.json (2026-11-30): 1 rows added, 0 changed, 1 kept although they differ\n" in printed

    call_command("load_reference", "--overwrite")
    assert "indicators.json (2026-11-30): 0 rows added, 1 changed\n" in capsys.readouterr().out
