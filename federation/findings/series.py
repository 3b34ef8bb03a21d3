"""The numbers of an agency around a finding, beside the usual ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from countries import queries
from federation.models.figures import Figure
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


class FindingPeriods(NamedTuple):
    """What a finding is about: the periods of an agency's indicator, both ends included."""

    agency: int
    indicator: int
    frequency: str
    first: datetime
    last: datetime


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


def around(about: FindingPeriods, *, now: datetime) -> FindingSeries:
    """The agency's series around a finding. All of it is from the agency's own reports."""
    frequency, by_week = about.frequency, about.frequency in levels.BY_WEEK
    first, last = _shown_range(about, now)
    breaks = queries.breaks_of(about.agency, about.indicator)

    place = {"agency": about.agency, "indicator": about.indicator, "frequency": frequency}
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
        in_finding = about.first <= period <= about.last
        points.append(Point(period, totals.get(period), median(usual) if usual else None, value, state, in_finding))
    weeks = levels.weeks_before(frequency, about.first, breaks) if by_week else []
    before = [Before(start, whole.get(start), counts) for start, counts in weeks]
    shown_breaks = [one for one in breaks if first < one <= periods.end(frequency, last)]
    return FindingSeries(frequency, points, before, shown_breaks)


def _shown_range(about: FindingPeriods, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last period to show."""
    frequency = about.frequency
    before, after = _AROUND[Frequency(frequency)]
    first = about.first
    for _ in range(before):
        first = periods.previous(frequency, first)
    last = own_last = list(periods.between(frequency, about.first, about.last))[:_LONGEST][-1]
    for _ in range(after):
        last = periods.end(frequency, last)
    # A period that has not ended would look like a fall.
    ended = periods.previous(frequency, periods.start_of(frequency, now))
    return first, min(last, max(own_last, ended))
