"""The answer to a form that does not belong to the present session, for example after a sign-in in another tab."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from api import problems
from api.agency.page import OpenPage
from countries.admin import expired_form


class ExpiredForm(OpenPage):
    def post(self, request: HttpRequest) -> HttpResponse:
        # The button for signing out is on every page, and has no page of its own.
        form = "" if request.path == reverse("agency:sign-out") else request.get_full_path()
        return self.page("expired_form", status=403, form=form)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer 403 for Django: to browsers, with a page of the agency or of the desk."""
    if request.method == "POST" and "text/html" in request.headers.get("Accept", ""):
        if request.path.startswith(reverse("agency:board")):
            return ExpiredForm.as_view()(request)
        if request.path.startswith(reverse("admin:index")):
            return expired_form.page(request)
    return problems.csrf_failure(request, reason)
