"""Gives what is held before anything else is done for a request: public answers know no session, form or user."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats


class CacheMiddleware:
    """Middleware: a public answer that is held and fresh is given at once; all else goes its way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            held = caching.held_answer(request, formats.preferred(request))
            if held is not None:
                return held
        return self._get_response(request)
