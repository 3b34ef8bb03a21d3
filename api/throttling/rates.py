"""How often anybody may ask in a minute, and the headers that say so (draft-ietf-httpapi-ratelimit-headers).

Agencies and tokens are counted in the broker, for all processes together. While the broker is away, each process counts
for itself, as it always does for the public: nginx counts that for all processes.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import Any, Final, NamedTuple

import redis
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from api import problems
from api.problems import Problem
from countries.ranges import subscriber

log = logging.getLogger(__name__)

#: All limits are for so many seconds.
WINDOW: Final = 60
#: So long a request waits for the broker to connect, and so long for each answer.
PATIENCE: Final = 0.15
#: So long nobody asks a broker again that was away.
PAUSE: Final = 1.0
#: Sets these keys apart from others that are made with the same secret.
SALT = "api.throttling"
#: At most so many addresses are counted in a process.
_KEYS: Final = 20_000

#: Files, probes, and what has limits of its own.
_NOT_PUBLIC: Final = ("/static/", "/healthz", "/readyz", "/metrics", "/admin/", "/oauth/")
_AGENCIES: Final = ("/api/v1/submissions/", "/api/v1/findings/", "/api/v1/figures/")
_READABLE_ANYWHERE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, RateLimit, RateLimit-Policy",
}
_STANDINGS: Final = "police2peer.standings"


class Rate(NamedTuple):
    """So many requests a minute for each of a kind: an agency, a credential, an address."""

    name: str

    @property
    def amount(self) -> int:
        return int(settings.RATES[self.name])

    @property
    def policy(self) -> str:
        """The name that clients see."""
        return self.name.removeprefix("RATE_").lower().replace("_", "-")


TOKENS_PER_CREDENTIAL: Final = Rate("RATE_TOKENS_PER_CREDENTIAL")
TOKENS_PER_ADDRESS: Final = Rate("RATE_TOKENS_PER_ADDRESS")
FAILURES_PER_CREDENTIAL: Final = Rate("RATE_TOKEN_FAILURES_PER_CREDENTIAL")
FAILURES_PER_ADDRESS: Final = Rate("RATE_TOKEN_FAILURES_PER_ADDRESS")
WRONG_TOKENS_PER_ADDRESS: Final = Rate("RATE_WRONG_TOKENS_PER_ADDRESS")
SUBMISSIONS_PER_AGENCY: Final = Rate("RATE_SUBMISSIONS_PER_AGENCY")
SUBMISSIONS_PER_CREDENTIAL: Final = Rate("RATE_SUBMISSIONS_PER_CREDENTIAL")
READS_PER_AGENCY: Final = Rate("RATE_READS_PER_AGENCY")
READS_PER_CREDENTIAL: Final = Rate("RATE_READS_PER_CREDENTIAL")
PUBLIC_PER_ADDRESS: Final = Rate("RATE_PUBLIC_PER_ADDRESS")


class Standing(NamedTuple):
    """What is left of a limit, less than nothing for a request beyond it, and in how many seconds there is more."""

    rate: Rate
    left: int
    seconds: float


class Minute:
    """Counts in this process, by the minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._counts: Counter[str] = Counter()
        self._ends = 0.0

    def add(self, rate: Rate, key: str, amount: int = 1) -> Standing:
        """Count, unless it is more than the rate allows."""
        with self._lock:
            now = self._clock()
            if now >= self._ends or len(self._counts) > _KEYS:
                self._counts.clear()
                self._ends = now + WINDOW
            left = rate.amount - self._counts[key] - amount
            if left >= 0:
                self._counts[key] += amount
            return Standing(rate, left, self._ends - now)


class Broker:
    """Counts in the broker, each key from its first request on; while the broker is away, in this process."""

    def __init__(self, url: str) -> None:
        waiting = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        self._storage = RedisStorage(url, retry=Retry(NoBackoff(), 0), **waiting)  # type: ignore[arg-type]
        self._meanwhile = Minute()
        self._away_until = 0.0

    def add(self, rate: Rate, key: str, amount: int = 1) -> Standing:
        was_away = self._away_until > 0
        if time.monotonic() < self._away_until:
            return self._meanwhile.add(rate, key, amount)
        if was_away:
            # This request looks whether it is back; the others go on without.
            self._away_until = time.monotonic() + PAUSE
        try:
            # One step: of any number of requests at once, exactly as many pass as may.
            left = rate.amount - self._storage.incr(key, WINDOW, amount)
            seconds = self._storage.get_expiry(key) - time.time()
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + PAUSE
            if not was_away:
                log.warning("the broker is away: each process counts", extra={"reason": type(error).__name__})
            return self._meanwhile.add(rate, key, amount)
        if was_away:
            self._away_until = 0.0
            log.warning("the broker is back: limits are counted in it")
        return Standing(rate, left, seconds)


@cache
def broker() -> Broker:
    """The broker of this process. It is made at its first use, after the processes of a server were forked."""
    return Broker(settings.REDIS_URL)


def count(rate: Rate, identity: str, amount: int = 1) -> Standing:
    """Count in the broker, where a keyed hash stands for an address or a name."""
    key = salted_hmac(SALT, f"{rate.name} {identity}", algorithm="sha256").hexdigest()[:32]
    return broker().add(rate, key, amount)


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """The two headers, each a list of structured fields."""
    return {
        "RateLimit-Policy": ", ".join(f'"{one.rate.policy}";q={one.rate.amount};w={WINDOW}' for one in standings),
        "RateLimit": ", ".join(f'"{one.rate.policy}";r={max(0, one.left)};t={_whole(one)}' for one in standings),
    }


def refusal(standing: Standing) -> Problem:
    again = {"Retry-After": str(max(1, _whole(standing))), "Cache-Control": "no-store"}
    return Problem("throttled", headers=headers([standing]) | again)


def _whole(standing: Standing) -> int:
    return math.ceil(max(0.0, standing.seconds))


# --- the public

#: Counts the public, and who pays for what is being done, if anybody does.
public: Final = Minute()
payer: Final[ContextVar[str | None]] = ContextVar("payer", default=None)


class RateLimits:
    """Middleware: refuses addresses that ask too often, and tells agencies what is left.

    Answers that shared caches may keep carry no header about limits: it would be told to others than it is about.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _is_public(request):
            answer = self._get_response(request)
            standings = request.META.get(_STANDINGS)
            for name, value in headers(standings).items() if standings else ():
                answer[name] = value
            return answer
        address = subscriber(request.META.get("REMOTE_ADDR", ""))
        standing = public.add(PUBLIC_PER_ADDRESS, address)
        if standing.left < 0:
            problem = refusal(standing)
            problem.headers |= _READABLE_ANYWHERE
            return problems.respond(problem)
        paying = payer.set(address)
        try:
            return self._get_response(request)
        finally:
            payer.reset(paying)


def _is_public(request: HttpRequest) -> bool:
    # A token has limits of its own, right or wrong; another kind of authorization has none.
    path, token = request.path_info, bearer(request)
    return not path.startswith(_NOT_PUBLIC) and (token is None or not path.startswith(_AGENCIES))


def bearer(request: HttpRequest) -> str | None:
    """The token of a request, which may be empty; nothing without one."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


# --- agencies and coordinators


class AgencyRate(BaseThrottle):
    """Counts a request for its credential and, if the credential may go on, for its agency.

    DRF's own classes read, decide and write, so requests at the same time would all pass.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        caller: Any = request.auth
        if caller is None:
            return True
        submits = request.method == "POST" and getattr(view, "submits", False)
        standings = [count(SUBMISSIONS_PER_CREDENTIAL if submits else READS_PER_CREDENTIAL, caller.name)]
        if caller.agency is not None and standings[0].left >= 0:
            standings.append(count(SUBMISSIONS_PER_AGENCY if submits else READS_PER_AGENCY, str(caller.agency.pk)))
        if standings[-1].left < 0:
            raise refusal(standings[-1])
        request.META[_STANDINGS] = standings
        return True


# --- requests for a token

#: A rate and who is counted.
Charge = tuple[Rate, str]


def reserve_attempt(client_ids: Collection[str], address: str) -> list[Charge]:
    """Count a request for a token and reserve a failure; raise the problem beyond a limit.

    A failure is reserved before the secret is checked and given back if it was right. So of many guesses at the same
    time no more are checked than may fail. A request may name two credentials, in its header and in its form.
    """
    network = subscriber(address)
    # With the address, or anybody who knows an id could use up its limit.
    asking = [(TOKENS_PER_ADDRESS, network), *((TOKENS_PER_CREDENTIAL, f"{one} {network}") for one in client_ids)]
    for rate, identity in asking:
        standing = count(rate, identity)
        if standing.left < 0:
            raise refusal(standing)
    reserved: list[Charge] = []
    for rate, identity in ((FAILURES_PER_ADDRESS, network), *((FAILURES_PER_CREDENTIAL, one) for one in client_ids)):
        standing = count(rate, identity)
        if standing.left < 0:
            give_back(reserved)
            raise refusal(standing)
        reserved.append((rate, identity))
    return reserved


def give_back(reserved: Collection[Charge]) -> None:
    """Give back the failures reserved for an attempt that was no guess."""
    for rate, identity in reserved:
        count(rate, identity, -1)
