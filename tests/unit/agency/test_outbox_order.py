"""Which submission goes first after one could not be sent."""

import pytest

from p2p_agency.errors import AwayError
from tests.unit.agency.federation import submission


def test_oldest_goes_first_also_after_a_failure(outbox, client, federation):
    keys = [outbox.add(submission(number)) for number in range(4)]
    for _ in range(2):
        federation.problem(503, "busy")
        with pytest.raises(AwayError):
            outbox.send(client, at_once=True)
    outbox.send(client, at_once=True)
    assert list(federation.stored) == keys


ANSWERS_OF_A_PROXY = [
    (status, {"Content-Type": "text/html"}, b"<h1>No</h1>") for status in (400, 403, 413, 500, 502, 504)
]


@pytest.mark.parametrize("refusal", ANSWERS_OF_A_PROXY, ids=lambda refusal: refusal[0])
def test_submissions_that_a_proxy_does_not_let_through_do_not_stop_others(
    outbox, client, federation, monkeypatch, refusal
):
    keys = [outbox.add(submission(number)) for number in range(5)]
    answer = federation.answer

    def answer_or_refuse(path, headers, body):
        stopped = headers.get("Idempotency-Key") in (keys[0], keys[2])
        return refusal if stopped else answer(path, headers, body)

    monkeypatch.setattr(federation, "answer", answer_or_refuse)
    for _ in range(3):
        with pytest.raises(AwayError):
            outbox.send(client, at_once=True)
        assert outbox.wait_left() > 0
    assert list(federation.stored) == [keys[1], keys[3], keys[4]]


def test_federation_that_gives_no_token_keeps_the_order(outbox, client, federation, monkeypatch):
    keys = [outbox.add(submission(number)) for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(federation, "answer", lambda *_: (502, {}, b"<h1>No</h1>"))
        for _ in range(2):
            with pytest.raises(AwayError):
                outbox.send(client, at_once=True)
    outbox.send(client, at_once=True)
    assert list(federation.stored) == keys
