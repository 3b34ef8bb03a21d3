"""The panels, implemented a second time: one question after the other for each agency and period."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.oracles.calendar import DAY, end_of, length_of, start_of
from tests.oracles.federation import GRACE, Cell, Federation
from tests.oracles.places import ALL_NETWORKS, margins_of

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


@dataclass(frozen=True)
class Shown:
    """That the panel of so many months was these agencies' at some time, from a start until before an end."""

    months: int
    start: datetime
    end: datetime
    agencies: list[int]


def panel(federation: Federation, indicator: int, months: int, frequency: str, shown: Sequence[Shown]) -> Panel | None:
    """The agencies that cover the span, and their sum. None if no agency is expected in the span.

    All panels of the frequency that were ever public are given in the order in which they became so.
    """
    end = entered_until(federation, indicator)
    start = months_before(end, months)
    if not any(_is_anybody_expected(federation, indicator, month) for month in inside("M", start, end)):
        return None
    spanned = list(inside(frequency, start, end))
    everybody = federation.agencies(indicator)
    agencies = chosen(
        [a for a in everybody if all(_is_whole(federation, a, indicator, frequency, period) for period in spanned)],
        ([one.agencies for one in shown if one.months == months and one.agencies] or [[]])[-1],
        {period: _reporting(federation, indicator, frequency, period) for period in spanned},
        [(list(inside(frequency, one.start, one.end)), one.agencies) for one in shown],
    )
    numbers = {period: _numbers(federation, agencies, indicator, frequency, period) for period in spanned if agencies}
    return Panel(start, end, agencies, numbers)


def chosen(
    whole: list[int],
    last: list[int],
    reporting: dict[datetime, list[int]],
    shown: Collection[tuple[Collection[datetime], list[int]]],
) -> list[int]:
    """Those who reported the whole span, or else those that were the panel last, or else nobody."""
    for agencies in (whole, last):
        enough = len(agencies) >= 3 and all(agency in whole for agency in agencies)
        if enough and not any(
            is_one_told_apart(agencies, others)
            for period, everybody in reporting.items()
            for others in [everybody, *(before for periods, before in shown if period in periods)]
        ):
            return agencies
    return []


def is_one_told_apart(some: Collection[int], others: Collection[int]) -> bool:
    """Whether exactly one agency is in one of two sets and not in the other."""
    return len([agency for agency in {*some, *others} if (agency in some) != (agency in others)]) == 1


def entered_until(federation: Federation, indicator: int) -> datetime:
    """Up to where all months are there: reported whole by all that were expected, or their deadlines passed.

    All weeks and months until there are public.
    """
    end = start_of("M", federation.now - GRACE)
    for month in list(inside("M", months_before(end, LONGEST_WAIT), end)):
        for agency in federation.agencies(indicator):
            has_time_left = federation._has_time_left(agency, indicator, "M", month)
            if has_time_left and not federation._is_complete(agency, indicator, "M", month):
                end = min(end, month)
    for frequency in FREQUENCIES:
        for period in federation.ended_periods(indicator, frequency):
            if (indicator, frequency, period) not in federation.frozen:
                end = min(end, start_of("M", end_of(frequency, period) - DAY))
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


def _reporting(federation: Federation, indicator: int, frequency: str, period: datetime) -> list[int]:
    everybody = federation.agencies(indicator)
    return [agency for agency in everybody if federation.figure(agency, indicator, frequency, period) is not None]


def _numbers(federation: Federation, agencies: list[int], indicator: int, frequency: str, period: datetime) -> Numbers:
    """The published numbers of the period if nobody is left out; or else each agency's, rounded by itself."""
    values: dict[int, int] = {}
    figures = {agency: federation.figure(agency, indicator, frequency, period) for agency in agencies}
    if agencies == _reporting(federation, indicator, frequency, period):
        for (country, network), value in federation.published(indicator, frequency, period).items():
            if network == ALL_NETWORKS:
                values[country] = value
    else:
        for agency, figure in figures.items():
            for place, counted in margins_of(figure.cells if figure else {}).items():
                if place[1] == ALL_NETWORKS and not federation.is_withheld(indicator, frequency, period, place):
                    shown = federation.rounded(counted, agency, indicator, Cell(frequency, period, *place))
                    values[place[0]] = values.get(place[0], 0) + shown
    is_final = all(figure is not None and figure.final for figure in figures.values())
    return Numbers("A" if is_final else "P", {country: value for country, value in values.items() if value})
