"""The agency's submissions, and what became of their reports."""

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from api.agency.page import AgencyPage
from api.site import pages
from federation.findings import finding_queries
from federation.intake import queries

PAGE: Final = 50
REPORTS_PAGE: Final = 500


class Submissions(AgencyPage):
    """All submissions, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = queries.submissions(
            agency=self.agency.pk, since=None, before=None, after=_uuid(request.GET.get("after", "")), limit=PAGE + 1
        )
        return self.page("submissions", submissions=rows[:PAGE], after=rows[PAGE - 1].id if len(rows) > PAGE else None)


class Submission(AgencyPage):
    """One submission, with what became of its reports at receipt and since."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002  the name in the address
        row = queries.submission(agency=self.agency.pk, id=id)
        if row is None:
            raise Http404
        given = request.GET.get("first", "")
        first = int(given) if given.isdecimal() and len(given) <= 9 else 0
        last = first + REPORTS_PAGE - 1
        names = {one.number: one.name for one in pages.indicators().values()}
        return self.page(
            "submission",
            submission=row,
            reports=[
                (one, names[one.indicator]) for one in queries.reports(submission=id, first=first, limit=REPORTS_PAGE)
            ],
            findings=finding_queries.of_submission(id, first=first, last=last),
            following=last + 1 if last + 1 < row.reports else None,
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
