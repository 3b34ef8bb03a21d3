"""The security headers of every answer: of views, files, the admin, errors and redirects."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: An answer that nothing else was said of: nothing is loaded by it, nothing frames it, nobody keeps it.
_OTHERWISE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class SafeHeaders:
    """Middleware, the outermost one: also an error of those within has these headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        headers = answer.headers
        for name, value in _OTHERWISE.items():
            headers.setdefault(name, value)
        # Other sites show pictures and numbers that are public, and nothing else of ours.
        public = "public" in headers["Cache-Control"]
        headers["Cross-Origin-Resource-Policy"] = "cross-origin" if public else "same-origin"
        return answer
