"""A range without start or end: from the first published period to the newest, as seen at any time, on every page."""

import json

import pytest

from api import caching
from api.v1 import aggregates
from tests.contract.public.press import NOBODY, WAITING, z

#: Leave the parameter out of the request.
OPEN = {"start": None, "end": None}


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)


@pytest.fixture
def ranges(read):
    """Reads an answer's range, and the periods of its coverage."""

    def ask(path="aggregates", **given):
        answer = read(path, **given)
        assert answer.status_code == 200, answer.content
        found = json.loads(answer.content)
        return (found["meta"]["start"], found["meta"]["end"]), [row["period"] for row in found["coverage"]]

    return ask


def test_an_open_range_goes_from_the_first_published_period_to_the_newest(press, ranges):
    press.publish("D", {"2024-02-29": {"NO": 5}, "2026-11-02": {"NO": 10}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("D", {"2026-11-04": {}, "2024-01-01": {}}, WAITING)
    press.publish("M", {"2020-01": {"NO": 5}})
    everything = ("2024-02-29", "2026-11-03"), ["2024-02-29", "2026-11-02", "2026-11-03"]
    assert ranges(**OPEN) == everything
    assert ranges("coverage", **OPEN) == everything
    assert ranges(**OPEN, format="json", country="*") == everything
    assert ranges(start=None, end="2026-11-02") == (("2024-02-29", "2026-11-02"), ["2024-02-29", "2026-11-02"])
    assert ranges(start="2026-11-02", end=None) == (("2026-11-02", "2026-11-03"), ["2026-11-02", "2026-11-03"])
    assert ranges(frequency="M", **OPEN) == (("2020-01", "2020-01"), ["2020-01"])


def test_a_given_end_stays_even_if_nothing_is_published_there(press, ranges):
    press.publish("D", {"2026-11-02": {"NO": 10}})
    assert ranges(start="2026-11-09", end=None) == (("2026-11-09", "2026-11-09"), [])
    assert ranges(start=None, end="2025-01-01") == (("2025-01-01", "2025-01-01"), [])


@pytest.mark.parametrize(
    ("frequency", "first"), [("H", "2017-01-01T00:00"), ("D", "2017-01-01"), ("W", "2017-W01"), ("A", "2017")]
)
def test_an_open_range_of_nothing_is_empty(press, ranges, frequency, first):
    assert ranges(frequency=frequency, **OPEN) == ((first, first), [])


def test_a_past_view_has_the_range_that_was_published_then(press, ranges):
    before = press.publish("D", {"2026-11-02": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 5}, "2026-11-03": {"NO": 5}})
    assert ranges(**OPEN)[0] == ("2026-11-01", "2026-11-03")
    assert ranges(**OPEN, as_of=z(press.known_at(before))) == (("2026-11-02", "2026-11-02"), ["2026-11-02"])
    assert ranges(**OPEN, as_of="2020-01-01T00:00Z") == (("2017-01-01", "2017-01-01"), [])


def test_a_range_that_moves_has_another_tag_even_at_the_same_version(press, read):
    press.publish("D", {"2026-11-01": {"NO": 5}})
    press.publish("D", {"2026-11-02": {"NO": 5}})
    before = read(**OPEN)
    assert read(**OPEN, headers={"If-None-Match": before["ETag"]}).status_code == 304
    # The first day is taken back: what is left has the version of the second day, as before.
    press.publish("D", {"2026-11-01": {}}, WAITING)
    after = read(**OPEN, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    found = json.loads(after.content)["meta"]
    assert (found["start"], found["version"]) == ("2026-11-02", json.loads(before.content)["meta"]["version"])


def test_all_pages_have_the_range_of_the_first(press, client, read, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 2)
    press.publish("D", {f"2026-11-0{day}": {"NO": 5 * day} for day in (2, 3, 4)})
    first = json.loads(read(country="NO", **OPEN).content)
    press.publish("D", {"2026-11-01": {"NO": 5}, "2026-11-05": {"NO": 5}})
    second = json.loads(client.get(first["next"]).content)
    assert second["meta"] == first["meta"]
    assert (second["meta"]["start"], second["meta"]["end"]) == ("2026-11-02", "2026-11-04")
    assert [row["period"] for row in first["coverage"] + second["coverage"]] == [f"2026-11-0{day}" for day in (2, 3, 4)]
    assert second["next"] is None


def test_a_csv_file_of_an_open_range_has_every_period(press, read, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 2)
    press.publish("D", {f"2026-11-0{day}": {"NO": 5 * day} for day in (2, 3, 4, 5, 6)})
    rows = b"".join(read(country="NO", format="csv", **OPEN)).decode().splitlines()[1:]
    assert [row.split(",")[2] for row in rows] == [f"2026-11-0{day}" for day in (2, 3, 4, 5, 6)]


def test_minutes_without_a_range_are_the_last_sixty(press, read):
    def meta(path="aggregates", **given):
        found = json.loads(read(path, **given).content)["meta"]
        return found["start"], found["end"]

    # A minute may end between two requests.
    before, found, after = meta("aggregates/live"), meta(frequency="N", **OPEN), meta("aggregates/live")
    assert found in (before, after)
    assert meta(frequency="N", start=before[0], end=None)[0] == before[0]


def test_a_panel_without_a_range_has_all_its_months(press, ranges):
    press.publish("M", {f"2025-{month:02}": {"NO": 5} for month in range(1, 13)})
    press.publish("M", {"2026-01": {"NO": 5}})
    press.compare(12, "M", ("2025-02", "2026-01"), (1, 2, 3), {"2025-02": {"NO": 10}, "2026-01": {"NO": 15}})
    assert ranges(frequency="M", panel="12", country="NO", **OPEN) == (
        ("2025-01", "2026-01"),
        ["2025-02", "2026-01"],
    )
