"""Gives cached answers before anything else is done for a request: public answers know no session, form or user."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api import caching, formats


class CacheMiddleware:
    """Middleware: gives a fresh public answer from the cache at once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in {"GET", "HEAD"}:
            cached = caching.cached_answer(request, formats.preferred(request))
            if cached is not None:
                return cached
        return self._get_response(request)
