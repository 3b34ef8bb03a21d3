"""What the start page shows: who reports and who is silent, and what waits for a person."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count, Exists, Min, OuterRef
from django.db.models.functions import TruncDay

from countries.liaisons import CountryScope
from countries.models import Agency, Indicator
from federation.database import rows_of
from federation.models.audit import AuditPending
from federation.models.figures import Figure
from federation.models.findings import Finding, FindingState, Hold
from federation.models.published import PublishedCoverage
from federation.models.submissions import Report, ReportState
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.rulebook import RULES, SILENCE, Severity

#: The board shows this many ended days, and today.
DAYS = 14
#: The start page counts the submissions of this time.
RECENT = timedelta(hours=6)
_AWAITED = "awaited"
_MIXED = "partial"

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Square:
    """A day of an agency's indicator: where it stands, empty if nothing was owed, and how many of its reports wait."""

    day: datetime
    state: str
    held: int


@dataclass(frozen=True, slots=True)
class Line:
    """The days of one indicator of an agency, oldest first."""

    indicator: str
    squares: tuple[Square, ...]


@dataclass(frozen=True, slots=True)
class AgencyLines:
    """An agency on the board."""

    id: int
    code: str
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """That an agency reports nothing of some indicators since a period, and nothing after it."""

    agency: str
    indicators: tuple[str, ...]
    frequency: str
    since: datetime
    finding: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many items wait, and since when the oldest of them does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """The findings of a severity that are not resolved: not yet answered by the agency, and answered."""

    severity: Severity
    unanswered: int
    answered: int


@dataclass(frozen=True, slots=True)
class Heard:
    """How many submissions an agency sent in the last hours, and when the last one came."""

    agency: str
    submissions: int
    last: datetime | None


def board(scope: CountryScope, *, now: datetime) -> tuple[list[datetime], list[AgencyLines]]:
    """Return the days of the board, and the agencies that owe or sent anything on them."""
    today = periods.start_of(Frequency.DAY, now)
    days = [today - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
    indicators = dict(Indicator.objects.values_list("number", "code"))
    states = _states(indicators, days)
    held = _held(days[0])
    shown = sorted({place for place, _ in states} | {place for place, _ in held})
    lines = defaultdict(list)
    for agency, indicator in shown:
        place = (agency, indicator)
        squares = [Square(day, states.get((place, day), ""), held.get((place, day), 0)) for day in days]
        lines[agency].append(Line(indicators[indicator], tuple(squares)))
    rows = scope.rows(Agency.objects.filter(pk__in=lines), "country").order_by("code")
    return days, [AgencyLines(row.pk, row.code, row.name, tuple(lines[row.pk])) for row in rows]


def _states(indicators: Iterable[int], days: Sequence[datetime]) -> dict[tuple[Place, datetime], str]:
    """Say where each agency stands on each day; today is not published yet, so its hours say it."""
    *ended, today = days
    found = {}
    hours: dict[Place, set[str]] = defaultdict(set)
    current = PublishedCoverage.objects.filter(indicator__in=list(indicators), version_to=None)
    daily = current.filter(frequency=Frequency.DAY, period__gte=ended[0], period__lt=today)
    hourly = current.filter(frequency=Frequency.HOUR, period__gte=today)
    wanted = ("indicator", "frequency", "period", "agencies", "states")
    for indicator, frequency, period, agencies, states in daily.union(hourly).values_list(*wanted):
        for agency, state in zip(agencies, states, strict=True):
            if frequency == Frequency.DAY:
                found[(agency, indicator), period] = state
            else:
                hours[agency, indicator].add(state)
    return found | {(place, today): _of_hours(states) for place, states in hours.items()}


def _of_hours(states: set[str]) -> str:
    """Say where a day stands by its hours: the state that they share, but for those that are awaited."""
    said = states - {_AWAITED} or states
    return said.pop() if len(said) == 1 else _MIXED


def _held(first: datetime) -> dict[tuple[Place, datetime], int]:
    waiting = Report.objects.filter(state=ReportState.HELD, period__gte=first).exclude(frequency=Frequency.MONTH)
    counted = waiting.annotate(day=TruncDay("period")).values_list("agency", "indicator", "day").annotate(Count("pk"))
    return {((agency, indicator), day): count for agency, indicator, day, count in counted}


def silences(scope: CountryScope) -> list[Silence]:
    """Return who is silent now: those of the silences found that no figure came after, longest first."""
    after = Figure.objects.filter(
        indicator=OuterRef("indicator"),
        frequency=OuterRef("frequency"),
        period__gt=OuterRef("last_period"),
        agency=OuterRef("agency"),
        covered_seconds__gt=0,
    )
    found = scope.rows(Finding.objects.filter(rule=SILENCE.id, resolved=None), "agency__country")
    found = found.filter(~Exists(after)).order_by("period", "agency__code", "indicator")
    together: dict[tuple[str, str, datetime], list[tuple[str, int]]] = defaultdict(list)
    wanted = ("agency__code", "frequency", "period", "indicator__code", "pk")
    for agency, frequency, since, indicator, finding in found.values_list(*wanted):
        together[agency, frequency, since].append((indicator, finding))
    return [
        Silence(agency, tuple(indicator for indicator, _ in ones), frequency, since, ones[0][1])
        for (agency, frequency, since), ones in together.items()
    ]


def held(scope: CountryScope) -> Waiting:
    """Return how many reports wait for a decision."""
    waiting = scope.rows(Hold.objects.filter(decision=""), "report__agency__country")
    return Waiting(**waiting.aggregate(count=Count("pk"), since=Min("since")))


def open_findings(scope: CountryScope) -> list[OpenFindings]:
    """Return how many findings of each severity are not resolved, the worst severity first."""
    counted = scope.rows(Finding.objects.filter(resolved=None), "agency__country")
    numbers: Counter[tuple[Severity, str]] = Counter()
    for rule, state, count in counted.values_list("rule", "state").annotate(Count("pk")):
        numbers[RULES[rule].severity, state] += count
    return [
        OpenFindings(severity, numbers[severity, FindingState.OPEN], numbers[severity, FindingState.ANSWERED])
        for severity in (Severity.ERROR, Severity.WARNING)
    ]


def heard(scope: CountryScope, *, now: datetime) -> list[Heard]:
    """Return what came from each active agency in the last hours; who has been quiet longest is first."""
    codes: Mapping[int, str] = dict(scope.rows(Agency.objects.filter(active=True), "country").values_list("pk", "code"))
    told = rows_of("desk_submissions", agencies=np.array(list(codes), np.int64), since=now - RECENT)
    found = [Heard(codes[agency], count, last) for agency, count, last in told]
    return sorted(found, key=lambda one: (one.last is not None, one.last, one.agency))


def unsealed() -> int:
    """Return how many audit events are not yet in the chain."""
    return AuditPending.objects.count()
