"""The security headers of every answer: of views, files, the admin, errors and redirects."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: The headers of an answer that sets none of them: it loads nothing, no page may frame it, and no cache may keep it.
_DEFAULTS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class SafeHeaders:
    """The outermost middleware, so that errors of all others have these headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._get_response(request)
        headers = answer.headers
        for name, value in _DEFAULTS.items():
            headers.setdefault(name, value)
        # Other sites may show public pictures and numbers, and nothing else of ours.
        public = "public" in headers["Cache-Control"]
        headers["Cross-Origin-Resource-Policy"] = "cross-origin" if public else "same-origin"
        return answer
