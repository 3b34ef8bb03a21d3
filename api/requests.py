"""Gives each request its id, counts it, and logs what agencies ask: never an address, never contents.

What is logged while it is answered names the id, and so does the answer.
"""

import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any, Final
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

from api import measures, problems, request_ids
from api.auth import Caller

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
#: Where the view notes the submission that it has stored.
SUBMISSION: Final = "police2peer.submission"
_FORM: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Where a request did not come to an address of ours.
_NOWHERE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
#: What an agency asks for to submit. Without a token it gets no further.
_INTAKE: Final = ("v1:submissions", "token")
_OURS: Final = 500

# There from the start: an alert on what grows does not see the first one of a series that begins with it.
for _route_of_intake, _reason in product(_INTAKE, problems.REASONS):
    measures.FAILED.labels(_route_of_intake, _reason)


class Requests:
    """Middleware around all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began, request_id = time.perf_counter(), _id_of(request)
        outer = request_ids.current.set(request_id)
        try:
            answer = self._get_response(request)
            seconds = time.perf_counter() - began
            match = request.resolver_match or _match(request.path_info)
            _count(request, answer, match, seconds)
            if match is not None and _asks_who(match):
                _tell(request, answer, match, seconds)
        finally:
            request_ids.current.reset(outer)
        # A cache would give one request's id to all that it answers.
        if not answer.get("Cache-Control", "").startswith("public"):
            answer[HEADER] = request_id
        return answer


def _id_of(request: HttpRequest) -> str:
    """Return the id that a proxy of ours gave the request, or a new one; `api.addresses` has taken away all others."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given.replace("-", "") if _FORM.fullmatch(given) else uuid4().hex


@lru_cache(maxsize=4096)
def _match(path: str) -> ResolverMatch | None:
    """Return where an address leads that was answered before it was looked up: a public one, from the cache."""
    try:
        return resolve(path)
    except Resolver404:
        return None


def _count(request: HttpRequest, answer: HttpResponseBase, match: ResolverMatch | None, seconds: float) -> None:
    route = _route(match)
    method = request.method if request.method in _METHODS else "other"
    measures.REQUESTS.labels(route, method, f"{answer.status_code // 100}xx").inc()
    measures.SECONDS.labels(route).observe(seconds)
    if answer.status_code >= _OURS and method == "POST" and route in _INTAKE:
        measures.FAILED.labels(route, getattr(answer, "reason", problems.MISTAKE)).inc()


def _route(match: ResolverMatch | None) -> str:
    """Return the name of the route: one of few, for any address."""
    if match is None:
        return _NOWHERE
    if match.namespaces == ["admin"]:
        return "admin"
    return match.view_name or _NOWHERE


@lru_cache(maxsize=256)
def _is_closed(view: Any) -> bool:
    return bool(getattr(view, "authentication_classes", ())) or getattr(view, "__name__", "") == "TokenView"


def _asks_who(match: ResolverMatch) -> bool:
    """Whether a view asks who is there. Public ones do not: of them nothing is logged."""
    view = getattr(match.func, "cls", None) or getattr(match.func, "view_class", None)
    return view is not None and _is_closed(view)


def _tell(request: HttpRequest, answer: HttpResponseBase, match: ResolverMatch, seconds: float) -> None:
    user = getattr(request, "user", None)
    log.info(
        "request answered",
        extra={
            "method": request.method,
            "route": _route(match),
            "status": answer.status_code,
            "ms": round(seconds * 1000),
            # Asked for its type: the user of a session would have to be looked up.
            "by": user.name if type(user) is Caller else "",
            "bytes_received": _length(request.META.get("CONTENT_LENGTH")),
            "bytes_sent": None if answer.streaming else len(answer.content),  # type: ignore[attr-defined]
            **({"submission": request.META[SUBMISSION]} if SUBMISSION in request.META else {}),
        },
    )


def _length(announced: str | None) -> int | None:
    return int(announced) if announced and announced.isascii() and announced.isdigit() else None
