"""How many transfers a second the adapter `lines` and the counter take together, on one core."""

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import results
from bench.results import Row
from bench.sizes import scaled
from p2p_agency.collect.counter import Counter
from p2p_agency.collect.sources import Source

#: Each is a peer of its own, from a table that is searched for each of them.
_AT_ONCE = 20_000
_BUDGET, _GOAL = 1 / 20_000, 1 / 50_000


def measure() -> Iterator[Row]:
    number = scaled(1_000_000, least=200_000)
    if hasattr(os, "sched_setaffinity"):
        # What starts from here on inherits it: reader, counter and writer share one core.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    lines = [_lines(start) for start in range(0, number, _AT_ONCE)]
    taken = _take(lines, number)
    rate = number / taken
    what = f"transfers through the adapter `lines` into the counter, {number:,} on one core: a transfer"
    yield Row(what, taken / number, _BUDGET, _GOAL, remark=f"{rate:,.0f} a second; the budget is 20,000")


def _lines(start: int) -> bytes:
    """Transfers of peers that are all different; their addresses are of the range for documentation."""
    made = (
        {
            "network": "BITTORRENT",
            "address": f"2001:db8:{number >> 16:x}::{number & 0xFFFF:x}",
            "file": f"{number % 100}",
            "blocks": 640,
            "sent": [[0, 100], [200, 640]],
            "complete": True,
        }
        for number in range(start, start + _AT_ONCE)
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in made)


def _take(lines: list[bytes], number: int) -> float:
    counter, counted = Counter({}), 0
    with tempfile.TemporaryDirectory(prefix="collect-") as folder:
        path = str(Path(folder) / "lines.sock")
        source = Source("lines", "lines", "iptocc", {"path": path})
        source.start_if_due(0)
        writer = os.fork()
        if not writer:
            _write(path, lines)
            os._exit(0)
        message = source.receive()
        began = time.perf_counter()
        while True:
            assert not message.error, message.error
            for transfer in message.transfers:
                counter.count(transfer, 0)
            counted += len(message.transfers)
            if counted == number:
                break
            message = source.receive()
        taken = time.perf_counter() - began
        os.waitpid(writer, 0)
        source.stop(0)
    return taken


def _write(path: str, lines: list[bytes]) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        while client.connect_ex(path):
            time.sleep(0.01)
        for some in lines:
            client.sendall(some)


if __name__ == "__main__":
    if sys.platform == "win32":
        sys.exit("The adapter lines needs UNIX sockets.")
    results.finish(measure())
