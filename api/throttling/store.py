"""Counts requests in the broker, in one step each, so that of any number at once exactly as many pass as may.

A broker that is away is found out once in a second, by one request, within a fraction of it.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Final, TypeVar

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import LockError
from redis.lock import Lock
from redis.retry import Retry

from api.throttling.rates import WINDOW, Rate, Standing

T = TypeVar("T")

#: So long a request waits for the broker to connect, and so long for each answer.
PATIENCE: Final = 0.15
#: So long nobody asks a broker again that was away.
PAUSE: Final = 1.0

#: Sets these keys apart from others that are made with the same secret.
SALT = "api.throttling"

log = logging.getLogger(__name__)


class AwayError(Exception):
    """The broker cannot be asked: decide without it."""


class Store:
    """The limits as the broker knows them; keys in it are keyed hashes and tell of no address."""

    def __init__(self, url: str) -> None:
        waiting = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        storage = RedisStorage(url, retry=Retry(NoBackoff(), 0), **waiting)  # type: ignore[arg-type]
        self._storage = storage
        # Two counters a key, moved on by the broker's clock: no doubling where two windows meet, and no list that
        # grows with the limit.
        self._sliding = SlidingWindowCounterRateLimiter(storage)
        # What can be given back has to be one counter.
        self._fixed = FixedWindowRateLimiter(storage)
        self._away_until = 0.0

    def take(self, rate: Rate, identity: str, *, cost: int = 1) -> bool:
        """Take from what somebody may ask for; say whether there was so much left."""
        return self._ask(lambda: self._sliding.hit(_item(rate), _key(identity), cost=cost))

    def standing(self, rate: Rate, identity: str) -> Standing:
        """Return what is left."""
        item, key = _item(rate), _key(identity)
        stats = self._ask(lambda: self._sliding.get_window_stats(item, key))
        seconds = stats.reset_time - time.time()
        if seconds <= 0 and not self._ask(lambda: self._storage.get_sliding_window(item.key_for(key), WINDOW))[0]:
            # In the millisecond in which a first window begins, the library says that it ends.
            seconds = WINDOW
        return Standing(rate, stats.remaining, seconds)

    def reserve(self, rate: Rate, identity: str) -> bool:
        """Take in advance what a success gives back, so that attempts made at once count too."""
        return self._ask(lambda: self._fixed.hit(_item(rate), _key(identity)))

    def give_back(self, rate: Rate, identity: str) -> None:
        """Give back what was reserved."""
        item = _item(rate)
        self._ask(lambda: self._storage.incr(item.key_for(_key(identity)), item.get_expiry(), amount=-1))

    def until_reserved_again(self, rate: Rate, identity: str) -> Standing:
        """Return when what was reserved runs out."""
        stats = self._ask(lambda: self._fixed.get_window_stats(_item(rate), _key(identity)))
        return Standing(rate, stats.remaining, stats.reset_time - time.time())

    def take_turn(self, name: str, *, seconds: float) -> Lock | None:
        """Take the one turn that there is of a name, for so many seconds at most; nothing if somebody has it."""
        lock: Lock = self._storage.storage.lock(_key(f"turn {name}"), timeout=seconds)
        return lock if self._ask(lambda: lock.acquire(blocking=False)) else None

    def end_turn(self, lock: Lock) -> None:
        """Give a turn back, unless it has ended by itself."""

        def release() -> None:
            with suppress(LockError):
                lock.release()

        # Without the broker, it ends by itself.
        with suppress(AwayError):
            self._ask(release)

    def _ask(self, question: Callable[[], T]) -> T:
        away_since_before = self._away_until > 0
        if away_since_before:
            if time.monotonic() < self._away_until:
                raise AwayError
            # This one looks whether it is back; the others go on without.
            self._away_until = time.monotonic() + PAUSE
        try:
            answer = question()
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + PAUSE
            if not away_since_before:
                log.warning("the broker is away: limits are kept without it", extra={"reason": type(error).__name__})
            raise AwayError from None
        if away_since_before:
            self._away_until = 0.0
            log.warning("the broker is back: limits are kept in it")
        return answer


@cache
def store() -> Store:
    """Return the store of this process, made when it is first asked for: after the processes parted ways."""
    return Store(settings.REDIS_URL)


def _item(rate: Rate) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(rate.amount, namespace=rate.policy)


def _key(identity: str) -> str:
    return salted_hmac(SALT, identity, algorithm="sha256").hexdigest()[:32]
