"""Pages of the desk for an address that does not exist, and for one that the user may not open."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


def are_for(request: HttpRequest) -> bool:
    """Whether a browser asks for a page of the desk. Programs get problem documents."""
    return request.path.startswith(reverse("admin:index")) and "text/html" in request.headers.get("Accept", "")


def not_found(request: HttpRequest) -> HttpResponse:
    return _page(request, 404, "There is no such page", "Check the address. Perhaps the row was deleted.")


def not_allowed(request: HttpRequest) -> HttpResponse:
    why = "Your account may not do this, or nobody may. If you should be able to do it, ask a superuser."
    return _page(request, 403, "This is not allowed", why)


def _page(request: HttpRequest, status: int, title: str, why: str) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "why": why}
    answer = render(request, "admin/refused_page.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
