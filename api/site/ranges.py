"""The named time ranges of a trend, and which steps of time suit each of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from p2p_core import periods

#: The steps, finest first.
STEPS: Final = ("D", "W", "M", "A")
#: The names of ranges in an address. `all` begins with the first published period.
MONTH, YEAR, ALL = RANGES = ("30d", "year", "all")
#: For each step, the range of a view whose address names no range.
DEFAULT_RANGES: Final = {"D": MONTH, "W": YEAR, "M": ALL, "A": ALL}
#: The most periods of a trend: nobody can tell more apart.
MAX_PERIODS: Final = 400
#: The most periods that people can tell apart on a phone.
READABLE_PERIODS: Final = 150

_RANGE_LENGTHS: Final = {MONTH: timedelta(days=30), YEAR: timedelta(days=365)}
#: A year by week. One day more would begin a week earlier.
_YEAR_IN_WEEKS: Final = timedelta(weeks=52)
#: The lengths of periods. Those of months and years are rather too short, so that a count is rather too high.
_PERIOD_LENGTHS: Final = {
    "D": timedelta(days=1),
    "W": timedelta(days=7),
    "M": timedelta(days=30),
    "A": timedelta(days=365),
}
#: The fewest periods of a named range, because two bars show no trend.
_MIN_PERIODS: Final = 3


def start_of(name: str, frequency: str, end: datetime, first: datetime) -> datetime:
    """A moment in the first period of a range. The period of ``end`` follows the range.

    ``first`` is the start of the first published period.
    """
    if name == ALL:
        return min(first, end)
    return end - (_YEAR_IN_WEEKS if name == YEAR and frequency == "W" else _RANGE_LENGTHS[name])


def earliest_start(frequency: str, end: datetime) -> datetime:
    """The earliest start that a trend can have if it ends before the period ``end``."""
    return max(periods.EARLIEST, end - _PERIOD_LENGTHS[frequency] * MAX_PERIODS) if end > periods.EARLIEST else end


def finest(frequencies: Sequence[str], start: datetime, end: datetime, max_periods: int) -> str:
    """The finest step at which a range has at most ``max_periods``, or else the coarsest step."""
    return next((one for one in frequencies if _count(one, start, end) <= max_periods), frequencies[-1])


def suits(name: str, frequency: str, end: datetime, first: datetime) -> bool:
    """Whether a range has neither too few nor too many periods at this step."""
    count = _count(frequency, start_of(name, frequency, end, first), end)
    return count <= MAX_PERIODS and (name == ALL or count >= _MIN_PERIODS)


def _count(frequency: str, start: datetime, end: datetime) -> int:
    """About how many periods a range has, rather too many than too few."""
    return (end - start) // _PERIOD_LENGTHS[frequency] + 1
