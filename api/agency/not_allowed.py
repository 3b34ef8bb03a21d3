"""The answer to somebody who may not do what the request asks for."""

from django.http import HttpRequest, HttpResponse

from api import problems
from countries.admin import refused_pages


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 for Django: to browsers at the desk, with a page."""
    if refused_pages.are_for(request):
        return refused_pages.not_allowed(request)
    return problems.permission_denied(request, exception)
