"""Reads submissions and exact figures, for agencies and coordinators. None of this is public.

The values are plain, so HTTP needs no model. The caller limits the number of rows of each read.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from countries.reference import Reference
from federation import worklist
from federation.database import clock, rows_of
from federation.intake import evidence
from federation.intake.evidence import SignedBy
from federation.models.submissions import Outcome, Report, ReportState, Submission
from federation.models.worklist import Work
from federation.publication.combination import combine
from federation.rules import tables
from federation.worklist import Stage, WorkItem
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.reports import NewReport, Numbers, Values

OUTCOMES = tuple(Outcome.values)
REPORT_STATES = tuple(ReportState.values)
#: The most reports and observations that are read to say what submissions contain.
_LOOKED_THROUGH = 200_000


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """A submission. ``outcomes`` counts its reports by their outcome at receipt."""

    id: UUID
    received: datetime
    prepared: datetime
    media: str
    reports: int
    observations: int
    outcomes: dict[str, int]
    signed_by: SignedBy | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The reports of a submission about one indicator at one frequency: their number, periods and countries."""

    indicator: int
    frequency: str
    reports: int
    first: datetime
    last: datetime
    countries: list[int]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report of a submission: its ``outcome`` at receipt, and its ``state`` now."""

    position: int
    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    total: int
    outcome: str
    state: str


@dataclass(frozen=True, slots=True)
class Range:
    """Periods of an indicator, both ends included."""

    indicator: int
    frequency: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The exact numbers of a period. They cover ``covered`` of ``owed`` seconds. The arrays are parallel."""

    period: datetime
    source: str
    covered: int
    owed: int
    countries: Numbers
    networks: Numbers
    values: Values


@dataclass(frozen=True, slots=True)
class WorkRow:
    """The work list: how many items wait, the age of the oldest, and the items set aside."""

    pending: int
    oldest_seconds: float
    set_aside: tuple[str, ...]


def work() -> WorkRow:
    return WorkRow(
        pending=Work.objects.count(),
        oldest_seconds=round(worklist.oldest_age().total_seconds(), 3),
        set_aside=tuple(str(worklist.unpack(failure.item)) for failure in worklist.set_aside()),
    )


def submissions(
    *,
    agency: int,
    since: datetime | None = None,
    before: datetime | None = None,
    after: UUID | None,
    outcome: str = "",
    from_pages: bool = False,
    limit: int,
) -> list[SubmissionRow]:
    """An agency's submissions, newest first: received from ``since`` until ``before``, and older than ``after``.

    With an ``outcome``, some report of each had it at receipt. With ``from_pages``, people sent them and no program.
    """
    rows = Submission.objects.select_related("signature__key").filter(agency=agency)
    if since:
        rows = rows.filter(received__gte=since)
    if before:
        rows = rows.filter(received__lt=before)
    if after:
        last = rows.filter(id=after).first()
        if last is None:
            return []
        rows = rows.filter(Q(received__lt=last.received) | Q(received=last.received, id__lt=last.id))
    if outcome:
        rows = rows.filter(outcomes__has_key=outcome)
    if from_pages:
        rows = rows.filter(from_pages=True)
    return [_submission_row(row) for row in rows.order_by("-received", "-id")[:limit]]


def submissions_about(
    day: datetime, *, agency: int, after: UUID | None, outcome: str = "", from_pages: bool = False, limit: int
) -> list[SubmissionRow]:
    """Those of :func:`submissions` with a report about this day: a minute, an hour or the whole of it, or its month.

    With an ``outcome``, this report had it.
    """
    found = rows_of(
        "queries_about",
        agency=agency,
        # The index of reports begins with the indicator.
        indicators=list(Reference.current().indicator_numbers.values()),
        frequencies=[one.value for one in periods.REPORTABLE],
        firsts=[periods.start_of(one, day) for one in periods.REPORTABLE],
        ends=[periods.end(Frequency.DAY, day)] * len(periods.REPORTABLE),
        after=after,
        outcome=outcome,
        from_pages=from_pages,
        limit=limit,
    )
    rows = Submission.objects.select_related("signature__key").filter(id__in=[id_ for (id_,) in found])
    return [_submission_row(row) for row in rows.order_by("-received", "-id")]


def held_reports(*, agency: int) -> int:
    """How many reports of an agency wait for a decision, in all periods together."""
    return Report.objects.filter(agency=agency, state=ReportState.HELD).count()


def submission(*, agency: int, id: UUID) -> SubmissionRow | None:  # noqa: A002  that is what it is
    row = Submission.objects.select_related("signature__key").filter(agency=agency, id=id).first()
    return _submission_row(row) if row else None


def _submission_row(row: Submission) -> SubmissionRow:
    signature = getattr(row, "signature", None)
    return SubmissionRow(
        id=row.id,
        received=row.received,
        prepared=row.prepared,
        media=row.media,
        reports=row.report_count,
        observations=row.observation_count,
        outcomes=dict(row.outcomes),
        signed_by=evidence.signed_by(signature.key) if signature else None,
    )


def contents(found: Sequence[SubmissionRow]) -> dict[UUID, list[Contents]]:
    """What submissions contain. It leaves out those that are so large that reading them would take long."""
    left, small = _LOOKED_THROUGH, []
    for row in found:
        if row.reports + row.observations <= left:
            left -= row.reports + row.observations
            small.append(row.id)
    known: dict[UUID, list[Contents]] = {}
    for submission, *columns in rows_of("queries_contents", submissions=small):
        known.setdefault(submission, []).append(Contents(*columns))
    return known


def reports(*, submission: UUID, first: int, limit: int) -> list[ReportRow]:
    """The reports of a submission in the order in which they were sent, from a position on."""
    return [ReportRow(*row) for row in rows_of("queries_reports", submission=submission, first=first, limit=limit)]


def figures(wanted: Range, *, agency: int, limit: int) -> list[FigureRow]:
    """An agency's figures in order of period, also of periods that have not ended."""
    rows = rows_of("queries_figures", agency=agency, limit=limit, **asdict(wanted))
    return [
        FigureRow(period, source, covered, periods.seconds(wanted.frequency, period), *cells)
        for period, source, covered, *cells in rows
    ]


def totals(reports: Sequence[NewReport], *, agency: int) -> list[int | None]:
    """An agency's totals in use of the periods of these reports, None where it has none."""
    rows = rows_of(
        "queries_totals",
        agency=agency,
        indicators=[report.indicator for report in reports],
        frequencies=[report.frequency for report in reports],
        periods=[report.period for report in reports],
    )
    found = {tuple(key): total for *key, total in rows}
    return [found.get((report.indicator, report.frequency, report.period)) for report in reports]


def combined(wanted: Range, *, limit: int) -> list[FigureRow]:
    """The exact sums of all agencies' figures in order of period, also of periods that have not ended."""
    starts = [period for (period,) in rows_of("queries_combined", limit=limit, **asdict(wanted))]
    if not starts:
        return []
    items = [WorkItem(Stage.PUBLISH, wanted.frequency, period, wanted.indicator) for period in starts]
    found = combine(items, mark=clock.mark())
    sums = tables.nonzero(found.cells.sum_agencies(len(items)))
    return [
        FigureRow(period, "combined", sum(covered.covered), sum(covered.owed), *cells)
        for period, covered, cells in zip(starts, found.coverage, sums, strict=True)
    ]
