"""Makes new findings, and closes findings."""

from datetime import datetime

from django.db.models import QuerySet

from federation.models.findings import Finding, FindingState, Resolution
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


def resolve(findings: QuerySet[Finding], *, how: Resolution, now: datetime, by: str = "", reason: str = "") -> None:
    findings.update(
        state=FindingState.RESOLVED, resolution=how, resolved=now, changed=now, resolved_by=by, reason=reason
    )
