"""The panels a second time: for each agency and period of the span, one question after the other."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.oracles.calendar import DAY, end_of, length_of, start_of
from tests.oracles.federation import ALL_NETWORKS, GRACE, Cell, Federation, margins_of

MONTHS = (12, 24, 36)
FREQUENCIES = "WM"
#: No deadline is longer than so many months.
LONGEST_WAIT = 4


@dataclass(frozen=True)
class Numbers:
    status: str
    values: dict[int, int]


@dataclass(frozen=True)
class Panel:
    start: datetime
    end: datetime
    agencies: list[int]
    numbers: dict[datetime, Numbers]


def panel(federation: Federation, indicator: int, months: int, frequency: str) -> Panel | None:
    """Who was there all the time, and what they counted; none while nobody is expected in the span."""
    end = entered_until(federation, indicator)
    start = months_before(end, months)
    if not any(_is_anybody_expected(federation, indicator, month) for month in inside("M", start, end)):
        return None
    spanned = list(inside(frequency, start, end))
    agencies = [
        agency
        for agency in federation.agencies(indicator)
        if all(_is_whole(federation, agency, indicator, frequency, period) for period in spanned)
    ]
    numbers = {period: _numbers(federation, agencies, indicator, frequency, period) for period in spanned if agencies}
    return Panel(start, end, agencies, numbers)


def entered_until(federation: Federation, indicator: int) -> datetime:
    """Up to where all months are there: reported whole by all that were expected, or their deadlines passed."""
    end = start_of("M", federation.now - GRACE)
    for month in inside("M", months_before(end, LONGEST_WAIT), end):
        for agency in federation.agencies(indicator):
            has_time_left = federation._has_time_left(agency, indicator, "M", month)
            if has_time_left and not federation._is_complete(agency, indicator, "M", month):
                return month
    return end


def months_before(end: datetime, months: int) -> datetime:
    for _ in range(months):
        end = start_of("M", end - DAY)
    return end


def inside(frequency: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """The periods of which nothing lies outside."""
    period = start_of(frequency, start)
    while end_of(frequency, period) <= end:
        if period >= start:
            yield period
        period = end_of(frequency, period)


def _is_anybody_expected(federation: Federation, indicator: int, month: datetime) -> bool:
    return federation.coverage(indicator, "M", month).expected > 0


def _is_whole(federation: Federation, agency: int, indicator: int, frequency: str, period: datetime) -> bool:
    figure = federation.figure(agency, indicator, frequency, period)
    return figure is not None and figure.seconds == length_of([(period, end_of(frequency, period))])


def _numbers(federation: Federation, agencies: list[int], indicator: int, frequency: str, period: datetime) -> Numbers:
    figures = [federation.figure(agency, indicator, frequency, period) for agency in agencies]
    values: dict[int, int] = defaultdict(int)
    for agency, figure in zip(agencies, figures, strict=True):
        for place, value in margins_of(figure.cells if figure else {}).items():
            if place[1] == ALL_NETWORKS:
                values[place[0]] += federation.rounded(value, agency, indicator, Cell(frequency, period, *place))
    is_final = all(one is not None and one.final for one in figures)
    return Numbers("A" if is_final else "P", {country: value for country, value in values.items() if value})
