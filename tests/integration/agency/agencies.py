"""Agencies of the tests: folders with settings, and processes that count as `p2p-agency collect` does."""

import gzip
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from p2p_agency.collect.counter import WHOLE
from tests.integration.processes import ROOT, eventually
from tests.unit.agency.federation import Federation


class Agency:
    """One agency. Each of its cells begins with the same remainder, half a download, so that its sum is known."""

    def __init__(self, folder: Path, federation: str, collect: dict[str, Any], cells: list[tuple[int, int]]) -> None:
        folder.mkdir(parents=True)
        self.folder, self.log, self.accounts = folder, folder / "log.txt", folder.with_suffix(".accounts")
        lines = [
            f'address = "{federation}"',
            'client_id = "x"',
            'client_secret = "y"',
            "[collect]",
            'locations = "test"',
        ]
        for name, options in collect.items():
            lines += [f"[collect.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in options.items())]
        (folder / "settings.toml").write_text("\n".join(lines))
        (folder / "settings.toml").chmod(0o600)
        self.before = [(*cell, WHOLE // 2) for cell in cells]
        (folder / "collect.json").write_text(json.dumps({"carried": self.before}))

    def start(
        self,
        *before: str,
        ahead: float = 0,
        factor: float = 1,
        accounts: bool = False,
        program: str = "collecting",
    ) -> "subprocess.Popen[bytes]":
        """Start counting, by another clock; ``before`` is what the program is run by."""
        command = [*before, sys.executable, "-m", f"tests.integration.agency.{program}"]
        arguments = [str(self.folder / "settings.toml"), str(ahead), str(factor)]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*command, *arguments, *([str(self.accounts)] if accounts else [])],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def reports(self) -> list[dict[str, Any]]:
        """All reports that are in the outbox, in the order in which they were put there."""
        if not (self.folder / "outbox.sqlite").exists():
            return []
        with closing(sqlite3.connect(self.folder / "outbox.sqlite")) as outbox:
            rows = outbox.execute("SELECT packed FROM submission ORDER BY rowid").fetchall()
        return [report for (packed,) in rows for report in json.loads(gzip.decompress(packed))["reports"]]

    def counts(self) -> Counter[tuple[str, str]]:
        """The sum of all reports, by country and network."""
        found: Counter[tuple[str, str]] = Counter()
        for report in self.reports():
            for one in report["observations"]:
                found[one["country"], one["network"]] += one["value"]
        return found

    def exactly(self, cell: tuple[int, int], code: tuple[str, str]) -> Any:
        """What was counted of a cell, with the fraction that is carried: in units of the counter."""
        carried = {(country, network): units for country, network, units in self.state()["carried"]}
        return self.counts()[code] * WHOLE + carried[cell] - WHOLE // 2

    def state(self) -> Any:
        return json.loads((self.folder / "collect.json").read_text())

    def await_work(self) -> None:
        """Wait until it counts and sends. Its sources start at the same time."""
        assert eventually(lambda: "The clock agrees with the federation's" in self.log.read_text())

    def has_reported(self, moment: float) -> bool:
        """Whether the minute with this moment of its clock is in the outbox, or a later one."""
        minute = f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M}"
        return any(report["period"] >= minute for report in self.reports())

    def has_sent_all(self, federation: Federation) -> bool:
        sent = [report for body in federation.stored.values() for report in json.loads(body)["reports"]]
        return all(report in sent for report in self.reports())


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a collector in order. strace passes no signal on, so what it runs gets it."""
    with suppress(psutil.NoSuchProcess):
        counting = psutil.Process(process.pid)
        traced = counting.children() if counting.name() == "strace" else []
        (traced or [counting])[0].terminate()
    process.wait(60)


@contextmanager
def client_of_lines(path: Path, *, every: float = 1) -> Iterator[Callable[[str], None]]:
    """A client of the agency's own: it says all the time that it works, and each address that it is given.

    What it has written when the collector is killed is lost, as it would be with any client.
    """
    waiting: list[bytes] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
                client.connect(str(path))
                while not over.wait(every):
                    lines, waiting[:] = b"".join(waiting), []
                    client.sendall(lines + b"\n")
            over.wait(0.05)

    def say(address: str) -> None:
        waiting.append(line_of(address))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield say
    finally:
        over.set()
        writer.join()


def other_clock(ahead: float, factor: float, since: float) -> float:
    """A clock that is so many seconds ahead, and goes faster since this time."""
    return since + (time.time() - since) * factor + ahead


def line_of(address: str, file: str = "1") -> bytes:
    """A whole download, as a client of the agency's own writes it."""
    line = {"network": "EDONKEY", "address": address, "file": file, "blocks": 1, "sent": [[0, 1]], "complete": True}
    return json.dumps(line).encode() + b"\n"


@contextmanager
def running(*command: str, log: Path) -> Iterator[None]:
    """A program whose output goes into a file, until the end of the block."""
    with log.open("w") as written:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def seconds_to(second: float) -> float:
    """How far a clock must be ahead to show this second of a minute now."""
    return (second - time.time()) % 60


def await_minute(ahead: float) -> None:
    """Wait until two seconds after a minute began, by a clock so far ahead; sources are heard five seconds before."""
    now = time.time() + ahead
    time.sleep((now + 5) // 60 * 60 + 62 - now)
