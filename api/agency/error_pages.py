"""The answers to an address that does not exist, and to somebody who may not do what the request asks for."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from api import problems
from api.agency.page import AgencyPage
from api.site import failures
from countries.admin import refusal_pages


class NoSuchPage(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        return self.page("no_such_page", status=404)

    post = get


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404 for Django.

    Browsers get a page of the desk below `/admin/`. Below `/agency/`, people who are signed in stay in the pages of
    their agency.
    """
    if _lacks_slash(request):
        address = request.get_full_path(force_append_slash=True)
        return HttpResponsePermanentRedirect(address, headers={"Cache-Control": "no-store"})
    if refusal_pages.wants_page(request):
        return refusal_pages.not_found(request)
    if request.path.startswith(reverse("agency:board")) and failures.reads_pages(request):
        try:
            answer = NoSuchPage.as_view()(request)
        except problems.AWAY:
            return failures.not_found(request, exception)
        # Others would be sent to the sign-in.
        if answer.status_code == 404:
            return answer
    return failures.not_found(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 for Django: to browsers at the desk, with a page."""
    if refusal_pages.wants_page(request):
        return refusal_pages.not_allowed(request)
    return problems.permission_denied(request, exception)


def _lacks_slash(request: HttpRequest) -> bool:
    """Whether it is the address of a page except for the slash at the end. Django would add slashes to others too."""
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/"):
        with suppress(Resolver404):
            return resolve(f"{request.path_info}/").app_name in ("agency", "docs", "site")
    return False
