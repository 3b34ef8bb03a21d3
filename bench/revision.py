"""One revised hour until it is public at every frequency: with ten years of history against one year of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import count

import psycopg

from bench import invention, past, results
from bench.invention import Reports
from bench.results import Row, alternating, say
from bench.sizes import scaled
from bench.stack import Stack, database_of, running, temporary_folder
from bench.web import Sender
from config.env import ROOT
from p2p_core import periods

_PATIENCE = 60.0
#: Added to each cell, so that its rounded value changes at every frequency.
_RAISE = 5000

_NEWEST = "SELECT coalesce(max(number), 0) FROM federation_version"
_IS_PENDING = "SELECT EXISTS (SELECT FROM federation_work)"
_PUBLIC = """
SELECT count(DISTINCT frequency)
FROM federation_periodversion
WHERE version > %s AND (frequency, period) IN (SELECT * FROM unnest(%s::text[], %s::timestamptz[]))
"""


def measure() -> Iterator[Row]:
    runs = scaled(40, least=11)
    with ExitStack() as until:
        long, short = (_History(until, years) for years in (past.YEARS, 1))
        say(f"{runs} hours revised with {past.YEARS} years of history and with 1, in turns")
        ten, one = alternating([long.revise, short.revise], runs=runs)
    what = f"one revised hour, until public at every frequency, {past.YEARS} years of history"
    yield Row(what, ten, 1.2, 1.05, "the same with 1 year of history", one, runs=runs)
    yield Row(what, ten, 0.5, runs=runs)


class _History:
    """A stack with so many years behind it, and an agency that revises hours."""

    def __init__(self, until: ExitStack, years: int) -> None:
        say(f"making {years} years of history")
        folder = until.enter_context(temporary_folder())
        # The numbers that are sent are far from the usual, and must not wait for a decision.
        stack = until.enter_context(running(folder, R102_DISTANCE="1000000000"))
        self._sender = Sender(stack.web(), *_made(stack, years))
        connection = psycopg.connect(database_of(stack), autocommit=True)
        self._database = until.enter_context(closing(connection))
        [(now,)] = self._database.execute("SELECT now()")
        by_hour = past.hourly_days(now)
        self._middle, self._numbers = by_hour[len(by_hour) // 2], count()
        self.revise()  # the first one finds everything cold

    def revise(self) -> float:
        """Send other numbers for an hour; return the seconds until all periods that contain it are public again."""
        number = next(self._numbers)
        # In the middle of what is reported by the hour, another one each time.
        hour = self._middle + number * invention.HOUR
        drawn = invention.reports(1, seed=1000 + number, cells=past.CELLS)
        made = Reports(drawn.countries, drawn.networks, drawn.values + _RAISE * (number + 1))
        changed = [periods.start_of(frequency, hour) for frequency in periods.LASTING]
        [(before,)] = self._database.execute(_NEWEST)
        body = invention.as_json(made, [hour])
        began = time.perf_counter()
        self._sender.submit(body)
        self._wait(before, changed, until=began + _PATIENCE)
        seconds = time.perf_counter() - began
        self._rest()
        return seconds

    def _rest(self) -> None:
        """Wait until the panels have followed, which go after the years."""
        while self._database.execute(_IS_PENDING).fetchone() == (True,):
            time.sleep(0.05)

    def _wait(self, before: int, changed: Sequence[datetime], *, until: float) -> None:
        while time.perf_counter() < until:
            [(public,)] = self._database.execute(_PUBLIC, [before, list(periods.LASTING), changed])
            if public == len(periods.LASTING):
                return
            time.sleep(0.002)
        sys.exit("A revised hour did not become public.")


def _made(stack: Stack, years: int) -> tuple[str, str]:
    """Make the history in another process, because a process can join only one stack."""
    given = map(str, (stack.folder, stack.port, years, scaled(10, least=2)))
    command = [sys.executable, "-m", "bench.past", *given]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    client_id, client_secret = json.loads(done.stdout)
    return client_id, client_secret


if __name__ == "__main__":
    results.finish(measure())
