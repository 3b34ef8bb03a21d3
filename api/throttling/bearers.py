"""The limit of bearer tokens that are worth nothing: how often an address may have them looked up.

A right token passes whatever else its address sends, as many may share one. For that each token has our mark: those
without it count for their address together, and those that have it, which have ended, each for itself.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import auth, problems
from api.throttling import rates, store
from api.throttling.counts import Refusals, Windows, network_of
from api.throttling.public import AGENCIES
from api.throttling.rates import Standing
from api.throttling.store import AwayError

_RATE: Final = rates.WRONG_TOKENS_PER_ADDRESS

refusals: Final = Refusals()
windows: Final = Windows()


class WrongTokens:
    """Middleware: refuses tokens like those that an address has sent in vain too often, before anybody looks them up.

    Counted is afterwards, what was in vain: whoever comes with a right token pays nothing for it. Nothing can be won by
    sending many at once, as by guessing a secret: only as many are looked up as there are threads.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = auth.bearer(request.META.get("HTTP_AUTHORIZATION", ""))
        if token is None or not request.path_info.startswith(AGENCIES):
            return self._get_response(request)
        identity = _identity(token, request.META.get("REMOTE_ADDR", ""))
        standing = refusals.standing(identity)
        if standing is not None:
            return problems.respond(rates.refusal(standing))
        answer = self._get_response(request)
        if auth.IN_VAIN in request.META:
            _count(identity)
        return answer


def _identity(token: str, address: str) -> str:
    """Return with whom a token is counted. An ended one with its address: who stole it must not use it up elsewhere."""
    network = f"address {network_of(address)}"
    return f"{network} {sha256(token.encode()).hexdigest()}" if auth.is_ours(token) else network


def _count(identity: str) -> None:
    try:
        spent = _spent(identity)
    except AwayError:
        spent = windows.take(_RATE, identity, _RATE.amount_here - 1)
    if spent is not None:
        refusals.hold(identity, spent)


def _spent(identity: str) -> Standing | None:
    """Count a token; return how its sender stands if that was the last one."""
    store.store().reserve(_RATE, identity)
    standing = store.store().until_reserved_again(_RATE, identity)
    return standing if standing.left == 0 else None
