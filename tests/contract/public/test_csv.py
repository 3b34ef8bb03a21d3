"""CSV: every requested period and cell has a row, and no cell can be a formula."""

import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest

from api.throttling import costs, rates
from api.v1 import aggregates
from countries import reference
from federation import published
from tests.contract.public.press import NOBODY, WAITING, Covered
from tests.factories import AgencyFactory

HEADER = (
    "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE,OBS_STATUS,"
    "PER_100K,AGENCIES_EXPECTED,AGENCIES_REPORTING,TIME_COVERAGE,COUNTED_FROM,AGENCIES_AWAITED,AWAITED_UNTIL"
)


@pytest.fixture
def rows(read):
    """Reads aggregates as CSV: its rows without the header."""

    def ask(**given):
        answer = read(format="csv", **given)
        assert answer.status_code == 200, answer.content
        text = answer.getvalue().decode()
        assert text.endswith("\r\n")
        head, *body = text.removesuffix("\r\n").split("\r\n")
        assert head == HEADER
        return body

    return ask


def test_zeros_are_spelled_out_and_silence_is_empty(press, rows):
    press.publish(
        "D", {"2026-11-01": {"NO": 120}}, Covered(expected=14, reporting=13, covered=92, owed=100, status="P")
    )
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    press.publish("D", {"2026-11-03": {}}, Covered(expected=0, reporting=0, covered=0, owed=0, status="P", states={}))
    assert rows(country="SE,NO") == [
        "DOWNLOADS,D,2026-11-01,NO,_T,120,P,,14,13,0.92,,,",
        "DOWNLOADS,D,2026-11-01,SE,_T,0,P,,14,13,0.92,,,",
        "DOWNLOADS,D,2026-11-02,NO,_T,,O,,2,0,0.0,,,",
        "DOWNLOADS,D,2026-11-02,SE,_T,,O,,2,0,0.0,,,",
        "DOWNLOADS,D,2026-11-03,NO,_T,,O,,0,0,,,,",
        "DOWNLOADS,D,2026-11-03,SE,_T,,O,,0,0,,,,",
    ]


def test_a_period_that_is_not_public_yet_has_no_value_and_says_who_is_awaited(press, rows):
    press.publish("D", {"2026-11-02": {"NO": 120}})
    press.publish("D", {"2026-11-03": {}}, WAITING)
    assert rows(country="NO")[-1] == "DOWNLOADS,D,2026-11-03,NO,_T,,O,,2,1,0.5,,1,2026-11-04T21:00:00.000Z"


def test_star_lists_a_series_that_had_a_cell_in_any_range(press, rows):
    press.publish("D", {"2026-10-01": {"SE": 10}})
    press.publish("D", {"2026-11-01": {"NO": 10, "EUROPE": 20}})
    assert [row.split(",")[3] for row in rows(country="*")] == ["NO", "SE"]


def test_star_does_not_list_a_series_that_began_after_the_version_read(press, rows):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-12-01": {"SE": 10}})
    assert [row.split(",")[3] for row in rows(country="*")] == ["NO"]


def test_star_lists_a_series_whose_cells_are_gone(press, rows):
    press.publish("D", {"2026-11-01": {"NO": 10, "SE": 5}})
    press.publish("D", {"2026-11-01": {"NO": 10}})
    assert [row.split(",")[3:6] for row in rows(country="*")] == [["NO", "_T", "10"], ["SE", "_T", "0"]]


def test_star_of_networks_lists_the_networks_of_the_countries_named(press, rows):
    press.publish("D", {"2026-11-01": {"NO": 10, "NO/ARES": 5, "NO/EDONKEY": 5, "SE/ARES": 5, "NO/_U": 5}})
    assert [row.split(",")[4] for row in rows(country="NO", network="*")] == ["ARES", "EDONKEY", "_U"]


def test_accept_asks_for_csv_too(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    answer = read(headers={"accept": "text/csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.content == read(format="csv").content


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0, text/csv", "text/csv"),
    ],
)
def test_accept_is_weighed(press, read, accept, media_type):
    assert read(headers={"accept": accept})["Content-Type"].split(";")[0] == media_type


def test_format_goes_before_accept(press, read):
    assert read(headers={"accept": "text/csv"}, format="json")["Content-Type"] == "application/json"
    assert read(headers={"accept": "image/png"}, format="json").status_code == 200
    assert read(headers={"accept": "image/png"}).status_code == 406


def test_csv_says_which_version_it_is(press, read):
    version = press.publish("D", {"2026-11-01": {"NO": 10}})
    answer, twin = read(format="csv"), json.loads(read().content)["meta"]
    assert (answer["Version"], answer["Known-At"]) == (str(version), twin["known_at"])


def test_csv_says_the_same_as_json(press, read):
    press.publish("D", {f"2026-11-{day:02}": {"NO": day * 5, "SE": 5 * (day % 2)} for day in range(1, 11)})
    listed = {
        (row["period"], row["country"], row["network"]): row["value"]
        for row in json.loads(read(country="*").content)["observations"]
    }
    spelled_out = {
        (row["TIME_PERIOD"], row["COUNTRY"], row["NETWORK"]): int(row["OBS_VALUE"])
        for row in csv.DictReader(io.StringIO(read(country="*", format="csv").content.decode(), newline=""))
    }
    assert len(spelled_out) == 20
    assert {cell: value for cell, value in spelled_out.items() if value} == listed


def test_long_csv_is_streamed_at_one_version(press, read, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 2)
    press.publish("D", {f"2026-11-{day:02}": {"NO": 5, "SE": 5} for day in range(1, 6)})
    answer = read(format="csv", country="NO,SE")
    assert answer.streaming
    pieces = iter(answer.streaming_content)
    first = next(pieces)
    press.publish("D", {f"2026-11-{day:02}": {"NO": 500, "SE": 5} for day in range(1, 6)})
    text = (first + b"".join(pieces)).decode()
    assert text.count("\r\n") == 11
    assert "500" not in text


def test_long_answer_is_paid_for_by_its_cells_before_it_begins(press, read, monkeypatch, settings):
    """Five days of two countries, beside the first request."""
    settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: 30}
    monkeypatch.setattr(costs, "OBSERVATIONS", 1)
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 2)
    press.publish("D", {f"2026-11-{day:02}": {"NO": 5, "SE": 5} for day in range(1, 6)})
    assert read(format="csv", country="NO,SE").getvalue()
    assert read(format="csv", country="SE,NO").getvalue()
    refused = read(format="csv", country="NO,SE,NO")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert read(format="csv", country="NO", end="2026-11-01").status_code == 200


@pytest.mark.parametrize("as_of", [False, True])
def test_periods_are_counted_as_they_were_known(press, as_of):
    press.publish("D", {f"2026-11-{day:02}": {"NO": 5} for day in range(1, 6)})
    press.publish("D", {"2026-11-02": {"NO": 10}}, NOBODY)
    press.publish("D", {"2026-11-06": {"NO": 10}})
    first, last = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC)
    version = 1 if as_of else published.NEWEST
    selection = published.Selection(1, "D", first, last, (578,), (0,), version)
    assert published.count_periods(selection) == (4 if as_of else 5)


def test_no_cell_can_be_a_formula(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10, "_U": 5, "_T": 15}})
    text = read(format="csv", country="NO,_U,_T").content.decode()
    cells = [cell for row in text.split("\r\n") for cell in row.split(",")]
    assert all(re.fullmatch(r"|[A-Z_0-9][\w.-]*", cell) for cell in cells)


def test_every_row_of_invented_numbers_says_so_in_a_column_at_the_very_end(press, read):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    AgencyFactory.create(invented=True)
    reference.snapshots.clear()
    head, *body = read(format="csv", country="NO").getvalue().decode().split()
    assert head == f"{HEADER},INVENTED"
    assert body == [
        "DOWNLOADS,D,2026-11-01,NO,_T,5,A,,2,2,1.0,,,,true",
        "DOWNLOADS,D,2026-11-02,NO,_T,,O,,2,0,0.0,,,,true",
    ]
