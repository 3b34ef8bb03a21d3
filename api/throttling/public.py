"""The limit of public reads per address, before anything is done for them; `costs` charges more for large ones."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import auth, problems
from api.throttling import costs, rates

#: Files, probes, and what has limits of its own.
_OTHERS: Final = ("/static/", "/healthz", "/readyz", "/metrics", "/admin/", "/oauth/")
AGENCIES: Final = ("/api/v1/submissions/", "/api/v1/findings/", "/api/v1/figures/")
_READABLE_ANYWHERE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, RateLimit, RateLimit-Policy",
}


class PublicReads:
    """Middleware: refuses an address that asks too often.

    Answers that may be kept by shared caches carry no header about limits: it would be told to others than it is about.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _counts(request):
            return self._get_response(request)
        address = request.META.get("REMOTE_ADDR", "")
        standing = costs.leases.refused(address)
        if standing is not None:
            return _refuse(standing)
        payer = costs.payer.set(address)
        try:
            return self._get_response(request)
        finally:
            costs.payer.reset(payer)


def _counts(request: HttpRequest) -> bool:
    path = request.path_info
    if path.startswith(_OTHERS):
        return False
    # A token has limits of its own, right or wrong; a header that is none has not.
    return auth.bearer(request.META.get("HTTP_AUTHORIZATION", "")) is None or not path.startswith(AGENCIES)


def _refuse(standing: rates.Standing) -> HttpResponseBase:
    problem = rates.refusal(standing)
    problem.headers |= _READABLE_ANYWHERE
    return problems.respond(problem)
