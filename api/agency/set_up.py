"""What the agency counts with, and its credentials."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from api.agency.page import AgencyPage
from countries.accounts import credentials


class SetUp(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        return self.page(
            "set_up",
            setups=self.setups()[::-1],
            credentials=[(row, row.ended_at(now)) for row in credentials.of_agency(self.agency)],
        )
