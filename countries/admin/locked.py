"""What is told to who is locked out after too many guesses, or gave the next code too soon."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from countries import guessing

_LATER = 429


def answer(request: HttpRequest, _response: Any, credentials: Any) -> HttpResponse:
    """Answer in place of a page that was asked for by who is locked out; django-axes calls this."""
    wait = guessing.locked_for(request, str((credentials or {}).get("username") or ""))
    return later(request, wait, "admin/locked_out.html")


def later(request: HttpRequest, wait: timedelta, template: str, **context: Any) -> HttpResponse:
    """Answer that it is too soon."""
    seconds = guessing.seconds(wait)
    context |= admin.site.each_context(request)
    context |= {"title": "Not now", "minutes": -(-seconds // 60), "seconds": seconds, "at": timezone.now() + wait}
    answer = render(request, template, context, status=_LATER)
    answer["Retry-After"] = str(seconds)
    answer["Cache-Control"] = "no-store"
    return answer
