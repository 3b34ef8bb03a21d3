"""The limits of agencies and coordinators, per credential and per agency, once it is known who asks."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from api.auth import Caller
from api.throttling import rates, store
from api.throttling.rates import Rate, Standing
from api.throttling.store import AwayError

#: Where the view leaves word for the answer.
_STANDINGS: Final = "police2peer.standings"

_READS: Final = (rates.READS_PER_CREDENTIAL, rates.READS_PER_AGENCY)
_SUBMISSIONS: Final = (rates.SUBMISSIONS_PER_CREDENTIAL, rates.SUBMISSIONS_PER_AGENCY)


class AgencyRate(BaseThrottle):
    """Where DRF asks whether a caller may go on. The counting is ours, as DRF's own lets requests at once pass."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request; raise the problem of a caller who asks too often."""
        if not isinstance(request.auth, Caller):
            return True
        submits = request.method == "POST" and getattr(view, "submits", False)
        try:
            standings = _count(request.auth, _SUBMISSIONS if submits else _READS)
        except AwayError:
            # A report that is refused for want of a counter would be a loss; one too many is none.
            return True
        refused = next((one for one in standings if one.left < 0), None)
        if refused is not None:
            raise rates.refusal(refused._replace(left=0))
        request.META[_STANDINGS] = standings
        return True


class Standings:
    """Middleware: tells callers what is left, on answers that are for them alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        standings = request.META.get(_STANDINGS)
        if standings:
            for name, value in rates.headers(standings).items():
                answer[name] = value
        return answer


def _count(caller: Caller, limits: tuple[Rate, Rate]) -> list[Standing]:
    """Count for the credential, and if it may, for the agency; less than nothing is left to who may not."""
    standings = []
    for rate, identity in _charges(caller, limits):
        granted = store.store().take(rate, identity)
        standing = store.store().standing(rate, identity)
        standings.append(standing if granted else standing._replace(left=-1))
        if not granted:
            break
    return standings


def _charges(caller: Caller, limits: tuple[Rate, Rate]) -> Iterator[tuple[Rate, str]]:
    per_credential, per_agency = limits
    yield per_credential, f"credential {caller.name}"
    if caller.agency is not None:
        yield per_agency, f"agency {caller.agency.pk}"
