"""The live minutes, and minutes as a range."""

from datetime import UTC, datetime, timedelta

import pytest

from api import caching
from federation.database import clock


@pytest.fixture
def now(monkeypatch):
    """The database's clock, stopped in the middle of a minute."""
    instant = datetime.now(UTC).replace(second=30, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: instant)
    return instant


def label(instant):
    return f"{instant:%Y-%m-%dT%H:%M}"


def test_live_is_the_last_60_closed_minutes(press, read, now):
    minutes = [now - timedelta(minutes=ago) for ago in (61, 60, 1, 0)]
    press.publish("N", {label(minute): {"NO": 5, "EUROPE": 10} for minute in minutes})
    answer = read("aggregates/live").json()
    shown = [label(minute) for minute in minutes[1:3]]
    assert (answer["meta"]["start"], answer["meta"]["end"]) == tuple(shown)
    assert answer["meta"]["frequency"] == "N"
    assert [row["period"] for row in answer["coverage"]] == shown
    assert [(row["period"], row["country"], row["value"]) for row in answer["observations"]] == [
        (minute, country, value) for minute in shown for country, value in (("EUROPE", 10), ("NO", 5))
    ]


def test_live_takes_countries(press, read, now):
    press.publish("N", {label(now - timedelta(minutes=1)): {"NO": 5, "SE": 5, "EUROPE": 10}})
    assert {row["country"] for row in read("aggregates/live", country="NO,EUROPE").json()["observations"]} == {
        "NO",
        "EUROPE",
    }
    assert {row["country"] for row in read("aggregates/live", country="*").json()["observations"]} == {"NO", "SE"}


def test_live_as_csv_lists_what_ever_had_a_cell(press, read, now):
    press.publish("N", {label(now - timedelta(minutes=1)): {"NO": 5, "EUROPE": 10}})
    text = read("aggregates/live", format="csv").content.decode()
    assert [row.split(",")[3] for row in text.split("\r\n")[1:-1]] == ["EUROPE", "NO"]


def test_live_hangs_on_the_minute_that_it_ends_with(press, read, now, monkeypatch):
    first = read("aggregates/live")
    caching.response_cache.clear()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=20))
    assert read("aggregates/live")["ETag"] == first["ETag"]
    caching.response_cache.clear()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=40))
    assert read("aggregates/live", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_minutes_of_two_hours_can_be_asked_for_on_one_page(press, read, now):
    first, last = now - timedelta(minutes=120), now - timedelta(minutes=1)
    press.publish("N", {label(first): {"NO": 5}, label(last): {"NO": 5}})
    answer = read(frequency="N", start=label(first), end=label(last), country="*").json()
    assert [row["period"] for row in answer["coverage"]] == [label(first), label(last)]
    assert answer["next"] is None


def test_minutes_held_are_refused_once_they_are_two_hours_old(press, read, now, monkeypatch):
    first = label(now - timedelta(minutes=120))
    assert read(frequency="N", start=first, end=first).status_code == 200
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=1))
    monkeypatch.setattr(caching, "monotonic", lambda: float("inf"))
    assert read(frequency="N", start=first, end=first).json()["code"] == "minutes_not_published"
