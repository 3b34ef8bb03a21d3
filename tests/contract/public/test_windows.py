"""The sliding windows over HTTP."""

from datetime import date, timedelta

import pytest
from django.db import connection

from api import caching
from p2p_core import codes
from tests.contract.public.press import NOBODY, WAITING, Covered, z
from tests.factories import CountryFactory, PopulationFactory

PARTLY = Covered(expected=3, reporting=2, status="P", states={1: "reported", 2: "partial", 3: "late"})
ONE = Covered(expected=1, reporting=1, states={1: "reported"})


def test_window_has_the_documented_shape(press, read):
    country = CountryFactory.create()
    PopulationFactory.create(country=country, year=2025, inhabitants=1_000_000)
    PopulationFactory.create(country=country, year=2026, inhabitants=2_000_000)
    press.publish("D", {"2025-12-24": {"NO": 1000}, "2025-12-25": {"NO": 5, "EUROPE": 5}}, ONE)
    version = press.publish("D", {"2025-12-31": {"SE": 5, "NO": 5, "NO/ARES": 5, "EUROPE": 15}}, PARTLY)
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P7D").json()
    known_at = answer["meta"].pop("known_at")
    assert known_at == z(press.known_at(version))
    row = {"period": "P7D", "network": "_T", "status": "P"}
    assert answer == {
        "meta": {
            "indicator": "DOWNLOADS",
            "window": "P7D",
            "start": "2025-12-25T00:00:00.000Z",
            "end": "2026-01-01T00:00:00.000Z",
            "version": version,
            "rounding_base": 5,
            "notes": ["A download is not a person and not an offence."],
        },
        "coverage": {
            "period": "P7D",
            "agencies_expected": 3,
            "agencies_reporting": 2,
            "time_coverage": 0.6666,
            "status": "P",
            # Two of the three agencies are first expected on this day.
            "counted_from": "2025-12-31T00:00:00.000Z",
        },
        "observations": [
            {"country": "EUROPE", "value": 20, "per_100k": 2.0} | row,
            {"country": "NO", "value": 10, "per_100k": 1.0} | row,
            {"country": "SE", "value": 5, "per_100k": None} | row,
        ],
        "withheld": [],
    }


@pytest.mark.parametrize(("country", "shown"), [("*", {"NO"}), ("EUROPE", {"EUROPE"}), ("NO,FI", {"NO"})])
def test_window_takes_countries(press, read, country, shown):
    press.publish("H", {"2026-11-01T10:00": {"NO": 10, "EUROPE": 20}})
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P1D", country=country).json()
    assert {row["country"] for row in answer["observations"]} == shown


def test_window_that_is_not_there_yet_is_empty(press, read):
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P365D").json()
    assert (answer["meta"]["version"], answer["coverage"], answer["observations"]) == (None, None, [])


def test_window_in_which_nobody_was_expected_says_so(press, read):
    press.publish("D", {"2026-11-01": {}}, Covered(expected=0, reporting=0, covered=0, owed=0, status="P", states={}))
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P7D").json()
    nobody = {"period": "P7D", "agencies_expected": 0, "agencies_reporting": 0, "time_coverage": None, "status": "O"}
    assert (answer["coverage"], answer["observations"]) == (nobody, [])


def test_agency_that_is_silent_in_all_parts_has_not_reported(press, read):
    press.publish("D", {"2026-11-01": {}, "2026-11-02": {}}, NOBODY)
    answer = read("aggregates/windows", indicator="DOWNLOADS", window="P30D").json()
    assert (answer["coverage"]["agencies_expected"], answer["coverage"]["agencies_reporting"]) == (2, 0)


def test_month_stands_for_its_days_once_it_is_published(press, read, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)

    def year():
        rows = read("aggregates/windows", indicator="DOWNLOADS", window="P365D").json()["observations"]
        return {row["country"]: row["value"] for row in rows}

    press.publish("D", {"2026-10-31": {"NO": 5}, "2026-11-01": {"NO": 10}})
    assert year() == {"NO": 15}
    press.publish("M", {"2026-10": {"NO": 1000}})
    assert year() == {"NO": 1010}
    # The first month lies in it by a day only, and one between others has not been published.
    press.publish("D", {"2025-11-01": {"NO": 7}, "2025-11-02": {"NO": 20}, "2026-09-15": {"NO": 30}})
    press.publish("M", {"2025-11": {"NO": 70_000}, "2025-12": {"NO": 2000}, "2026-08": {"NO": 3000}})
    assert year() == {"NO": 6060}


def test_window_depends_on_its_version_and_its_end(press, read, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)

    def state():
        answer = read("aggregates/windows", indicator="DOWNLOADS", window="P7D")
        same = read(
            "aggregates/windows", indicator="DOWNLOADS", window="P7D", headers={"If-None-Match": answer["ETag"]}
        )
        assert same.status_code == 304
        return answer["ETag"]

    etags = []
    for view in ({"2026-11-10": {"NO": 5}}, {"2026-11-10": {"NO": 10}}, {"2026-11-11": {}}, {"2026-11-04": {}}):
        version = press.publish("D", view)
        etags.append(state())
        assert etags[-1].startswith(f'W/"{version}.') == ("2026-11-04" not in view)
    assert len(set(etags)) == 3
    assert etags[-1] == etags[-2]


def _rows_read():
    with connection.cursor() as c:
        c.execute(
            "SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) + pg_stat_get_xact_tuples_returned(indrelid)"
            " FROM pg_index WHERE indrelid = 'federation_publishedcell'::regclass GROUP BY indrelid"
        )
        return c.fetchone()[0]


def test_window_reads_its_parts_and_not_the_whole_history(press, read):
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(200)]
    press.publish("D", {str(day): dict.fromkeys(list(codes.COUNTRIES)[:60], 5) for day in days})
    with connection.cursor() as c:
        c.execute("ANALYZE federation_publishedcell, federation_publishedcoverage, federation_periodversion")
    before = _rows_read()
    rows = read("aggregates/windows", indicator="DOWNLOADS", window="P7D").json()["observations"]
    assert {row["value"] for row in rows} == {35}
    assert _rows_read() - before == 7 * 60


def test_window_ends_before_the_first_day_that_is_not_public_yet(press, read):
    """A month that waits does not stand for its days."""
    press.publish("D", {f"2026-11-{day:02}": {"NO": 5} for day in (28, 29)})
    press.publish("D", {"2026-11-30": {}}, WAITING)
    press.publish("D", {"2026-12-01": {"NO": 100}})
    press.publish("M", {"2026-10": {}}, WAITING)
    for window in ("P7D", "P365D"):
        answer = read("aggregates/windows", indicator="DOWNLOADS", window=window).json()
        assert answer["meta"]["end"] == "2026-11-30T00:00:00.000Z"
        assert [row["value"] for row in answer["observations"]] == [10]
