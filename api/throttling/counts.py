"""Counts kept in this process: what was taken from the broker in advance, and limits while it is away."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Lock
from typing import Final

from api.throttling import store
from api.throttling.rates import WINDOW, Rate, Standing
from api.throttling.store import AwayError

#: At most so much is taken in advance, for so many seconds, for so many addresses.
LEASE: Final = 25
LEASE_SECONDS: Final = 10.0
_ADDRESSES: Final = 20_000
#: Who was refused is not asked about again so soon, and the broker is not asked when it is away.
_REFUSED_SECONDS: Final = 0.5
_AWAY_SECONDS: Final = 1.0


@dataclass(slots=True)
class _Lease:
    """What an address may still ask for here without a look into the broker, until when, and how much was taken."""

    left: int
    until: float
    taken: int
    refused: Standing | None = None


class Leases:
    """Counts the requests of addresses in portions that are taken from the broker in advance.

    The portions double with use: so an address never has more taken for it than twice what it used, and one that asks
    all the time costs a look into the broker each 25 requests.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._held: OrderedDict[str, _Lease] = OrderedDict()
        self._lock = Lock()

    def refused(self, address: str, cost: int = 1) -> Standing | None:
        """Take one request, or one that counts as many; return how the address stands if it may not."""
        who = network_of(address)
        now = self._clock()
        with self._lock:
            lease = self._held.get(who)
            if lease is not None and lease.until > now:
                if lease.left >= cost:
                    lease.left -= cost
                    return None
                if lease.refused is not None:
                    return lease.refused
            taken = lease.taken if lease is not None and lease.until > now else 0
        return self._renew(who, cost, min(max(1, 2 * taken), LEASE))

    def _renew(self, who: str, cost: int, portion: int) -> Standing | None:
        try:
            granted = self._take(who, cost, portion)
            if granted:
                self._hold(who, _Lease(granted - cost, self._clock() + LEASE_SECONDS, portion))
                return None
            standing = store.store().standing(self._rate, who)
        except AwayError:
            # The public reads on.
            self._hold(who, _Lease(LEASE, self._clock() + _AWAY_SECONDS, portion))
            return None
        if cost == 1:
            # Who may not have much may have little still.
            self._hold(who, _Lease(0, self._clock() + _REFUSED_SECONDS, portion, standing))
        return standing

    def _take(self, who: str, cost: int, portion: int) -> int:
        """Take a portion, or, near the limit, what is needed now; return how much there was."""
        for wanted in sorted({max(cost, portion), cost}, reverse=True):
            if store.store().take(self._rate, who, cost=wanted):
                return wanted
        return 0

    def _hold(self, who: str, lease: _Lease) -> None:
        with self._lock:
            before = self._held.pop(who, None)
            if before is not None and before.until > self._clock():
                # Another thread took a portion meanwhile.
                lease.left += before.left
            self._held[who] = lease
            if len(self._held) > _ADDRESSES:
                self._held.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


class Windows:
    """Counts by the minute in this process, for as long as the broker is away."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str], int] = {}
        self._ends = 0.0
        self._lock = Lock()

    def take(self, rate: Rate, identity: str, amount: int) -> Standing | None:
        """Count a request; return how somebody stands who has asked too often."""
        with self._lock:
            now = self._clock()
            if now >= self._ends or len(self._counts) > _ADDRESSES:
                self._counts.clear()
                self._ends = now + WINDOW
            key = (rate.name, identity)
            self._counts[key] = self._counts.get(key, 0) + 1
            return Standing(rate, 0, self._ends - now) if self._counts[key] > amount else None


class Refusals:
    """Who is refused until when, so that it costs neither a question to the broker nor one to the database."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[str, tuple[Standing, float]] = OrderedDict()
        self._lock = Lock()

    def hold(self, identity: str, standing: Standing) -> None:
        """Refuse somebody for as long as nothing is left to them."""
        with self._lock:
            self._held.pop(identity, None)
            self._held[identity] = standing, self._clock() + standing.seconds
            if len(self._held) > _ADDRESSES:
                self._held.popitem(last=False)

    def standing(self, identity: str) -> Standing | None:
        """Return how somebody stands who is refused now."""
        standing, until = self._held.get(identity, (None, 0.0))
        left = until - self._clock()
        return standing._replace(seconds=left) if standing is not None and left > 0 else None

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


def network_of(address: str) -> str:
    """Return the network of an IPv6 address, as whoever has one has the other 2^64 too; any other as it is."""
    if ":" not in address:
        return address
    try:
        return f"{ip_address(address).exploded[:19]}/64"
    except ValueError:
        return address
