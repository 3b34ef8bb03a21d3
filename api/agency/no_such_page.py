"""The answer to an address that does not exist, or that the agency may not see."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import problems
from api.agency.page import AgencyPage
from api.site import views


class NoSuchPage(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        return self.page("no_such_page", status=404)

    post = get


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer 404 for Django. Below `/agency/`, people who are signed in stay in the pages of their agency."""
    if request.path.startswith(reverse("agency:board")) and views.reads_pages(request):
        try:
            answer = NoSuchPage.as_view()(request)
        except problems.AWAY:
            return views.not_found(request, exception)
        # Others would be sent to the sign-in.
        if answer.status_code == 404:
            return answer
    return views.not_found(request, exception)
