"""The answer to an address that does not exist, or that the agency may not see."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, reverse

from api import problems
from api.agency.page import AgencyPage
from api.site import failures
from countries.admin import refused_pages


class NoSuchPage(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        return self.page("no_such_page", status=404)

    post = get


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404 for Django.

    People who are signed in stay in the pages of their agency below `/agency/`, and at the desk below `/admin/`.
    """
    if _lacks_slash(request):
        address = request.get_full_path(force_append_slash=True)
        return HttpResponsePermanentRedirect(address, headers={"Cache-Control": "no-store"})
    if refused_pages.are_for(request):
        return refused_pages.not_found(request)
    if request.path.startswith(reverse("agency:board")) and failures.reads_pages(request):
        try:
            answer = NoSuchPage.as_view()(request)
        except problems.AWAY:
            return failures.not_found(request, exception)
        # Others would be sent to the sign-in.
        if answer.status_code == 404:
            return answer
    return failures.not_found(request, exception)


def _lacks_slash(request: HttpRequest) -> bool:
    """Whether it is the address of a page except for the slash at the end. Django would add slashes to others too."""
    if request.method in ("GET", "HEAD") and not request.path_info.endswith("/"):
        with suppress(Resolver404):
            return resolve(f"{request.path_info}/").app_name in ("agency", "docs", "site")
    return False
