"""What agencies and coordinators are told. The structures are also the schemas of the OpenAPI document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta as Doc

Instant = Annotated[datetime, Doc(description="An instant in UTC", examples=["2026-11-24T10:16:02.481Z"])]
Period = Annotated[str, Doc(description="The period's SDMX name", examples=["2026-11-24T09:00"])]
Next = Annotated[str, Doc(description="The address of the next page")]
Word = Annotated[str, Doc(pattern="^(current|unchanged|superseded|held|withdrawn)$")]


class Outcomes(msgspec.Struct):
    """How many reports became what at receipt."""

    current: int = 0
    unchanged: int = 0
    superseded: int = 0
    held: int = 0
    withdrawn: int = 0


class Submission(msgspec.Struct):
    """A submission that was stored."""

    id: str
    url: Annotated[str, Doc(description="Where to read what became of its reports")]
    received: Instant
    prepared: Instant
    report_count: int
    observation_count: int
    outcomes: Outcomes


class PreviewedReport(msgspec.Struct):
    """What would become of a report."""

    indicator: str
    frequency: str
    period: Period
    outcome: Word


class Preview(msgspec.Struct):
    """What would become of a submission; nothing of it was stored."""

    dry_run: bool
    received: Instant
    prepared: Instant
    report_count: int
    observation_count: int
    outcomes: Outcomes
    preview: list[PreviewedReport]
    truncated: Annotated[bool, Doc(description="Whether `preview` lists the first 1,000 reports only")]


class Submissions(msgspec.Struct):
    """Own submissions, newest first."""

    submissions: list[Submission]
    next: Next | None


class Report(msgspec.Struct):
    """What became of a report."""

    indicator: str
    frequency: str
    period: Period
    status: Annotated[str, Doc(description="A: final. P: provisional")]
    withdrawn: bool
    total: Annotated[int, Doc(description="The sum of its observations")]
    outcome: Annotated[Word, Doc(description="What became of it at receipt")]
    state: Annotated[str, Doc(description="Where it stands now", pattern="^(current|superseded|held|rejected)$")]


class SubmissionWithReports(Submission):
    """A submission and a page of its reports, in the order in which they were sent."""

    reports: list[Report]
    next: Next | None


class ExactObservation(msgspec.Struct, gc=False):
    """An exact count of a cell; one that is not listed is zero."""

    country: str
    network: str
    value: int


class Figure(msgspec.Struct):
    """The exact numbers of a period, running ones included."""

    agency: Annotated[str, Doc(description="The agency's code, or _T for all agencies together")]
    period: Period
    source: Annotated[str, Doc(pattern="^(reported|derived|combined)$")]
    time_coverage: Annotated[
        float, Doc(description="The share of the period's time that is covered; 1 only if all of it is", ge=0, le=1)
    ]
    observations: list[ExactObservation]


class Figures(msgspec.Struct):
    """Figures in order of period."""

    figures: list[Figure]
    next: Next | None


def next_page(request: HttpRequest, given: Mapping[str, str], cursor: str) -> str:
    """Return the address of the page that a cursor names."""
    return f"{request.build_absolute_uri(request.path)}?{urlencode({**given, 'cursor': cursor})}"


_encode: Final = msgspec.json.Encoder().encode


def respond(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Answer with a document. What is exact or an agency's own belongs in nobody's cache."""
    return HttpResponse(
        _encode(document),
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
    )
