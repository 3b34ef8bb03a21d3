"""What people see who do something wrong, or whose machine fails: what is wrong, what to do, and an exit code."""

import os
import signal
import socket
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import click.testing
import pytest

from p2p_agency import files, settings, watch
from p2p_agency.cli import main
from tests.integration.processes import ROOT, eventually
from tests.unit.agency.conftest import know
from tests.unit.agency.federation import as_json

ROW = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n"


@pytest.fixture
def run(machine):
    def run_command(*words, told=None):
        words = ["--config", str(machine), *map(str, words)]
        done = click.testing.CliRunner().invoke(main, words, input=told, catch_exceptions=False)
        return done.exit_code, done.output

    return run_command


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.csv"
    path.write_text(ROW)
    return path


def program(machine, *words, **more):
    command = [sys.executable, "-m", "p2p_agency", "--config", str(machine), *map(str, words)]
    # Output that is not buffered hides what happens to the rest of it at the end.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, **more)


@pytest.mark.parametrize("quiet", ["nan", "0.5", "-1"])
def test_seconds_that_no_file_can_rest_are_refused(run, tmp_path, monkeypatch, quiet):
    monkeypatch.setattr(watch.Watch, "look", lambda _: pytest.fail("It watches."))
    code, output = run("watch", f"--quiet={quiet}", tmp_path)
    assert (code, "Invalid value for '--quiet'" in output) == (2, True)


FILES = {
    "missing": ("missing.csv", None, 5, "No such file or directory. Check its name"),
    "empty": ("empty.csv", b" \n", 1, "empty.csv is empty. Save it again"),
    "an empty workbook": ("empty.xlsx", b"", 1, "empty.xlsx is empty. Save it again"),
    "text as a workbook": (
        "counts.xlsx",
        b"<html>",
        1,
        "counts.xlsx is not a workbook. Open it in a spreadsheet program",
    ),
    "a broken workbook": ("counts.ods", b"PK\x03\x04\xff", 1, "This is not a workbook that can be read. Save it as"),
    "binary": ("counts.csv", b"\x00\xff" * 99, 1, "a NUL character"),
    "wrong encoding": ("counts.json", b'{"indicator": "\xe9"}', 1, "Encode the body as UTF-8"),
    "another kind": ("counts.txt", b"", 1, "Give a file whose name ends with .xlsx, .ods, .csv, .json"),
    "an old workbook": (
        "counts.XLS",
        b"\xd0\xcf\x11\xe0",
        1,
        "counts.XLS cannot be read. Open it in a spreadsheet program",
    ),
    "deep": ("counts.json", b"[" * 99_999, 1, "The body is not JSON"),
}


@pytest.mark.parametrize("command", ["check", "send"])
@pytest.mark.parametrize(("name", "content", "code", "words"), FILES.values(), ids=FILES)
def test_files(run, tmp_path, command, name, content, code, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    exit_code, output = run(command, tmp_path / name)
    assert (exit_code, words in output) == (code, True), output


NOT_TEXT = b"\xff"


@pytest.mark.parametrize(
    ("words", "told"),
    [(("withdraw", NOT_TEXT, "H", "2026-11-24T09:00"), b""), (("withdraw", "DOWNLOADS", "H", NOT_TEXT), b""),
     (("init", "--address", "https://a.example", "--id", NOT_TEXT), b"secret\n"),
     (("init", "--address", "https://a.example"), b"\xff\nsecret\n")],
    ids=["indicator", "period", "id", "answer"],
)  # fmt: skip
def test_octets_that_are_not_text_are_refused(machine, words, told):
    command = [sys.executable, "-m", "p2p_agency", "--config", str(machine), *words]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(command, cwd=ROOT, env=environment, input=told, capture_output=True, check=False)
    assert (done.returncode, b"has characters that are not text. Write it again" in done.stderr) == (2, True), done


def test_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(files._LARGEST + 1)
    tracemalloc.start()
    with pytest.raises(files.RefusedError, match=r"larger than 512 MiB. Divide it"):
        files.load(tmp_path / "huge.csv")
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_file_without_an_end_is_refused(run, tmp_path, make):
    make(tmp_path / "a.csv")
    code, output = run("check", tmp_path / "a.csv")
    assert (code, "a.csv is not an ordinary file. Copy what it contains into one." in output) == (1, True)


def test_file_that_is_locked_or_unreadable(report, monkeypatch):
    def open_it(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", open_it)
    with pytest.raises(files.MachineError, match="If it is open in another program, close it there"):
        files.load(report)


def test_file_that_vanishes_while_it_is_read(run, report, monkeypatch):
    def open_and_remove(path, *words, real=Path.open, **more):
        opened = real(path, *words, **more)
        if path == report:
            path.unlink()
        return opened

    monkeypatch.setattr("pathlib.Path.open", open_and_remove)
    code, output = run("send", report)
    assert (code, "Accepted: 1 report." in output, report.exists()) == (0, True, False), output


def test_workbooks_are_written_where_they_can_be_found_again(run, tmp_path):
    code, output = run("template", tmp_path / "counts")
    assert (code, "Give a name that ends with .xlsx" in output) == (1, True)
    code, output = run("template", tmp_path / "none" / "counts.xlsx")
    assert (code, "in a folder that exists and in which you may write" in output) == (5, True)


def test_workbook_for_which_the_disk_has_no_room_is_not_left_half_written(tmp_path, monkeypatch):
    def open_full(path, mode, real=Path.open):
        real(path, mode).close()
        return real(Path("/dev/full"), "wb")

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.open", open_full)
        with pytest.raises(files.MachineError, match=r"No space left.* Check that the disk has free space"):
            files.write_new(tmp_path / "a.xlsx", b"content")
    files.write_new(tmp_path / "a.xlsx", b"content")
    assert (tmp_path / "a.xlsx").read_bytes() == b"content"


def test_address_at_which_nobody_or_another_program_answers(run, federation):
    code, output = run("init", told="http://127.0.0.1:1\nNO-KRIPOS.1\nsecret\n")
    assert (code, "no program answers at this address. Check the address" in output) == (3, True)
    port = federation.address.rpartition(":")[2]
    code, output = run("init", told=f"https://127.0.0.1:{port}\nNO-KRIPOS.1\nsecret\n")
    assert (code, "SSL" in output, "and the clock of this machine." in output) == (3, True, True)


def test_credential_that_ended_leaves_what_waits(run, federation, report, monkeypatch):
    monkeypatch.setitem(federation.__dict__, "answer", lambda *_: as_json(401, {"error": "invalid_client"}))
    code, output = run("send", report)
    assert (code, "has ended or was revoked: ask your coordinator" in output) == (4, True)
    assert "Your reports stay in the outbox." in output


def test_fault_of_the_federation_is_no_fault_of_the_agency(run, federation):
    federation.problem(500, "internal_error")
    assert run("answer", "7", "confirmed")[0] == 3


@pytest.mark.parametrize(
    ("proxy", "code", "words"),
    [("ftp://a.example", 4, "The address of the proxy of this machine is wrong"),
     ("http://127.0.0.1:1", 3, "the proxy of this machine cannot be used")],
)  # fmt: skip
def test_proxy_that_is_wrong(run, monkeypatch, proxy, code, words):
    monkeypatch.setenv("https_proxy", proxy)
    exit_code, output = run("init", told="https://federation.example\nNO-KRIPOS.1\nsecret\n")
    assert (exit_code, words in output) == (code, True), output


def test_settings_that_cannot_be_written_or_read(tmp_path, federation):
    def run_at(path, *words, told=None):
        return click.testing.CliRunner().invoke(main, ["--config", str(path), *words], input=told)

    done = run_at("/dev/null/settings.toml", "init", told=f"{federation.address}\nNO-KRIPOS.1\nsecret\n")
    assert (done.exit_code, "that you may write there" in done.output) == (5, True)
    done = run_at(tmp_path, "status")
    assert (done.exit_code, "Check the name after --config" in done.output) == (4, True)


def test_time_zone_that_this_machine_lacks(run, report, federation, tmp_path):
    setup = {"valid_from": "2020-01-01", "time_zone": "Europe/Atlantis", "local_days": False}
    federation.public["/api/v1/agencies/"] = {"agencies": [{"code": "NO-KRIPOS", "setups": [setup]}]}
    know(tmp_path, time_zone="Europe/Atlantis")
    for words in (("check", report), ("send", report), ("template", tmp_path / "counts.xlsx")):
        code, output = run(*words)
        assert (code, "Install the time zones of your system" in output) == (4, True), words


def test_report_of_one_agency_is_not_sent_as_another(run, report, machine, federation):
    federation.answers.append((503, {}, b"{}"))
    assert run("send", "--wait", "0", report)[0] == 3
    settings.store(machine, {"client_id": "SE-NOA.1"})
    code, output = run("send")
    assert (code, "belongs to NO-KRIPOS, and the settings name SE-NOA" in output, federation.stored) == (4, True, {})
    settings.store(machine, {"client_id": "NO-KRIPOS.2"})
    assert (run("send")[0], len(federation.stored)) == (0, 1)


def test_file_that_is_named_twice_is_counted_once(run, report):
    assert run("send", report, report)[1].startswith("Accepted: 1 report.")


def test_nothing_found_is_said(run):
    assert run("findings") == (0, "No finding has the state open.\n")


def test_interruption_says_that_nothing_is_lost(machine, report):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.store(machine, {"address": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        waiting = program(machine, "send", report)
        connection, _ = silent.accept()
        with connection:
            time.sleep(0.1)
            waiting.send_signal(signal.SIGINT)
            _, told = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert told.strip() == "Error: Interrupted. Nothing is lost: run the same command again."


@pytest.mark.verify
def test_two_programs_may_watch_one_folder(machine, federation, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    both = [program(machine, "watch", "--quiet", "1", folder, stdout=subprocess.PIPE) for _ in range(2)]
    for number in range(10):
        (folder / f"{number}.csv").write_text(ROW.replace("T09", f"T{number:02}"))
        time.sleep(0.3)
    assert eventually(lambda: len(list(folder.glob("*.result.txt"))) == 10)
    for one in both:
        one.send_signal(signal.SIGINT)
    ended = [(*one.communicate(timeout=60), one.returncode) for one in both]
    assert [(told.strip(), code) for _, told, code in ended] == [
        ("Error: Interrupted. Nothing is lost: run the same command again.", 130)
    ] * 2
    assert len(federation.stored) == 10
    assert {path.read_text() for path in folder.glob("*.result.txt")} == {
        "Accepted: 1 report.\n        1 put into use\n"
    }, ended


def test_output_that_cannot_be_written(machine, report):
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        failing = program(machine, "check", report, stdout=full)
        _, told = failing.communicate()
    assert (failing.returncode, "Traceback" in told, "Check that the disk has free space" in told) == (
        5,
        False,
        True,
    ), told
    reader, writer = os.pipe()
    os.close(reader)
    failing = program(machine, "check", report, stdout=writer)
    os.close(writer)
    assert (failing.communicate()[1], failing.returncode) == ("", 1)


#: Modules that only POSIX has.
ELSEWHERE = """
import pkgutil, signal, sys
from pathlib import Path
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty"):
    sys.modules[name] = None
for name in ("SIGIO", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGALRM"):
    delattr(signal, name)
import p2p_agency, p2p_core
for package in (p2p_agency, p2p_core):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        __import__(module.name)
from p2p_agency import watch
assert watch._is_open(Path(sys.argv[1])) is None
from p2p_agency.cli import main
main(["--config", sys.argv[2], "check", sys.argv[1]])
"""


def test_nothing_needs_linux(machine, report):
    command = [sys.executable, "-c", ELSEWHERE, str(report), str(machine)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith("No faults: 1 report,")) == (0, True), done.stderr


def test_reference_is_read_before_the_report_is_judged(run, federation, report):
    federation.public["/api/v1/indicators/"] = {"indicators": [{"code": "HELP_VISITS", "name": "Visits"}]}
    code, output = run("send", report)
    assert (code, "unknown_indicator" in output) == (1, True)
