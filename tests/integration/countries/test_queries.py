"""What the API reads of the registry."""

from datetime import UTC, date, datetime

import pytest

from countries import queries
from countries.codes import COUNTRIES, GROUPS
from countries.models import Network
from tests import factories

pytestmark = pytest.mark.django_db
NO, SE = COUNTRIES["NO"], COUNTRIES["SE"]


def test_reference_version_before_anything_was_written():
    assert queries.reference_version() == 0


def test_agencies_by_code_with_those_no_longer_active():
    factories.AgencyFactory.create(code="SE-NOA", name="NOA", active=False)
    factories.AgencyFactory.create(invented=True)

    rows = queries.agencies()
    assert [(row.code, row.country, row.name, row.active, row.invented) for row in rows] == [
        ("NO-KRIPOS", "NO", "Kripos", True, True),
        ("SE-NOA", "SE", "NOA", False, False),
    ]
    assert queries.agency("SE-NOA") == rows[1]
    assert queries.agency("SE-NOPE") is None


def test_agencies_take_one_query_however_many(django_assert_num_queries):
    for code in ("NO-A", "NO-B", "SE-C"):
        factories.AgencyFactory.create(code=code)
    with django_assert_num_queries(1):
        queries.agencies()


def test_indicators_by_number():
    factories.IndicatorFactory.create(code="HELP_VISITS", number=2)
    factories.IndicatorFactory.create(notes=["Not a person."])

    assert [row.code for row in queries.indicators()] == ["DOWNLOADS", "HELP_VISITS"]
    found = queries.indicator("DOWNLOADS")
    assert found is not None
    assert found.notes == ("Not a person.",)
    assert queries.indicator("NOPE") is None


def test_networks_by_number():
    Network.objects.create(code="EDONKEY", number=2, name="eDonkey")
    Network.objects.create(code="BITTORRENT", number=1, name="BitTorrent")

    assert [(row.code, row.number, row.name) for row in queries.networks()] == [
        ("BITTORRENT", 1, "BitTorrent"),
        ("EDONKEY", 2, "eDonkey"),
    ]


def codes(**asked) -> list[str]:
    return [row.code for row in queries.help_services(**asked)]


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

    assert NO not in queries.population_on(2019)
    assert [queries.population_on(year)[NO] for year in (2020, 2021, 2022, 2030)] == [2020, 2020, 2022, 2022]


def test_population_of_groups_is_that_of_their_known_members():
    factories.PopulationFactory.create(inhabitants=5)
    factories.PopulationFactory.create(country=factories.CountryFactory.create(code="SE"), inhabitants=10)
    factories.PopulationFactory.create(country=factories.CountryFactory.create(code="US"), inhabitants=100)

    people = queries.population_on(2024)
    assert [people[GROUPS[group]] for group in ("_T", "EUROPE", "EU27_2020")] == [115, 15, 10]
    assert COUNTRIES["_U"] not in people


def test_population_when_nothing_is_known():
    assert queries.population_on(2024) == {}


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


def test_annotations_take_one_query_however_many(django_assert_num_queries):
    for code in ("NO-A", "NO-B", "SE-C"):
        factories.AnnotationFactory.create(agency=factories.AgencyFactory.create(code=code))
    with django_assert_num_queries(1):
        assert [row.agency for row in queries.annotations()] == ["NO-A", "NO-B", "SE-C"]


def test_set_ups_of_an_agency_newest_first():
    agency = factories.SetupFactory.create().agency
    factories.SetupFactory.create(agency=agency, valid_from=date(2026, 6, 1), computers=20)
    factories.SetupFactory.create(agency=factories.AgencyFactory.create(code="SE-NOA"))
    rows = queries.setups(agency.pk)
    assert [(row.valid_from, row.computers) for row in rows] == [(date(2026, 6, 1), 20), (date(2026, 1, 1), 12)]
