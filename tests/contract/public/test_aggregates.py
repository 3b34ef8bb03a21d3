"""Aggregates: the form of the answer, the defaults, and which cells are listed."""

import json

import pytest

from api import caching
from countries import reference
from tests.contract.public.press import NOBODY, WAITING, Covered, z
from tests.factories import AgencyFactory, CountryFactory, PopulationFactory

WEEK = {"indicator": "DOWNLOADS", "window": "P7D"}


def test_answer_has_the_documented_shape(press, read):
    CountryFactory.create()
    PopulationFactory.create(year=2025, inhabitants=5_600_000)
    partly = Covered(expected=14, reporting=13, covered=92, owed=100, status="P")
    version = press.publish("D", {"2026-11-01": {"NO": 120}}, partly)
    answer = json.loads(read(country="NO").content)
    known_at = z(press.known_at(version))
    assert answer == {
        "meta": {
            "indicator": "DOWNLOADS",
            "frequency": "D",
            "start": "2026-11-01",
            "end": "2026-11-30",
            "as_of": None,
            "version": version,
            "known_at": known_at,
            "rounding_base": 5,
            "notes": ["A download is not a person and not an offence."],
        },
        "coverage": [
            {
                "period": "2026-11-01",
                "agencies_expected": 14,
                "agencies_reporting": 13,
                "time_coverage": 0.92,
                "status": "P",
            }
        ],
        "annotations": [],
        "observations": [
            {"period": "2026-11-01", "country": "NO", "network": "_T", "value": 120, "per_100k": 2.14, "status": "P"}
        ],
        "withheld": [],
        "next": None,
    }


def test_europe_over_all_networks_is_the_default(press, observed):
    press.publish("D", {"2026-11-01": {"EUROPE": 50, "NO": 25, "EUROPE/EDONKEY": 20, "_T": 60}})
    assert observed() == {("2026-11-01", "EUROPE", "_T"): 50}


def test_star_is_every_single_one_and_no_group_or_total(press, observed):
    cells = {"EUROPE": 50, "_T": 60, "NO": 25, "_U": 5, "NO/EDONKEY": 10, "_U/_U": 5, "_T/_U": 5}
    press.publish("D", {"2026-11-01": cells})
    assert observed(country="*") == {("2026-11-01", "NO", "_T"): 25, ("2026-11-01", "_U", "_T"): 5}
    assert observed(country="*", network="*") == {("2026-11-01", "NO", "EDONKEY"): 10, ("2026-11-01", "_U", "_U"): 5}


def test_cells_come_by_period_country_and_network(press, observed):
    cells = {"SE": 5, "NO": 5, "_T": 5, "NO/EDONKEY": 5, "NO/ARES": 5}
    press.publish("D", {"2026-11-02": cells, "2026-11-01": cells})
    found = list(observed(country="SE,_T,NO", network="_T,EDONKEY,ARES"))
    assert found == sorted(found)
    assert len(found) == 10


def test_country_named_twice_counts_once(press, observed):
    press.publish("D", {"2026-11-01": {"NO": 25}})
    assert observed(country="NO,NO") == {("2026-11-01", "NO", "_T"): 25}


def test_both_ends_of_the_range_are_included(press, observed):
    press.publish("D", {f"2026-11-{day:02}": {"NO": day * 5} for day in range(1, 6)})
    found = observed(country="NO", start="2026-11-02", end="2026-11-04")
    assert [period for period, *_ in found] == ["2026-11-02", "2026-11-03", "2026-11-04"]


def test_period_has_its_coverage_whether_or_not_anybody_reported(press, read):
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    press.publish("D", {"2026-11-04": {}}, Covered(expected=0, reporting=0, covered=0, owed=0, status="P", states={}))
    answer = json.loads(read().content)
    assert answer["coverage"] == [
        {"period": "2026-11-02", "agencies_expected": 2, "agencies_reporting": 0, "time_coverage": 0.0, "status": "O"},
        {"period": "2026-11-04", "agencies_expected": 0, "agencies_reporting": 0, "time_coverage": None, "status": "O"},
    ]
    assert answer["observations"] == []


def test_a_period_that_is_not_public_yet_is_never_zero(press, read, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
    before = press.publish("D", {"2026-11-02": {}}, WAITING)
    waiting = read(country="NO")
    answer = json.loads(waiting.content)
    assert answer["coverage"] == [
        {"period": "2026-11-02", "agencies_expected": 2, "agencies_reporting": 1, "time_coverage": 0.5, "status": "O"}
        | {"agencies_awaited": 1, "awaited_until": "2026-11-04T21:00:00.000Z"},
    ]
    assert answer["observations"] == []
    press.publish("D", {"2026-11-02": {"NO": 5}})
    public = read(country="NO")
    assert public["ETag"] != waiting["ETag"]
    assert [row["value"] for row in json.loads(public.content)["observations"]] == [5]
    assert json.loads(read(country="NO", as_of=z(press.known_at(before))).content)["coverage"] == answer["coverage"]


def test_no_number_is_shown_of_a_period_in_which_nobody_reports(press, observed):
    # Everything was withdrawn, and the rounding of the change leaves 5.
    withdrawn = Covered(reporting=0, covered=0, status="P", states={1: "withdrawn"})
    press.publish("D", {"2026-11-01": {"NO": 5}}, withdrawn)
    assert observed(country="NO") == {}


def test_nothing_published_is_an_empty_answer_without_a_version(press, read):
    answer = json.loads(read().content)
    assert (answer["meta"]["version"], answer["meta"]["known_at"]) == (None, None)
    assert (answer["coverage"], answer["observations"], answer["next"]) == ([], [], None)


def test_whole_coverage_is_shown_only_if_it_is_whole(press, read):
    press.publish("D", {"2026-11-01": {}}, Covered(covered=31_535_999, owed=31_536_000, status="P"))
    (row,) = json.loads(read().content)["coverage"]
    assert row["time_coverage"] == 0.9999


@pytest.mark.parametrize(
    ("frequency", "start", "end", "label"),
    [
        ("H", "2026-11-01T00:00", "2026-11-01T23:00", "2026-11-01T10:00"),
        ("H", "2026-11-01T00:00Z", "2026-11-01T23:00:00Z", "2026-11-01T10:00"),
        ("W", "2025-W52", "2026-W02", "2026-W01"),
        ("M", "2026-01", "2026-12", "2026-11"),
        ("A", "2020", "2026", "2025"),
    ],
)
def test_frequencies_have_their_labels(press, observed, frequency, start, end, label):
    press.publish(frequency, {label: {"NO": 25}})
    assert observed(country="NO", frequency=frequency, start=start, end=end) == {(label, "NO", "_T"): 25}


def test_version_is_the_highest_among_the_periods_asked_for(press, read):
    first = press.publish("D", {"2026-11-01": {"NO": 25}})
    second = press.publish("D", {"2026-11-02": {"NO": 30}})
    press.publish("D", {"2026-10-31": {"NO": 30}})
    press.publish("M", {"2026-11": {"NO": 30}})
    assert json.loads(read(end="2026-11-01").content)["meta"]["version"] == first
    assert json.loads(read().content)["meta"]["version"] == second


@pytest.mark.verify
def test_version_is_found_behind_many_newer_ones(press, read):
    first = press.publish("D", {"2026-11-01": {"NO": 25}})
    for value in range(5, 1205, 5):
        press.publish("D", {"2026-11-02": {"NO": value}})
    assert json.loads(read(country="NO", end="2026-11-01").content)["meta"]["version"] == first


def test_rate_takes_the_population_of_the_year_or_the_latest_before(press, read):
    for year, inhabitants in ((2022, 1_000_000), (2024, 2_000_000)):
        PopulationFactory.create(country=CountryFactory.create(code="NO"), year=year, inhabitants=inhabitants)
    for label in ("2021", "2022", "2023", "2024", "2026"):
        press.publish("A", {label: {"NO": 100}})
    rows = json.loads(read(frequency="A", start="2021", end="2026", country="NO").content)["observations"]
    assert [row["per_100k"] for row in rows] == [None, 10.0, 10.0, 5.0, 5.0]


def test_rate_of_a_week_takes_the_year_of_its_name(press, read):
    for year, inhabitants in ((2025, 1_000_000), (2026, 2_000_000)):
        PopulationFactory.create(country=CountryFactory.create(code="NO"), year=year, inhabitants=inhabitants)
    press.publish("W", {"2026-W01": {"NO": 100}})
    (row,) = json.loads(read(frequency="W", start="2026-W01", end="2026-W01", country="NO").content)["observations"]
    assert row["per_100k"] == 5.0


def test_rate_of_a_group_is_over_its_members_and_the_unlocated_have_none(press, read):
    for code, inhabitants in (("NO", 5_000_000), ("SE", 10_000_000), ("US", 300_000_000)):
        PopulationFactory.create(country=CountryFactory.create(code=code), year=2025, inhabitants=inhabitants)
    press.publish("D", {"2026-11-01": {"EUROPE": 150, "_U": 50, "FI": 5}})
    rows = json.loads(read(country="EUROPE,_U,FI").content)["observations"]
    assert {row["country"]: row["per_100k"] for row in rows} == {"EUROPE": 1.0, "_U": None, "FI": None}


def test_invented_numbers_are_marked_wherever_they_are_shown(press, read):
    assert "Invented" not in read(format="csv")
    AgencyFactory.create(invented=True)
    reference.snapshots.clear()
    caching.response_cache.clear()
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert read(format="csv")["Invented"] == "true"
    for path, given in (("aggregates", {}), ("coverage", {}), ("aggregates/live", {}), ("aggregates/windows", WEEK)):
        assert "so is every number" in read(path, **given).json()["meta"]["notes"][-1]
