"""Past views and times asked for: one version each, whatever is published meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from api import caching
from federation import published
from federation.database import clock
from federation.published.answers import PastView
from tests.contract.public.press import NOBODY, z
from tests.contract.sdmx.data_answers import ROOT_3, rows


def test_any_vintage_is_the_ends_of_the_days_on_which_anything_changed(press, ask):
    """Two versions before midnight, and one after it, some days ago."""
    press.began = press.began.replace(hour=23, minute=57) - timedelta(days=4)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 15}})
    press.publish("D", {"2026-11-01": {"NO": 20}})
    first = press.known_at(1).date()
    found = rows(ask("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv"))
    days = [first.isoformat(), (first + timedelta(days=1)).isoformat()]
    assert [(row["VINTAGE"], row["OBS_VALUE"]) for row in found] == [(days[0], "15"), (days[1], "20")]
    for at, value in zip(days, ("15", "20"), strict=True):
        [row] = rows(ask(f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{at}?format=csv"))
        assert row["OBS_VALUE"] == value
    one = f"3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?c[VINTAGE]={days[1]}&format=csv"
    assert [row["VINTAGE"] for row in rows(ask(one))] == days[1:]


def test_past_view_lists_the_series_that_were_listed_then(press, ask):
    press.began -= timedelta(days=4)
    first = press.known_at(press.publish("D", {"2026-11-01": {"NO": 10}})).date().isoformat()
    press.began += timedelta(days=1)
    second = press.known_at(press.publish("D", {"2026-11-02": {"SE": 15}})).date().isoformat()
    found = rows(ask("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.*._T?format=csv"))
    listed = {day: {row["COUNTRY"] for row in found if row["VINTAGE"] == day} for day in (first, second)}
    assert listed == {first: {"NO"}, second: {"NO", "SE"}}


def test_time_asked_for_changes_no_past_view(press, ask):
    """The days on which anything changed are the same, whether they changed what is asked for or not."""
    press.began -= timedelta(days=4)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.began += timedelta(days=1)
    press.publish("D", {"2026-11-02": {"NO": 15}})
    address = "3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv"
    whole = [row for row in rows(ask(address)) if row["TIME_PERIOD"] == "2026-11-01"]
    assert len(whole) == 2
    for times in ("2026-11-01", "le:2026-11-01", "lt:2026-11-02", "ge:2026-11-01+le:2026-11-01"):
        assert rows(ask(f"{address}&c[TIME_PERIOD]={times}")) == whole, times
    older = "2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.?format=csv&startPeriod=2026-11-01&endPeriod=2026-11-01"
    assert [row["VINTAGE"] for row in rows(ask(older))] == [row["VINTAGE"] for row in whole]


@pytest.mark.parametrize("times", ["2026-11-01", "le:2026-11-01", "lt:2026-11-02"])
def test_what_lies_after_the_time_asked_for_makes_no_new_version(press, ask, times):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-02": {"NO": 15}})
    answer = ask(f"{ROOT_3}D.DOWNLOADS.NO._T?format=csv&c[TIME_PERIOD]={times}")
    assert (answer["Version"], len(rows(answer))) == ("1", 1)


def test_named_past_view_has_one_version_even_if_more_is_published_meanwhile(press, ask, monkeypatch):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {}}, NOBODY)
    monkeypatch.setattr(published, "past_view", lambda *_: PastView(next(found), settled=False))
    for versions, expected in (((1, 2), ("10", "A")), ((2, 2), ("", "O"))):
        caching.response_cache.clear()
        found = iter(versions)
        moment = z(press.known_at(5))
        [row] = rows(ask(f"3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T.{moment}?format=csv"))
        assert (row["OBS_VALUE"], row["OBS_STATUS"]) == expected


def test_named_past_view_stays_as_it_is(press, ask, monkeypatch):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 15}})
    address = f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{z(press.known_at(1))}?format=csv"
    first = ask(address)
    assert first["Cache-Control"] == caching.PAST
    caching.response_cache.clear()
    press.publish("D", {"2026-11-01": {"NO": 20}})
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert (ask(address)["ETag"], ask(address).content) == (first["ETag"], first.content)


def test_day_that_goes_on_is_no_past_view_yet(press, ask):
    press.began -= timedelta(days=1)
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.began = datetime.now(UTC) - timedelta(minutes=2)
    press.publish("D", {"2026-11-01": {"NO": 15}})
    days = {press.known_at(2).date().isoformat(), (press.known_at(2) - timedelta(days=1, hours=2)).date().isoformat()}
    found = ask("3.0/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/D.DOWNLOADS.NO._T?format=csv")
    assert {row["VINTAGE"] for row in rows(found)} == {day for day in days if day < f"{datetime.now(UTC):%Y-%m-%d}"}


def test_vintage_that_has_not_come_is_refused_with_what_to_name_instead(view, ask):
    answer = ask(f"2.1/data/P2P_VINTAGE/D.DOWNLOADS.NO._T.{clock.now():%Y-%m-%d}")
    body = answer.json()
    assert (answer.status_code, body["code"], body["parameter"]) == (422, "as_of_in_future", "VINTAGE")
    assert "a day that has ended" in body["detail"]
