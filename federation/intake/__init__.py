"""Stores a submission: all its reports in one transaction, with the work that they make.

Decides which report is current (rule 1): the latest ``prepared`` wins, ties by ``received``,
then by submission id. What the rules hold is not used; it waits for a decision.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from uuid import UUID, uuid4

import numpy as np
from django.db import IntegrityError, transaction

from countries.models import Agency
from federation import audit, findings, worklist
from federation.database import (
    clock,
    copy_rows,
    cursor,
    instants,
    lock_lines,
    look_up_by_index,
    read_only,
    retried,
    rows_of,
)
from federation.errors import IdempotencyKeyReusedError, NotStoredError
from federation.figures import Sent
from federation.findings import finding_queries, holds
from federation.findings.finding_queries import ReportFinding
from federation.findings.holds import Candidate, Facts, Held
from federation.intake import evidence
from federation.intake.evidence import Evidence, SignedBy
from federation.models.findings import Decision, Finding
from federation.models.submissions import IdempotencyKey, Outcome, Report, ReportState, Submission
from federation.rules.precedence import Place
from federation.worklist import Stage, WorkItem, dispatch
from p2p_core.reports import NewReport, NewSubmission

log = logging.getLogger(__name__)

#: How long an Idempotency-Key is kept.
KEY_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an agency is told of a submission that was stored; ``outcomes`` counts reports."""

    submission_id: UUID
    received: datetime
    prepared: datetime
    reports: int
    observations: int
    outcomes: dict[str, int]
    findings: list[ReportFinding]
    signed_by: SignedBy | None
    replayed: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a submission: the outcome of each report, and all that would be noticed of them."""

    outcomes: list[Outcome]
    findings: list[ReportFinding]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A report that is there for a key: the current one, or the one that waits for a decision."""

    id: int
    place: Place
    digest: bytes
    root: int
    total: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is there for the key of a report."""

    current: _Standing | None = None
    held: _Standing | None = None


@dataclass(frozen=True, slots=True)
class _Becomes:
    """What becomes of one report, and of those that were there before it."""

    outcome: Outcome
    digest: bytes
    equals: int | None = None
    supersedes: tuple[int, ...] = ()
    ends_hold: int | None = None
    facts: Facts | None = None

    @property
    def state(self) -> ReportState:
        return _STATES.get(self.outcome, ReportState.CURRENT)

    @property
    def makes_work(self) -> bool:
        return self.outcome in _WORKING or self.ends_hold is not None


_STATES = {Outcome.SUPERSEDED: ReportState.SUPERSEDED, Outcome.HELD: ReportState.HELD}
_WORKING = {Outcome.CURRENT, Outcome.WITHDRAWN, Outcome.HELD}


@contextmanager
def _whole_or_not_at_all() -> Iterator[None]:
    """One transaction. If it breaks a constraint, nothing is kept, and the agency may send the same again.

    Such a line in the log means a mistake of ours. It names the constraint only, as rows hold counts.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        log.error("a submission was not stored: it breaks %s", broken or "a promise of the database")  # noqa: TRY400
        raise NotStoredError from error


@retried
@_whole_or_not_at_all()
def accept(
    agency: Agency, submission: NewSubmission, *, key: str | None, by: str, signature: Evidence | None = None
) -> Receipt:
    """Store a submission and return its receipt; raise :class:`IdempotencyKeyReusedError` or :class:`NotStoredError`.

    With a ``key`` that was used for the same body, nothing is stored and the first receipt comes again. Without such
    a key, what was signed and taken before is refused.
    """
    reports = submission.reports
    id_ = uuid4()
    if key is not None:
        first = _use_key(agency, key, submission, id_)
        if first is not None:
            return _receipt(first, evidence.signer(first.id), replayed=True)
    if signature is not None:
        evidence.keep(signature, submission_id=id_)
    stored = Submission(
        id=id_,
        agency=agency,
        received=submission.received,
        prepared=submission.prepared,
        media=submission.media,
        body_digest=submission.digest,
        report_count=len(reports),
        observation_count=submission.observations,
    )
    becoming = _take_in(stored, reports)
    worklist.append(
        WorkItem(Stage.FIGURE, report.frequency, report.period, report.indicator, agency.pk)
        for report, one in zip(reports, becoming, strict=True)
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
            **({"signature": signature.named()} if signature else {}),
        },
    )
    dispatch.wake_on_commit()
    # Robust: what is stored stays accepted, even if logging it fails.
    transaction.on_commit(lambda: _tell(stored), robust=True)
    return _receipt(stored, signature.signed_by if signature else None, replayed=False)


def _tell(submission: Submission) -> None:
    """Log that a submission is stored; who counted what stays out."""
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


@transaction.atomic
def preview(agency: Agency, submission: NewSubmission) -> Preview:
    """Return what would become of each report now, and store nothing.

    It only reads, and takes no lock: nobody waits for it, even if it is large.
    """
    read_only()
    look_up_by_index()
    reports, received = submission.reports, submission.received
    becoming = _judge(agency, reports, Place(submission.prepared, received, uuid4()))
    noticed = [
        *_would_be_held(agency, reports, becoming, received=received),
        *_would_be_noticed(agency, reports, becoming, received=received),
    ]
    return Preview([one.outcome for one in becoming], sorted(noticed, key=lambda one: (one.position, one.rule)))


def _would_be_held(
    agency: Agency, reports: Sequence[NewReport], becoming: Sequence[_Becomes], *, received: datetime
) -> Iterator[ReportFinding]:
    """Return the findings that would gather held reports, each at the first of them."""
    helds = [Held(at, reports[at], one.facts) for at, one in enumerate(becoming) if one.facts is not None]
    gathered = holds.would_gather(agency.pk, helds, now=received)
    firsts = {id(finding): position for position, finding in sorted(gathered.items(), reverse=True)}
    return (_report_finding(position, gathered[position]) for position in firsts.values())


def _would_be_noticed(
    agency: Agency, reports: Sequence[NewReport], becoming: Sequence[_Becomes], *, received: datetime
) -> Iterator[ReportFinding]:
    """Yield what would be noticed of the reports that count; an unchanged one shares the findings of the first."""
    sent, positions, items = {}, {}, []
    for at, (report, one) in enumerate(zip(reports, becoming, strict=True)):
        item = WorkItem(Stage.FIGURE, report.frequency, report.period, report.indicator, agency.pk)
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN}:
            sent[item] = Sent(
                root=-1 - at,
                received=received,
                status=report.status,
                withdrawn=report.withdrawn,
                total=report.total,
                countries=report.countries,
                networks=report.networks,
                values=report.values,
            )
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN, Outcome.UNCHANGED}:
            items.append(item)
            positions[-1 - at if one.equals is None else one.equals] = at
    for _, some in groupby(sorted(items), key=lambda item: item.frequency):
        for finding in findings.would_stand(list(some), sent, now=received):
            if finding.report_id in positions:
                yield _report_finding(positions[finding.report_id], finding)


def _report_finding(position: int, one: Finding) -> ReportFinding:
    facts = dict(one.facts)
    return ReportFinding(
        position, None, one.rule, one.state, one.frequency, one.period, one.last_period, facts, one.indicator_id
    )


def _take_in(submission: Submission, reports: Sequence[NewReport]) -> list[_Becomes]:
    """Decide what becomes of the reports, and store them with their holds."""
    look_up_by_index()
    lock_lines((submission.agency.pk, report.indicator) for report in reports)
    place = Place(submission.prepared, submission.received, submission.id)
    becoming = _judge(submission.agency, reports, place)
    submission.outcomes = Counter(one.outcome.value for one in becoming)
    submission.save(force_insert=True)
    _store(submission, reports, becoming)
    _hold(submission, reports, becoming)
    return becoming


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
    # Without the submission: where the key was free, that is still to be stored.
    used = IdempotencyKey.objects.get(agency=agency, key_digest=digest)
    if used.submission_id == id_:
        return None
    if bytes(used.body_digest) != submission.digest:
        raise IdempotencyKeyReusedError
    return used.submission


def _judge(agency: Agency, reports: Sequence[NewReport], place: Place) -> list[_Becomes]:
    known = _known(agency, reports)
    becoming = [_becomes(report, place, there) for report, there in zip(reports, known, strict=True)]
    candidates = {
        position: Candidate(
            reports[position],
            None if reports[position].withdrawn else reports[position].total,
            revises=(current := known[position].current) is not None,
            before=current.total if current else None,
        )
        for position, one in enumerate(becoming)
        if one.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN}
    }
    for position, facts in holds.judge(agency.pk, candidates).items():
        becoming[position] = _held(becoming[position], place, known[position].held, facts)
    return becoming


def _known(agency: Agency, reports: Sequence[NewReport]) -> list[_Known]:
    there = rows_of(
        "intake_current",
        agency=agency.pk,
        indicators=np.array([report.indicator for report in reports], np.int16),
        frequencies=[report.frequency for report in reports],
        periods=instants([report.period for report in reports]),
    )
    known = [_NOTHING] * len(reports)
    for position, state, id_, prepared, received, submission, digest, root, total, withdrawn in there:
        one = _Standing(id_, Place(prepared, received, submission), digest, root, None if withdrawn else total)
        known[position] = replace(known[position], **{state: one})
    return known


_NOTHING = _Known()


def _becomes(report: NewReport, place: Place, there: _Known) -> _Becomes:
    """Say what becomes of a report if no rule holds it."""
    digest = report.digest()
    current, held = there.current, there.held
    if current is not None and not current.place.gives_way_to(place):
        return _Becomes(Outcome.SUPERSEDED, digest)
    # A report that waits gives way to newer ones only.
    ends_hold = held.id if held is not None and held.place.gives_way_to(place) else None
    replaced = tuple(one.id for one in (current, held) if one is not None and one.place.gives_way_to(place))
    if current is not None and digest == current.digest:
        return _Becomes(Outcome.UNCHANGED, digest, current.root, replaced, ends_hold)
    outcome = Outcome.WITHDRAWN if report.withdrawn else Outcome.CURRENT
    return _Becomes(outcome, digest, None, replaced, ends_hold)


def _held(one: _Becomes, place: Place, held: _Standing | None, facts: Facts) -> _Becomes:
    """Say what becomes of a report that a rule holds: of several that wait, only the newest does."""
    if held is not None and not held.place.gives_way_to(place):
        return _Becomes(Outcome.SUPERSEDED, one.digest)
    if held is None:
        return _Becomes(Outcome.HELD, one.digest, facts=facts)
    return _Becomes(Outcome.HELD, one.digest, None, (held.id,), held.id, facts)


_COLUMNS = {
    "submission_id": "uuid", "position": "int4", "agency_id": "int2", "indicator_id": "int2",
    "frequency": "varchar", "period": "timestamptz", "status": "varchar", "withdrawn": "bool",
    "prepared": "timestamptz", "received": "timestamptz", "state": "varchar", "outcome": "varchar",
    "digest": "bytea", "equals_id": "int8", "total": "int8",
    "countries": "int2[]", "networks": "int2[]", "values": "int4[]",
}  # fmt: skip


def _store(submission: Submission, reports: Sequence[NewReport], becoming: Sequence[_Becomes]) -> None:
    superseded = [id_ for one in becoming for id_ in one.supersedes]
    with cursor() as c:
        c.execute(
            "UPDATE federation_report SET state = 'superseded' WHERE id = ANY(%s)",
            [np.array(superseded, np.int64)],
        )
        copy_rows("federation_report", _COLUMNS, _rows(submission, reports, becoming), to=c)


def _rows(
    submission: Submission, reports: Sequence[NewReport], becoming: Sequence[_Becomes]
) -> Iterator[tuple[object, ...]]:
    for position, (report, one) in enumerate(zip(reports, becoming, strict=True)):
        kept = slice(None) if one.equals is None else slice(0)
        yield (
            submission.id, position, submission.agency_id, report.indicator,
            report.frequency, report.period, report.status, report.withdrawn,
            submission.prepared, submission.received, one.state.value, one.outcome.value,
            one.digest, one.equals, report.total,
            report.countries[kept], report.networks[kept], report.values[kept],
        )  # fmt: skip


def _hold(submission: Submission, reports: Sequence[NewReport], becoming: Sequence[_Becomes]) -> None:
    """Record the holds of a submission, and end those that its reports replaced."""
    facts = {position: one.facts for position, one in enumerate(becoming) if one.facts is not None}
    if facts:
        rows = Report.objects.filter(submission=submission, position__in=facts).values_list("position", "id")
        helds = [Held(id_, reports[position], facts[position]) for position, id_ in rows]
        holds.record(submission.agency_id, helds, now=submission.received)
    ended = [one.ends_hold for one in becoming if one.ends_hold is not None]
    if ended:
        by = submission.agency.code
        holds.end(ended, decision=Decision.SUPERSEDED, by=by, now=submission.received)


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
