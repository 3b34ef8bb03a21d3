"""Pages for an address that does not exist, and for what failed."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation

from api import problems
from api.site import pages
from countries.database.routing import on_public_connection


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404: with a page to browsers, with a problem document to programs."""
    if not reads_pages(request):
        return problems.not_found(request, exception)
    try:
        shared = on_public_connection(pages.shared_context)
    except problems.AWAY:
        shared = pages.offline_shared_context()
    answer = render(request, "site/not_found.html", {**pages.base_context(request), **shared}, status=404)
    answer["Cache-Control"] = "no-store"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 likewise, or 503. The page does not need the database, which may be what failed."""
    if not reads_pages(request):
        return problems.server_error(request)
    context = {
        **pages.offline_shared_context(),
        "language": translation.get_language(),
        "request_id": problems.log_failure(),
    }
    status = 503 if problems.is_outage(sys.exc_info()[1]) else 500
    answer = HttpResponse(render_to_string("site/failed.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def reads_pages(request: HttpRequest) -> bool:
    return not request.path.startswith(("/api/", "/admin/")) and "text/html" in request.headers.get("Accept", "")
