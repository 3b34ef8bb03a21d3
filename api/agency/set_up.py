"""What the agency counts with, its credentials, and the way to a new second factor."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from api.agency.page import AgencyPage
from countries.accounts import credentials, second_factor


class SetUp(AgencyPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        return self.page(
            "set_up",
            setups=self.setups()[::-1],
            has_app=second_factor.is_set_up(request.user),
            credentials=[(row, row.ended_at(now)) for row in credentials.of_agency(self.agency)],
        )
