"""Stores a submission: all its reports in one transaction, with the work that they make.

Decides which report is current (rule 1): the latest ``prepared`` wins, ties by ``received``,
then by submission id. What looks implausible is to be held here, in the same transaction.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from django.db import transaction

from countries.models import Agency
from federation import audit, dispatch, worklist
from federation.database import copy_statement, cursor, look_up_by_index, statement
from federation.errors import IdempotencyKeyReusedError
from federation.models.submissions import (
    IdempotencyKey,
    Outcome,
    ReportState,
    Submission,
)
from federation.rules.tables import Numbers, Values
from federation.worklist import Stage, Thing

#: How long an Idempotency-Key is kept.
KEY_LIFE = timedelta(days=30)

#: A place in the order of reports for one key.
Place = tuple[datetime, datetime, UUID]


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report as it was received: cells sorted by country and network, none of them zero.

    The arrays are code numbers (int16) and counts (int64), parallel; empty when withdrawn.
    """

    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    countries: Numbers
    networks: Numbers
    values: Values

    def digest(self) -> bytes:
        """Return 16 bytes that are equal for reports with equal cells and status."""
        said = blake2b(f"{self.status}{self.withdrawn:d}".encode(), digest_size=16)
        for array in (self.countries, self.networks, self.values):
            said.update(array.tobytes())
        return said.digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an agency is told of a submission that was stored; ``outcomes`` counts reports."""

    submission_id: UUID
    received: datetime
    prepared: datetime
    reports: int
    observations: int
    outcomes: dict[str, int]
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What becomes of one report, and of the one that was current before it."""

    outcome: Outcome
    digest: bytes
    equals: int | None
    supersedes: int | None

    @property
    def state(self) -> ReportState:
        superseded = self.outcome == Outcome.SUPERSEDED
        return ReportState.SUPERSEDED if superseded else ReportState.CURRENT

    @property
    def makes_work(self) -> bool:
        return self.outcome in {Outcome.CURRENT, Outcome.WITHDRAWN}


@transaction.atomic
def accept(  # noqa: PLR0913  all that a submission is
    *,
    agency: Agency,
    reports: Sequence[NewReport],
    observations: int,
    prepared: datetime,
    received: datetime,
    media: str,
    body_digest: bytes,
    key: str | None,
    by: str,
) -> Receipt:
    """Store a submission and return its receipt; raise :class:`IdempotencyKeyReusedError`.

    With a ``key`` that was used for the same body, nothing is stored and the first receipt
    comes again. ``reports`` must name no period twice.
    """
    submission_id = uuid4()
    if key is not None:
        first = _use_key(agency, key, body_digest, submission_id, received)
        if first is not None:
            return _receipt(first, replayed=True)
    look_up_by_index()
    _lock(agency, reports)
    verdicts = _judge(agency, reports, (prepared, received, submission_id))
    submission = Submission.objects.create(
        id=submission_id,
        agency=agency,
        received=received,
        prepared=prepared,
        media=media,
        body_digest=body_digest,
        report_count=len(reports),
        observation_count=observations,
        outcomes=Counter(verdict.outcome.value for verdict in verdicts),
    )
    _store(submission, reports, verdicts)
    worklist.append(_work(agency, reports, verdicts))
    audit.record(
        by=by,
        action="submission.accepted",
        subject=f"submission {submission_id}",
        details={"agency": agency.code, "reports": len(reports), "body": body_digest.hex()},
    )
    dispatch.wake_on_commit()
    return _receipt(submission, replayed=False)


@transaction.atomic
def preview(*, agency: Agency, reports: Sequence[NewReport], prepared: datetime, received: datetime) -> list[Outcome]:
    """Return what would become of each report now, and store nothing."""
    verdicts = _judge(agency, reports, (prepared, received, uuid4()))
    return [verdict.outcome for verdict in verdicts]


def _use_key(
    agency: Agency, key: str, body_digest: bytes, submission_id: UUID, received: datetime
) -> Submission | None:
    """Take the key for this submission, or return the one that it was used for.

    A twin at the same time waits on the unique index until the first has committed.
    """
    digest = sha256(key.encode()).digest()
    IdempotencyKey.objects.filter(agency=agency, key_digest=digest, created__lt=received - KEY_LIFE).delete()
    mine = IdempotencyKey(
        agency=agency, key_digest=digest, body_digest=body_digest, submission_id=submission_id, created=received
    )
    IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
    # Without the submission: where the key was free, that is still to be stored.
    used = IdempotencyKey.objects.get(agency=agency, key_digest=digest)
    if used.submission_id == submission_id:
        return None
    if bytes(used.body_digest) != body_digest:
        raise IdempotencyKeyReusedError
    return used.submission


def _lock(agency: Agency, reports: Sequence[NewReport]) -> None:
    """Wait for other submissions of the agency; in order, so that two never wait for each other."""
    with cursor() as c:
        for indicator in sorted({report.indicator for report in reports}):
            c.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [agency.pk, indicator])


def _judge(agency: Agency, reports: Sequence[NewReport], place: Place) -> list[_Verdict]:
    with cursor() as c:
        c.execute(
            statement("intake_current"),
            {
                "agency": agency.pk,
                "indicators": np.array([report.indicator for report in reports], np.int16),
                "frequencies": [report.frequency for report in reports],
                "periods": [report.period for report in reports],
            },
        )
        current = {position: row for position, *row in c.fetchall()}
    return [_verdict(report, place, current.get(i)) for i, report in enumerate(reports)]


def _verdict(report: NewReport, place: Place, current: Sequence[Any] | None) -> _Verdict:
    digest = report.digest()
    outcome = Outcome.WITHDRAWN if report.withdrawn else Outcome.CURRENT
    if current is None:
        return _Verdict(outcome, digest, equals=None, supersedes=None)
    current_id, *current_place, current_digest, root = current
    if place < tuple(current_place):
        return _Verdict(Outcome.SUPERSEDED, digest, equals=None, supersedes=None)
    if digest == current_digest:
        return _Verdict(Outcome.UNCHANGED, digest, equals=root, supersedes=current_id)
    return _Verdict(outcome, digest, equals=None, supersedes=current_id)


_COLUMNS = {
    "submission_id": "uuid", "position": "int4", "agency_id": "int2", "indicator_id": "int2",
    "frequency": "varchar", "period": "timestamptz", "status": "varchar", "withdrawn": "bool",
    "prepared": "timestamptz", "received": "timestamptz", "state": "varchar", "outcome": "varchar",
    "digest": "bytea", "equals_id": "int8", "total": "int8",
    "countries": "int2[]", "networks": "int2[]", "values": "int8[]",
}  # fmt: skip
_COPY = copy_statement("federation_report", _COLUMNS)


def _store(submission: Submission, reports: Sequence[NewReport], verdicts: Sequence[_Verdict]) -> None:
    superseded = [verdict.supersedes for verdict in verdicts if verdict.supersedes is not None]
    with cursor() as c:
        c.execute(
            "UPDATE federation_report SET state = 'superseded' WHERE id = ANY(%s)",
            [np.array(superseded, np.int64)],
        )
        with c.copy(_COPY) as copy:
            copy.set_types(list(_COLUMNS.values()))
            for row in _rows(submission, reports, verdicts):
                copy.write_row(row)


def _rows(
    submission: Submission, reports: Sequence[NewReport], verdicts: Sequence[_Verdict]
) -> Iterator[tuple[object, ...]]:
    for position, (report, verdict) in enumerate(zip(reports, verdicts, strict=True)):
        kept = slice(None) if verdict.equals is None else slice(0)
        yield (
            submission.id, position, submission.agency_id, report.indicator,
            report.frequency, report.period, report.status, report.withdrawn,
            submission.prepared, submission.received, verdict.state.value, verdict.outcome.value,
            verdict.digest, verdict.equals, int(report.values.sum()),
            report.countries[kept], report.networks[kept], report.values[kept],
        )  # fmt: skip


def _work(agency: Agency, reports: Sequence[NewReport], verdicts: Sequence[_Verdict]) -> Iterator[Thing]:
    for report, verdict in zip(reports, verdicts, strict=True):
        if verdict.makes_work:
            yield Thing(Stage.FIGURE, report.frequency, report.period, report.indicator, agency.pk)


def _receipt(submission: Submission, *, replayed: bool) -> Receipt:
    return Receipt(
        submission_id=submission.id,
        received=submission.received,
        prepared=submission.prepared,
        reports=submission.report_count,
        observations=submission.observation_count,
        outcomes=dict(submission.outcomes),
        replayed=replayed,
    )
