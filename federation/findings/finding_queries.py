"""Reads the findings of a submission or of an agency, as plain values. None of these is public."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F
from django.db.models.query import QuerySet

from federation.database import rows_of
from federation.models.findings import Answer, Decision, Finding, FindingState, Hold, Resolution
from p2p_core.rules.levels import Facts
from p2p_core.rules.rulebook import say

STATES = tuple(FindingState.values)
RESOLUTIONS = tuple(Resolution.values)
DECISIONS = tuple(Decision.values)

#: No report in a submission has a larger position.
LAST_POSITION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """A finding about reports of a submission. ``position`` is the position of the first of these reports.

    If the submission was a dry run, the finding has no id.
    """

    position: int
    id: int | None
    rule: str
    state: str
    frequency: str
    period: datetime
    last_period: datetime
    facts: Facts
    indicator: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings to return. A field that is None sets no condition."""

    states: Collection[str] | None = None
    rules: Collection[str] | None = None
    indicator: int | None = None
    frequency: str | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """The submission of a report, and its position there."""

    submission: UUID
    position: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding. ``held`` is the number of its reports that are held and wait for a decision."""

    id: int
    rule: str
    state: str
    resolution: str
    reason: str
    message: str
    facts: Facts
    indicator: int
    frequency: str
    period: datetime
    last_period: datetime
    opened: datetime
    changed: datetime
    resolved: datetime | None
    report: ReportPlace | None
    held: int


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An agency's answer to a finding."""

    at: datetime
    answer: str
    remark: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A report that was held, and the decision about it. ``decision`` is empty while the report waits for one."""

    period: datetime
    report: ReportPlace
    since: datetime
    decision: str
    decided: datetime | None
    reason: str


def of_submission(submission: UUID, *, first: int = 0, last: int = LAST_POSITION) -> list[ReportFinding]:
    """The findings about a submission's reports at some positions, both ends included, in order.

    A finding about several reports is returned once, with the position of the first of them.
    """
    return [
        ReportFinding(*row) for row in rows_of("finding_queries_reports", submission=submission, first=first, last=last)
    ]


def findings(wanted: Filter, *, agency: int, before: int | None, limit: int) -> list[FindingRow]:
    """At most ``limit`` findings of an agency, newest first, and only those with a lower id than ``before``."""
    rows = Finding.objects.filter(agency=agency)
    if wanted.states is not None:
        rows = rows.filter(state__in=wanted.states)
    if wanted.rules is not None:
        rows = rows.filter(rule__in=wanted.rules)
    if wanted.indicator is not None:
        rows = rows.filter(indicator=wanted.indicator)
    if wanted.frequency is not None:
        rows = rows.filter(frequency=wanted.frequency)
    if wanted.changed_since is not None:
        rows = rows.filter(changed__gte=wanted.changed_since)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return _rows(rows.order_by("-id")[:limit])


def finding(*, agency: int, id: int) -> FindingRow | None:  # noqa: A002  that is what it is
    return next(iter(_rows(Finding.objects.filter(agency=agency, id=id))), None)


def answers(*, finding: int, limit: int) -> list[AnswerRow]:
    """The newest ``limit`` answers to a finding, in order of time."""
    rows = Answer.objects.filter(finding=finding).order_by("-id")[:limit]
    return [AnswerRow(row.at, row.answer, row.remark) for row in reversed(rows)]


def holds(*, finding: int, limit: int) -> list[HoldRow]:
    """The reports that a finding held, in order of period and receipt."""
    rows = Hold.objects.filter(finding=finding).select_related("report").order_by("report__period", "report")
    return [
        HoldRow(
            period=row.report.period,
            report=ReportPlace(row.report.submission_id, row.report.position),
            since=row.since,
            decision=row.decision,
            decided=row.decided,
            reason=row.reason,
        )
        for row in rows.defer("report__countries", "report__networks", "report__values")[:limit]
    ]


def _rows(found: QuerySet[Finding]) -> list[FindingRow]:
    rows = list(found.annotate(submission=F("report__submission"), position=F("report__position")))
    waiting = Hold.objects.filter(finding__in=[row.pk for row in rows], decision="").values_list("finding")
    held = dict(waiting.annotate(Count("report")))
    return [
        FindingRow(
            id=row.pk,
            rule=row.rule,
            state=row.state,
            resolution=row.resolution,
            reason=row.reason,
            message=say(row.rule, row.frequency, row.period, row.last_period, row.facts),
            facts=row.facts,
            indicator=row.indicator_id,
            frequency=row.frequency,
            period=row.period,
            last_period=row.last_period,
            opened=row.opened,
            changed=row.changed,
            resolved=row.resolved,
            report=ReportPlace(row.submission, row.position) if row.submission else None,
            held=held.get(row.pk, 0),
        )
        for row in rows
    ]
