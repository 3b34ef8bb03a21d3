"""Panels: which periods they span, and which agencies they may add up so that no one agency can be told apart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.rules import periods
from federation.rules.periods import Frequency

#: At which frequencies a panel has numbers.
FREQUENCIES = (Frequency.WEEK, Frequency.MONTH)
#: Of two agencies, each would know what the other one counted.
FEWEST_AGENCIES = 3

_SECOND = timedelta(seconds=1)

Agencies = frozenset[int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A set of agencies whose numbers are or were public for the periods from ``start`` until before ``end``."""

    start: datetime
    end: datetime
    agencies: Agencies


def start_of_span(end: datetime, months: int) -> datetime:
    """Return where the span of so many months begins that ends before ``end``, itself the start of a month."""
    count = end.year * 12 + end.month - 1 - months
    return end.replace(year=count // 12, month=count % 12 + 1)


def periods_inside(frequency: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the periods that lie wholly from ``start`` until ``end``."""
    for period in periods.between(frequency, start, end - _SECOND):
        if start <= period and periods.end(frequency, period) <= end:
            yield period


def choose(
    frequency: str,
    start: datetime,
    end: datetime,
    *,
    whole: Agencies,
    last: Agencies,
    reporting: Iterable[Agencies],
    shown: Iterable[Shown],
) -> Agencies:
    """Return the agencies of a panel from ``start`` until before ``end``, or nobody.

    They are the agencies that report the ``whole`` span, or else the ``last`` ones that this panel had. No period may
    show a single agency as the difference from all that are ``reporting`` in it, or from a panel ``shown`` for it.
    """
    compared = {*reporting, *(one.agencies for one in shown if _meet(frequency, start, end, one))}
    for agencies in (whole, last):
        is_told_apart = any(len(agencies ^ other) == 1 for other in compared)
        if len(agencies) >= FEWEST_AGENCIES and agencies <= whole and not is_told_apart:
            return agencies
    return frozenset()


def _meet(frequency: str, start: datetime, end: datetime, shown: Shown) -> bool:
    """Whether a span has a whole period in common with another one."""
    common = periods_inside(frequency, max(start, shown.start), min(end, shown.end))
    return next(common, None) is not None
