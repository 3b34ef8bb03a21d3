"""Makes new findings, stores them, and closes findings. What people must hear of is recorded with each."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from federation.models.findings import Finding, FindingState, Resolution
from federation.notifications import record
from federation.worklist import WorkItem
from p2p_core.rules.levels import Facts


def new(
    rule: str,
    figure: WorkItem,
    facts: Facts,
    *,
    now: datetime,
    last_period: datetime | None = None,
    report: int | None = None,
) -> Finding:
    """An open finding, not saved, about the period of ``figure``, or about all periods from that to ``last_period``."""
    return Finding(
        rule=rule,
        agency_id=figure.agency,
        indicator_id=figure.indicator,
        frequency=figure.frequency,
        period=figure.period,
        last_period=last_period or figure.period,
        report_id=report,
        facts=facts,
        opened=now,
        changed=now,
    )


def store_unless_open(findings: Collection[Finding], *, now: datetime) -> None:
    """Store new findings, except those in whose place a finding is open already."""
    if not findings:
        return
    Finding.objects.bulk_create(sorted(findings, key=Finding.place), ignore_conflicts=True)
    # PostgreSQL does not say which ones it stored, nor their ids.
    places = {one.place() for one in findings}
    there = Finding.objects.filter(
        resolved=None, opened=now, agency__in={one.agency_id for one in findings}, holds=None,
        period__in={one.period for one in findings},
    )  # fmt: skip
    record.opened([one for one in there if one.place() in places], now=now)


def resolve(findings: QuerySet[Finding], *, how: Resolution, now: datetime, by: str = "", reason: str = "") -> None:
    if how == Resolution.COORDINATOR:
        record.resolved(findings, now=now)
    findings.update(
        state=FindingState.RESOLVED, resolution=how, resolved=now, changed=now, resolved_by=by, reason=reason
    )
