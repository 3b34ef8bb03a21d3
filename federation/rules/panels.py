"""Panels: which periods they span, and which agencies they may add up without singling out one of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from p2p_core import periods
from p2p_core.periods import Frequency

#: The lengths of panels in months.
MONTHS: Final = (12, 24, 36)
#: At which frequencies a panel has numbers.
FREQUENCIES = (Frequency.WEEK, Frequency.MONTH)
#: Of two agencies, each would know what the other one counted.
FEWEST_AGENCIES = 3

_SECOND = timedelta(seconds=1)

Agencies = frozenset[int]


def start_of_span(end: datetime, months: int) -> datetime:
    """The start of the span of ``months`` that ends before ``end``, which is the start of a month."""
    count = end.year * 12 + end.month - 1 - months
    return end.replace(year=count // 12, month=count % 12 + 1)


def periods_inside(frequency: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the periods that lie wholly from ``start`` until ``end``."""
    for period in periods.between(frequency, start, end - _SECOND):
        if start <= period and periods.end(frequency, period) <= end:
            yield period


def choose(whole: Agencies, last: Agencies, *, others: Iterable[Agencies]) -> Agencies:
    """The agencies of a panel, or none.

    They are those that report the ``whole`` span, or else the ``last`` ones that this panel had. They never differ by
    a single agency from ``others``: all that report a period of the span, or a panel that was public for one.
    """
    compared = set(others)
    for agencies in (whole, last):
        if len(agencies) >= FEWEST_AGENCIES and agencies <= whole and all(len(agencies ^ one) != 1 for one in compared):
            return agencies
    return frozenset()
