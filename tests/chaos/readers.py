"""The public: evenly spaced reads over kept connections to some ports, and the reads that failed.

`python -m tests.chaos.readers PER_SECOND PORT…` reads until its input ends, then prints JSON: how many reads each port
had, and each failure as [when, port, path, reason]. A process of its own, so that it slows no clock but the machine's.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import NOT_MODIFIED, OK
from typing import NamedTuple

from config.env import ROOT
from config.processes import die_with_parent
from tests.chaos.client import BROKEN, Web

CONNECTIONS = 8
#: What is read: live minutes, windows, daily series, reference data and pages.
PATHS = (
    "/api/v1/aggregates/live/",
    "/api/v1/aggregates/windows/?indicator=DOWNLOADS&window=P1D",
    "/api/v1/aggregates/live/?country=EUROPE",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-01-01&end=2026-12-31&country=NO",
    "/api/v1/countries/",
    "/",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=H&start=2026-11-01T00:00&end=2026-11-30T23:00&country=*",
    "/countries/no/",
)
_WELL = (OK, NOT_MODIFIED)
_TIMEOUT = 10.0


class Failure(NamedTuple):
    """A read that failed: when, by the time of day, and why."""

    at: float
    port: int
    path: str
    reason: str


@dataclass
class Reads:
    """The results of all reads: `counts` by port, `slowest` in seconds."""

    counts: dict[int, int] = field(default_factory=dict)
    slowest: float = 0.0
    failures: list[Failure] = field(default_factory=list)


@contextmanager
def reading(ports: Sequence[int], *, per_second: float) -> Iterator[Reads]:
    """Read while the block runs. The results are there at the end of the block."""
    command = [sys.executable, "-m", "tests.chaos.readers", str(per_second), *map(str, ports)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    reads = Reads()
    try:
        yield reads
        told, _ = process.communicate(timeout=60)
        counts, reads.slowest, failures = json.loads(told)
        reads.counts = {int(port): count for port, count in counts.items()}
        reads.failures = [Failure(*failure) for failure in failures]
    finally:
        process.kill()
        process.wait()


class _Reader(threading.Thread):
    """One connection. If a kept connection is closed, it asks once more, as every browser does."""

    def __init__(self, number: int, port: int, every: float, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._number, self._port, self._every, self._over = number, port, every, over
        self.failures: list[Failure] = []
        self.reads, self.slowest = 0, 0.0

    def run(self) -> None:
        web, began = Web(self._port, timeout=_TIMEOUT), time.monotonic() + self._every * self._number / CONNECTIONS
        while not self._over.wait(max(0.0, began + self.reads * self._every - time.monotonic())):
            self._read(web, PATHS[(self._number + self.reads) % len(PATHS)])
            self.reads += 1

    def _read(self, web: Web, path: str) -> None:
        at, before = time.time(), time.monotonic()
        kept = web.is_open
        reply = web.ask("GET", path)
        if reply.status == BROKEN and kept and reply.body in _CLOSED:
            reply = web.ask("GET", path)
        self.slowest = max(self.slowest, time.monotonic() - before)
        if reply.status not in _WELL:
            self.failures.append(Failure(at, self._port, path, reply.reason))


#: A kept connection was closed before anything of the answer came.
_CLOSED = (b"RemoteDisconnected", b"ConnectionResetError", b"BrokenPipeError")


def main() -> None:
    die_with_parent()
    per_second, ports = float(sys.argv[1]), [int(port) for port in sys.argv[2:]]
    over = threading.Event()
    readers = [
        _Reader(number, ports[number % len(ports)], CONNECTIONS / per_second, over) for number in range(CONNECTIONS)
    ]
    for reader in readers:
        reader.start()
    sys.stdin.read()
    over.set()
    for reader in readers:
        reader.join()
    counts: Counter[int] = Counter()
    for number, reader in enumerate(readers):
        counts[ports[number % len(ports)]] += reader.reads
    failures = sorted(failure for reader in readers for failure in reader.failures)
    print(json.dumps([counts, max(reader.slowest for reader in readers), failures]))  # noqa: T201  its answer


if __name__ == "__main__":
    main()
