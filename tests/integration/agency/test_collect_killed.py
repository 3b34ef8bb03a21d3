"""Collectors that are killed 208 times, one whose clock is wrong, and one that is protected."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from p2p_core.codes import COUNTRIES, NETWORKS
from tests.integration.agency.agencies import Agency, client_of_lines, line_of, other_clock, stop
from tests.integration.processes import ROOT, eventually
from tests.unit.agency import federation as federations

pytestmark = pytest.mark.verify

CELL = COUNTRIES["NO"], NETWORKS["EDONKEY"]
#: A minute lasts three seconds.
FACTOR = 20


class Machine:
    """An agency with a federation of its own, and a client that knows how many downloads it has told in each minute."""

    def __init__(self, folder: Path, federation: federations.Federation, chance: random.Random) -> None:
        self.path, self.federation, self.chance = folder / "lines.sock", federation, chance
        self.agency = Agency(folder / "agency", federation.address, {"lines": {"path": str(self.path)}}, [CELL])
        self.settings = self.agency.folder / "settings.toml"
        self.told: Counter[int] = Counter()
        self.process, self.ends, self.kills = 0, 0.0, 0

    def start(self, forks: Any) -> None:
        forks.stdin.write(f"{self.settings} {self.agency.log} {FACTOR}\n")
        forks.stdin.flush()
        self.process = int(forks.stdout.readline())
        self.ends = time.monotonic() + self.chance.uniform(0.2, 8)

    def kill(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        self.kills += 1

    def reports(self) -> list[Any]:
        """All reports that the federation has."""
        return [report for body in self.federation.stored.values() for report in json.loads(body)["reports"]]

    def minutes(self) -> list[int]:
        periods = [datetime.fromisoformat(f"{report['period']}Z") for report in self.reports()]
        return [int(period.timestamp() // 60) for period in periods]

    def has_sent_all(self) -> bool:
        there = self.minutes()
        return len(there) == len(self.agency.reports()) and self.agency.state().get("reported") in there

    def ends_with_all_sent(self) -> bool:
        """Kill it if the federation has all. It is stopped meanwhile, so that no minute ends after the look."""
        os.kill(self.process, signal.SIGSTOP)
        if ended := self.has_sent_all():
            self.kill()
        else:
            os.kill(self.process, signal.SIGCONT)
        return ended

    def feed(self, over: threading.Event) -> None:
        """Tell downloads, but none near the ends of a minute, so that the minute of each of them is known."""
        since = self.settings.stat().st_mtime
        while not over.is_set():
            with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
                client.connect(str(self.path))
                while not over.wait(0.1):
                    minute, second = divmod(other_clock(0, FACTOR, since), 60)
                    if 10 <= second < 35:
                        self.told[int(minute)] += 1
                        client.sendall(line_of(f"2001:db8::{self.told.total():x}:1"))
                    client.sendall(b"\n")
            over.wait(0.05)


@contextmanager
def _machines(folder: Path, number: int) -> Iterator[list[Machine]]:
    over = threading.Event()
    with ExitStack() as stack:
        running = [stack.enter_context(federations.running()) for _ in range(number)]
        machines = [Machine(folder / f"{n}", one, random.Random(n)) for n, one in enumerate(running)]
        feeders = [threading.Thread(target=machine.feed, args=(over,)) for machine in machines]
        for feeder in feeders:
            feeder.start()
        try:
            yield machines
        finally:
            for machine in machines:
                with suppress(ProcessLookupError):
                    machine.kill()
            over.set()
            for feeder in feeders:
                feeder.join()


@contextmanager
def _forks() -> Iterator[Any]:
    command = [sys.executable, "-m", "tests.integration.agency.forks"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        yield forks


def test_200_kills_lose_only_minutes_that_are_missing_and_double_nothing(tmp_path):
    """Each report has all downloads of its minute, once. The client knows how many these are."""
    with _machines(tmp_path, 16) as machines, _forks() as forks:
        for machine in machines:
            machine.start(forks)
        while left := [machine for machine in machines if machine.kills < 13]:
            machine = min(left, key=lambda one: one.ends)
            time.sleep(max(0, machine.ends - time.monotonic()))
            machine.kill()
            machine.start(forks)
        for machine in machines:
            assert eventually(machine.ends_with_all_sent)
    reported = 0
    for machine in machines:
        minutes = machine.minutes()
        reported += len(minutes)
        assert len(set(minutes)) == len(minutes)
        counts = [sum(cell["value"] for cell in report["observations"]) for report in machine.reports()]
        assert counts == [machine.told[minute] for minute in minutes]
        assert machine.agency.state()["reported"] == max(minutes)
    assert reported > 50


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_minute_that_is_just_over_is_reported_by_a_collector_that_is_told_to_stop(tmp_path, number):
    """All its processes are told, as a service manager or a terminal does."""
    path = tmp_path / "lines.sock"
    with federations.running() as federation, client_of_lines(path, every=0.1):
        agency = Agency(tmp_path / "agency", federation.address, {"lines": {"path": str(path)}}, [CELL])
        counting = agency.start(factor=FACTOR)
        try:
            assert eventually(lambda: agency.log.read_text().count(" downloads.") > 1)
            clock = partial(other_clock, 0, FACTOR, (agency.folder / "settings.toml").stat().st_mtime)
            over = int(clock() // 60)
            time.sleep((60 * (over + 1) - clock()) / FACTOR + 0.02)
            for process in _processes(counting):
                process.send_signal(number)
            assert counting.wait(60) == 0
        finally:
            stop(counting)
    period = datetime.fromisoformat(f"{agency.reports()[-1]['period']}Z")
    assert period.timestamp() // 60 == over


def test_a_collector_whose_clock_is_wrong_says_so_once_and_reports_nothing(tmp_path):
    with federations.running() as federation, client_of_lines(tmp_path / "lines.sock", every=0.1):
        federation.ahead = 3600
        agency = Agency(
            tmp_path / "agency", federation.address, {"lines": {"path": str(tmp_path / "lines.sock")}}, [CELL]
        )
        counting = agency.start(factor=FACTOR)
        try:
            wrong = "is not reported: the clock of this machine was wrong"
            assert eventually(lambda: agency.log.read_text().count(wrong) >= 2)
        finally:
            stop(counting)
    assert agency.log.read_text().count("1:00:00 behind the clock of the federation") == 1
    assert agency.reports() == []


def test_a_collector_leaves_no_core_file_and_shows_its_memory_to_nobody(tmp_path):
    agency = Agency(
        tmp_path / "agency", "http://127.0.0.1:9", {"lines": {"path": str(tmp_path / "lines.sock")}}, [CELL]
    )
    counting = agency.start()
    try:
        assert eventually(lambda: len(_processes(counting)) == 3)
        assert eventually(lambda: all(_is_protected(one, agency) for one in _processes(counting)))
    finally:
        stop(counting)


def _processes(counting: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """The counter, its source and its sender."""
    found = [psutil.Process(counting.pid), *psutil.Process(counting.pid).children(recursive=True)]
    return [one for one in found if "resource_tracker" not in " ".join(one.cmdline())]


def _is_protected(process: psutil.Process, agency: Agency) -> bool:
    locked = Path(f"/proc/{process.pid}/status").read_text().partition("VmLck:")[2].split()[0]
    no_core = process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    return no_core and (locked != "0" or "cannot be locked" in agency.log.read_text())
