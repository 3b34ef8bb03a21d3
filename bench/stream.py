"""The daily series of all countries over ten years, eight million cells, streamed as SDMX; beside `COPY` of them."""

import http.client
import os
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from bench import memory, published, results
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import Stack, joined, running, temporary_folder
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES

if TYPE_CHECKING:
    from bench.inside import Inside

_YEARS = 10
#: With ten networks and 3,652 days these are eight million cells.
_COUNTRIES = 220
_PIECE = 1 << 20
_TIMEOUT = 600.0

_COPY = """
COPY (
    SELECT frequency, indicator_id, country, network, period, value, version_from
    FROM federation_publishedcell
    WHERE indicator_id = 1 AND frequency = 'D' AND version_to IS NULL
) TO STDOUT WITH CSV
"""
_ADDRESSES = {
    "SDMX-CSV 2.0": "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS?format=csv",
    "SDMX-ML 3.0": "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS?format=xml",
    "SDMX-ML 2.1": "/sdmx/2.1/data/P2P/D.DOWNLOADS..?format=xml",
    "SDMX-JSON 2.0": "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/D.DOWNLOADS?format=json",
}


def measure() -> Iterator[Row]:
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        cells, runs = _make(inside), scaled(3, least=2)
        copy = partial(_copied, os.environ["DATABASE_URL"])
        for name, address in _ADDRESSES.items():
            say(f"{cells:,} cells as {name}")
            # The first round also finds out what a process holds once it has written such an answer.
            _streamed(stack, address, cells)
            at_rest = memory.watch(stack.servers()) if memory.can_be_measured() else {}
            theirs, ours = alternating([copy, partial(_streamed, stack, address, cells)], runs=runs)
            what = f"the daily series of all countries over {_YEARS} years, {cells:,} cells, {name}"
            yield Row(what, ours, 3.0, 1.0, "COPY TO STDOUT of the rows as CSV", theirs, runs=runs)
            if at_rest:
                yield Row(f"memory of that above idle, {name}", memory.risen(at_rest), 100, unit="MB", runs=runs)


def _make(inside: "Inside") -> int:
    inside.publish_finely()
    countries = sorted(COUNTRY_CODES)[: scaled(_COUNTRIES)]
    # A mean of which no day is 0.
    series = [
        published.MeanOfSeries(country, network, 2500) for country in countries for network in sorted(NETWORK_CODES)
    ]
    return len(series) * published.make_days(inside, series, years=_YEARS, late=1)


def _copied(address: str) -> float:
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        with cursor.copy(_COPY) as copy:
            for _ in copy:
                pass
        return time.perf_counter() - began


def _streamed(stack: Stack, address: str, cells: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=_TIMEOUT)
    began = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise SystemExit(f"{address}: {answer.status} {answer.read(500)!r}")
    values = 0
    while piece := answer.read(_PIECE):
        values += _counted(piece)
    connection.close()
    seconds = time.perf_counter() - began
    if not cells * 0.99 <= values <= cells * 1.01:
        raise SystemExit(f"{address} has some {values:,} observations of {cells:,}")
    return seconds


def _counted(piece: bytes) -> int:
    """Count about how many observations there are: each has one instant, which ends with Z and a quote or a line."""
    return piece.count(b".000Z")


if __name__ == "__main__":
    results.finish(measure())
