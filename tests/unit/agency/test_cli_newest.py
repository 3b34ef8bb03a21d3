"""The commands about the newest report of a period: send it again, or withdraw it."""

import json
import time
from datetime import datetime

import pytest

from tests.unit.agency.federation import RECEIVED, as_json


@pytest.fixture
def newest(agency, file, federation):
    """Commands whose reports must be the newest."""

    def withdraw():
        figure = {"period": "2026-11-01", "source": "reported", "observations": [{"value": 1}]}
        federation.answers.append(as_json(200, {"figures": [figure], "next": None}))
        return agency("withdraw", "DOWNLOADS", "D", "2026-11-01", "--yes")

    return {"withdraw": withdraw, "send --again": lambda: agency("send", "--again", file)}


def superseded(*_):
    return {"id": "1", "received": RECEIVED, "report_count": 1, "outcomes": {"superseded": 1}, "findings": []}


@pytest.mark.parametrize("ahead", [600, 0, -600])
@pytest.mark.parametrize("name", ["withdraw", "send --again"])
def test_newest_report_has_the_time_of_the_federation(newest, federation, name, ahead):
    federation.ahead = ahead
    assert newest[name]()[0] == 0
    [body] = map(json.loads, federation.stored.values())
    # In the five minutes after the receipt, the federation takes the time of the receipt.
    late = datetime.fromisoformat(body["prepared"]).timestamp() - (time.time() + ahead)
    assert -1 < late < 3


@pytest.mark.parametrize("name", ["withdraw", "send --again"])
def test_newest_report_that_another_one_replaced_is_a_failure(newest, federation, monkeypatch, name):
    monkeypatch.setattr(federation, "receipt", superseded)
    code, output = newest[name]()
    assert (code, "Error: Not all of this was done: for some periods, a report" in output) == (1, True)


def test_withdraw_shows_what_it_takes_back_and_asks(agency, federation):
    def figure(day, source, value):
        return {"period": f"2026-11-{day:02}", "source": source, "observations": [{"value": value}] * 2}

    figures = [figure(1, "reported", 600), figure(2, "derived", 7), figure(3, "reported", 1)]
    federation.answers.append(as_json(200, {"figures": figures[:2], "next": None}))
    assert "Withdraw 1 report?" in agency("withdraw", "DOWNLOADS", "D", "2026-11-01", "2026-11-02", told="n\n")[1]
    federation.answers.append(as_json(200, {"figures": figures, "next": None}))
    code, output = agency("withdraw", "DOWNLOADS", "D", "2026-11-01", "2026-11-03", told="n\n")
    assert "DOWNLOADS 2026-11-01: 1,200\nDOWNLOADS 2026-11-03: 2\nWithdraw 2 reports?" in output
    assert (code, federation.stored) == (1, {})
    assert "start=2026-11-01&end=2026-11-03" in federation.asked[-1][0]
    federation.answers.append(as_json(200, {"figures": figures, "next": None}))
    assert agency("withdraw", "DOWNLOADS", "D", "2026-11-01", "2026-11-03", "--yes")[0] == 0
    [body] = map(json.loads, federation.stored.values())
    assert [(one["period"], one["withdrawn"]) for one in body["reports"]] == [
        ("2026-11-01", True),
        ("2026-11-03", True),
    ]
    federation.answers.append(as_json(200, {"figures": [figures[1]], "next": None}))
    code, output = agency("withdraw", "DOWNLOADS", "D", "2026-11-02", told="y\n")
    assert (code, "No report of this frequency is in use" in output) == (1, True)
    assert "If a report is held, this command cannot withdraw it: send a row for its period with D" in output


def test_file_that_another_report_replaced_is_no_failure(agency, file, federation, monkeypatch):
    monkeypatch.setattr(federation, "receipt", superseded)
    assert agency("send", file)[0] == 0
    assert agency("send", "--again")[0] == 0
