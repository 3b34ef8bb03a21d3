"""A source is a process of its own; what goes wrong in it is said without what it has read."""

import base64
import contextlib
import json
import logging
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from p2p_agency import outbox
from p2p_agency.collect import adapters, command, hardening, sources
from p2p_agency.collect.adapters import AdapterError, Batch, lines
from p2p_agency.collect.counter import MOST_BLOCKS
from p2p_agency.collect.locator import Upload
from p2p_agency.collect.minutes import SILENCE
from p2p_agency.collect.sources import Message, Source
from p2p_agency.errors import MachineError, SetUpError
from p2p_agency.outbox import Outbox
from p2p_agency.settings import store
from tests.unit.agency.federation import NOTHING, as_json

UPLOAD = Upload("EDONKEY", "192.0.2.1", "f", 4, [(0, 4)], complete=True)


class Writer:
    def __init__(self):
        self.messages = []

    def send_bytes(self, sent):
        self.messages.append(sources._decoder.decode(sent))


@pytest.fixture
def run(monkeypatch):
    """The life of a source inside this process, which it must leave as it is."""
    monkeypatch.setattr(sources, "harden", list)
    monkeypatch.setattr(sources, "silence", lambda: None)
    monkeypatch.setattr(sources.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sources, "end_with_parent", lambda: None)

    def watching(watch, adapter="lines"):
        monkeypatch.setattr(adapters, "find", lambda _: watch)
        writer = Writer()
        sources._run(writer, adapter, "test", {})
        return writer.messages

    return watching


def test_transfers_are_placed_and_what_no_file_has_is_counted_as_unread(run):
    def watch():
        yield Batch([UPLOAD, Upload("EDONKEY", "192.0.2.1", "f", 4, [(0, 5)])], 2, "its queue was full")

    message, last = run(watch)
    assert [transfer.sent for transfer in message.transfers] == [[(0, 4)]]
    assert (message.unread, message.lost) == (3, "its queue was full")
    assert last.error == "It gave no reason."


@pytest.mark.parametrize(("adapter", "lost"), [("lines", False), ("torrent", True), ("amule", True)])
def test_what_cannot_be_read_loses_the_minute_unless_an_agency_wrote_it_itself(run, adapter, lost):
    def watch():
        yield Batch([Upload("EDONKEY", "192.0.2.1", "f", MOST_BLOCKS + 1, [(0, 1)])])

    message, _ = run(watch, adapter)
    assert (message.transfers, message.unread, bool(message.lost)) == ([], 1, lost)


class Panic(BaseException):
    """What a panic in Rust becomes in Python, with the message of the panic."""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (AdapterError("Set it."), "Set it."),
        (ValueError("192.0.2.1"), "ValueError"),
        (OSError(1, "192.0.2.1"), "PermissionError"),
        (Panic("192.0.2.1"), "Panic"),
    ],
)
def test_only_the_type_of_an_error_is_said_unless_an_adapter_wrote_the_message(run, error, says):
    def watch():
        raise error
        yield

    [message] = run(watch)
    assert says in message.error
    assert "192" not in message.error


def test_what_a_library_prints_by_itself_goes_nowhere():
    program = "import os; from p2p_agency.collect import hardening; hardening.silence(); print(1); os.write(2, b'1')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_traceback_of_the_process_is_not_shown(caplog):
    with caplog.at_level(logging.ERROR):
        hardening._say_type(ValueError, ValueError("192.0.2.1"), None)
    assert "ValueError" in caplog.text
    assert "192" not in caplog.text


def test_a_source_that_is_killed_says_so_and_is_started_again_after_a_pause(tmp_path):
    source = Source("a", "torrent", "test", {"folder": str(tmp_path)})
    source.start_if_due(0)
    assert "no torrents" in source.receive().error
    assert source.receive() == Message(error="It was killed.")
    source.stop(0)
    source.start_if_due(sources.PAUSE - 1)
    assert source.pipe is None
    source.start_if_due(sources.PAUSE)
    assert source.pipe is not None
    source.stop(0)


def test_a_source_that_is_just_being_started_gets_no_ctrl_c(tmp_path):
    source = Source("one", "lines", "test", {"path": str(tmp_path / "socket")})
    source.start_if_due(0)
    os.kill(source._process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert source._process.is_alive()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    source.stop(0)


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({}, "no source"),
        ({"gnutella": {}}, "names no adapter. Expected: lines, torrent, amule, qbittorrent"),
        ({"lines": 3}, "names no adapter"),
        ({"send": False}, "names no adapter"),
        ({"lines": {}}, "it lacks the setting `path`"),
        ({"lines": {"path": 5}}, "`path` must be text in quotation marks"),
        ({"amule": {"password": "x", "port": "4712"}}, "`port` must be a whole number"),
        ({"torrent": {"folder": "x", "dht": 1}}, "`dht` must be true or false"),
        ({"lines": {"path": "x", "keep": True}}, "it has no setting `keep`. Expected: path"),
        ({"lines": {"path": "a\0b"}}, "`path` has a NUL character .*Expected: text without it"),
        ({"torrent": {"folder": "a\0b"}}, "`folder` has a NUL character .*Expected: text without it"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_anything_starts(section, says):
    with pytest.raises(SetUpError, match=says):
        command._sources(section, "test")


def test_two_sources_may_have_the_same_adapter():
    section = {"one": {"adapter": "lines", "path": "a"}, "two": {"adapter": "lines", "path": "b"}}
    assert set(command._sources(section, "test")) == {"one", "two"}


def test_a_table_that_cannot_be_read_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(SetUpError, match=r"iptocc, or to the path of an \.mmdb file"):
        command._say_locations(str(tmp_path / "none.mmdb"))


def test_the_socket_of_lines_is_removed_at_the_end_and_a_named_pipe_stays(given, tmp_path, monkeypatch):
    socket, pipe = tmp_path / "lines", tmp_path / "pipe"
    os.mkfifo(pipe)

    class Collector:
        def __init__(self, *_):
            lines._listen(str(socket)).close()

        def run(self):
            sys.exit()

    monkeypatch.setattr(command, "Collector", Collector)
    for name in ("_log", "harden", "_keep_sending"):
        monkeypatch.setattr(command, name, lambda *_: ())
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    section = {path.name: {"adapter": "lines", "path": str(path)} for path in (socket, pipe)}
    with pytest.raises(SystemExit):
        command.run(replace(given, sections={"collect": {"locations": "test", **section}}))
    assert [socket.exists(), pipe.exists()] == [False, True]


def test_a_second_collector_with_the_same_settings_is_refused_until_the_first_has_ended(tmp_path):
    lock = command._lock(tmp_path / "collect.lock")
    with pytest.raises(MachineError, match=r"Another collector is running .* must run only one collector"):
        command._lock(tmp_path / "collect.lock")
    lock.close()
    command._lock(tmp_path / "collect.lock").close()
    with pytest.raises(MachineError, match="cannot be locked"):
        command._lock(tmp_path)


@pytest.fixture
def counting(federation, given, monkeypatch):
    """Runs the command inside this process, with something to do instead of counting, which gets how to add."""
    for name in ("_log", "_keep_sending"):
        monkeypatch.setattr(command, name, lambda *_: None)
    monkeypatch.setattr(command, "harden", list)
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    object.__setattr__(given, "sections", {"collect": {"locations": "test", "lines": {"path": "x"}}})

    def run(act):
        def collector(_sources, _state, add, *_rest):
            return SimpleNamespace(run=lambda: act(add))

        monkeypatch.setattr(command, "Collector", collector)
        command.run(given)

    return run


def test_the_command_refuses_to_run_twice(counting):
    def again(_add):
        with pytest.raises(MachineError, match="Another collector is running"):
            counting(None)

    counting(again)


def test_counting_does_not_wait_long_for_an_outbox_that_another_process_uses(given, counting):
    def add_while_locked(add):
        with contextlib.closing(sqlite3.connect(given.outbox, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with pytest.raises(MachineError, match="database is locked"):
                add(b"{}")
            assert time.monotonic() - began < SILENCE / 2

    counting(add_while_locked)


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

    def send(*actions, offset=float):
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
        with pytest.raises(EnoughError):
            command._send(given, writer, offset)
        writer.close()
        opened[0].close()
        return list(_rest(reader))

    return send


@pytest.mark.parametrize("ahead", [0, -3600, 60])
def test_the_sender_compares_the_clocks_at_once_and_tells_the_collector(federation, sender, ahead):
    federation.ahead = ahead
    assert sender(list, list) == [[0.0, pytest.approx(ahead, abs=2)]]


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
