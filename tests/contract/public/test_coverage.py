"""Coverage: the state of each expected agency in each period."""

from dataclasses import replace

import pytest

from api import caching
from tests.contract.public.press import WAITING, Covered
from tests.factories import AgencyFactory


@pytest.fixture
def agencies(db):
    return [AgencyFactory.create(code=code).id for code in ("SE-NOA", "NO-KRIPOS")]


def test_each_expected_agency_has_a_state(press, read, agencies):
    swedes, norwegians = agencies
    states = {swedes: "late", norwegians: "partial"}
    version = press.publish("D", {"2026-11-01": {}}, Covered(reporting=1, covered=1, owed=4, status="P", states=states))
    answer = read("coverage").json()
    assert answer["meta"]["version"] == version
    assert answer["coverage"] == [
        {
            "period": "2026-11-01",
            "agencies_expected": 2,
            "agencies_reporting": 1,
            "time_coverage": 0.25,
            "status": "P",
            "agencies": [{"agency": "NO-KRIPOS", "state": "partial"}, {"agency": "SE-NOA", "state": "late"}],
        }
    ]
    assert answer["next"] is None


def test_a_period_that_is_not_public_yet_says_for_whom_it_waits(press, read, agencies, monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", -1)
    swedes, norwegians = agencies
    states = {swedes: "awaited", norwegians: "reported"}
    press.publish("D", {"2026-11-01": {}}, replace(WAITING, states=states, awaited=(swedes,)))
    [row] = read("coverage").json()["coverage"]
    assert (row["status"], row["agencies_awaited"], row["awaited_until"]) == ("O", 1, "2026-11-04T21:00:00.000Z")
    assert row["agencies"] == [
        {"agency": "NO-KRIPOS", "state": "reported"},
        {"agency": "SE-NOA", "state": "awaited", "awaited": True},
    ]
    press.publish("D", {"2026-11-01": {"NO": 5}}, Covered(states=states))
    [row] = read("coverage").json()["coverage"]
    assert (row["status"], set(row) & {"agencies_awaited", "awaited_until"}) == ("A", set())


def test_period_that_nobody_was_expected_in_has_no_agencies(press, read):
    press.publish("D", {"2026-11-01": {}}, Covered(expected=0, reporting=0, covered=0, owed=0, status="P", states={}))
    (row,) = read("coverage").json()["coverage"]
    assert (row["agencies"], row["time_coverage"]) == ([], None)


def test_coverage_is_there_at_hours_too(press, read, agencies):
    press.publish("H", {"2026-11-01T10:00": {}}, Covered(states=dict.fromkeys(agencies, "reported")))
    answer = read("coverage", frequency="H", start="2026-11-01T00:00", end="2026-11-01T23:00").json()
    assert [row["period"] for row in answer["coverage"]] == ["2026-11-01T10:00"]
