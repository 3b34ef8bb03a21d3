"""Panels: the numbers of the same agencies throughout, and their changes in a year."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from api import caching
from api.v1 import aggregates
from federation.database import clock
from p2p_core import periods
from tests import reporting
from tests.contract.public.press import z
from tests.factories import AgencyFactory, CountryFactory, IndicatorFactory, PopulationFactory

SPAN = ("2024-11", "2026-10")
_LABELS = [f"{year}-{month:02}" for year in (2024, 2025, 2026) for month in range(1, 13)]
MONTHS = {label: {"EUROPE": 100} for label in _LABELS if SPAN[0] <= label <= SPAN[1]}
WEEKS = {"2025-W44": {"NO": 50}, "2026-W43": {"NO": 40}, "2026-W44": {"NO": 55, "SE": 5}}
#: What is asked for, unless a test says otherwise.
YEAR = {"frequency": "M", "start": "2025-11", "end": "2026-12", "panel": "24"}
WEEKLY = {"frequency": "W", "start": "2026-W43", "end": "2026-W44", "panel": "24"}


@pytest.fixture
def agencies(press):
    return [AgencyFactory.create(code=code).pk for code in ("SE-NOA", "NO-KRIPOS")]


@pytest.fixture
def compared(press, agencies):
    """Two years of two agencies; in the last month other numbers than a year before."""
    press.compare(24, "M", SPAN, agencies, MONTHS | {"2025-10": {"EUROPE": 245, "NO": 40}, "2026-10": {"EUROPE": 265}})
    press.compare(24, "W", SPAN, agencies, WEEKS)
    return press


def answered(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def rows(answer):
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_panel_has_the_documented_shape(compared, agencies, read):
    country = CountryFactory.create()
    PopulationFactory.create(country=country, year=2024, inhabitants=5_000_000)
    version = compared.compare(24, "W", SPAN, agencies, WEEKS | {"2026-W44": {"NO": 60}})
    answer = answered(read(**WEEKLY | {"start": "2026-W44", "country": "NO"}))
    known_at = answer["meta"].pop("known_at")
    assert known_at == z(compared.known_at(version))
    assert answer == {
        "meta": {
            "indicator": "DOWNLOADS",
            "frequency": "W",
            "start": "2026-W44",
            "end": "2026-W44",
            "as_of": None,
            "version": version,
            "rounding_base": 5,
            "notes": ["A download is not a person and not an offence."],
            "panel": {"months": 24, "start": "2024-11", "end": "2026-10", "agencies": ["NO-KRIPOS", "SE-NOA"]},
        },
        "coverage": [
            {
                "period": "2026-W44",
                "agencies_expected": 2,
                "agencies_reporting": 2,
                "time_coverage": 1.0,
                "status": "A",
            }
        ],
        "annotations": [],
        "observations": [
            {
                "period": "2026-W44",
                "country": "NO",
                "network": "_T",
                "value": 60,
                "per_100k": 1.2,
                "status": "A",
                "change_12m": 0.2,
            }
        ],
        "withheld": [],
        "next": None,
    }


def test_answers_without_a_panel_are_as_they_were(compared, read):
    compared.publish("M", {"2026-10": {"EUROPE": 500}})
    answer = answered(read(**YEAR | {"panel": None}))
    assert "panel" not in answer["meta"]
    assert [row.get("change_12m", "no such member") for row in answer["observations"]] == ["no such member"]
    assert [row["value"] for row in answer["observations"]] == [500]


def test_periods_outside_the_span_are_not_in_the_answer(compared, read):
    answer = answered(read(**YEAR | {"start": "2020-01", "end": "2030-01"}))
    listed = [row["period"] for row in answer["coverage"]]
    assert (len(listed), listed[0], listed[-1]) == (24, "2024-11", "2026-10")
    assert {row["period"] for row in answer["observations"]} == set(listed)


def test_change_is_against_the_same_month_of_the_year_before(compared, read):
    changes = {row["period"]: row["change_12m"] for row in answered(read(**YEAR))["observations"]}
    assert changes == dict.fromkeys((label for label in MONTHS if label >= "2025-11"), 0.0) | {"2026-10": 0.0816}


def test_change_is_against_the_week_52_weeks_before(compared, read):
    found = answered(read(**WEEKLY | {"country": "*"}))["observations"]
    assert {(row["period"], row["country"]): row["change_12m"] for row in found} == {
        ("2026-W43", "NO"): None,
        ("2026-W44", "NO"): 0.1,
        ("2026-W44", "SE"): None,
    }


def test_change_is_not_known_where_there_was_nothing_or_nobody(compared, read):
    compared.compare(24, "M", SPAN, [1], MONTHS | {"2024-12": {}, "2025-12": {"EUROPE": 40}})
    changes = {
        row["period"]: row["change_12m"] for row in answered(read(**YEAR | {"start": "2024-11"}))["observations"]
    }
    assert changes["2024-11"] is None  # before the span
    assert changes["2025-12"] is None  # against 0
    assert changes["2025-11"] == 0


def test_change_to_nothing_is_said_in_csv(compared, read):
    listed = rows(read(**YEAR | {"country": "NO,EUROPE", "start": "2026-10", "format": "csv"}))
    assert [(row["COUNTRY"], row["OBS_VALUE"], row["CHANGE_12M"]) for row in listed] == [
        ("EUROPE", "265", "0.0816"),
        ("NO", "0", "-1.0"),
    ]


def test_csv_has_a_column_more_and_says_who_is_in_the_panel(compared, read):
    answer = read(**WEEKLY | {"country": "NO,SE", "format": "csv"})
    assert answer.content.decode() == (
        "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE,OBS_STATUS,"
        "PER_100K,AGENCIES_EXPECTED,AGENCIES_REPORTING,TIME_COVERAGE,COUNTED_FROM,"
        "AGENCIES_AWAITED,AWAITED_UNTIL,CHANGE_12M\r\n"
        "DOWNLOADS,W,2026-W43,NO,_T,40,A,,2,2,1.0,,,,\r\n"
        "DOWNLOADS,W,2026-W43,SE,_T,0,A,,2,2,1.0,,,,\r\n"
        "DOWNLOADS,W,2026-W44,NO,_T,55,A,,2,2,1.0,,,,0.1\r\n"
        "DOWNLOADS,W,2026-W44,SE,_T,5,A,,2,2,1.0,,,,\r\n"
    )
    assert answer["Panel"] == "NO-KRIPOS,SE-NOA"
    assert "Panel" in answer["Access-Control-Expose-Headers"]
    assert "CHANGE_12M" not in read(**WEEKLY | {"panel": None, "format": "csv"}).content.decode()


def test_star_lists_the_series_of_the_panel(compared, read):
    listed = rows(read(**WEEKLY | {"country": "*", "end": "2026-W43", "format": "csv"}))
    assert [(row["COUNTRY"], row["OBS_VALUE"]) for row in listed] == [("NO", "40"), ("SE", "0")]


def test_panel_without_agencies_says_why(press, read):
    version = press.compare(24, "M", SPAN, [], {})
    answer = answered(read(**YEAR))
    assert answer["meta"]["version"] == version
    assert answer["meta"]["panel"] == {"months": 24, "start": "2024-11", "end": "2026-10", "agencies": []}
    assert (answer["coverage"], answer["observations"]) == ([], [])
    assert answer["meta"]["notes"][-1] == aggregates._NO_PANEL
    assert read(**YEAR, format="csv").content.count(b"\r\n") == 1


def test_panel_that_there_never_was(press, read):
    answer = answered(read(**YEAR))
    assert answer["meta"]["version"] is None
    assert answer["meta"]["panel"] == {"months": 24, "start": None, "end": None, "agencies": []}


def test_lengths_and_frequencies_are_kept_apart(compared, read):
    compared.compare(12, "M", ("2025-11", "2026-10"), [1], {"2026-10": {"EUROPE": 5}})
    values = {
        (panel, row["value"])
        for panel in ("12", "24", "36")
        for row in answered(read(**YEAR | {"panel": panel, "start": "2026-10"}))["observations"]
    }
    assert values == {("12", 5), ("24", 265)}


def test_status_is_of_the_agencies_of_the_panel(press, read):
    press.compare(24, "M", SPAN, [1], {"2026-10": {"EUROPE": 5}}, status="P")
    answer = answered(read(**YEAR))
    assert {row["status"] for row in (*answer["coverage"], *answer["observations"])} == {"P"}


@pytest.mark.parametrize(
    ("given", "status", "code", "parameter"),
    [
        ({"panel": "13"}, 422, "unknown_panel", "panel"),
        ({"panel": "twelve"}, 422, "unknown_panel", "panel"),
        ({"panel": "012"}, 422, "unknown_panel", "panel"),
        ({"frequency": "D", "start": "2026-11-01", "end": "2026-11-02"}, 422, "panel_frequency_not_published", None),
        ({"frequency": "A", "start": "2025", "end": "2026"}, 422, "panel_frequency_not_published", None),
        ({"network": "EDONKEY"}, 422, "panel_networks_not_published", None),
        ({"network": "_T,EDONKEY"}, 422, "panel_networks_not_published", None),
        ({"network": "*"}, 422, "panel_networks_not_published", None),
    ],
    ids=str,
)
def test_refusal_has_its_code(compared, read, given, status, code, parameter):
    answer = read(**YEAR | given)
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"], problem.get("parameter")) == (status, code, parameter)
    assert answer["Cache-Control"] == "no-store"


def test_total_of_the_networks_may_be_asked_for(compared, read):
    assert answered(read(**YEAR, network="_T"))["observations"] == answered(read(**YEAR))["observations"]


@pytest.mark.parametrize("path", ["coverage", "aggregates/live"])
def test_panel_is_for_aggregates_only(compared, read, path):
    given = YEAR if path == "coverage" else {"panel": "12"}
    assert json.loads(read(path, **given).content)["code"] == "unknown_parameter"


# --- versions, caching, pages -----------------------------------------------------------------------------------------


def test_etag_changes_with_the_panel_and_with_nothing_else(compared, read):
    def etag(**given):
        caching.response_cache.clear()
        return read(**YEAR | given)["ETag"]

    first = etag()
    assert etag(format="csv") != first
    compared.publish("M", {"2026-10": {"EUROPE": 500}})
    compared.compare(12, "M", ("2025-11", "2026-10"), [1], {"2026-10": {"EUROPE": 5}})
    compared.compare(24, "W", SPAN, [1], {"2026-W44": {"EUROPE": 5}})
    assert etag() == first
    compared.compare(24, "M", SPAN, [1], MONTHS)
    second = etag()
    assert second != first
    compared.compare(24, "M", SPAN, [], {})
    assert len({first, second, etag()}) == 3


def test_etag_changes_where_only_the_agencies_do(compared, read):
    first = read(**YEAR)["ETag"]
    caching.response_cache.clear()
    compared.compare(24, "M", SPAN, [3], MONTHS | {"2025-10": {"EUROPE": 245, "NO": 40}, "2026-10": {"EUROPE": 265}})
    assert read(**YEAR)["ETag"] != first


def test_panel_that_is_no_more_is_another_version(compared, read):
    from federation.models.published import PublishedPanel, PublishedPanelPeriod

    first = read(**YEAR)["ETag"]
    caching.response_cache.clear()
    version = compared.publish("D", {"2026-11-01": {}})
    for model in (PublishedPanel, PublishedPanelPeriod):
        model.objects.filter(frequency="M").update(version_to=version)
    answer = read(**YEAR)
    assert answer["ETag"] != first
    assert answered(answer)["meta"]["version"] == version


def test_etag_is_answered_with_304_without_touching_the_panel(compared, read, monkeypatch):
    from federation import published

    answer = read(**YEAR)
    caching.response_cache.clear()
    monkeypatch.setattr(published, "panel", None)
    again = read(**YEAR, headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin"):
        assert again[name] == answer[name]


def test_past_panels_are_read_again_as_they_were(compared, read):
    recorded = []
    for agencies, value in (([1, 2], 100), ([1, 2], 200), ([1], 200), ([], 0), ([1, 2], 100)):
        months = {label: {"EUROPE": value, "NO": value // 2} for label in MONTHS} if agencies else {}
        compared.compare(24, "M", SPAN, agencies, months)
        recorded.append(answered(read(**YEAR, country="*")))
        caching.response_cache.clear()
    compared.compare(24, "M", ("2024-12", "2026-11"), [1], {"2026-11": {"EUROPE": 5}})
    for then in recorded:
        again = answered(read(**YEAR, country="*", as_of=then["meta"]["known_at"]))
        assert again["meta"].pop("as_of") == then["meta"]["known_at"]
        then["meta"].pop("as_of")
        assert again == then


def test_pages_add_up_and_are_of_one_version(compared, read, client, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 10)
    whole = answered(read(**YEAR | {"start": "2024-11"}))
    pages = [whole]
    compared.compare(24, "M", SPAN, [1], {"2026-10": {"EUROPE": 5}})
    while pages[-1]["next"]:
        pages.append(json.loads(client.get(pages[-1]["next"]).content))
    assert [len(page["coverage"]) for page in pages] == [10, 10, 4]
    assert len({page["meta"]["version"] for page in pages}) == 1
    assert len({str(page["meta"]["panel"]) for page in pages}) == 1
    found = {row["period"]: row["change_12m"] for page in pages for row in page["observations"]}
    assert list(found) == list(MONTHS)
    assert (found["2025-10"], found["2026-10"]) == (None, 0.0816)


def test_long_csv_of_a_panel_is_streamed_at_one_version(compared, read, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 10)
    answer = read(**YEAR | {"start": "2024-11", "format": "csv"})
    assert answer.streaming
    pieces = iter(answer.streaming_content)
    first = next(pieces)
    compared.compare(24, "M", SPAN, [1], {"2026-10": {"EUROPE": 5}})
    text = (first + b"".join(pieces)).decode()
    assert text.count("\r\n") == 1 + 24
    assert "2026-10,EUROPE,_T,265,A,,2,2,1.0,,,,0.0816\r\n" in text


# --- from reports to the answer ---------------------------------------------------------------------------------------


@pytest.fixture
def report(db):
    """Has agencies report the last so many months of thirteen, and returns how all thirteen are asked for."""
    IndicatorFactory.create()
    # No clock ticks here: the workers know of the months that had ended when the database was made.
    now, this_month = datetime.now(UTC), periods.start_of("M", clock.mark() - timedelta(seconds=60))
    months = list(periods.between("M", this_month - timedelta(days=30 * 40), this_month - timedelta(seconds=1)))[-13:]

    def report(counted, cells):
        for number, (code, count) in enumerate(counted.items()):
            reports = [reporting.report("M", month, cells(number)) for month in months[-count:]]
            reporting.submit(AgencyFactory.create(code=code), reports, now)
        reporting.settle()
        return {"frequency": "M", "start": periods.label("M", months[0]), "end": periods.label("M", months[-1])}

    return report


ALL_OF_IT = {"NO-KRIPOS": 13, "SE-NOA": 13, "FI-KRP": 13}


def test_agency_that_joined_is_in_the_combined_view_and_not_in_the_panel(report, read):
    asked = report(ALL_OF_IT | {"DE-BKA": 7, "DK-NSK": 7}, lambda _: {(578, 1): 50})
    everybody = answered(read(**asked, country="NO"))
    assert [row["value"] for row in everybody["observations"]] == [150] * 6 + [250] * 7
    panel = answered(read(**asked, country="NO", panel="12"))
    assert panel["meta"]["panel"]["agencies"] == ["FI-KRP", "NO-KRIPOS", "SE-NOA"]
    assert [row["value"] for row in panel["observations"]] == [150] * 12
    assert {row["agencies_expected"] for row in panel["coverage"]} == {3}


def test_panel_that_leaves_nobody_out_shows_the_published_cells(report, read):
    places = [(578, 1), (578, 2), (752, 1), (196, 9), (999, 8)]
    asked = report(ALL_OF_IT, lambda number: {place: 1 + number + 2 * n for n, place in enumerate(places)})
    everybody = answered(read(**asked, country="*"))
    first = everybody["coverage"][0]["period"]
    panel = answered(read(**asked, country="*", panel="12"))
    assert {row.pop("change_12m") for row in panel["observations"]} == {None}
    assert panel["observations"] == [row for row in everybody["observations"] if row["period"] != first]
    assert {row["value"] % 5 for row in panel["observations"]} == {0}


@pytest.mark.parametrize("counted", [{"NO-KRIPOS": 13, "SE-NOA": 13}, ALL_OF_IT | {"DE-BKA": 7}])
def test_there_is_no_panel_of_two_agencies_or_of_all_but_one(report, read, counted):
    panel = answered(read(**report(counted, lambda _: {(578, 1): 50}), panel="12"))
    assert panel["meta"]["panel"]["agencies"] == panel["observations"] == panel["coverage"] == []
    assert panel["meta"]["notes"][-1] == aggregates._NO_PANEL
