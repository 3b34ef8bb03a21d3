"""Coverage: where each expected agency stands, per period."""

import pytest

from api.throttling import costs, rates
from tests.contract.public.press import Covered
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


def test_period_that_nobody_was_expected_in_has_no_agencies(press, read):
    press.publish("D", {"2026-11-01": {}}, Covered(expected=0, reporting=0, covered=0, owed=0, status="P", states={}))
    (row,) = read("coverage").json()["coverage"]
    assert (row["agencies"], row["time_coverage"]) == ([], None)


def test_coverage_is_there_at_hours_too(press, read, agencies):
    press.publish("H", {"2026-11-01T10:00": {}}, Covered(states=dict.fromkeys(agencies, "reported")))
    answer = read("coverage", frequency="H", start="2026-11-01T00:00", end="2026-11-01T23:00").json()
    assert [row["period"] for row in answer["coverage"]] == ["2026-11-01T10:00"]


def test_states_are_paid_for(press, read, settings, monkeypatch):
    """Each costs half of what the address may ask for, which is the most, and the request."""
    settings.RATES = {**settings.RATES, rates.PUBLIC_PER_ADDRESS.name: 20}
    monkeypatch.setattr(costs, "OBSERVATIONS", 1)
    press.publish("D", {f"2026-11-0{day}": {"NO": 5} for day in (1, 2, 3)})
    assert read("coverage").status_code == 200
    refused = read("coverage", end="2026-11-29")
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert read("networks").status_code == 200
