"""What is expected of the agency, what it counts with, who may send and who is told, and its second factor."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from api.agency.page import AgencyPage, indicator_names
from countries.accounts import credentials, second_factor
from federation import overview


class SetUp(AgencyPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        known = overview.overview(self.agency, now=now)
        names = indicator_names()
        return self.page(
            "set_up",
            known=known,
            schedules=[(names[one.indicator_id], one) for one in known.schedules],
            setups=self.setups()[::-1],
            has_app=second_factor.is_set_up(request.user),
            credentials=[(row, row.ended_at(now)) for row in credentials.of_agency(self.agency)],
        )
