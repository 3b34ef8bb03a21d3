"""Keeps threads for the public: agencies, coordinators and the desk get at most three quarters of a process's threads.

Without this, requests that wait for a frozen primary database, or large submissions, would hold up help services too.
"""

from collections.abc import Callable
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.problems import busy, respond

#: Seconds that a private request waits for its turn. While it waits, it uses a thread of the public.
WAIT_SECONDS: Final = 1.0
#: The end of the longest beginning of an address that names a language and the pages of agencies.
_LANGUAGE: Final = len("/xx/agency/")
_PUBLIC_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class PublicThreads:
    """Middleware: answers 503 to a private request while private requests use all threads that they may use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        threads = settings.WEB_THREADS
        self._places = BoundedSemaphore(max(1, threads - max(1, threads // 4)))
        self._is_stuck = False

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        # The pages of agencies are under each language.
        is_private = path.startswith(("/admin/", "/oauth/")) or path.find("/agency/", 0, _LANGUAGE) >= 0
        is_signed_in = "HTTP_AUTHORIZATION" in request.META or is_private
        if request.method in _PUBLIC_METHODS and not is_signed_in:
            return self._get_response(request)
        # If many requests come for a moment, a thread is soon free, so a request waits. After one request has waited
        # without success, later requests do not wait any more, until a thread is free again.
        if not self._places.acquire(timeout=0 if self._is_stuck else WAIT_SECONDS):
            self._is_stuck = True
            return respond(busy())
        try:
            return self._get_response(request)
        finally:
            self._is_stuck = False
            self._places.release()
