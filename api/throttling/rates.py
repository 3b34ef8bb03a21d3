"""How often anybody may ask in a minute, and the headers that say so (draft-ietf-httpapi-ratelimit-headers).

Agencies and tokens are counted in `REDIS_URL`, for all processes together. While that server is away, each process
counts for itself. Requests of the public are always counted in this way, because nginx counts them for all processes.
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

#: Seconds; all limits are for a minute.
WINDOW: Final = 60
#: Seconds that a request waits for a connection to the broker. It also waits so long for each answer of the broker.
BROKER_TIMEOUT: Final = 0.15
#: Seconds after which a broker that was away is asked again.
BROKER_PAUSE: Final = 1.0
#: Sets these keys apart from others that are made with the same secret.
SALT = "api.throttling"
#: How many addresses a process counts at most.
_KEYS: Final = 20_000

#: Requests that are not counted here: files, probes, and requests with limits of their own.
_NOT_PUBLIC: Final = ("/static/", "/healthz", "/readyz", "/metrics", "/admin/", "/oauth/")
_AGENCIES: Final = ("/api/v1/submissions/", "/api/v1/findings/", "/api/v1/figures/")
_READABLE_ANYWHERE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, RateLimit, RateLimit-Policy",
}
_ALLOWANCES: Final = "police2peer.allowances"


class Rate(NamedTuple):
    """A number of requests a minute, for each agency, credential or address."""

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


class Allowance(NamedTuple):
    """How many requests are left (below 0 if there were too many), and in how many seconds the count begins again."""

    rate: Rate
    left: int
    seconds: float


class LocalCounter:
    """Counts in this process, minute by minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._counts: Counter[str] = Counter()
        self._ends = 0.0

    def add(self, rate: Rate, key: str, amount: int = 1) -> Allowance:
        """Count, unless it is more than the rate allows."""
        with self._lock:
            now = self._clock()
            if now >= self._ends or len(self._counts) > _KEYS:
                self._counts.clear()
                self._ends = now + WINDOW
            left = rate.amount - self._counts[key] - amount
            if left >= 0:
                self._counts[key] += amount
            return Allowance(rate, left, self._ends - now)


class BrokerCounter:
    """Counts in `REDIS_URL`, each key from its first request on; while it is away, in this process."""

    def __init__(self, url: str) -> None:
        waiting = {"socket_connect_timeout": BROKER_TIMEOUT, "socket_timeout": BROKER_TIMEOUT}
        self._storage = RedisStorage(url, retry=Retry(NoBackoff(), 0), **waiting)  # type: ignore[arg-type]
        self._meanwhile = LocalCounter()
        self._away_until = 0.0

    def add(self, rate: Rate, key: str, amount: int = 1) -> Allowance:
        was_away = self._away_until > 0
        if time.monotonic() < self._away_until:
            return self._meanwhile.add(rate, key, amount)
        if was_away:
            # This request tries the broker; the others do without it meanwhile.
            self._away_until = time.monotonic() + BROKER_PAUSE
        try:
            # This is one step. So even if many requests come at once, no more pass than the limit allows.
            left = rate.amount - self._storage.incr(key, WINDOW, amount)
            seconds = self._storage.get_expiry(key) - time.time()
        except (redis.RedisError, OSError) as error:
            self._away_until = time.monotonic() + BROKER_PAUSE
            if not was_away:
                log.warning("the broker is away: each process counts", extra={"reason": type(error).__name__})
            return self._meanwhile.add(rate, key, amount)
        if was_away:
            self._away_until = 0.0
            log.warning("the broker is back: limits are counted in it")
        return Allowance(rate, left, seconds)


@cache
def broker_counter() -> BrokerCounter:
    """Made at its first use in a process, after the server has forked its processes."""
    return BrokerCounter(settings.REDIS_URL)


def count(rate: Rate, identity: str, amount: int = 1) -> Allowance:
    """Count in `REDIS_URL`, where a keyed hash stands for an address or a name."""
    key = salted_hmac(SALT, f"{rate.name} {identity}", algorithm="sha256").hexdigest()[:32]
    return broker_counter().add(rate, key, amount)


def headers(allowances: Sequence[Allowance]) -> dict[str, str]:
    """The two headers, each a list of structured fields."""
    return {
        "RateLimit-Policy": ", ".join(f'"{one.rate.policy}";q={one.rate.amount};w={WINDOW}' for one in allowances),
        "RateLimit": ", ".join(f'"{one.rate.policy}";r={max(0, one.left)};t={_whole(one)}' for one in allowances),
    }


def refusal(allowance: Allowance) -> Problem:
    again = {"Retry-After": str(max(1, _whole(allowance))), "Cache-Control": "no-store"}
    return Problem("throttled", headers=headers([allowance]) | again)


def _whole(allowance: Allowance) -> int:
    return math.ceil(max(0.0, allowance.seconds))


# --- the public

#: Counts the requests of the public. And the address that pays for the present request, if there is one.
public_counter: Final = LocalCounter()
payer: Final[ContextVar[str | None]] = ContextVar("payer", default=None)


class RateLimits:
    """Middleware: refuses addresses that ask too often, and tells agencies how many requests are left.

    Answers that shared caches may keep carry no header about limits, because other clients would get it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Tokens have limits of their own, whether they are valid or not. Other kinds of authorization have none, so
        # they count here.
        path, token = request.path_info, bearer(request)
        if path.startswith(_NOT_PUBLIC) or (token is not None and path.startswith(_AGENCIES)):
            answer = self._get_response(request)
            allowances = request.META.get(_ALLOWANCES)
            for name, value in headers(allowances).items() if allowances else ():
                answer[name] = value
            return answer
        address = subscriber(request.META.get("REMOTE_ADDR", ""))
        allowance = public_counter.add(PUBLIC_PER_ADDRESS, address)
        if allowance.left < 0:
            problem = refusal(allowance)
            problem.headers |= _READABLE_ANYWHERE
            return problems.respond(problem)
        paying = payer.set(address)
        try:
            return self._get_response(request)
        finally:
            payer.reset(paying)


def bearer(request: HttpRequest) -> str | None:
    """The token of a request, which may be empty; nothing without one."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


# --- agencies and coordinators


class AgencyRate(BaseThrottle):
    """Counts a request for its credential. If the credential is within its limit, also counts it for its agency.

    The classes of DRF read the count, decide, and then write it. So requests at the same time would all pass.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        caller: Any = request.auth
        if caller is None:
            return True
        submits = request.method == "POST" and getattr(view, "submits", False)
        allowances = [count(SUBMISSIONS_PER_CREDENTIAL if submits else READS_PER_CREDENTIAL, caller.name)]
        if caller.agency is not None and allowances[0].left >= 0:
            allowances.append(count(SUBMISSIONS_PER_AGENCY if submits else READS_PER_AGENCY, str(caller.agency.pk)))
        if allowances[-1].left < 0:
            raise refusal(allowances[-1])
        request.META[_ALLOWANCES] = allowances
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
    # The key contains the address. Otherwise anybody who knows an id could use up its limit.
    asking = [(TOKENS_PER_ADDRESS, network), *((TOKENS_PER_CREDENTIAL, f"{one} {network}") for one in client_ids)]
    for rate, identity in asking:
        allowance = count(rate, identity)
        if allowance.left < 0:
            raise refusal(allowance)
    reserved: list[Charge] = []
    for rate, identity in ((FAILURES_PER_ADDRESS, network), *((FAILURES_PER_CREDENTIAL, one) for one in client_ids)):
        allowance = count(rate, identity)
        if allowance.left < 0:
            give_back(reserved)
            raise refusal(allowance)
        reserved.append((rate, identity))
    return reserved


def give_back(reserved: Collection[Charge]) -> None:
    """Give back the failures reserved for an attempt that was no guess."""
    for rate, identity in reserved:
        count(rate, identity, -1)
