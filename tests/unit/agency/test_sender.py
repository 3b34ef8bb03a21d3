"""The sender of the collector: it compares clocks, says outages once, and is started again."""

import base64
import contextlib
import json
import multiprocessing
import signal
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from p2p_agency import outbox
from p2p_agency.collect import command
from p2p_agency.outbox import Outbox
from p2p_agency.settings import store
from tests.unit.agency.federation import NOTHING, as_json


def keep(given, body):
    with contextlib.closing(Outbox(given.outbox)) as outbox:
        outbox.add(body)


class EnoughError(Exception):
    """Ends the sender."""


def _rest(reader):
    with contextlib.suppress(EOFError):
        while True:
            yield json.loads(reader.recv_bytes())


@pytest.fixture
def sender(given, monkeypatch):
    """Runs the sender inside this process, with something to do after each look; gives what it tells of the clock."""
    for name in ("_log", "harden", "end_with_parent"):
        monkeypatch.setattr(command, name, lambda: None)
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)

    def send(*actions, offset=float, is_heard=True):
        pauses = iter(actions)

        def sleep(_seconds):
            action = next(pauses, None)
            if action is None:
                raise EnoughError
            action()

        opened = []
        monkeypatch.setattr(command.time, "sleep", sleep)
        monkeypatch.setattr(command, "Outbox", lambda path: opened.append(Outbox(path)) or opened[0])
        reader, writer = multiprocessing.Pipe(duplex=False)
        if not is_heard:
            reader.close()
        with pytest.raises(EnoughError) if is_heard else contextlib.nullcontext():
            command._send(given, writer, offset)
        writer.close()
        opened[0].close()
        return list(_rest(reader)) if is_heard else None

    return send


@pytest.mark.parametrize("ahead", [0, -3600, 60])
def test_the_sender_compares_the_clocks_at_once_and_tells_the_collector(federation, sender, ahead):
    federation.ahead = ahead
    assert sender(list, list) == [[0.0, pytest.approx(ahead, abs=2)]]


def test_sender_ends_without_an_error_after_the_collector(federation, sender):
    federation.ahead = 60
    assert sender(list, is_heard=False) is None


def test_a_clock_that_is_set_during_a_comparison_is_compared_again(sender):
    offsets = iter([0.0, 5.0])
    assert [offset for offset, _ in sender(list, list, offset=lambda: next(offsets, 5.0))] == [5.0]


def test_each_answer_compares_the_clocks_and_a_token_is_asked_for_if_there_is_none(
    federation, given, sender, monkeypatch
):
    now = 1000.0
    monkeypatch.setattr(command, "time", SimpleNamespace(monotonic=lambda: now, sleep=None))

    def report():
        keep(given, b'{"reports": []}')

    def wait():
        nonlocal now
        now += command._COMPARE

    assert len(sender(report, list, wait, list)) == 3
    assert [path for path, _, _ in federation.asked if "token" not in path] == ["/api/v1/submissions/"]


def test_nothing_is_told_of_the_clock_while_the_federation_does_not_answer_and_the_reason_is_said_once(
    given, sender, caplog
):
    object.__setattr__(given, "address", "http://127.0.0.1:9")
    assert sender(list, list, list) == []
    assert caplog.text.count("Reports wait. http://127.0.0.1:9 cannot be reached") == 1


def test_an_outage_that_begins_between_two_comparisons_is_said_once_and_said_again_if_it_comes_back(
    federation, given, sender, caplog, monkeypatch
):
    """The outbox waits longer after each attempt, and does nothing meanwhile."""
    now, away = 1000.0, [(503, {}, b"{}")] * 100
    monkeypatch.setattr(command, "time", SimpleNamespace(monotonic=lambda: now, sleep=None))
    monkeypatch.setattr(outbox.time, "monotonic", lambda: now)

    def look(*, answers=None):
        nonlocal now
        now += command._LOOK
        if answers is not None:
            federation.answers[:] = answers

    def begin():
        keep(given, b'{"reports": [], "prepared": "%d"}' % now)
        look(answers=away)

    def end():
        nonlocal now
        now += 300
        look(answers=[])

    sender(begin, *[look] * 20, end, look, begin, *[look] * 20)
    assert caplog.text.count("Reports wait. ") == 2


@pytest.mark.parametrize(("outcome", "warned"), [("current", 0), ("held", 0), ("unchanged", 1), ("superseded", 1)])
def test_another_collector_of_the_agency_is_noticed_by_the_outcome_of_a_minute(
    federation, outbox, sender, caplog, outcome, warned
):
    receipt = federation.receipt("key", b'{"reports": [{}]}')
    federation.answers.append(as_json(202, {**receipt, "outcomes": {**NOTHING, outcome: 1}}))
    outbox.add(b'{"reports": [{}]}')
    sender(list)
    assert caplog.text.count("only one collector") == warned


def test_a_collector_that_ends_waits_until_its_sender_has_started(given, tmp_path, monkeypatch):
    """Otherwise Python would wait for a process that is half started, and this process for Python."""
    began, started = threading.Event(), []

    class Process:
        def start(self):
            began.set()
            time.sleep(0.3)
            started.append(self)

        def join(self):
            threading.Event().wait(0.5)

    class Collector:
        run = staticmethod(lambda: began.wait(60) and sys.exit())

    monkeypatch.setattr(command, "Collector", lambda *_: Collector)
    for name in ("_log", "harden"):
        monkeypatch.setattr(command, name, lambda *_: ())
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(
        command.multiprocessing, "get_context", lambda _: SimpleNamespace(Process=lambda **_: Process())
    )
    section = {"locations": "test", "lines": {"path": str(tmp_path / "lines")}}
    with pytest.raises(SystemExit):
        command.run(replace(given, sections={"collect": section}))
    assert len(started) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_sender_is_started_again_whatever_ended_it_until_the_collector_stops(monkeypatch, caplog, number):
    stopping, started = threading.Event(), []

    class Process:
        exitcode = -number

        def __init__(self, **_):
            started.append(self)

        def start(self):
            pass

        def join(self):
            if len(started) == 3:
                stopping.set()

    monkeypatch.setattr(command, "PAUSE", 0.01)
    monkeypatch.setattr(command.multiprocessing, "get_context", lambda _: SimpleNamespace(Process=Process))
    command._keep_sending(None, None, None, stopping, threading.Lock())
    assert (len(started), caplog.text.count("It is started again")) == (3, 2)


def test_the_sender_uses_a_new_credential_without_a_new_start(federation, given, outbox, sender, monkeypatch):
    """As `p2p-agency init` stores it."""
    answer, known = federation.answer, basic("NO-KRIPOS.2:new")

    def answer_to_the_new_one(path, headers, body):
        if "token" in path and headers["Authorization"] != known:
            return as_json(401, {"error": "invalid_client"})
        return answer(path, headers, body)

    monkeypatch.setattr(federation, "answer", answer_to_the_new_one)
    values = {"address": given.address, "client_id": "NO-KRIPOS.1", "client_secret": "secret"}
    store(given.path, values)
    key = outbox.add(b'{"reports": [{}]}')
    sender(lambda: store(given.path, values | {"client_id": "NO-KRIPOS.2", "client_secret": "new"}), *[wait] * 6)
    assert [one.state for one in outbox.get([key])] == ["accepted"]


def basic(pair):
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def wait(real=time.sleep):
    """Longer than an outbox waits after one or two faults."""
    real(0.5)
