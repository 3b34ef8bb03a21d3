"""What is told to who is locked out after too many guesses, or gave the next code too soon."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from countries.accounts.guessing import LockedOut

_LATER = 429


class LockedOutAnswers:
    """Middleware: answers for a page whose view met the lock."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return later(request, exception.until, "admin/locked_out.html") if isinstance(exception, LockedOut) else None


def later(request: HttpRequest, at: datetime, template: str, **context: Any) -> HttpResponse:
    """Answer that it is too soon, and when it is not."""
    seconds = max(1, math.ceil((at - timezone.now()).total_seconds()))
    context |= admin.site.each_context(request)
    context |= {"title": "Not now", "minutes": -(-seconds // 60), "seconds": seconds, "at": at}
    answer = render(request, template, context, status=_LATER)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer
