"""The reports that findings hold, beside the current totals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from federation.models.findings import Hold
from federation.models.submissions import Report, ReportState


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A report that was held, and the current total for its period, if there is one."""

    report: int
    period: datetime
    total: int
    current: int | None
    since: datetime
    decision: str
    decided: datetime | None
    decided_by: str
    reason: str


def held_of(finding: int, *, limit: int) -> list[HeldRow]:
    """The reports that a finding held: first those that wait for a decision, then by period."""
    holds = Hold.objects.filter(finding=finding).select_related("report")
    holds = holds.defer("report__countries", "report__networks", "report__values")
    return held_rows(list(holds.order_by("decision", "report__period", "pk")[:limit]))


def held_rows(holds: Sequence[Hold]) -> list[HeldRow]:
    """Holds, loaded with their reports, and the current totals for the same periods."""
    reports = [hold.report for hold in holds]
    rows = Report.objects.filter(
        state=ReportState.CURRENT,
        withdrawn=False,
        agency__in={report.agency_id for report in reports},
        indicator__in={report.indicator_id for report in reports},
        frequency__in={report.frequency for report in reports},
        period__in={report.period for report in reports},
    )
    stored = rows.values_list("agency", "indicator", "frequency", "period", "total")
    current = {(agency, indicator, frequency, period): total for agency, indicator, frequency, period, total in stored}
    return [
        HeldRow(
            hold.pk,
            hold.report.period,
            hold.report.total,
            current.get((hold.report.agency_id, hold.report.indicator_id, hold.report.frequency, hold.report.period)),
            hold.since,
            hold.decision,
            hold.decided,
            hold.decided_by,
            hold.reason,
        )
        for hold in holds
    ]
