"""The ranges of time of a trend by their names, and the steps of time that suit them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from p2p_core import periods

#: The steps, finest first.
STEPS: Final = ("D", "W", "M", "A")
#: The ranges in an address. The last one begins with the first published period.
MONTH, YEAR, ALL = RANGES = ("30d", "year", "all")
#: The range of a view that names only its step.
USUAL: Final = {"D": MONTH, "W": YEAR, "M": ALL, "A": ALL}
#: The most periods of a trend: nobody could distinguish more.
LONGEST: Final = 400
#: The most periods that can be told apart on a telephone.
READABLE: Final = 150

_LENGTHS: Final = {MONTH: timedelta(days=30), YEAR: timedelta(days=365)}
#: A year by week. One day more would begin a week earlier.
_WEEKS: Final = timedelta(weeks=52)
#: The length of a period, rather too short than too long.
_LONG: Final = {"D": timedelta(days=1), "W": timedelta(days=7), "M": timedelta(days=30), "A": timedelta(days=365)}
#: Two bars show no trend.
_FEWEST: Final = 3


def start_of(name: str, frequency: str, end: datetime, first: datetime) -> datetime:
    """A moment in the first period of a range that is followed by the period of ``end``.

    ``first`` is the start of the first published period.
    """
    if name == ALL:
        return min(first, end)
    return end - (_WEEKS if name == YEAR and frequency == "W" else _LENGTHS[name])


def longest(frequency: str, end: datetime) -> datetime:
    """The earliest start of a trend that ends before the period ``end``."""
    return max(periods.EARLIEST, end - _LONG[frequency] * LONGEST) if end > periods.EARLIEST else end


def finest(frequencies: Sequence[str], start: datetime, end: datetime, most: int) -> str:
    """The finest step of which at most so many periods are in a range, or else the coarsest one."""
    return next((one for one in frequencies if _count(one, start, end) <= most), frequencies[-1])


def suit(name: str, frequency: str, end: datetime, first: datetime) -> bool:
    """Whether a range has neither too few nor too many periods of this length."""
    count = _count(frequency, start_of(name, frequency, end, first), end)
    return count <= LONGEST and (name == ALL or count >= _FEWEST)


def _count(frequency: str, start: datetime, end: datetime) -> int:
    """About how many periods a range has, rather too many than too few."""
    return (end - start) // _LONG[frequency] + 1
