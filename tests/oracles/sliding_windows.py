"""Sliding windows: the published numbers of their parts added up, and the coverage of the parts put together."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from tests.oracles.calendar import DAY, end_of
from tests.oracles.federation import Federation
from tests.oracles.places import ALL_NETWORKS
from tests.oracles.records import Coverage, Window

#: Of what a window is made, and how many days it has.
WINDOWS = {"P1D": ("H", 1), "P7D": ("D", 7), "P30D": ("D", 30), "P365D": ("D", 365)}


def window(federation: Federation, indicator: int, name: str) -> Window | None:
    """The published numbers of a window's parts added up: until the first hour or day that is not public."""
    frequency, days = WINDOWS[name]
    ended = federation.ended_periods(indicator, frequency)
    waiting = [period for period in ended if (indicator, frequency, period) not in federation.frozen]
    published = [period for period in ended if period < min([*waiting, federation.now])]
    if not published:
        return None
    end = end_of(frequency, published[-1])
    start = end - days * DAY
    parts = _parts_of_window(federation, indicator, name, start, end)
    needed = [*parts, (frequency, published[-1])]

    @cache
    def has_window(country: int) -> bool:
        """There is none of a country if one of its parts, or its newest period, is withheld."""
        return not any(federation.is_withheld(indicator, *one, (country, ALL_NETWORKS)) for one in needed)

    values: dict[int, int] = defaultdict(int)
    known = [part for part in parts if federation.coverage(indicator, *part).reporting]
    for part in known:
        for (country, network), value in federation.published(indicator, *part).items():
            if network == ALL_NETWORKS and has_window(country):
                values[country] += value
    return Window(start, end, dict(values), _window_coverage(federation, indicator, start, parts))


def _parts_of_window(
    federation: Federation, indicator: int, name: str, start: datetime, end: datetime
) -> list[tuple[str, datetime]]:
    """Hours or days; in a year, a whole month that is published stands for its days."""
    frequency, _ = WINDOWS[name]
    months = []
    if name == "P365D":
        published = federation.public_periods(indicator, "M")
        months = [month for month in published if start <= month and end_of("M", month) <= end]
    parts = [("M", month) for month in months]
    period = start
    while period < end:
        if not any(month <= period < end_of("M", month) for month in months):
            parts.append((frequency, period))
        period = end_of(frequency, period)
    return parts


def _window_coverage(
    federation: Federation, indicator: int, start: datetime, parts: Sequence[tuple[str, datetime]]
) -> Coverage:
    """The coverage of the parts put together: an agency is in it that is expected in any of them."""
    found = [(part, federation.coverage(indicator, *part)) for part in parts]
    reporting = {agency for part, one in found for agency in one.states if federation.figure(agency, indicator, *part)}
    expecting = [one for _, one in found if one.expected]
    begins = _window_counted_from(start, found)
    return Coverage(
        expected=len({agency for one in expecting for agency in one.states}),
        reporting=len(reporting),
        covered=sum(one.covered for one in expecting),
        owed=sum(one.owed for one in expecting),
        status="A" if expecting and begins == start and all(one.status == "A" for one in expecting) else "P",
        states={},
        counted_from=begins if begins > start else None,
    )


def _window_counted_from(start: datetime, found: Sequence[tuple[tuple[str, datetime], Coverage]]) -> datetime:
    """The latest start of an agency's first part, if it is expected from then on up to the end of the window.

    Months alone, from the first one on, are no beginning. Parts in which nobody is expected do not count.
    """
    first_month = min((period for (frequency, period), _ in found if frequency == "M"), default=start)
    beginnings: list[datetime] = []
    earliest: list[datetime] = []
    for agency in {agency for _, one in found for agency in one.states}:
        mine = [(part, one.counted_from or part[1]) for part, one in found if agency in one.states]
        begins = min(counted for _, counted in mine)
        earliest.append(begins)
        by_month_only = all(frequency == "M" for (frequency, _), _ in mine)
        first = min(period for (_, period), _ in mine)
        later = [
            (frequency, period)
            for (frequency, period), one in found
            if one.expected and period >= first and (frequency == "M" or not by_month_only)
        ]
        stays = later == [part for part, _ in mine]
        if stays and not (by_month_only and begins == first_month):
            beginnings.append(begins)
    return max(beginnings) if beginnings else min(earliest, default=start)
