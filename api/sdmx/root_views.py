"""The roots of the SDMX interfaces, which links name and which are no documents."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from api import caching
from api.caching import PublicView


class RootView(PublicView):
    """Leads whoever asks for a root to the page that says how to read the data."""

    schema = None

    def get(self, _request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=303, headers={"Location": reverse("site:data"), "Cache-Control": caching.REFERENCE})
