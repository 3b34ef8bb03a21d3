"""From the last 202 of a minute until the live view shows it: 30 agencies, and 200 public requests a second beside."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
from bench.web import Refused, Sender, Web
from p2p_core import periods
from p2p_core.codes import COUNTRIES, COUNTRY_CODES

if TYPE_CHECKING:
    from bench.inside import Inside

AGENCIES = scaled(30, least=15)
READS_PER_SECOND = 200
CELLS = 60
#: A minute has closed before it is reported, and all have reported it before it is published without them.
_AFTER_CLOSE, _TURN, _SPREAD = 1.0, 60.0, 50.0
#: So many reports are written in a minute, before the first one is sent.
_WRITTEN = 10_000
_LOOK_EVERY = 0.02
PATIENCE = 10.0
#: So many connections are kept to the server, as a proxy keeps them, each with a thread of its own.
_CONNECTIONS = 8
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
        run = Run(stack, agencies(inside, MARKS), [_SPREAD] * turns + [0.0] * turns)
        with readers.reading(stack.port, _READ, per_second=READS_PER_SECOND, seconds=run.seconds) as reads:
            run.measure()
        yield from run.rows(f"{AGENCIES} agencies, one after the other", _SPREAD)
        yield from run.rows(f"{AGENCIES} agencies, all at once", 0.0)
    for share in (0.5, 0.99):
        what = f"public requests beside it, {READS_PER_SECOND} a second: p{share * 100:.0f}"
        yield Row(what, percentile(reads, share), runs=len(reads))


@dataclass(frozen=True)
class Agency:
    """An agency that sends, and the country that no other agency counts: by that its report is seen.

    Where there are more agencies than countries, most have none.
    """

    sender: Sender
    mark: int | None


def agencies(inside: "Inside", marks: Sequence[int | None]) -> list[Agency]:
    """Bring in an agency for each mark, which owes its minutes from today on."""
    with inside.at_once():
        inside.publish_finely()
        made = [inside.new_agency() for _ in marks]
        inside.expect(made, "N", inside.now().date())
        pairs = [inside.credential(agency) for agency in made]
    inside.wait_for_workers()

    def senders(connection: int) -> list[Sender]:
        web = inside.web()
        return [Sender(web, *pair) for pair in pairs[connection::_CONNECTIONS]]

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        made_by = list(pool.map(senders, range(_CONNECTIONS)))
    return [Agency(made_by[at % _CONNECTIONS][at // _CONNECTIONS], mark) for at, mark in enumerate(marks)]


def _bodies(marks: Sequence[int | None], minute: datetime) -> Iterator[bytes]:
    """Yield a report of a minute for each mark: counts of countries that all agencies count, and the mark."""
    drawn = invention.reports(len(marks), seed=int(minute.timestamp()), cells=CELLS)
    for mark, *cells in zip(marks, drawn.countries, drawn.networks, drawn.values, strict=True):
        countries, networks, values = (part[~np.isin(cells[0], MARKS)] for part in cells)
        own = [] if mark is None else [mark]
        made = Reports(
            np.append(countries, np.array(own, np.int16))[None],
            np.append(networks, np.ones(len(own), np.int16))[None],
            np.append(values, np.full(len(own), _MARKED))[None],
        )
        yield invention.as_json(made, [minute], frequency="N")


#: The mark of an agency and the name of a minute.
_Key = tuple[str, str]


class Run:
    """Some minutes in which all agencies send, each time spread over so many seconds, and the live view is watched.

    A minute is published with its last report, so its end begins a turn. The first one has ended when this is made.
    """

    def __init__(self, stack: Stack, agencies: Sequence[Agency], spreads: Sequence[float]) -> None:
        self._stack, self._agencies, self._spreads = stack, agencies, spreads
        running = datetime.fromtimestamp(time.time() // 60 * 60, UTC)
        first = len(agencies) * len(spreads) // _WRITTEN
        minutes = [running + timedelta(minutes=first + turn) for turn in range(len(spreads))]
        self._labels = [periods.label("N", minute) for minute in minutes]
        # All is written before the first is sent, so that the clients leave the processor to the server.
        self._bodies = [list(_bodies([agency.mark for agency in agencies], minute)) for minute in minutes]
        marks = [COUNTRY_CODES[agency.mark] for agency in agencies if agency.mark is not None]
        self._awaited = {(mark, label) for mark in marks for label in self._labels}
        self._keys = sorted(self._awaited)
        self._unsent = len(agencies) * len(spreads)
        self._accepted: list[tuple[str, float]] = []
        self._seen: dict[_Key, float] = {}
        self._began = minutes[0].timestamp() + _TURN
        self.seconds = _TURN * (len(spreads) - 1) + _AFTER_CLOSE + spreads[-1] + PATIENCE
        time.sleep(max(0.0, self._began - time.time()))

    def measure(self) -> None:
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            sending = pool.map(self._send, range(_CONNECTIONS))
            self._watch()
            self._unsent -= sum(sending)

    def rows(self, manner: str, spread: float) -> Iterator[Row]:
        """Yield how long the minutes with this spread were complete and not yet seen."""
        labels = {label for label, mine in zip(self._labels, self._spreads, strict=True) if mine == spread}
        complete = {label: max((at for one, at in self._accepted if one == label), default=0.0) for label in labels}
        keys = [key for key in self._keys if key[1] in labels]
        delays = [self._seen[key] - complete[key[1]] if key in self._seen else PATIENCE for key in keys]
        lost = sum(delay >= PATIENCE for delay in delays)
        remarks = [f"{lost} not seen within {PATIENCE:.0f} s"] if lost else []
        remarks += [f"{self._unsent:,} reports were not accepted when the time was over"] if self._unsent else []
        for share, budget, goal in ((0.5, None, None), (0.95, 1.0, 0.3), (0.99, 3.0, None)):
            what = f"freshness, {manner}: p{share * 100:.0f}"
            yield Row(what, percentile(delays, share), budget, goal, runs=len(delays), remark="; ".join(remarks))

    def _send(self, connection: int) -> int:
        """Send the reports of some agencies, each in its time while there is time; return how many were accepted."""
        accepted = 0
        for turn, (spread, bodies) in enumerate(zip(self._spreads, self._bodies, strict=True)):
            for number in range(connection, len(self._agencies), _CONNECTIONS):
                agency, offset = self._agencies[number], _AFTER_CLOSE + spread * number / len(self._agencies)
                time.sleep(max(0.0, self._began + _TURN * turn + offset - time.time()))
                if time.time() > self._began + self.seconds:
                    return accepted
                with suppress(Refused):  # a server that has too much to do says so
                    agency.sender.submit(bodies[number])
                    accepted += 1
                    self._accepted.append((self._labels[turn], time.perf_counter()))
        return accepted

    def _watch(self) -> None:
        """Look at the live view, oftener than a person could notice, until all reports are in it or time is up."""
        web, tag = Web(self._stack.port), ""
        address = f"/api/v1/aggregates/live/?country={','.join(COUNTRY_CODES[mark] for mark in MARKS)}"
        while self._awaited and time.time() < self._began + self.seconds:
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
