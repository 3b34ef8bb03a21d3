"""Panels: which periods they span, and which agencies they may add up without showing the numbers of one of them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from p2p_core import periods
from p2p_core.periods import Frequency

#: The lengths of panels in months.
MONTHS: Final = (12, 24, 36)
#: At which frequencies a panel has numbers.
FREQUENCIES = (Frequency.WEEK, Frequency.MONTH)
#: In a panel of two, each agency could subtract its own numbers, and would know what the other one counted.
FEWEST_AGENCIES = 3

_SECOND = timedelta(seconds=1)

Agencies = frozenset[int]


def start_of_span(end: datetime, months: int) -> datetime:
    """The start of a span of ``months``. ``end`` is the start of the first month after the span."""
    count = end.year * 12 + end.month - 1 - months
    return end.replace(year=count // 12, month=count % 12 + 1)


def periods_inside(frequency: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the periods that begin at ``start`` or later, and end at ``end`` or earlier."""
    for period in periods.between(frequency, start, end - _SECOND):
        if start <= period and periods.end(frequency, period) <= end:
            yield period


def choose(whole: Agencies, last: Agencies, *, others: Iterable[Agencies]) -> Agencies:
    """The agencies of a panel, or an empty set if there must be no panel.

    They are those that report the ``whole`` span, or else those that this panel had ``last``, if they still report the
    whole span. The result never differs by exactly one agency from one of the ``others``. Each of these is the set of
    agencies that report a period of the span, or the agencies of a panel that was public for such a period.
    """
    compared = set(others)
    for agencies in (whole, last):
        if len(agencies) >= FEWEST_AGENCIES and agencies <= whole and all(len(agencies ^ one) != 1 for one in compared):
            return agencies
    return frozenset()
