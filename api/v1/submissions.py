"""Agencies send reports in submissions, and read what became of them."""

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api import measures, pagination, parameters, requests, signatures
from api.auth import Caller, TokenAuthentication
from api.permissions import HasScope, caller_of
from api.problems import Problem, problem_of
from api.signatures import VerifiedSignature
from api.v1 import body, documents, finding_documents, forms, openapi_submissions, query_params
from countries.reference import Reference
from federation import intake
from federation.database import clock
from federation.errors import FederationError
from federation.findings import finding_queries
from federation.intake import Receipt, dry_run, queries
from federation.intake.evidence import Evidence, SignedBy
from federation.notifications import record
from p2p_core import periods
from p2p_core.payloads import checks, submissions
from p2p_core.payloads.faults import BrokenRuleError, PayloadError
from p2p_core.reports import NewSubmission
from p2p_core.scopes import READ_OWN, SUBMIT

PAGE: Final = 100
REPORTS_PAGE: Final = 1000
#: How many findings the answer to a submission has at most.
FINDINGS: Final = 1000


class SubmissionsView(APIView):
    """All submissions of the agency that asks."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": (READ_OWN,), "POST": (SUBMIT,)}
    #: `api.throttling` counts its POSTs as submissions.
    submits: Final = True

    @openapi_submissions.list_submissions
    def get(self, request: Request) -> HttpResponse:
        """List own submissions, newest first."""
        given = parameters.read(request, optional=("since", "before", "cursor"))
        question = f"{caller_of(request).agency.code} submissions {parameters.question(given)}"
        after = None
        if "cursor" in given:
            high, low = pagination.decode(question, given["cursor"], length=2)
            after = UUID(int=high << 64 | low)
        rows = queries.submissions(
            agency=caller_of(request).agency.pk,
            since=query_params.instant(given, "since"),
            before=query_params.instant(given, "before"),
            after=after,
            limit=PAGE + 1,
        )
        following = None
        if len(rows) > PAGE:
            cursor = pagination.encode(question, *divmod(rows[PAGE - 1].id.int, 1 << 64))
            following = documents.next_page(request, given, cursor)
        shown = [documents.SubmissionDocument(**_members(request, row)) for row in rows[:PAGE]]
        return documents.respond(documents.Submissions(submissions=shown, next=following))

    @openapi_submissions.submit
    def post(self, request: Request) -> HttpResponse:
        """Store a submission, or only say what would become of it."""
        try:
            return self._submit(request)
        except (Problem, PayloadError, FederationError) as error:
            if "dry_run" not in request.GET:
                _tell(caller_of(request), problem_of(error))
            raise

    def _submit(self, request: Request) -> HttpResponse:
        query_params.refuse_traces(request)
        kind = body.kind_of(request)
        given = parameters.read(request, optional=("dry_run", "prepared") if kind == "csv" else ("dry_run",))
        dry_run = query_params.flag(given, "dry_run")
        key = None if dry_run else idempotency_key(request)
        caller = caller_of(request)
        verified = signatures.verify(request, caller.agency)
        submission = _read(request, kind, given, verified, caller.agency.code)
        return _preview(caller, submission) if dry_run else _accept(request, caller, submission, key, verified)


class SubmissionView(APIView):
    """One submission of the agency that asks."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": (READ_OWN,)}

    @openapi_submissions.get_submission
    def get(self, request: Request, id: UUID) -> HttpResponse:  # noqa: A002  the name in the address
        """A submission and what became of its reports, then and now."""
        given = parameters.read(request, optional=("cursor",))
        row = queries.submission(agency=caller_of(request).agency.pk, id=id)
        if row is None:
            raise Problem("not_found")
        question = f"reports of {id}"
        first = pagination.decode(question, given["cursor"], length=1)[0] if "cursor" in given else 0
        rows = queries.reports(submission=id, first=first, limit=REPORTS_PAGE)
        codes = Reference.current().indicator_codes
        reports = [
            documents.ReportDocument(
                pointer=finding_documents.pointer(one.position),
                indicator=codes[one.indicator],
                frequency=one.frequency,
                period=periods.label(one.frequency, one.period),
                status=one.status,
                withdrawn=one.withdrawn,
                total=one.total,
                outcome=one.outcome,
                state=one.state,
            )
            for one in rows
        ]
        following = None
        if first + REPORTS_PAGE < row.reports:
            following = documents.next_page(request, given, pagination.encode(question, first + REPORTS_PAGE))
        noted = finding_queries.of_submission(id, first=first, last=first + REPORTS_PAGE - 1)
        return documents.respond(
            documents.SubmissionWithReports(
                **_members(request, row),
                reports=reports,
                findings=finding_documents.about_reports(noted),
                next=following,
            )
        )


def _tell(caller: Caller, problem: Problem | None) -> None:
    """Record a refusal: perhaps only a program reads the answer. The answer does not depend on it."""
    # If it has nothing to do with the submission, it may be over soon.
    if problem and HTTPStatus.BAD_REQUEST <= problem.status < HTTPStatus.TOO_MANY_REQUESTS:
        with suppress(DatabaseError), transaction.atomic():
            record.refused(caller.agency.pk, problem.code, now=clock.now())


def idempotency_key(request: HttpRequest) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(forms.IDEMPOTENCY_KEY, key):
        raise Problem("bad_idempotency_key")
    return key


def _read(
    request: HttpRequest, kind: str, given: Mapping[str, str], verified: VerifiedSignature | None, agency: str
) -> NewSubmission:
    """Read the body. Its memory is free again before anything is stored."""
    content = body.read(request, content_digest=verified.content_digest if verified else None)
    received = clock.agreed()
    try:
        prepared = checks.prepared(given["prepared"], received) if "prepared" in given else received
    except BrokenRuleError as broken:
        raise Problem(broken.code, parameter="prepared") from None
    return submissions.read(
        content,
        kind,
        received=received,
        indicators=Reference.current().indicator_numbers,
        agency=agency,
        prepared=prepared,
    )


def store(
    agency: Any,
    submission: NewSubmission,
    *,
    key: str | None,
    by: str,
    signature: Evidence | None = None,
    from_pages: bool = False,
) -> Receipt:
    """Store a submission, and count it in the metrics unless it had been stored before."""
    receipt = intake.accept(agency, submission, key=key, by=by, signature=signature, from_pages=from_pages)
    if not receipt.replayed:
        measures.SUBMISSIONS.labels(submission.media).inc()
        measures.OBSERVATIONS.labels(submission.media).inc(receipt.observations)
        for outcome, reports in receipt.outcomes.items():
            measures.REPORTS.labels(outcome).inc(reports)
    return receipt


def _accept(
    request: HttpRequest, caller: Caller, submission: NewSubmission, key: str | None, verified: VerifiedSignature | None
) -> HttpResponse:
    evidence = verified.evidence if verified else None
    receipt = store(caller.agency, submission, key=key, by=caller.name, signature=evidence)
    url = finding_documents.submission_address(request, receipt.submission_id)
    answer = documents.ReceiptDocument(
        id=str(receipt.submission_id),
        url=url,
        received=receipt.received,
        prepared=receipt.prepared,
        report_count=receipt.reports,
        observation_count=receipt.observations,
        outcomes=documents.Outcomes(**receipt.outcomes),
        signed_by=_signed_by(receipt.signed_by),
        findings=finding_documents.about_reports(receipt.findings[:FINDINGS]),
    )
    request.META[requests.SUBMISSION] = answer.id
    replayed = {"Idempotent-Replayed": "true"} if receipt.replayed else {}
    return documents.respond(answer, 202, {"Location": url, **replayed})


def _preview(caller: Caller, submission: NewSubmission) -> HttpResponse:
    preview = dry_run.preview(caller.agency, submission)
    codes = Reference.current().indicator_codes
    previewed = [
        documents.PreviewedReport(
            pointer=finding_documents.pointer(position),
            indicator=codes[report.indicator],
            frequency=report.frequency,
            period=periods.label(report.frequency, report.period),
            outcome=outcome.value,
        )
        for position, (report, outcome) in enumerate(
            zip(submission.reports[:REPORTS_PAGE], preview.outcomes, strict=False)
        )
    ]
    return documents.respond(
        documents.PreviewDocument(
            dry_run=True,
            received=submission.received,
            prepared=submission.prepared,
            report_count=len(submission.reports),
            observation_count=submission.observations,
            outcomes=documents.Outcomes(**Counter(outcome.value for outcome in preview.outcomes)),
            preview=previewed,
            findings=finding_documents.about_reports(preview.findings[:FINDINGS]),
            truncated=len(submission.reports) > REPORTS_PAGE or len(preview.findings) > FINDINGS,
        )
    )


def _members(request: HttpRequest, row: queries.SubmissionRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "url": finding_documents.submission_address(request, row.id),
        "received": row.received,
        "prepared": row.prepared,
        "report_count": row.reports,
        "observation_count": row.observations,
        "outcomes": documents.Outcomes(**row.outcomes),
        "signed_by": _signed_by(row.signed_by),
    }


def _signed_by(key: SignedBy | None) -> documents.SignedByDocument | None:
    return documents.SignedByDocument(key.keyid, key.fingerprint) if key else None
