"""The public, which reads during a measurement: evenly spaced requests over kept connections.

`python -m bench.readers PORT SECONDS PER_SECOND ADDRESS…` is a process of its own, so that it slows no other clock than
the machine's; it prints the seconds that each answer took, as JSON.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import OK

from bench.web import Web
from config.env import ROOT

CONNECTIONS = 8


@contextmanager
def reading(port: int, addresses: Sequence[str], *, per_second: int, seconds: float) -> Iterator[list[float]]:
    """Read while the block runs. At its end, the list has the seconds of each answer."""
    command = [sys.executable, "-m", "bench.readers", str(port), str(seconds), str(per_second), *addresses]
    taken: list[float] = []
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield taken
        output, _ = process.communicate(timeout=seconds + 60)
        taken += json.loads(output)
    finally:
        process.kill()
        process.wait()


def _read(
    port: int, addresses: Sequence[str], began: float, seconds: float, every: float, offset: float
) -> list[float]:
    web, taken = Web(port), []
    for turn in range(int(seconds / every)):
        due = began + offset + turn * every
        time.sleep(max(0.0, due - time.perf_counter()))
        web.must(OK, "GET", addresses[turn % len(addresses)])
        # Measured from when it was due, so that waiting for the answer before counts too.
        taken.append(time.perf_counter() - due)
    return taken


def main() -> None:
    port, seconds, per_second, *addresses = sys.argv[1:]
    every = CONNECTIONS / int(per_second)
    began = time.perf_counter()

    def read(number: int) -> list[float]:
        offset = every * number / CONNECTIONS
        return _read(int(port), addresses[number:] + addresses[:number], began, float(seconds), every, offset)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        print(json.dumps([one for part in pool.map(read, range(CONNECTIONS)) for one in part]))


if __name__ == "__main__":
    main()
