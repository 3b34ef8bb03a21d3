"""The numbers of an agency around a finding, beside the usual ones, and the reports that the finding holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from countries import queries
from federation.models.figures import Figure
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import levels

#: How many periods are shown before and after those of a finding.
_AROUND = {
    Frequency.MINUTE: (90, 30),
    Frequency.HOUR: (120, 48),
    Frequency.DAY: (60, 14),
    Frequency.WEEK: (26, 4),
    Frequency.MONTH: (24, 3),
    Frequency.YEAR: (10, 1),
}
#: The most periods of a finding that are shown: nobody could tell more of them apart.
_LONGEST = 400


class Point(NamedTuple):
    """A period: its value now, the usual one, and the value of a report that is not used; None if there is none.

    ``state`` is the state of that report, or says that the value covers only a part of the period.
    ``in_finding`` marks the periods of the finding.
    """

    period: datetime
    value: int | None
    usual: float | None
    unused: int | None
    state: str
    in_finding: bool


class Before(NamedTuple):
    """The value of the same hour of the week, or the same weekday, in an earlier week; None if there is none.

    A value before the last break does not count as usual.
    """

    period: datetime
    value: int | None
    counts: bool


@dataclass(frozen=True, slots=True)
class FindingSeries:
    """The points around a finding, and the values of earlier weeks for its first period."""

    frequency: str
    points: Sequence[Point]
    before: Sequence[Before]
    breaks: Sequence[datetime]


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


def around(finding: Finding, *, now: datetime) -> FindingSeries:
    """The agency's series around a finding."""
    frequency, by_week = finding.frequency, finding.frequency in levels.BY_WEEK
    first, last = _shown_range(finding, now)
    breaks = queries.breaks_of(finding.agency_id, finding.indicator_id)

    place = {"agency": finding.agency_id, "indicator": finding.indicator_id, "frequency": frequency}
    since = first - timedelta(weeks=levels.WEEKS)
    figures = Figure.objects.filter(**place, period__gte=since, period__lte=last, covered_seconds__gt=0)
    totals, whole = {}, {}
    for period, total, covered in figures.values_list("period", "total", "covered_seconds"):
        totals[period] = total
        if covered >= periods.seconds(frequency, period):
            whole[period] = total

    reports = Report.objects.filter(
        **place, period__gte=first, period__lte=last, state__in=[ReportState.HELD, ReportState.REJECTED]
    )
    # The newest held report of each period, else the newest rejected one: "held" sorts last, and the last one stays.
    ordered = reports.order_by("-state", "prepared", "received", "pk").values_list("period", "total", "state")
    unused = {period: (total, state) for period, total, state in ordered}

    points = []
    for period in periods.between(frequency, first, last):
        usual = levels.usual_of(frequency, period, whole, breaks=breaks) if by_week else []
        value, state = unused.get(period, (None, "in part" if period in totals and period not in whole else ""))
        in_finding = finding.period <= period <= finding.last_period
        points.append(Point(period, totals.get(period), median(usual) if usual else None, value, state, in_finding))
    weeks = levels.weeks_before(frequency, finding.period, breaks) if by_week else []
    before = [Before(start, whole.get(start), counts) for start, counts in weeks]
    shown_breaks = [one for one in breaks if first < one <= periods.end(frequency, last)]
    return FindingSeries(frequency, points, before, shown_breaks)


def _shown_range(finding: Finding, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last period to show."""
    before, after = _AROUND[Frequency(finding.frequency)]
    first = finding.period
    for _ in range(before):
        first = periods.previous(finding.frequency, first)
    last = own_last = list(periods.between(finding.frequency, finding.period, finding.last_period))[:_LONGEST][-1]
    for _ in range(after):
        last = periods.end(finding.frequency, last)
    # A period that has not ended would look like a fall.
    ended = periods.previous(finding.frequency, periods.start_of(finding.frequency, now))
    return first, min(last, max(own_last, ended))


def held_of(finding: int, *, limit: int) -> list[HeldRow]:
    """The reports that a finding held: first those that wait for a decision, then by period."""
    holds = Hold.objects.filter(finding=finding).select_related("report")
    holds = holds.defer("report__countries", "report__networks", "report__values")
    return rows_of(list(holds.order_by("decision", "report__period", "pk")[:limit]))


def rows_of(holds: Sequence[Hold]) -> list[HeldRow]:
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
