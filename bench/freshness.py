"""From a 202 until the live view shows it: 30 agencies that send every minute, 200 public requests a second beside."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import OK
from typing import TYPE_CHECKING

import numpy as np

from bench import invention, readers, results
from bench.invention import Reports
from bench.results import Row, percentile, say
from bench.sizes import scaled
from bench.stack import Stack, joined, running, temporary_folder
from bench.web import Sender, Web
from p2p_core import periods
from p2p_core.codes import COUNTRIES, COUNTRY_CODES

if TYPE_CHECKING:
    from bench.inside import Inside

AGENCIES = scaled(30, least=15)
READS_PER_SECOND = 200
CELLS = 60
#: A minute has closed before it is reported; the last agency still has time before the next turn.
_AFTER_CLOSE, _BETWEEN = 1.0, 2.0
_TURN = _AFTER_CLOSE + _BETWEEN * AGENCIES
_SPREAD = _TURN - 4.0
_LOOK_EVERY = 0.02
PATIENCE = 10.0
#: Each of these countries is counted by one agency alone, always the same number: high enough not to be rounded to 0.
MARKS = sorted(COUNTRIES.values())[:AGENCIES]
_MARKED = 100
#: The addresses that the readers request meanwhile.
_READ = (
    "/api/v1/aggregates/live/",
    "/api/v1/aggregates/windows/?indicator=DOWNLOADS&window=P1D",
    "/api/v1/aggregates/live/?country=EUROPE",
    "/api/v1/countries/",
)


def measure() -> Iterator[Row]:
    turns = scaled(3)
    with temporary_folder() as folder, running(folder) as stack, joined(stack) as inside:
        say(f"{turns} minutes of {AGENCIES} agencies one after the other, then {turns} with all at once")
        run = Run(stack, agencies(inside, MARKS), [_SPREAD] * turns + [0.0] * turns, turn=_TURN)
        reads = run.measure()
        yield from rows(f"{AGENCIES} agencies, one after the other", run.delays(_SPREAD))
        yield from rows(f"{AGENCIES} agencies, all at once", run.delays(0.0))
    for share in (0.5, 0.99):
        what = f"public requests beside it, {READS_PER_SECOND} a second: p{share * 100:.0f}"
        yield Row(what, percentile(reads, share), runs=len(reads))


def rows(manner: str, delays: Sequence[float]) -> Iterator[Row]:
    lost = sum(delay >= PATIENCE for delay in delays)
    remark = f"{lost} not seen within {PATIENCE:.0f} s" if lost else ""
    for share, budget, goal in ((0.5, None, None), (0.95, 1.0, 0.3), (0.99, 3.0, None)):
        what = f"freshness, {manner}: p{share * 100:.0f}"
        yield Row(what, percentile(delays, share), budget, goal, runs=len(delays), remark=remark)


@dataclass(frozen=True)
class Agency:
    """An agency that sends, and the country that no other agency counts: by that its report is seen.

    Where there are more agencies than countries, most have none.
    """

    sender: Sender
    mark: int | None

    def report(self, minute: datetime) -> bytes:
        """Return a report of a minute: counts of countries that all agencies count, and the mark."""
        drawn = invention.reports(1, seed=int(minute.timestamp()) + (self.mark or 0), cells=CELLS)
        shared = ~np.isin(drawn.countries, MARKS)
        own = [] if self.mark is None else [self.mark]
        made = Reports(
            np.append(drawn.countries[shared], np.array(own, np.int16))[None],
            np.append(drawn.networks[shared], np.ones(len(own), np.int16))[None],
            np.append(drawn.values[shared], np.full(len(own), _MARKED))[None],
        )
        return invention.as_json(made, [minute], frequency="N")


def agencies(inside: "Inside", marks: Sequence[int | None]) -> list[Agency]:
    """Bring in an agency for each mark, which owes its minutes from today on."""
    found = []
    for mark in marks:
        agency = inside.new_agency()
        inside.expect(agency, "N", inside.now().date())
        found.append(Agency(inside.sender(agency), mark))
    inside.wait_for_workers()
    return found


#: The mark of an agency and the name of a minute.
_Key = tuple[str, str]


class Run:
    """Some minutes in which all agencies send, each time spread over so many seconds, and the live view is watched.

    A turn lasts as many seconds as given.
    """

    def __init__(self, stack: Stack, agencies: Sequence[Agency], spreads: Sequence[float], *, turn: float) -> None:
        self._stack, self._agencies, self._spreads, self._turn = stack, agencies, spreads, turn
        self._began = time.time()
        self._seconds = turn * (len(spreads) - 1) + _AFTER_CLOSE + spreads[-1] + PATIENCE
        # Minutes that have closed, a turn each.
        running = datetime.fromtimestamp(self._began // 60 * 60, UTC)
        self._minutes = [running - timedelta(minutes=ago) for ago in range(len(spreads), 0, -1)]
        self._labels = [periods.label("N", minute) for minute in self._minutes]
        marks = [COUNTRY_CODES[agency.mark] for agency in agencies if agency.mark is not None]
        self._awaited = {(mark, label) for mark in marks for label in self._labels}
        self._accepted: dict[_Key, float] = {}
        self._seen: dict[_Key, float] = {}

    def measure(self) -> list[float]:
        """Return what the answers to the readers beside took."""
        with (
            readers.reading(self._stack.port, _READ, per_second=READS_PER_SECOND, seconds=self._seconds) as reads,
            ThreadPoolExecutor(len(self._agencies)) as pool,
        ):
            sending = [pool.submit(self._send, number) for number in range(len(self._agencies))]
            self._watch()
            for one in sending:
                one.result()
        return reads

    def delays(self, spread: float) -> list[float]:
        """Return how long the reports of the minutes with this spread were accepted and not yet seen."""
        labels = {label for label, mine in zip(self._labels, self._spreads, strict=True) if mine == spread}
        return [
            self._seen.get(key, accepted + PATIENCE) - accepted
            for key, accepted in self._accepted.items()
            if key[1] in labels
        ]

    def _send(self, number: int) -> None:
        agency = self._agencies[number]
        for turn, minute in enumerate(self._minutes):
            body = agency.report(minute)
            offset = _AFTER_CLOSE + self._spreads[turn] * number / len(self._agencies)
            time.sleep(max(0.0, self._began + self._turn * turn + offset - time.time()))
            agency.sender.submit(body)
            if agency.mark is not None:
                self._accepted[COUNTRY_CODES[agency.mark], self._labels[turn]] = time.perf_counter()

    def _watch(self) -> None:
        """Look at the live view, oftener than a person could notice, until all reports are in it or time is up."""
        web, tag = Web(self._stack.port), ""
        address = f"/api/v1/aggregates/live/?country={','.join(COUNTRY_CODES[mark] for mark in MARKS)}"
        while self._awaited and time.time() < self._began + self._seconds:
            reply = web.get(address, **{"If-None-Match": tag})
            if reply.status == OK:
                tag = reply.headers["ETag"]
                self._note(reply.json()["observations"])
            time.sleep(_LOOK_EVERY)

    def _note(self, observations: Sequence[Mapping[str, str]]) -> None:
        now = time.perf_counter()
        for key in self._awaited & {(cell["country"], cell["period"]) for cell in observations}:
            self._seen[key] = now
            self._awaited.remove(key)


if __name__ == "__main__":
    results.finish(measure())
