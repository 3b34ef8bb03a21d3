"""What agencies and coordinators get as answers. The structures are also the schemas of the OpenAPI document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from msgspec import Meta as Doc

from api.v1 import forms
from federation.findings import finding_queries
from federation.intake.queries import OUTCOMES, REPORT_STATES
from p2p_core.payloads.answers import ANSWERS
from p2p_core.rules import rulebook

Instant = Annotated[datetime, Doc(description="An instant in UTC", examples=["2026-11-24T10:16:02.481Z"])]
Period = Annotated[str, Doc(description="The period's SDMX name", examples=["2026-11-24T09:00"])]
Next = Annotated[str, Doc(description="The address of the next page")]
Outcome = Annotated[str, forms.one_of(OUTCOMES)]
Pointer = Annotated[
    str,
    Doc(description="The report, counted from 0 in the order sent; in CSV by its first row", examples=["/reports/0"]),
]
Rule = Annotated[str, Doc(description="A rule's id; /api/v1/rules/ explains it", examples=["R102"])]
Severity = Annotated[str, forms.one_of(rulebook.Severity)]
Level = Annotated[int, Doc(description="The rule's validation level in the European Statistical System", ge=0, le=5)]
FindingState = Annotated[str, forms.one_of(finding_queries.STATES)]
Message = Annotated[str, Doc(description="The finding in a sentence")]
Facts = Annotated[dict[str, Any], Doc(description="The numbers behind it; which ones depends on the rule")]
LastPeriod = Annotated[
    str, Doc(description="The last of the periods in a row that it is about", examples=["2026-11-24T11:00"])
]
Resolution = Annotated[str, forms.one_of(finding_queries.RESOLUTIONS, description="How it was closed")]
Decision = Annotated[str, forms.one_of(finding_queries.DECISIONS)]
Reason = Annotated[str, Doc(description="The reason given by the coordinator who decided")]
SubmissionOf = Annotated[str, Doc(description="The submission that the report came in")]


class Outcomes(msgspec.Struct):
    """How many reports became what at receipt."""

    current: int = 0
    unchanged: int = 0
    superseded: int = 0
    held: int = 0
    withdrawn: int = 0


class ReportFindingDocument(msgspec.Struct):
    """A finding about reports of a submission."""

    id: Annotated[int, Doc(description="The number to answer it by, at /api/v1/findings/{id}/answer/")] | None
    rule: Rule
    name: str
    severity: Severity
    level: Level
    state: FindingState
    message: Message
    facts: Facts
    pointer: Pointer
    indicator: str
    frequency: str
    period: Period
    last_period: LastPeriod


class SignedByDocument(msgspec.Struct):
    """The key that a submission was signed with."""

    keyid: Annotated[str, Doc(description="The name that signatures call it by")]
    fingerprint: Annotated[str, Doc(description="The SHA-256 of the public key in DER, in hexadecimal")]


class SubmissionDocument(msgspec.Struct):
    """A submission that was stored."""

    id: str
    url: Annotated[str, Doc(description="Where to read what became of its reports")]
    received: Instant
    prepared: Instant
    report_count: int
    observation_count: int
    outcomes: Outcomes
    signed_by: SignedByDocument | None


class ReceiptDocument(SubmissionDocument):
    """A submission that was stored, with what is known of its reports so far."""

    findings: Annotated[
        list[ReportFindingDocument],
        Doc(description="Those that hold reports, at most 1,000. Others may follow soon; `url` has all"),
    ]


class PreviewedReport(msgspec.Struct):
    """What would become of a report."""

    pointer: Pointer
    indicator: str
    frequency: str
    period: Period
    outcome: Outcome


class PreviewDocument(msgspec.Struct):
    """What would become of a submission; nothing of it was stored."""

    dry_run: bool
    received: Instant
    prepared: Instant
    report_count: int
    observation_count: int
    outcomes: Outcomes
    preview: list[PreviewedReport]
    findings: Annotated[list[ReportFindingDocument], Doc(description="All findings that its reports would have")]
    truncated: Annotated[
        bool, Doc(description="Whether there are more reports or findings than the first 1,000, which are listed")
    ]


class Submissions(msgspec.Struct):
    """Own submissions, newest first."""

    submissions: list[SubmissionDocument]
    next: Next | None


class ReportDocument(msgspec.Struct):
    """What became of a report."""

    pointer: Pointer
    indicator: str
    frequency: str
    period: Period
    status: Annotated[str, Doc(description="A: final. P: provisional")]
    withdrawn: bool
    total: Annotated[int, Doc(description="The sum of its observations")]
    outcome: Annotated[Outcome, Doc(description="What became of it at receipt")]
    state: Annotated[str, forms.one_of(REPORT_STATES, description="Where it stands now")]


class SubmissionWithReports(SubmissionDocument):
    """A submission and a page of its reports, in the order in which they were sent."""

    reports: list[ReportDocument]
    findings: Annotated[
        list[ReportFindingDocument],
        Doc(description="Those about the page's reports so far. A finding is on the page of its first report"),
    ]
    next: Next | None


class FindingDocument(msgspec.Struct):
    """A finding: what a rule says about an agency's numbers, and what became of it."""

    id: int
    url: Annotated[
        str, Doc(description="Where to read it with its answers and decisions; post answers to `answer/` below")
    ]
    rule: Rule
    name: str
    severity: Severity
    level: Level
    state: FindingState
    resolution: Resolution | None
    reason: Reason | None
    message: Message
    facts: Facts
    indicator: str
    frequency: str
    period: Period
    last_period: LastPeriod
    submission: SubmissionOf | None
    pointer: Pointer | None
    held: Annotated[int, Doc(description="How many reports it holds that wait for a coordinator")]
    opened: Instant
    changed: Instant
    resolved: Instant | None


class FindingAnswer(msgspec.Struct):
    """The agency's answer to a finding."""

    at: Instant
    answer: Annotated[str, forms.one_of(ANSWERS)]
    remark: str | None


class HeldReport(msgspec.Struct):
    """A report that the finding held, and the decision about it."""

    period: Period
    submission: SubmissionOf
    pointer: Pointer
    since: Instant
    decision: Decision | None
    decided: Instant | None
    reason: Reason | None


class Findings(msgspec.Struct):
    """Own findings, newest first."""

    findings: list[FindingDocument]
    next: Next | None


class FindingInFull(FindingDocument):
    """A finding with its answers and the reports that it held."""

    answers: Annotated[list[FindingAnswer], Doc(description="The newest 100, oldest first")]
    holds: Annotated[list[HeldReport], Doc(description="The first 1,000, by period")]


class ExactObservation(msgspec.Struct, gc=False):
    """An exact count of a cell; one that is not listed is zero."""

    country: str
    network: str
    value: int


class FigureDocument(msgspec.Struct):
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

    figures: list[FigureDocument]
    next: Next | None


def next_page(request: HttpRequest, given: Mapping[str, str], cursor: str) -> str:
    return f"{request.build_absolute_uri(request.path)}?{urlencode({**given, 'cursor': cursor})}"


_encode: Final = msgspec.json.Encoder().encode


def respond(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """Answer with a document. No cache may keep exact figures or an agency's own data."""
    return HttpResponse(
        _encode(document),
        status=status,
        headers={"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})},
    )
