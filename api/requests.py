"""Gives each request an id, counts it, and logs the requests of agencies. No line has an address or contents.

Log lines written while a request is answered name its id, and so does the answer.
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

from api import measures, problems, request_ids
from api.auth import Caller
from api.caching import find_view

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
#: The key under which the view stores the id of the submission.
SUBMISSION: Final = "police2peer.submission"
_FORM: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: The route of addresses that lead nowhere.
_NOWHERE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
#: The routes that an agency needs for a submission, tokens included.
_INTAKE: Final = ("v1:submissions", "token")
_OURS: Final = 500

# The counters are made at the start. If a series began with a failure, an alert on its growth would miss this failure.
for _route_of_intake, _reason in product(_INTAKE, problems.REASONS):
    measures.FAILED.labels(_route_of_intake, _reason)


class Requests:
    """Middleware around all others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        # A proxy of ours may have given an id; `api.addresses` has removed all others.
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given.replace("-", "") if _FORM.fullmatch(given) else uuid4().hex
        outer = request_ids.current.set(request_id)
        try:
            answer = self._get_response(request)
            _record(request, answer, time.perf_counter() - began)
        finally:
            request_ids.current.reset(outer)
        # A cache would return the id of one request to all clients that it answers.
        if not answer.get("Cache-Control", "").startswith("public"):
            answer[HEADER] = request_id
        return answer


def _record(request: HttpRequest, answer: HttpResponseBase, seconds: float) -> None:
    """Count an answer; log it only if its view asks who is there, so nothing is logged about the public."""
    # An answer from the cache is given before the route of the address is looked up.
    match = request.resolver_match or find_view(request.path_info)
    # The route is one of few, for any address.
    route = _NOWHERE if match is None else match.view_name or _NOWHERE
    if match is not None and match.namespaces == ["admin"]:
        route = "admin"
    method = request.method if request.method in _METHODS else "other"
    measures.REQUESTS.labels(route, method, f"{answer.status_code // 100}xx").inc()
    measures.SECONDS.labels(route).observe(seconds)
    if answer.status_code >= _OURS and method == "POST" and route in _INTAKE:
        measures.FAILED.labels(route, getattr(answer, "reason", problems.MISTAKE)).inc()
    if match is None or not _is_closed(match.func):
        return

    user, length = getattr(request, "user", None), request.META.get("CONTENT_LENGTH") or ""
    log.info(
        "request answered",
        extra={
            "method": request.method,
            "route": route,
            "status": answer.status_code,
            "ms": round(seconds * 1000),
            # By its type: the user of a session would have to be looked up.
            "by": user.name if type(user) is Caller else "",
            "bytes_received": int(length) if length.isascii() and length.isdigit() else None,
            "bytes_sent": None if answer.streaming else len(answer.content),  # type: ignore[attr-defined]
            **({"submission": request.META[SUBMISSION]} if SUBMISSION in request.META else {}),
        },
    )


@lru_cache(maxsize=256)
def _is_closed(function: Any) -> bool:
    view = getattr(function, "cls", None) or getattr(function, "view_class", None)
    return bool(getattr(view, "authentication_classes", ())) or getattr(view, "__name__", "") == "TokenView"
