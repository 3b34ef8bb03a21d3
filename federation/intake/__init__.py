"""Stores a submission: all its reports in one transaction, with the work that they cause.

A report that a rule holds is not used. It waits for a decision.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import numpy as np
from django.db import IntegrityError, transaction

from countries.models import Agency
from federation import audit, worklist
from federation.database import clock, copy_rows, cursor, lock_agency_indicators, look_up_by_index, retry_deadlocks
from federation.errors import IdempotencyKeyReusedError, NotStoredError
from federation.findings import finding_queries, holds
from federation.findings.finding_queries import ReportFinding
from federation.findings.holds import Held
from federation.intake import evidence, outcomes
from federation.intake.evidence import Evidence, SignedBy
from federation.intake.outcomes import ReportOutcome
from federation.models.findings import Decision
from federation.models.submissions import IdempotencyKey, Report, Submission
from federation.rules.precedence import Rank
from federation.worklist import Stage, WorkItem, dispatch
from p2p_core.reports import NewReport, NewSubmission

log = logging.getLogger(__name__)

#: How long an Idempotency-Key is kept.
KEY_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of a stored submission. ``outcomes`` counts reports.

    ``replayed``: the submission had been stored before.
    """

    submission_id: UUID
    received: datetime
    prepared: datetime
    reports: int
    observations: int
    outcomes: dict[str, int]
    findings: list[ReportFinding]
    signed_by: SignedBy | None
    replayed: bool


@contextmanager
def _refuse_if_broken() -> Iterator[None]:
    """One transaction. If it breaks a constraint, nothing is kept, and the agency may send the same again.

    Such a line in the log means a mistake of ours. It names the constraint only, as rows have counts.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        log.error("a submission was not stored: it breaks %s", broken or "a promise of the database")  # noqa: TRY400
        raise NotStoredError from error


@retry_deadlocks
@_refuse_if_broken()
def accept(
    agency: Agency,
    submission: NewSubmission,
    *,
    key: str | None,
    by: str,
    signature: Evidence | None = None,
    from_pages: bool = False,
) -> Receipt:
    """Store a submission and return its receipt; raise :class:`IdempotencyKeyReusedError` or :class:`NotStoredError`.

    If the ``key`` was used for the same body, nothing is stored and the first receipt is returned again. Without such
    a key a signed text that was stored before is refused.
    """
    reports = submission.reports
    id_ = uuid4()
    if key is not None and (first := _use_key(agency, key, submission, id_)):
        return _receipt(first, evidence.signer(first.id), replayed=True)
    if signature is not None:
        evidence.keep(signature, submission_id=id_)
    look_up_by_index()
    lock_agency_indicators((agency.pk, report.indicator) for report in reports)
    decided = outcomes.decide(agency, reports, Rank(submission.prepared, submission.received, id_))
    stored = Submission(
        id=id_,
        agency=agency,
        received=submission.received,
        prepared=submission.prepared,
        media=submission.media,
        body_digest=submission.digest,
        report_count=len(reports),
        observation_count=submission.observations,
        outcomes=Counter(one.outcome.value for one in decided),
        from_pages=from_pages,
    )
    stored.save(force_insert=True)
    _store_reports(stored, reports, decided)
    _update_holds(stored, reports, decided)
    worklist.append(
        WorkItem(Stage.FIGURE, report.frequency, report.period, report.indicator, agency.pk)
        for report, one in zip(reports, decided, strict=True)
        if one.makes_work
    )
    audit.record(
        by=by,
        action="submission.accepted",
        subject=f"submission {id_}",
        details={
            "agency": agency.code,
            "reports": len(reports),
            "body": submission.digest.hex(),
            **({"signature": signature.audit_details()} if signature else {}),
        },
    )
    dispatch.wake_on_commit()
    # A stored submission stays accepted, even if logging it fails.
    transaction.on_commit(lambda: _log(stored), robust=True)
    return _receipt(stored, signature.signed_by if signature else None, replayed=False)


def _use_key(agency: Agency, key: str, submission: NewSubmission, id_: UUID) -> Submission | None:
    """Take the key for this submission, or return the one that it was used for.

    A twin at the same time waits on the unique index until the first has committed.
    """
    digest, received = sha256(key.encode()).digest(), submission.received
    IdempotencyKey.objects.filter(agency=agency, key_digest=digest, created__lt=received - KEY_LIFE).delete()
    mine = IdempotencyKey(
        agency=agency, key_digest=digest, body_digest=submission.digest, submission_id=id_, created=received
    )
    IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
    # The submission is not named here, because it is stored only afterwards, if the key was free.
    used = IdempotencyKey.objects.get(agency=agency, key_digest=digest)
    if used.submission_id == id_:
        return None
    if bytes(used.body_digest) != submission.digest:
        raise IdempotencyKeyReusedError
    return used.submission


_COLUMNS = (
    "submission_id", "position", "agency_id", "indicator_id", "frequency", "period", "status", "withdrawn", "prepared",
    "received", "state", "outcome", "digest", "equals_id", "total", "countries", "networks", "values",
)  # fmt: skip


def _store_reports(submission: Submission, reports: Sequence[NewReport], decided: Sequence[ReportOutcome]) -> None:
    def rows() -> Iterator[tuple[object, ...]]:
        for position, (report, one) in enumerate(zip(reports, decided, strict=True)):
            kept = slice(None) if one.equals is None else slice(0)
            yield (
                submission.id, position, submission.agency_id, report.indicator,
                report.frequency, report.period, report.status, report.withdrawn,
                submission.prepared, submission.received, one.state.value, one.outcome.value,
                one.digest, one.equals, report.total,
                report.countries[kept], report.networks[kept], report.values[kept],
            )  # fmt: skip

    superseded = [id_ for one in decided for id_ in one.supersedes]
    with cursor() as c:
        c.execute(
            "UPDATE federation_report SET state = 'superseded' WHERE id = ANY(%s)",
            [np.array(superseded, np.int64)],
        )
        copy_rows(Report, _COLUMNS, rows(), to=c)


def _update_holds(submission: Submission, reports: Sequence[NewReport], decided: Sequence[ReportOutcome]) -> None:
    """Record the holds of a submission, and end those that its reports replaced."""
    facts = {position: one.facts for position, one in enumerate(decided) if one.facts is not None}
    if facts:
        rows = Report.objects.filter(submission=submission, position__in=facts).values_list("position", "id")
        held = [Held(id_, reports[position], facts[position]) for position, id_ in rows]
        holds.record(submission.agency_id, held, now=submission.received)
    ended = [one.ends_hold for one in decided if one.ends_hold is not None]
    if ended:
        holds.end(ended, decision=Decision.SUPERSEDED, by=submission.agency.code, now=submission.received)


def _log(submission: Submission) -> None:
    log.info(
        "submission stored",
        extra={
            "agency": submission.agency.code,
            "submission": str(submission.id),
            "reports": submission.report_count,
            "observations": submission.observation_count,
            "ms": round((clock.now() - submission.received).total_seconds() * 1000),
        },
    )


def _receipt(submission: Submission, signed_by: SignedBy | None, *, replayed: bool) -> Receipt:
    return Receipt(
        submission_id=submission.id,
        received=submission.received,
        prepared=submission.prepared,
        reports=submission.report_count,
        observations=submission.observation_count,
        outcomes=dict(submission.outcomes),
        findings=finding_queries.of_submission(submission.id),
        signed_by=signed_by,
        replayed=replayed,
    )
