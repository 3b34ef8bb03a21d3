"""A reader that keeps a copy of the public view by asking SDMX for changes, also while parts break."""

import csv
import threading
from collections.abc import Iterator, Sequence
from http.client import OK
from itertools import cycle

from tests.chaos.client import Reply, Web
from tests.cluster import Part

_EVERY = 0.25
_VIEW = "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/*?format=csv"
#: What an observation is found by; the columns before it say what the answer is of.
_KEY = slice(3, 8)

View = dict[tuple[str, ...], tuple[str, ...]]


class Follower(threading.Thread):
    """Polls the hosts in turn until it is stopped. It uses nothing of an incomplete answer."""

    def __init__(self, hosts: Sequence[Part]) -> None:
        super().__init__(name="follower", daemon=True)
        self._hosts = hosts
        self._over = threading.Event()
        self._kept: View = {}
        self._last = ""
        self.polls = 0

    def stop(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        for host in cycle(self._hosts):
            if self._over.wait(_EVERY):
                return
            self._poll(host)

    def wrong(self) -> Iterator[str]:
        """Yield the differences between the copy and the whole view of each host, when nothing changes any more."""
        for host in self._hosts:
            self._poll(host)
            whole = _read(Web(host.port).ask("GET", _VIEW))
            different = [key for key in {*self._kept, *whole} if self._kept.get(key) != whole.get(key)]
            if different or not whole:
                yield f"{host.name}: a copy kept by polling differs in {len(different)} of {len(whole)} observations"

    def _poll(self, host: Part) -> None:
        reply = Web(host.port).ask("GET", _VIEW + (f"&updatedAfter={self._last}" if self._last else ""))
        if reply.status == OK:
            self._kept |= _read(reply)
            self._last = reply.headers.get("Known-At", self._last)
            self.polls += 1


def _read(reply: Reply) -> View:
    rows = list(csv.reader(reply.body.decode().splitlines()))[1:]
    return {tuple(row[_KEY]): tuple(row[_KEY.stop :]) for row in rows}
