"""Which published periods a sliding window is the sum of."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, NamedTuple

from federation.rules import periods
from federation.rules.periods import Frequency


class Window(NamedTuple):
    """What a window is made of and how long it is; ``by_month`` if whole months stand for their days."""

    frequency: Frequency
    length: timedelta
    by_month: bool = False


WINDOWS: Final = {
    "P1D": Window(Frequency.HOUR, timedelta(days=1)),
    "P7D": Window(Frequency.DAY, timedelta(days=7)),
    "P30D": Window(Frequency.DAY, timedelta(days=30)),
    "P365D": Window(Frequency.DAY, timedelta(days=365), by_month=True),
}


class Part(NamedTuple):
    """One published period of a window."""

    frequency: Frequency
    period: datetime


class Run(NamedTuple):
    """Parts of one frequency that follow one another, from the first until the last one."""

    frequency: Frequency
    first: datetime
    last: datetime


def bounds(window: Window, newest: datetime) -> tuple[datetime, datetime]:
    """Return where a window starts and before which instant it ends, given the newest published hour or day."""
    end = periods.end(window.frequency, newest)
    return end - window.length, end


def parts(window: Window, newest: datetime, months: Collection[datetime]) -> Iterator[Part]:
    """Yield the parts of a window in order; a month that is published and lies whole in it stands for its days.

    Each part is rounded once, so the fewer there are, the smaller is the error of the sum.
    """
    start, end = bounds(window, newest)
    while start < end:
        is_month = window.by_month and start in months and periods.end(Frequency.MONTH, start) <= end
        part = Part(Frequency.MONTH if is_month else window.frequency, start)
        yield part
        start = periods.end(*part)


def runs(some: Iterable[Part]) -> list[Run]:
    """Put parts of one frequency that follow one another together."""
    together = [(frequency, list(run)) for frequency, run in groupby(some, key=lambda part: part.frequency)]
    return [Run(frequency, run[0].period, run[-1].period) for frequency, run in together]
