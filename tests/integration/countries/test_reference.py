"""The snapshot of reference data that all readers share."""

from datetime import UTC, date, datetime

import pytest

from countries import queries, reference, registry
from countries.models import Network
from countries.reference import Reference, services_for
from p2p_core.codes import COUNTRIES, GROUPS
from tests import factories

pytestmark = pytest.mark.django_db
NO, SE = COUNTRIES["NO"], COUNTRIES["SE"]


def test_nothing_was_written_yet():
    found = Reference.current()
    assert (found.version, found.indicators, found.agencies, found.population) == (0, (), (), ())
    assert not found.invented


def test_agencies_by_code_with_those_no_longer_active():
    factories.AgencyFactory.create(code="SE-NOA", name="NOA", active=False)
    factories.AgencyFactory.create(invented=True)

    found = Reference.current()
    assert [(row.code, row.country, row.name, row.active, row.invented) for row in found.agencies] == [
        ("NO-KRIPOS", "NO", "Kripos", True, True),
        ("SE-NOA", "SE", "NOA", False, False),
    ]
    assert found.agencies_by_code["SE-NOA"] == found.agencies[1]
    assert found.agency_codes[found.agencies[1].id] == "SE-NOA"
    assert found.invented


def test_agency_with_its_contact_and_the_first_day_for_which_it_owes_reports():
    factories.AgencyFactory.create(code="SE-NOA")
    agency = factories.AgencyFactory.create(contact="office@example.org")
    factories.ScheduleFactory.create(agency=agency, frequency="D", valid_from=date(2026, 2, 1))
    factories.ScheduleFactory.create(agency=agency)

    found = Reference.current().agencies_by_code
    assert (found["NO-KRIPOS"].contact, found["NO-KRIPOS"].since) == ("office@example.org", date(2026, 1, 1))
    assert (found["SE-NOA"].contact, found["SE-NOA"].since) == ("", None)


def test_indicators_by_number():
    factories.IndicatorFactory.create(code="HELP_VISITS", number=2)
    factories.IndicatorFactory.create(notes=["Not a person."])

    found = Reference.current()
    assert found.indicator_numbers == {"DOWNLOADS": 1, "HELP_VISITS": 2}
    assert found.indicator_codes == {1: "DOWNLOADS", 2: "HELP_VISITS"}
    assert found.indicators_by_code["DOWNLOADS"].notes == ("Not a person.",)


def test_networks_by_number():
    Network.objects.create(code="EDONKEY", number=2, name="eDonkey")
    Network.objects.create(code="BITTORRENT", number=1, name="Bit\x0bTorrent")

    assert [(row.code, row.number, row.name) for row in Reference.current().networks] == [
        ("BITTORRENT", 1, "Bit\N{REPLACEMENT CHARACTER}Torrent"),
        ("EDONKEY", 2, "eDonkey"),
    ]


def test_loaded_in_one_statement_once_per_version(django_assert_num_queries):
    for code in ("NO-A", "NO-B", "SE-C"):
        factories.AnnotationFactory.create(agency=factories.AgencyFactory.create(code=code))
    with django_assert_num_queries(2):
        found = Reference.current()
    assert [row.agency for row in found.annotations] == ["NO-A", "NO-B", "SE-C"]
    with django_assert_num_queries(1):
        assert Reference.current() is found

    registry.save(factories.AgencyFactory.build(code="NO-D", country_id=NO), by="a test")
    with django_assert_num_queries(2):
        assert Reference.current().agencies_by_code.keys() == {"NO-A", "NO-B", "NO-D", "SE-C"}
    for _ in range(3):
        registry.save(factories.AnnotationFactory.build(), by="a test")
        Reference.current()
    assert len(reference.snapshots) == 2, "no more than two versions are kept"


def codes(**asked) -> list[str]:
    return [row.code for row in services_for(Reference.current().help_services, **asked)]


@pytest.fixture
def services() -> None:
    factories.HelpServiceFactory.create(code="everywhere", country=None, languages=["en", "pt-BR"])
    factories.HelpServiceFactory.create(code="norway", languages=["nb"])
    factories.HelpServiceFactory.create(
        code="sweden", country=factories.CountryFactory.create(code="SE"), languages=["sv"]
    )
    factories.HelpServiceFactory.create(code="closed", shown=False, languages=["nb"])


@pytest.mark.usefixtures("services")
def test_help_services_of_a_country_come_before_those_for_everywhere():
    assert codes(country="NO") == ["norway", "everywhere"]
    assert codes(country="FI") == ["everywhere"]
    assert codes() == ["norway", "sweden", "everywhere"]


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("sv", ["sweden"]),
        ("no", ["norway"]),
        ("nn", ["norway"]),
        ("nb-NO", ["norway"]),
        ("pt", ["everywhere"]),
        ("PT_br", ["everywhere"]),
        ("", []),
        ("fi", []),
    ],
)
def test_help_services_in_a_language(language, found):
    assert codes(language=language) == found


def test_population_of_the_year_or_the_latest_before_it():
    for year in (2020, 2022):
        factories.PopulationFactory.create(year=year, inhabitants=year)

    inhabitants = Reference.current().inhabitants
    assert [inhabitants(NO, year) for year in (2019, 2020, 2021, 2022, 2030)] == [None, 2020, 2020, 2022, 2022]


def test_population_of_groups_is_that_of_their_known_members():
    factories.PopulationFactory.create(inhabitants=5)
    factories.PopulationFactory.create(country=factories.CountryFactory.create(code="SE"), inhabitants=10)
    factories.PopulationFactory.create(country=factories.CountryFactory.create(code="US"), inhabitants=100)

    inhabitants = Reference.current().inhabitants
    assert [inhabitants(GROUPS[group], 2024) for group in ("_T", "EUROPE", "EU27_2020")] == [115, 15, 10]
    assert inhabitants(COUNTRIES["_U"], 2024) is None


def at(day):
    return datetime(2026, 11, day, tzinfo=UTC)


def test_breaks_of_a_series_are_its_own_and_those_for_all():
    indicator, other = factories.IndicatorFactory.create(), factories.IndicatorFactory.create(code="X", number=2)
    kripos, noa = factories.AgencyFactory.create(), factories.AgencyFactory.create(code="SE-NOA")
    for day, columns in enumerate(
        (
            {"agency": kripos},
            {"agency": noa},
            {},
            {"indicator": other},
            {"agency": kripos, "indicator": indicator},
            {"agency": kripos, "is_break": False},
        ),
        start=1,
    ):
        factories.AnnotationFactory.create(**{"start": at(day), "is_break": True} | columns)

    assert queries.breaks_of(kripos.pk, indicator.number) == [at(1), at(3), at(5)]
    assert queries.breaks_of(noa.pk, other.number) == [at(2), at(3), at(4)]
