"""The answer 429 for users who are locked out after too many guesses, or who gave the next code too soon."""

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


class LockoutMiddleware:
    """Middleware: answers in place of a view that raised LockedOut."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, LockedOut):
            return None
        return too_soon(request, exception.until, "admin/locked_out.html")


def too_soon(request: HttpRequest, at: datetime, template: str, **context: Any) -> HttpResponse:
    """Say when the user may try again."""
    seconds = max(1, math.ceil((at - timezone.now()).total_seconds()))
    context |= admin.site.each_context(request)
    context |= {"title": "Not now", "minutes": -(-seconds // 60), "seconds": seconds, "at": at}
    answer = render(request, template, context, status=429)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer
