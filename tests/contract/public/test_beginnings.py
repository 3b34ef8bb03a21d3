"""A period in which counting began says from when it counts, in every format, and is never `A`."""

import csv
import io
from datetime import UTC, datetime

import pytest

from tests.contract.public.press import ALL_REPORTED, Covered

OCTOBER = datetime(2025, 10, 25, tzinfo=UTC)
BEGUN = Covered(status="P", counted_from=OCTOBER)
YEARS = {"frequency": "A", "start": "2025", "end": "2026", "country": "NO"}


@pytest.fixture
def years(press):
    press.publish("A", {"2025": {"NO": 13375}}, BEGUN)
    press.publish("A", {"2026": {"NO": 70000}}, ALL_REPORTED)
    return press


def test_json_says_so_of_that_period_only(years, read):
    coverage = read(**YEARS).json()["coverage"]
    assert [(row["status"], row["time_coverage"]) for row in coverage] == [("P", 1.0), ("A", 1.0)]
    assert [row.get("counted_from") for row in coverage] == ["2025-10-25T00:00:00.000Z", None]
    assert "counted_from" not in coverage[1]


def test_csv_says_so(years, read):
    rows = list(csv.DictReader(io.StringIO(read(**YEARS, format="csv").content.decode(), newline="")))
    assert [(row["OBS_STATUS"], row["COUNTED_FROM"]) for row in rows] == [("P", "2025-10-25T00:00:00.000Z"), ("A", "")]


def test_coverage_by_agency_says_so(years, read):
    rows = read("coverage", frequency="A", start="2025", end="2026").json()["coverage"]
    assert [row.get("counted_from") for row in rows] == ["2025-10-25T00:00:00.000Z", None]


def test_a_past_view_has_the_beginning_that_it_had(years, read):
    years.publish("A", {"2025": {"NO": 13375}}, ALL_REPORTED)
    assert "counted_from" not in read(**YEARS).json()["coverage"][0]
    seen = years.known_at(1).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert read(**YEARS, as_of=seen).json()["coverage"][0]["counted_from"] == "2025-10-25T00:00:00.000Z"


def test_a_window_says_so(press, read):
    press.publish("D", {"2026-11-28": {"NO": 5}, "2026-11-29": {"NO": 10}}, Covered(expected=1))
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P7D").json()
    assert (answer["coverage"]["status"], answer["coverage"]["counted_from"]) == ("P", "2026-11-28T00:00:00.000Z")


@pytest.mark.parametrize(
    ("root", "form"),
    [("2.1/data/P2P", "xml"), ("2.1/data/P2P", "csv"), ("3.0/data/dataflow/P2PEU/P2P/1.0.0", "json")],
)
def test_sdmx_says_so(years, client, root, form):
    answer = client.get(f"/sdmx/{root}/A.DOWNLOADS.NO._T?format={form}")
    text = answer.getvalue().decode()
    assert "COUNTED_FROM" in text
    assert text.count("2025-10-25T00:00:00.000Z") == 1


@pytest.mark.parametrize(("address", "said"), [("/countries/no/?frequency=M&start=2025-10&end=2025-12", True)])
def test_a_page_says_so(press, client, address, said):
    press.publish("M", {"2025-10": {"NO": 10}}, BEGUN)
    press.publish("M", {"2025-11": {"NO": 10}}, ALL_REPORTED)
    page = client.get(address).content.decode()
    assert page.count("counted in full only since 25 October 2025") == 1
    assert "provisional" not in page.partition("counted in full only since")[2][:20]
