"""The span of a panel: whole months that have ended, and the weeks or months that lie wholly inside it."""

from datetime import datetime, timedelta

from federation.rules import periods
from federation.rules.periods import Frequency

#: At which frequencies a panel has numbers.
FREQUENCIES = (Frequency.WEEK, Frequency.MONTH)

_SECOND = timedelta(seconds=1)


def start_of_span(end: datetime, months: int) -> datetime:
    """Return where the span of so many months begins that ends before ``end``, itself the start of a month."""
    count = end.year * 12 + end.month - 1 - months
    return end.replace(year=count // 12, month=count % 12 + 1)


def periods_inside(frequency: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the periods that lie wholly from ``start`` until ``end``."""
    return [
        period
        for period in periods.between(frequency, start, end - _SECOND)
        if start <= period and periods.end(frequency, period) <= end
    ]
