"""What is withheld is never zero: in JSON, CSV, windows, live minutes and panels, by name and by list."""

import csv
import io
from datetime import date

import pytest

from api import formats
from api.caching import response_cache
from countries import reference, registry
from countries.models import Detail
from tests.contract.public.press import NOBODY, WAITING
from tests.factories import CountryFactory, DetailFactory, IndicatorFactory

WEEKS = {"countries": ["LI"], "network": "_T", "published": ["W", "M", "A"]}
NETWORKS = {"countries": ["LI"], "network": "*", "published": ["M", "A"]}
WEEK = {"frequency": "W", "start": "2026-W40", "end": "2026-W41"}
#: A day of Liechtenstein is stored, as it would be in a database that was changed by hand.
DAYS = {
    "2026-11-24": {"LI": 995, "LI/ARES": 995, "NO": 120, "NO/ARES": 20, "EU27_2020": 5},
    "2026-11-25": {"NO": 5, "EUROPE": 5},
}


@pytest.fixture
def small(press):
    """Liechtenstein by weeks; Norway and all others as finely as can be."""
    detail_of("LI", "W", "M")
    press.publish("D", DAYS)
    return press


def detail_of(code, step, network_step, month=Detail.FIRST):
    DetailFactory.create(country__code=code, valid_from=month, step=step, network_step=network_step)
    # Factories write without counting versions up.
    clear_caches()


def clear_caches():
    reference.snapshots.clear()
    response_cache.clear()


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.parametrize(
    ("given", "withheld", "sentence"),
    [
        ({"country": "LI"}, [WEEKS], "LI is published at W, M, A only."),
        ({"country": "NO,LI"}, [WEEKS], "LI is published at W, M, A only."),
        ({"country": "LI", "network": "ARES"}, [NETWORKS], "LI is published by network at M, A only."),
        ({"country": "LI", "network": "_T,ARES"}, [NETWORKS, WEEKS], None),
        ({"country": "LI", "format": "csv"}, [WEEKS], None),
        (WEEK | {"country": "LI", "network": "ARES"}, [NETWORKS], None),
    ],
)  # fmt: skip
def test_series_asked_for_by_name_is_refused_with_its_steps(small, read, given, withheld, sentence):
    answer = read(**given)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["withheld"]) == (422, "detail_not_published", withheld)
    if sentence:
        assert problem["detail"] == sentence


@pytest.mark.parametrize("frequency", ["W", "M", "A"])
def test_its_coarser_steps_are_published(small, read, frequency):
    label = {"W": "2026-W46", "M": "2026-10", "A": "2025"}[frequency]
    small.publish(frequency, {label: {"LI": 5}})
    answer = read(frequency=frequency, start=label, end=label, country="LI").json()
    assert [row["value"] for row in answer["observations"]] == [5]
    assert answer["withheld"] == []


def test_list_has_what_is_published_and_lists_the_rest(small, read):
    answer = read(country="*").json()
    assert {row["country"] for row in answer["observations"]} == {"NO"}
    assert answer["withheld"] == [WEEKS]
    by_network = read(country="*", network="*").json()
    assert by_network["withheld"] == [NETWORKS]
    assert {row["network"] for row in by_network["observations"]} == {"ARES"}
    # Both may be open: the rest is listed, too.
    assert read(country="LI", network="*").json()["withheld"] == [NETWORKS]
    assert read(country="NO", network="*").json()["withheld"] == []


def test_csv_names_it_in_a_header_and_has_no_row_for_it(small, read):
    answer = read(country="*", format="csv")
    assert answer["Withheld"] == "LI is published at W, M, A only."
    assert "Withheld" in answer["Access-Control-Expose-Headers"]
    assert {row["COUNTRY"] for row in rows_of(answer)} == {"NO"}
    assert read(country="*", network="*", format="csv")["Withheld"] == "LI is published by network at M, A only."
    assert "Withheld" not in read(country="NO", format="csv")


def test_list_that_is_too_long_for_a_header_is_in_json(small, read, monkeypatch):
    monkeypatch.setattr(formats, "LONGEST_HEADER", len("LI is published at W, M, A only."))
    assert read(country="*", format="csv")["Withheld"] == "LI is published at W, M, A only."
    answer = read(country="*", network="*", format="csv")
    assert answer["Withheld"] == "Numbers are withheld. The list is too long for a header: it is in JSON."
    assert read(country="*", network="*").json()["withheld"] == [NETWORKS]


def test_group_is_withheld_while_one_or_two_members_are(small, read):
    assert read(country="EUROPE").json()["code"] == "detail_not_published"
    assert read(country="EUROPE", network="ARES").json()["withheld"][0]["published"] == ["M", "A"]
    assert read(country="EU27_2020").json()["observations"][0]["value"] == 5
    for code in ("MC", "SM"):
        detail_of(code, "W", "M")
    assert read(country="EUROPE").json()["observations"][0]["value"] == 5


@pytest.fixture
def border(press):
    """Norway by weeks from the middle of what is read."""
    detail_of("NO", "N", "D")
    detail_of("NO", "W", "M", date(2026, 11, 1))
    # Its later days would be 0 if they were not withheld.
    press.publish("D", {f"2026-10-{day}": {"NO": 50, "SE": 50} for day in (30, 31)})
    press.publish("D", {f"2026-11-0{day}": {"SE": 50} for day in (1, 2)})
    return press


def test_part_of_a_range_is_unknown_and_named(border, read):
    given = {"country": "NO,SE", "start": "2026-10-30", "end": "2026-11-02"}
    answer = read(**given).json()
    assert [row["period"] for row in answer["observations"] if row["country"] == "NO"] == ["2026-10-30", "2026-10-31"]
    part = {"countries": ["NO"], "network": "_T", "published": ["W", "M", "A"]}
    assert answer["withheld"] == [part | {"start": "2026-11-01", "end": "2026-11-02"}]
    table = read(**given, format="csv")
    assert table["Withheld"] == "From 2026-11-01 until 2026-11-02, NO is published at W, M, A only."
    assert [
        (row["TIME_PERIOD"], row["OBS_VALUE"], row["OBS_STATUS"], row["PER_100K"])
        for row in rows_of(table)
        if row["COUNTRY"] == "NO"
    ] == [
        ("2026-10-30", "50", "A", ""),
        ("2026-10-31", "50", "A", ""),
        ("2026-11-01", "", "Q", ""),
        ("2026-11-02", "", "Q", ""),
    ]
    assert read(**given | {"country": "NO", "start": "2026-11-01"}).json()["code"] == "detail_not_published"


def test_refusal_says_which_periods_have_which_steps(press, read):
    detail_of("LI", "W", "M")
    DetailFactory.create(country__code="LI", valid_from=date(2026, 11, 1), step="M", network_step="M")
    press.publish("D", {"2026-10-31": {}, "2026-11-01": {}})
    problem = read(country="LI", start="2026-10-30", end="2026-11-02").json()
    assert problem["detail"] == (
        "From 2026-10-30 until 2026-10-31, LI is published at W, M, A only. "
        "From 2026-11-01 until 2026-11-02, LI is published at M, A only."
    )


@pytest.mark.parametrize("covered", [NOBODY, WAITING])
def test_period_without_known_numbers_is_withheld_all_the_same(border, read, covered):
    border.publish("D", {"2026-11-03": {}}, covered)
    answer = read(country="NO", start="2026-10-30", end="2026-11-03", format="csv")
    assert [row["OBS_STATUS"] for row in rows_of(answer)] == ["A", "A", "Q", "Q", "Q"]


def test_weeks_belong_to_the_month_in_which_they_start(press, read):
    detail_of("NO", "N", "D")
    detail_of("NO", "M", "M", date(2026, 12, 1))
    # Week 49 begins on 30 November.
    press.publish("W", {f"2026-W{week}": {"NO": 5} for week in (48, 49)})
    press.publish("W", {"2026-W50": {}})
    answer = read(frequency="W", start="2026-W48", end="2026-W50", country="NO").json()
    assert [row["period"] for row in answer["observations"]] == ["2026-W48", "2026-W49"]
    assert [(one["start"], one["end"]) for one in answer["withheld"]] == [("2026-W50", "2026-W50")]


def test_minutes_are_withheld_too(press, read):
    detail_of("NO", "H", "D")
    answer = read("aggregates/live", country="NO")
    assert (answer.status_code, answer.json()["code"]) == (422, "detail_not_published")
    hours = {"countries": ["NO"], "network": "_T", "published": ["H", "D", "W", "M", "A"]}
    listed = read("aggregates/live").json()["withheld"]
    assert listed == [hours | {"countries": ["EUROPE", "NO", "_T"]}]
    assert read("aggregates/live", country="*").json()["withheld"] == [hours]
    assert read("aggregates/live", country="SE").status_code == 200


@pytest.mark.parametrize(("window", "step"), [("P1D", "D"), ("P7D", "W"), ("P30D", "W"), ("P365D", "W")])
def test_window_needs_its_parts(press, read, window, step):
    detail_of("LI", step, "M")
    frequency, label = ("H", "2026-11-24T10:00") if window == "P1D" else ("D", "2026-11-24")
    press.publish(frequency, {label: {"LI": 995, "NO": 5, "SE": 5}})
    ask = {"indicator": "DOWNLOADS", "window": window}
    refused = read("aggregates/windows", **ask, country="LI")
    published = ["D", "W", "M", "A"] if step == "D" else ["W", "M", "A"]
    withheld = [{"countries": ["LI"], "network": "_T", "published": published}]
    assert (refused.status_code, refused.json()["withheld"]) == (422, withheld)
    answer = read("aggregates/windows", **ask, country="*").json()
    assert [row["country"] for row in answer["observations"]] == ["NO", "SE"]
    assert answer["withheld"] == withheld
    # The groups that have it as their only withheld member have no window either.
    everywhere = [{"countries": ["EUROPE", "LI", "_T"], "network": "_T", "published": published}]
    assert read("aggregates/windows", **ask).json()["withheld"] == everywhere
    assert read("aggregates/windows", **ask, country="NO").json()["withheld"] == []


def test_window_is_withheld_until_all_its_parts_are_published(press, read):
    detail_of("LI", "W", "M")
    detail_of("LI", "D", "W", date(2026, 11, 1))
    press.publish("D", {f"2026-10-{day}": {"NO": 5} for day in range(26, 32)})
    press.publish("D", {f"2026-11-0{day}": {"LI": 5, "NO": 5} for day in range(1, 7)})
    ask = {"indicator": "DOWNLOADS", "window": "P7D", "country": "LI"}
    assert read("aggregates/windows", **ask).status_code == 422
    press.publish("D", {"2026-11-07": {"LI": 5, "NO": 5}})
    assert [row["value"] for row in read("aggregates/windows", **ask).json()["observations"]] == [35]
    # In the window of a month, one of its days is withheld still.
    listed = read("aggregates/windows", **ask | {"window": "P30D", "country": "*"}).json()["withheld"]
    assert [(one["countries"], one["start"], one["end"]) for one in listed] == [(["LI"], "2026-10-09", "2026-10-31")]


def test_year_has_months_in_the_place_of_its_days(press, read):
    detail_of("LI", "W", "M")
    detail_of("LI", "D", "W", date(2026, 11, 1))
    press.publish("D", {"2026-11-23": {"LI": 5}})
    months = [f"{year}-{month:02}" for year, month in [(2025, 12), *((2026, one) for one in range(1, 11))]]
    press.publish("M", {month: {"LI": 10} for month in months})
    ask = {"indicator": "DOWNLOADS", "window": "P365D", "country": "LI"}
    # Its first days lie in a month of weeks.
    assert read("aggregates/windows", **ask).status_code == 422
    press.publish("D", {"2026-11-30": {"LI": 5}})
    assert [row["value"] for row in read("aggregates/windows", **ask).json()["observations"]] == [120]


def test_coverage_is_of_all_countries_and_never_withheld(small, read):
    assert read("coverage").status_code == 200


def test_panel_withholds_what_the_combined_view_does(press, read):
    detail_of("LI", "M", "M")
    press.compare(24, "W", ("2024-11", "2026-10"), [1, 2, 3], {"2026-W44": {"NO": 60}})
    week = {"frequency": "W", "start": "2026-W44", "end": "2026-W44", "panel": "24"}
    assert read(**week, country="LI").json()["code"] == "detail_not_published"
    assert read(**week, country="*").json()["withheld"][0]["countries"] == ["LI"]


def test_plan_for_a_later_month_changes_the_tag_and_no_number(small, read):
    before = read(country="NO")
    norway, downloads = CountryFactory.create(code="NO"), IndicatorFactory.create()
    plan = Detail(country=norway, indicator=downloads, valid_from=date(2030, 1, 1), step="D", network_step="W")
    registry.save(plan, by="nora", reason="The hours are too small.")
    clear_caches()
    after = read(country="NO")
    assert before.json()["observations"] == after.json()["observations"]
    assert before["ETag"] != after["ETag"]


def test_later_and_finer_detail_shows_no_older_hour(press, read):
    """What was published stays, and what was withheld stays so."""
    detail_of("NO", "D", "W")
    detail_of("NO", "N", "D", date(2026, 11, 1))
    press.publish("H", {"2026-10-31T23:00": {}, "2026-11-01T00:00": {"NO": 5}})
    answer = read(frequency="H", start="2026-10-31T23:00", end="2026-11-01T00:00", country="NO", format="csv")
    assert [(row["OBS_VALUE"], row["OBS_STATUS"]) for row in rows_of(answer)] == [("", "Q"), ("5", "A")]


def test_part_that_is_stored_all_the_same_is_not_shown(border, read):
    border.publish("D", {"2026-11-01": {"NO": 995, "SE": 50}})
    given = {"country": "NO,SE", "start": "2026-10-30", "end": "2026-11-02"}
    for form in ("json", "csv"):
        assert b"995" not in read(**given, format=form).content
