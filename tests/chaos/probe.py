"""How fresh the public view is: an agency reports a number of its own each time, and looks until it is public."""

import json
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.client import ACCEPTED, OK
from itertools import count
from typing import Any

from p2p_core import periods
from tests.chaos.client import Sender, Web
from tests.chaos.load import Sent
from tests.chaos.plan import AGENCIES, Planned

#: Nobody else counts there.
COUNTRY = "IS"
_EVERY, _LOOK_EVERY = 0.5, 0.03
#: Public hours take turns, so that none is revised too often. A minute is published once, and would not change.
_HOURS = 45


class Probe(threading.Thread):
    """Looks until it is stopped. `seen` has the time of acceptance of each report, and the seconds until public."""

    def __init__(self, sender: Sender) -> None:
        super().__init__(name="probe", daemon=True)
        self._sender = sender
        self._over = threading.Event()
        self.seen: list[tuple[float, float]] = []
        self.sent: list[Sent] = []

    def stop(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        for turn in count(1):
            self._look(turn)
            if self._over.wait(_EVERY):
                return

    def _look(self, turn: int) -> None:
        hour = periods.start_of("H", datetime.now(UTC)) - timedelta(hours=4 + turn % _HOURS)
        label = periods.label("H", hour)
        # A multiple of the base of rounding is published as it is.
        value = 1000 + 5 * turn
        sent = _written(turn, label, value)
        self.sent.append(sent)
        sent.answers.append(self._sender.submit(self._host(turn), sent.body, None))
        if sent.answers[-1].status != ACCEPTED:
            return
        accepted = time.monotonic()
        for look in count(turn):
            if self._is_public(look, label, value):
                self.seen.append((accepted, time.monotonic() - accepted))
                return
            if self._over.wait(_LOOK_EVERY):
                return

    def _host(self, turn: int) -> Any:
        return self._sender.hosts[turn % len(self._sender.hosts)]

    def _is_public(self, look: int, label: str, value: int) -> bool:
        query = f"indicator=DOWNLOADS&frequency=H&start={label}&end={label}&country={COUNTRY}"
        reply = Web(self._host(look).port, timeout=2).ask("GET", f"/api/v1/aggregates/?{query}")
        return reply.status == OK and (label, value) in _values(reply.json()["observations"])


def _values(observations: Sequence[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(cell["period"], cell["value"]) for cell in observations}


def _written(turn: int, label: str, value: int) -> Sent:
    cell = {"country": COUNTRY, "network": "BITTORRENT", "value": value}
    document = {"indicator": "DOWNLOADS", "reports": [{"frequency": "H", "period": label, "observations": [cell]}]}
    planned = Planned(turn, 0.0, AGENCIES, (), None, None, 1, "good")
    return Sent(planned, json.dumps(document).encode() + b" " * turn, document)
