"""Computers of agencies that run `p2p-agency` as people do, against a real federation behind a line that breaks."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from config.embedded.process import free_port
from config.processes import bound_to_parent
from tests import cluster, servers
from tests.cluster.part import until
from tests.integration.processes import ROOT

_PROGRAM = (sys.executable, "-m", "p2p_agency")
_BEGIN = """
import io, json, sys
from django.core.management import call_command
from countries.models import Agency

issued = {}
for code in json.loads(sys.stdin.read()):
    call_command("create_agency", code, country=code[:2], name=code, indicator="DOWNLOADS", frequency="H",
                 first="2026-01-01", deadline_minutes=60, stdout=io.StringIO())
    Agency.objects.get(code=code).setups.create(
        valid_from="2026-01-01", computers=1, networks=["BITTORRENT"], counting="shares", time_zone="Europe/Oslo",
        location_source="A table of countries", location_date="2025-12-01")
    written = io.StringIO()
    call_command("issue_credential", code, stdout=written)
    issued[code] = json.loads(written.getvalue())
print(json.dumps(issued))
"""


@dataclass
class Federation:
    """PostgreSQL, Valkey and one web host, without workers: this is about what arrives."""

    running: cluster.Cluster
    issued: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return self.running.web[0].port

    def begin(self, codes: Sequence[str]) -> None:
        told = self.running.servers.manage("shell", "--no-imports", "-c", _BEGIN, told=json.dumps(codes))
        self.issued |= json.loads(told)

    def stored(self, code: str) -> list[tuple[datetime, int, int]]:
        """What the reports of an agency say: the period, the total, and how often a submission said so."""
        with psycopg.connect(self.running.servers.database_url) as connection:
            return connection.execute(
                "SELECT period, total, count(*) FROM federation_report r JOIN countries_agency a ON a.id = r.agency_id"
                " WHERE a.code = %s GROUP BY period, total ORDER BY period",
                [code],
            ).fetchall()


@contextmanager
def federation(folder: Path, *codes: str) -> Iterator[Federation]:
    servers.lay_out(folder)
    migrate = not servers.is_prepared()
    with cluster.running(folder, web=1, workers=0, beats=0, migrate=migrate, WEB_PROCESSES="1") as running:
        started = Federation(running)
        started.begin(codes)
        yield started


class Line:
    """The network between agencies and the federation; `break_until` breaks it at random."""

    def __init__(self, to: int) -> None:
        self._to, self.port = to, free_port()
        self._proxy = self._start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _start(self) -> "subprocess.Popen[str]":
        command = bound_to_parent([sys.executable, "-m", "tests.chaos.proxy", str(self.port), str(self._to)])
        proxy = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, bufsize=1)
        until(self._listens, "the line is there")
        return proxy

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def tell(self, *words: str) -> None:
        assert self._proxy.stdin is not None
        self._proxy.stdin.write(" ".join(words) + "\n")

    def end(self) -> None:
        self._proxy.kill()
        self._proxy.communicate()

    def be_away(self, seconds: float) -> None:
        """Nobody listens for some time."""
        self.end()
        time.sleep(seconds)
        self._proxy = self._start()

    def break_until(self, is_over: Callable[[], bool], chance: random.Random) -> None:
        """In the thread that made the line, because the kernel ends the proxy with the thread that started it."""
        while not is_over():
            time.sleep(chance.uniform(0.1, 0.6))
            fault = chance.choice(["cut", "cut", "stall", "away"])
            if fault == "away":
                self.be_away(chance.uniform(0.2, 1))
                continue
            if fault == "stall":
                self.tell("stall")
                time.sleep(chance.uniform(0.1, 1))
            self.tell("cut")
            self.tell("flow")


class Machine:
    """One computer of an agency, with settings, an outbox and a folder of files, each with an hour of its own."""

    def __init__(self, folder: Path, federation: Federation, code: str, address: str, seed: int = 0) -> None:
        self.code, self.files = code, folder / "files"
        self.files.mkdir(parents=True)
        self._settings, self._chance = folder / "settings.toml", random.Random(seed)
        self._credential, self._address = federation.issued[code], address
        self.hours: list[datetime] = []

    def init(self) -> None:
        told = f"{self._address}\n{self._credential['client_id']}\n"
        done = self.run("init", told=told, P2P_AGENCY_SECRET=self._credential["client_secret"])
        assert done.returncode == 0, done.stdout

    def start(self, *words: str, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            bound_to_parent([*_PROGRAM, "--config", str(self._settings), *words]),
            cwd=ROOT, env={**os.environ, **more}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *words: str, told: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        started = self.start(*words, **more)
        output, _ = started.communicate(told)
        return subprocess.CompletedProcess(words, started.returncode, output)

    def write(self, count: int) -> list[str]:
        """Write files for hours that none was written for; return their paths."""
        paths = []
        for _ in range(count):
            hour = datetime(2026, 1, 1, tzinfo=UTC) + len(self.hours) * timedelta(hours=1)
            self.hours.append(hour)
            draft, path = self.files / "draft.part", self.files / f"{hour:%Y-%m-%dT%H}.json"
            draft.write_text(json.dumps({"indicator": "DOWNLOADS", "reports": [_report(hour, len(self.hours))]}))
            draft.replace(path)
            paths.append(str(path))
        return paths

    def kill(self, *words: str, meanwhile: int = 0, within: float) -> bool:
        """Start a command, write files while it runs, and kill it at a random moment. False if it had ended."""
        started = self.start(*words)
        ends = time.monotonic() + self._chance.uniform(0.3, 1) * within
        for _ in range(meanwhile):
            time.sleep(max(0, self._chance.uniform(0, ends - time.monotonic())))
            self.write(1)
        with suppress(subprocess.TimeoutExpired):
            started.wait(max(0, ends - time.monotonic()))
        started.kill()
        started.communicate()
        return started.returncode == -signal.SIGKILL

    def expected(self) -> list[tuple[datetime, int, int]]:
        return [(hour, number, 1) for number, hour in enumerate(self.hours, 1)]

    def results(self) -> set[str]:
        return {path.read_text().partition("\n")[0] for path in self.files.glob("*.result.txt")}


def _report(hour: datetime, value: int) -> dict[str, Any]:
    cells = [{"country": "NO", "network": "BITTORRENT", "value": value}]
    return {"frequency": "H", "period": f"{hour:%Y-%m-%dT%H:00}", "observations": cells}
