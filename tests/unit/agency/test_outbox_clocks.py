"""How long the outbox keeps what was accepted, and what wrong clocks delete: nothing."""

import time

import pytest

from p2p_agency import outbox as outboxes
from p2p_agency.errors import AwayError
from tests.unit.agency.federation import federation_is_away, submission


def test_outbox_keeps_answered_submissions_fourteen_days_and_waiting_ones_for_ever(outbox, client, monkeypatch):
    outbox.add(submission(0))
    outbox.send(client)
    day = 86_400
    later = time.time() + 13.9 * day
    monkeypatch.setattr(outboxes.time, "time", lambda: later)
    outbox.send(client)
    assert outbox.count() == {"accepted": 1}
    outbox.add(submission(1))
    later += 0.2 * day
    federation_is_away(client)
    with pytest.raises(AwayError):
        outbox.send(client)
    later += 900 * day
    assert outbox.count() == {"accepted": 1, "waiting": 1}
    del client._send
    outbox.send(client, at_once=True)
    assert outbox.count() == {"accepted": 1}


def test_clock_that_is_ahead_deletes_nothing(outbox, client, federation, monkeypatch):
    outbox.add(submission(0))
    outbox.send(client)
    ahead = time.time() + 15 * 86_400
    monkeypatch.setattr(outboxes.time, "time", lambda: ahead)
    federation.ahead = -15 * 86_400
    outbox.send(client)
    assert outbox.count() == {"accepted": 1}, "no answer has said what time it is"
    outbox.add(submission(1))
    outbox.send(client)
    assert outbox.count() == {"accepted": 2}


def test_clock_that_was_behind_deletes_nothing_after_it_was_set(outbox, client, federation, monkeypatch):
    month = 30 * 86_400
    outbox.add(submission(0))
    with monkeypatch.context() as patch:
        behind = time.time() - month
        patch.setattr(outboxes.time, "time", lambda: behind)
        federation.ahead = month
        outbox.send(client)
    federation.ahead = 0
    outbox.add(submission(1))
    outbox.send(client)
    assert outbox.count() == {"accepted": 2}


def test_clock_that_is_set_after_an_answer_deletes_nothing(outbox, client, monkeypatch):
    def set_clock(_):
        later = time.time() + 30 * 86_400
        monkeypatch.setattr(outboxes.time, "time", lambda: later)

    outbox.add(submission())
    outbox.send(client, on_settled=set_clock)
    assert outbox.count() == {"accepted": 1}
