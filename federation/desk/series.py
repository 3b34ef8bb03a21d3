"""An agency's numbers around what was noticed, beside what is usual, and the reports that are held of them."""

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
#: Of a long stretch only so many periods: more could not be told apart.
_LONGEST = 400
#: Frequencies at which a usual level is known.
_LEVELLED = (Frequency.HOUR, Frequency.DAY)
_WEEK = timedelta(weeks=1)


class Point(NamedTuple):
    """A period: its value now, the usual one, and the value of a report that is not used. None: there is none.

    ``state`` is that report's state, or says that the value covers a part of the period only;
    ``noticed`` that the period is one of the finding's.
    """

    period: datetime
    value: int | None
    usual: float | None
    unused: int | None
    state: str
    noticed: bool


class Before(NamedTuple):
    """The value of the same hour of the week, or the same weekday, some weeks before; None: there is none."""

    period: datetime
    value: int | None
    counts: bool


@dataclass(frozen=True, slots=True)
class Series:
    """The points around a finding, and what the same place had in the weeks before its first period."""

    frequency: str
    points: Sequence[Point]
    before: Sequence[Before]
    breaks: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A report that was held: its total, beside the one that is current for its period, if there is one."""

    report: int
    period: datetime
    total: int
    current: int | None
    since: datetime
    decision: str
    decided: datetime | None
    decided_by: str
    reason: str


def around(finding: Finding, *, now: datetime) -> Series:
    """Return the agency's series around a finding."""
    frequency = finding.frequency
    first, last = _range(finding, now)
    totals, parts = _totals(finding, first - levels.WEEKS * _WEEK, last)
    standing = {period: total for period, total in totals.items() if period not in parts}
    unused = _unused(finding, first, last)
    breaks = queries.breaks_of(finding.agency_id, finding.indicator_id)
    points = []
    for period in periods.between(frequency, first, last):
        usual = levels.usual_of(frequency, period, standing, breaks=breaks) if frequency in _LEVELLED else []
        value, state = unused.get(period, (None, "in part" if period in parts else ""))
        noticed = finding.period <= period <= finding.last_period
        points.append(Point(period, totals.get(period), median(usual) if usual else None, value, state, noticed))
    shown = [one for one in breaks if first < one <= periods.end(frequency, last)]
    return Series(frequency, points, _before(finding, standing, breaks), shown)


def _range(finding: Finding, now: datetime) -> tuple[datetime, datetime]:
    before, after = _AROUND[Frequency(finding.frequency)]
    first, last = finding.period, finding.last_period
    for _ in range(before):
        first = periods.previous(finding.frequency, first)
    stretch = list(periods.between(finding.frequency, finding.period, last))[:_LONGEST]
    last = stretch[-1]
    for _ in range(after):
        last = periods.end(finding.frequency, last)
    # What is still running would look like a fall.
    ended = periods.previous(finding.frequency, periods.start_of(finding.frequency, now))
    return first, min(last, max(stretch[-1], ended))


def _totals(finding: Finding, first: datetime, last: datetime) -> tuple[dict[datetime, int], set[datetime]]:
    """Return what counts, by period, and the periods of which it covers a part only."""
    rows = Figure.objects.filter(
        agency=finding.agency_id,
        indicator=finding.indicator_id,
        frequency=finding.frequency,
        period__gte=first,
        period__lte=last,
        covered_seconds__gt=0,
    )
    found = list(rows.values_list("period", "total", "covered_seconds"))
    parts = {period for period, _, covered in found if covered < periods.seconds(finding.frequency, period)}
    return {period: total for period, total, _ in found}, parts


def _unused(finding: Finding, first: datetime, last: datetime) -> dict[datetime, tuple[int, str]]:
    """Return the newest held report of each period, or the newest rejected one."""
    rows = Report.objects.filter(
        state__in=[ReportState.HELD, ReportState.REJECTED],
        agency=finding.agency_id,
        indicator=finding.indicator_id,
        frequency=finding.frequency,
        period__gte=first,
        period__lte=last,
    )
    # "held" comes before "rejected": what comes last is kept.
    ordered = rows.order_by("-state", "prepared", "received", "pk")
    return {period: (total, state) for period, total, state in ordered.values_list("period", "total", "state")}


def _before(finding: Finding, standing: dict[datetime, int], breaks: Sequence[datetime]) -> list[Before]:
    if finding.frequency not in _LEVELLED:
        return []
    end = periods.end(finding.frequency, finding.period)
    last_break = max((mark for mark in breaks if mark < end), default=None)
    starts = [finding.period - back * _WEEK for back in range(levels.WEEKS, 0, -1)]
    return [Before(start, standing.get(start), last_break is None or start >= last_break) for start in starts]


def held_of(finding: int, *, limit: int) -> list[HeldRow]:
    """Return the reports that a finding held, those that wait first, then by period."""
    holds = Hold.objects.filter(finding=finding).select_related("report")
    holds = holds.defer("report__countries", "report__networks", "report__values")
    return rows_of(list(holds.order_by("decision", "report__period", "pk")[:limit]))


def rows_of(holds: Sequence[Hold]) -> list[HeldRow]:
    """Return holds, whose reports are at hand, beside what is current."""
    current = _current([hold.report for hold in holds])
    return [
        HeldRow(
            hold.pk,
            hold.report.period,
            hold.report.total,
            current.get(_key(hold.report)),
            hold.since,
            hold.decision,
            hold.decided,
            hold.decided_by,
            hold.reason,
        )
        for hold in holds
    ]


def _key(report: Report) -> tuple[int, int, str, datetime]:
    return report.agency_id, report.indicator_id, report.frequency, report.period


def _current(reports: Sequence[Report]) -> dict[tuple[int, int, str, datetime], int]:
    """Return the totals that stand for the same periods."""
    if not reports:
        return {}
    rows = Report.objects.filter(
        state=ReportState.CURRENT,
        withdrawn=False,
        agency__in={report.agency_id for report in reports},
        indicator__in={report.indicator_id for report in reports},
        frequency__in={report.frequency for report in reports},
        period__in={report.period for report in reports},
    )
    wanted = rows.values_list("agency", "indicator", "frequency", "period", "total")
    return {(agency, indicator, frequency, period): total for agency, indicator, frequency, period, total in wanted}
