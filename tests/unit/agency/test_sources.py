"""A source is a process of its own; what goes wrong in it is said without what it has read."""

import contextlib
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from p2p_agency.collect import adapters, command, hardening, sources
from p2p_agency.collect.adapters import AdapterError, Batch, lines
from p2p_agency.collect.counter import MOST_BLOCKS
from p2p_agency.collect.locator import Upload
from p2p_agency.collect.minutes import SILENCE
from p2p_agency.collect.sources import Message, Source
from p2p_agency.errors import MachineError, SetUpError

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
