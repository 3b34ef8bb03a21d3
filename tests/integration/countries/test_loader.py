"""The data files, and loading them again and again."""

import csv
from datetime import date
from itertools import product

import pytest

from countries import loader, registry
from countries.models import Country, HelpService, Indicator, Network, page_languages
from countries.reference import Reference
from p2p_core.codes import COUNTRIES, DATA, GROUP_MEMBERS, NETWORKS

# Nobody lives there for good, or they are counted with Finland, Norway and Italy's neighbour of 500 people.
WITHOUT_POPULATION = {"AQ", "BV", "CC", "CX", "GS", "HM", "IO", "NF", "PN", "TF", "UM", "AX", "SJ", "VA", "_U"}


def load(**options):
    return loader.load(by="a test", **options)


def test_every_data_file_says_where_it_is_from():
    files = {path.name for folder in (DATA, loader.DATA) for path in folder.iterdir()} - {"sources.json"}

    assert files == loader.sources().keys()
    for source in loader.sources().values():
        assert source.what
        assert source.source
        assert source.licence
        assert date.fromisoformat(source.date) <= date(2027, 1, 1)


@pytest.mark.django_db
def test_load_brings_everything():
    load()

    assert dict(Country.objects.values_list("code", "number")) == COUNTRIES
    assert dict(Network.objects.values_list("code", "number")) == NETWORKS
    assert dict(Indicator.objects.values_list("code", "number")) == {"DOWNLOADS": 1, "HELP_VISITS": 2}
    assert all(len(row.notes) >= 3 for row in Indicator.objects.all())


@pytest.mark.django_db
def test_shipped_indicators_have_all_their_words_in_each_language():
    load()
    for english, (language, _) in product(Reference.current().indicators, page_languages()):
        words = english.translations[language]
        assert words.unit, (language, "it may be the English word")
        for name in ("name", "description"):
            assert getattr(words, name) not in ("", getattr(english, name)), (language, name)
        assert len(words.notes) == len(english.notes), language
        assert not set(words.notes) & set(english.notes), language


@pytest.mark.django_db
def test_load_again_changes_nothing(django_assert_max_num_queries):
    load()
    version = Reference.current().version

    with django_assert_max_num_queries(48):
        done = load()
    assert {(one.added, one.changed, one.kept) for one in done.values()} == {(0, 0, 0)}
    assert Reference.current().version == version


@pytest.mark.django_db
def test_load_keeps_what_a_coordinator_changed():
    load()
    service = HelpService.objects.get(code="seos-be")
    service.phone, service.shown = "112", False
    registry.save(service, by="ada")

    assert load()["help_services.json"].kept == 1
    service.refresh_from_db()
    assert service.phone == "112"

    assert load(overwrite=True)["help_services.json"].changed == 1
    service.refresh_from_db()
    assert service.phone != "112"
    assert not service.shown, "what the file does not say stays"


@pytest.mark.verify
@pytest.mark.django_db
def test_load_restores_facts_after_any_change():
    load()
    Network.objects.filter(code="ARES").update(name="Mars")

    assert load()["networks.csv"].changed == 1
    assert Network.objects.get(code="ARES").name == "Ares"


def test_population_of_every_country_in_every_year():
    with (loader.DATA / "population.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    years = {(row["country"], int(row["year"])) for row in rows}
    assert years == {(code, year) for code in COUNTRIES.keys() - WITHOUT_POPULATION for year in range(2015, 2025)}
    assert {row["source"] for row in rows} == {"World Bank SP.POP.TOTL", "UN WPP 2024"}


@pytest.mark.parametrize(
    ("code", "thousands"),
    [("NO", 5_520), ("SE", 10_537), ("DE", 83_287), ("FR", 66_400), ("GB", 68_492), ("XK", 1_683), ("UA", 37_733)],
)
def test_population_of_2023_is_about_what_statistical_offices_say(code, thousands):
    with (loader.DATA / "population.csv").open(encoding="utf-8") as lines:
        people = {row["country"]: int(row["inhabitants"]) for row in csv.DictReader(lines) if row["year"] == "2023"}

    assert people[code] == pytest.approx(thousands * 1000, rel=0.005)


@pytest.mark.django_db
def test_help_services_are_there_for_twenty_european_countries_and_for_all():
    load()
    services = HelpService.objects.all()

    assert len({row.country.code for row in services if row.country} & GROUP_MEMBERS["EUROPE"]) >= 20
    assert any(row.country is None for row in services)
    for row in services:
        row.full_clean()
        assert row.address.startswith("https://")
        assert row.source.startswith("https://")


@pytest.mark.django_db
def test_help_services_whose_address_was_found_on_no_page_are_named_with_their_source():
    load()
    unchecked = HelpService.objects.filter(checked=None).values_list("name", flat=True)

    assert sorted(unchecked) == ["Beforemore", "DIS NO", "Preventell"]
    told = loader.sources()["help_services.json"].source
    assert all(name in told for name in unchecked)
