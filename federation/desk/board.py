"""How each agency reported on the last days, which periods wait, and what each agency has sent lately."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Count, Min
from django.db.models.functions import TruncDay

from countries.models import Agency, Indicator
from federation.database import rows_of
from federation.models.findings import Finding
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report, ReportState
from federation.rules.coverage import WAITING
from p2p_core import periods
from p2p_core.codes import UNKNOWN
from p2p_core.periods import Frequency

#: The board shows this many ended days, and today.
DAYS: Final = 14
#: Submissions that came within this time are counted.
RECENT: Final = timedelta(hours=6)

#: An agency and an indicator.
Place = tuple[int, int]


class Square(NamedTuple):
    """A day: its coverage state, "" if nothing was expected, and the number of held reports.

    ``finding`` is the finding to look at first: one that holds these reports, else one that is open about this day.
    """

    day: datetime
    state: str
    held: int
    finding: int | None = None


class BoardLine(NamedTuple):
    """The days of one indicator of an agency, oldest first."""

    indicator: str
    squares: Sequence[Square]


class BoardAgency(NamedTuple):
    id: int
    code: str
    name: str
    lines: Sequence[BoardLine]


def board(*, now: datetime, agency: int | None = None) -> tuple[list[datetime], list[BoardAgency]]:
    """The days of the board, and the agencies that were expected to report, or did, on one of them.

    With ``agency``, only this one.
    """
    today = periods.start_of(Frequency.DAY, now)
    days = [today - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
    indicators = dict(Indicator.objects.values_list("number", "code"))
    states = _states(list(indicators), days[0], today)

    reports = Report.objects.filter(state=ReportState.HELD, period__gte=days[0]).exclude(frequency=Frequency.MONTH)
    if agency is not None:
        reports = reports.filter(agency=agency)
        states = {(place, day): state for (place, day), state in states.items() if place[0] == agency}
    by_day = reports.annotate(day=TruncDay("period")).values_list("agency", "indicator", "day")
    counted = by_day.annotate(Count("pk"), Min("hold__finding"))
    held = {((agency, indicator), day): (count, finding) for agency, indicator, day, count, finding in counted}
    findings = _findings(days, agency)

    lines = defaultdict(list)
    for place in sorted({place for place, _ in (*states, *held)}):
        squares = []
        for day in days:
            count, finding = held.get((place, day), (0, findings.get((place, day))))
            squares.append(Square(day, states.get((place, day), ""), count, finding))
        lines[place[0]].append(BoardLine(indicators[place[1]], squares))
    rows = Agency.objects.filter(pk__in=lines).order_by("code")
    return days, [BoardAgency(row.pk, row.code, row.name, lines[row.pk]) for row in rows]


def _findings(days: Sequence[datetime], agency: int | None) -> dict[tuple[Place, datetime], int]:
    """The first open finding about each agency and indicator, by day."""
    rows = Finding.objects.filter(resolved=None, last_period__gte=days[0]).exclude(frequency=Frequency.MONTH)
    if agency is not None:
        rows = rows.filter(agency=agency)
    columns = ("pk", "agency", "indicator", "period", "last_period")
    found: dict[tuple[Place, datetime], int] = {}
    for pk, about, indicator, first, last in rows.order_by("pk").values_list(*columns):
        for day in days:
            if first < day + timedelta(days=1) and last >= day:
                found.setdefault(((about, indicator), day), pk)
    return found


def _states(indicators: Sequence[int], first: datetime, today: datetime) -> dict[tuple[Place, datetime], str]:
    """The coverage state of each agency on each day. Today is not published yet, so its hours tell it."""
    current = PublishedCoverage.objects.filter(indicator__in=indicators, version_to=None)
    daily = current.filter(frequency=Frequency.DAY, period__gte=first, period__lt=today)
    hourly = current.filter(frequency=Frequency.HOUR, period__gte=today)
    found = {}
    hours: dict[Place, set[str]] = defaultdict(set)
    columns = ("indicator", "frequency", "period", "agencies", "states")
    for indicator, frequency, period, agencies, states in daily.union(hourly).values_list(*columns):
        for agency, state in zip(agencies, states, strict=True):
            if frequency == Frequency.DAY:
                found[(agency, indicator), period] = state
            else:
                hours[agency, indicator].add(state)
    for place, states in hours.items():
        # Hours that are still awaited do not matter, unless all hours are awaited.
        known = states - {"awaited"} or states
        found[place, today] = known.pop() if len(known) == 1 else "partial"
    return found


class WaitingPeriod(NamedTuple):
    """A period that has ended and is not public yet: for which agencies it waits, and until when at the latest."""

    indicator: str
    frequency: str
    period: datetime
    agencies: Sequence[str]
    expected: int
    until: datetime


def waiting_periods() -> list[WaitingPeriod]:
    """The periods that wait for agencies, those that are published soonest first."""
    rows = PublishedCoverage.objects.filter(version_to=None, status=WAITING).order_by("awaited_until", "pk")
    codes: dict[int, str] = dict(Agency.objects.values_list("pk", "code"))
    return [
        WaitingPeriod(
            row.indicator.code,
            row.frequency,
            row.period,
            # An agency may have been deleted a moment ago.
            [codes.get(one, UNKNOWN) for one, is_awaited in zip(row.agencies, row.awaited, strict=True) if is_awaited],
            row.agencies_expected,
            row.awaited_until,
        )
        for row in rows.select_related("indicator")
        if row.awaited_until
    ]


class Activity(NamedTuple):
    """The number of submissions of an agency in the last hours, and the time and the id of its newest one."""

    id: int
    agency: str
    submissions: int
    last: datetime | None
    last_id: UUID | None


def activity(*, now: datetime) -> list[Activity]:
    """What came from each active agency; the one whose newest submission is oldest comes first."""
    codes: dict[int, str] = dict(Agency.objects.filter(active=True).values_list("pk", "code"))
    rows = rows_of("desk_submissions", agencies=np.array(list(codes), np.int64), since=now - RECENT)
    found = [Activity(agency, codes[agency], *what) for agency, *what in rows]
    return sorted(found, key=lambda one: (one.last is not None, one.last, one.agency))
