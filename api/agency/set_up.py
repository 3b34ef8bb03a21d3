"""What the agency counts with, and its credentials."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from api.agency.page import AgencyPage
from countries.accounts import credentials
from countries.reference import Reference


class SetUp(AgencyPage):
    def get(self, _request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        known = [row.setups for row in Reference.current().agencies if row.id == self.agency.pk]
        return self.page(
            "set_up",
            setups=[setup for setups in known for setup in reversed(setups)],
            credentials=[(row, row.ended_at(now)) for row in credentials.of_agency(self.agency)],
        )
