"""Reference data: countries in any language, networks, indicators, agencies, help services."""

from datetime import date

import pytest

from countries.models import Network
from p2p_core import codes
from tests.factories import AgencyFactory, CountryFactory, HelpServiceFactory, ScheduleFactory, SetupFactory


def names(answer):
    return {row["code"]: row["name"] for row in answer.json()["countries"] + answer.json()["groups"]}


def test_all_countries_and_groups_are_listed(press, read):
    answer = read("countries").json()
    assert [row["code"] for row in answer["countries"]] == sorted(codes.COUNTRIES)
    assert {row["code"] for row in answer["groups"]} == set(codes.GROUPS)
    norway = next(row for row in answer["countries"] if row["code"] == "NO")
    assert norway == {"code": "NO", "number": 578, "name": "Norway", "groups": ["_T", "EUROPE"]}
    union = next(row for row in answer["groups"] if row["code"] == "EU27_2020")
    assert len(union["members"]) == 27


@pytest.mark.parametrize(
    ("language", "accepted", "said", "norway"),
    [
        (None, "", "en", "Norway"),
        ("nb", "", "nb", "Norge"),
        ("pt-BR", "", "pt-BR", "Noruega"),
        ("nb", "fr", "nb", "Norge"),
        (None, "de-CH, en;q=0.5", "de-CH", "Norwegen"),
        (None, "xx-nonsense, fr;q=0.5", "fr", "Norvège"),
        (None, "*", "en", "Norway"),
    ],
)
def test_names_are_in_the_language_asked_for(press, read, language, accepted, said, norway):
    answer = read("countries", language=language, headers={"accept-language": accepted})
    assert names(answer)["NO"] == norway
    assert answer.json()["meta"]["language"] == said
    assert answer["Content-Language"] == said
    assert answer["Vary"] == "Accept, Accept-Encoding, Accept-Language"


def test_languages_are_cached_separately_and_have_their_own_etags(press, read):
    answers = [read("countries", headers={"accept-language": language}) for language in ("nb", "fr", "nb")]
    assert [names(answer)["NO"] for answer in answers] == ["Norge", "Norvège", "Norge"]
    assert answers[0]["ETag"] == answers[2]["ETag"] != answers[1]["ETag"]


def test_networks_are_listed(press, read):
    Network.objects.update_or_create(number=1, defaults={"code": "BITTORRENT", "name": "BitTorrent"})
    assert {"code": "BITTORRENT", "name": "BitTorrent"} in read("networks").json()["networks"]


def test_indicators_say_what_they_are_not(press, read):
    assert read("indicators").json()["indicators"] == [
        {
            "code": "DOWNLOADS",
            "name": "Downloads",
            "description": "Completed downloads.",
            "notes": ["A download is not a person and not an offence."],
        }
    ]


def test_agencies_are_listed_and_invented_ones_marked(press, read):
    AgencyFactory.create(code="SE-NOA", name="Noa", invented=True, active=False)
    ScheduleFactory.create(agency=AgencyFactory.create(contact="office@example.org"), valid_from=date(2026, 2, 1))
    assert read("agencies").json()["agencies"] == [
        {
            "code": "NO-KRIPOS", "country": "NO", "name": "Kripos", "active": True, "invented": False,
            "contact": "office@example.org", "since": "2026-02-01", "setups": [],
        },
        {
            "code": "SE-NOA", "country": "SE", "name": "Noa", "active": False, "invented": True,
            "contact": "", "since": None, "setups": [],
        },
    ]  # fmt: skip


def test_set_ups_of_an_agency_are_listed_without_what_is_not_public(press, read):
    agency = SetupFactory.create(valid_from=date(2026, 6, 1), local_days=True, time_zone="Europe/Oslo").agency
    SetupFactory.create(agency=agency, remark="Moved to the second floor.", computers=1_234_567)
    SetupFactory.create(agency=AgencyFactory.create(code="SE-NOA"))
    public = {"networks": ["BITTORRENT"], "counting": "shares", "location_source": "A table of countries"}
    first, _ = read("agencies").json()["agencies"]
    assert first["setups"] == [
        public | {"valid_from": day, "time_zone": zone, "local_days": local, "location_date": "2025-12-01"}
        for day, zone, local in (("2026-01-01", "UTC", False), ("2026-06-01", "Europe/Oslo", True))
    ]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, {"norwegian", "swedish", "everyone"}),
        ({"country": "NO"}, {"norwegian", "everyone"}),
        ({"country": "FI"}, {"everyone"}),
        ({"language": "sv"}, {"swedish"}),
        ({"country": "SE", "language": "en"}, {"everyone"}),
    ],
)
def test_help_is_found_by_country_and_language(press, read, given, found):
    HelpServiceFactory.create(code="norwegian", shown=True)
    HelpServiceFactory.create(code="swedish", country=CountryFactory.create(code="SE"), languages=["sv"], shown=True)
    HelpServiceFactory.create(code="everyone", country=None, languages=["en"], phone="123", shown=True)
    rows = read("help-services", **given).json()["help_services"]
    assert {row["code"] for row in rows} == found


def test_help_service_has_the_documented_shape(press, read):
    HelpServiceFactory.create(code="everyone", country=None, shown=True)
    assert read("help-services").json()["help_services"] == [
        {
            "code": "everyone",
            "name": "Det finnes hjelp",
            "languages": ["nb"],
            "country": None,
            "address": "https://example.org",
            "phone": None,
            "description": "Help.",
            "checked": None,
        }
    ]


def test_list_hangs_on_the_version_of_the_reference_data(press, read, monkeypatch):
    from api import caching
    from countries import registry

    agency = AgencyFactory.create()
    first = read("agencies")
    agency.name = "Another name"
    registry.save(agency, by="a test")
    monkeypatch.setattr(caching, "monotonic", lambda: float("inf"))
    second = read("agencies", headers={"if-none-match": first["ETag"]})
    assert second.status_code == 200
    assert second.json()["meta"]["version"] > first.json()["meta"]["version"]
