"""Past views: the view that was public at an instant can be read again."""

import json
from datetime import timedelta

import pytest

from api import caching
from tests.contract.public.press import NOBODY, z


def test_every_past_view_is_read_again_as_it_was(press, read):
    views = [{"NO": 10}, {"NO": 15, "SE": 5}, {"SE": 5}, {}, {"NO": 10}]
    recorded = []
    for position, view in enumerate(views):
        press.publish("D", {f"2026-11-{1 + position % 2:02}": view}, *([NOBODY] if not view else []))
        recorded.append(read(country="*").json())
        caching.response_cache.clear()
    for then in recorded:
        again = read(country="*", as_of=then["meta"]["known_at"]).json()
        assert again["meta"].pop("as_of") == then["meta"]["known_at"]
        then["meta"].pop("as_of")
        assert again == then
    assert len({json.dumps(then) for then in recorded}) == len(views)


def test_instant_between_two_versions_shows_the_earlier(press, observed):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 15}})
    cell = ("2026-11-01", "NO", "_T")
    assert observed(country="NO", as_of=z(press.known_at(2))) == {cell: 15}
    assert observed(country="NO", as_of=z(press.known_at(2) - timedelta(milliseconds=1))) == {cell: 10}


def test_period_is_not_there_before_its_first_version(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-02": {"NO": 10}})
    answer = read(as_of=z(press.known_at(1))).json()
    assert [row["period"] for row in answer["coverage"]] == ["2026-11-01"]


def test_before_the_first_version_there_is_nothing(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    answer = read(as_of=z(press.known_at(0))).json()
    assert (answer["meta"]["version"], answer["coverage"], answer["observations"]) == (None, [], [])


def test_csv_of_a_past_view_lists_the_series_of_then(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    press.publish("D", {"2026-11-01": {"NO": 10, "SE": 5}})
    then = read(country="*", format="csv", as_of=z(press.known_at(1))).content.decode()
    assert [row.split(",")[3] for row in then.split("\r\n")[1:-1]] == ["NO"]


@pytest.mark.parametrize("as_of", ["2026-11-01T00:00Z", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00.123456Z"])
def test_instants_may_be_written_shorter_or_finer(press, read, as_of):
    assert read(as_of=as_of).status_code == 200


def test_newest_version_is_no_future_though_the_clock_lag_behind_it(press, read):
    press.began += timedelta(hours=3)
    version = press.publish("D", {"2026-11-01": {"NO": 10}})
    assert read(as_of=z(press.known_at(version))).status_code == 200
    assert read(as_of=z(press.known_at(version) + timedelta(milliseconds=1))).status_code == 422


def test_settled_view_lasts_long_and_an_unsettled_one_does_not(press, read):
    press.publish("D", {"2026-11-01": {"NO": 10}})
    settled, after = z(press.known_at(1)), z(press.known_at(1) + timedelta(seconds=1))
    assert read(as_of=settled)["Cache-Control"] == caching.PAST
    assert read(as_of=after)["Cache-Control"] == caching.CURRENT


def test_coverage_has_past_views_too(press, read):
    press.publish("D", {"2026-11-01": {}}, NOBODY)
    press.publish("D", {"2026-11-01": {}})
    assert read("coverage", as_of=z(press.known_at(1))).json()["coverage"][0]["agencies_reporting"] == 0
    assert read("coverage").json()["coverage"][0]["agencies_reporting"] == 2
