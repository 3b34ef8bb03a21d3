"""Agencies that send each minute, and a reader who watches the public view: how long each report took to be public."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import ACCEPTED, NOT_MODIFIED, OK
from typing import Any, NamedTuple
from uuid import uuid4

from p2p_core import periods
from tests.chaos.client import Sender, Web
from tests.cluster import Part

_LOOK_EVERY, _AGAIN = 0.05, 0.3
#: The most hours that are watched, and minutes that agencies send.
_MOST = 300
#: A multiple of the base of rounding is published as it is.
_VALUE = 100

#: A report is known by its country, which one agency alone counts, and its hour.
Key = tuple[str, str]


class Seen(NamedTuple):
    """A report: when it was accepted and when it was seen, by the time of day."""

    accepted: float
    seen: float

    @property
    def took(self) -> float:
        return self.seen - self.accepted


class Stream:
    """Agencies by their countries, each sending an hour that is public, and each minute the one before.

    So every report is seen by itself. A minute would be published with the last of them.
    """

    def __init__(self, senders: Mapping[str, Sender], watched: Sequence[Part]) -> None:
        self._senders, self._watched = senders, watched
        self._over = threading.Event()
        self._last = periods.start_of("H", datetime.now(UTC)) - timedelta(hours=4)
        self._accepted: dict[Key, float] = {}
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._watch, self._send_all)]
        self.seen: list[Seen] = []
        #: What was answered to a submission other than that it was accepted.
        self.refused: list[tuple[float, str]] = []

    def start(self) -> None:
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        self._over.set()
        for one in self._threads:
            one.join()

    @property
    def unseen(self) -> list[float]:
        """When those reports were accepted that are not public yet."""
        return sorted(self._accepted.values())

    def _send_all(self) -> None:
        every = 60 / len(self._senders)
        began = time.monotonic()
        with ThreadPoolExecutor(len(self._senders)) as pool:
            for turn, home in enumerate(self._for_ever()):
                if self._over.wait(max(0.0, began + turn * every - time.monotonic())):
                    return
                pool.submit(self._send, home, self._last - timedelta(hours=turn // len(self._senders)))

    def _for_ever(self) -> Iterator[str]:
        while True:
            yield from self._senders

    def _send(self, home: str, hour: datetime) -> None:
        sender, label, key = self._senders[home], periods.label("H", hour), str(uuid4())
        cell = {"country": home, "network": "BITTORRENT", "value": _VALUE}
        report = {"frequency": "H", "period": label, "observations": [cell]}
        body = json.dumps({"indicator": "DOWNLOADS", "reports": [report]}).encode()
        hosts = sender.hosts
        for turn in range(10_000):
            reply = sender.submit(hosts[turn % len(hosts)], body, key)
            if reply.status == ACCEPTED:
                self._accepted[home, label] = time.time()
                return
            self.refused.append((time.time(), reply.reason))
            if self._over.wait(_AGAIN):
                return

    def _watch(self) -> None:
        """Look at the hours oftener than a person could notice, at any host that answers."""
        ends = [periods.label("H", self._last - timedelta(hours=hours)) for hours in (_MOST, 0)]
        query = f"indicator=DOWNLOADS&frequency=H&start={ends[0]}&end={ends[1]}&country={','.join(self._senders)}"
        path, turn, tag = f"/api/v1/aggregates/?{query}", 0, ""
        web = Web(self._watched[0].port, timeout=2)
        while not self._over.wait(_LOOK_EVERY):
            reply = web.ask("GET", path, headers={"If-None-Match": tag})
            if reply.status == OK:
                tag = reply.headers["ETag"]
                self._note(reply.json()["observations"])
            elif reply.status != NOT_MODIFIED:
                turn, tag = turn + 1, ""
                web = Web(self._watched[turn % len(self._watched)].port, timeout=2)

    def _note(self, observations: Sequence[dict[str, Any]]) -> None:
        now, shown = time.time(), {(cell["country"], cell["period"]) for cell in observations}
        for key in list(self._accepted):
            if key in shown:
                self.seen.append(Seen(self._accepted.pop(key), now))
