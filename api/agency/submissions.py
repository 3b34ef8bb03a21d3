"""The agency's submissions, what they contained, and what became of their reports."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode

from api.agency.page import AgencyPage, indicator_names
from federation.database import clock
from federation.findings import finding_queries
from federation.intake import queries
from federation.intake.queries import Contents
from p2p_core import codes, periods

PAGE: Final = 50
REPORTS_PAGE: Final = 500
#: Rules that look at sums judge the reports by then, unless much waits.
_JUDGED: Final = timedelta(minutes=5)
#: The most countries that the page names. If there are more, it says only how many.
_NAMED: Final = 3


class ListedContents(NamedTuple):
    """What a submission contained, with the name of its indicator, and the codes of its countries if they are few."""

    indicator: str
    contents: Contents
    countries: list[str]


class Submissions(AgencyPage):
    """The submissions, newest first. The address may ask for an outcome, a day, and those that people sent."""

    def get(self, request: HttpRequest) -> HttpResponse:
        outcome, written = request.GET.get("outcome", ""), request.GET.get("day", "").strip()
        outcome, day = outcome if outcome in queries.OUTCOMES else "", _day(written)
        from_pages = "from_pages" in request.GET
        read = partial(queries.submissions_about, day) if day else queries.submissions
        after = _uuid(request.GET.get("after", ""))
        rows = read(agency=self.agency.pk, after=after, outcome=outcome, from_pages=from_pages, limit=PAGE + 1)
        given = (("outcome", outcome), ("day", written if day else ""), ("from_pages", "1" if from_pages else ""))
        chosen = {name: value for name, value in given if value}
        contents = queries.contents(rows[:PAGE])
        names = indicator_names()
        listed = [(row, [_listed(one, names) for one in contents.get(row.id, ())]) for row in rows[:PAGE]]
        return self.page(
            "submissions",
            submissions=listed,
            outcomes=queries.OUTCOMES,
            chosen=chosen,
            misread=bool(written) and day is None,
            older=urlencode({**chosen, "after": str(rows[PAGE - 1].id)}) if len(rows) > PAGE else "",
        )


class Submission(AgencyPage):
    """One submission, with what became of its reports at receipt and since."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:  # noqa: A002  the name in the address
        row = queries.submission(agency=self.agency.pk, id=id)
        if row is None:
            raise Http404
        given = request.GET.get("first", "")
        first = int(given) if given.isdecimal() and len(given) <= 9 else 0
        last = first + REPORTS_PAGE - 1
        names = indicator_names()
        return self.page(
            "submission",
            submission=row,
            reports=[
                (one, names[one.indicator]) for one in queries.reports(submission=id, first=first, limit=REPORTS_PAGE)
            ],
            findings=finding_queries.of_submission(id, first=first, last=last),
            is_new=clock.now() - row.received < _JUDGED,
            following=last + 1 if last + 1 < row.reports else None,
        )


def _listed(one: Contents, names: dict[int, str]) -> ListedContents:
    countries = one.countries if len(one.countries) <= _NAMED else ()
    return ListedContents(names[one.indicator], one, [codes.COUNTRY_CODES[number] for number in countries])


def _day(text: str) -> datetime | None:
    with suppress(periods.PeriodError):
        return periods.parse("D", text)
    return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
