"""How the desk says items: spans of time, periods, states."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from p2p_core.periods import Frequency

#: The letter and the words of each state of an agency in a period; in order of the legend.
STATES = {
    "reported": ("R", "reported"),
    "partial": ("P", "reported in part"),
    "held": ("H", "held: a decision is waited for"),
    "late": ("L", "late: nothing came and the deadline has passed"),
    "withdrawn": ("W", "withdrawn by the agency"),
    "awaited": ("A", "awaited: the deadline has not passed"),
    "": ("–", "nothing is owed, or not published yet"),
}
FREQUENCIES = {
    Frequency.MINUTE: "minute",
    Frequency.HOUR: "hour",
    Frequency.DAY: "day",
    Frequency.WEEK: "week",
    Frequency.MONTH: "month",
    Frequency.YEAR: "year",
}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def count(number: int, noun: str) -> str:
    """Say how many of something there are."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def age(span: timedelta) -> str:
    """Say how long a span is, in one unit: days from the second one on, then hours, then minutes."""
    if span >= 2 * _DAY:
        return count(span // _DAY, "day")
    if span >= _HOUR:
        return count(span // _HOUR, "hour")
    return count(max(span // timedelta(minutes=1), 0), "minute")


def day(instant: datetime, *, now: datetime) -> str:
    """Name a day; with its year where that is not this one."""
    year = "" if instant.year == now.year else f" {instant.year}"
    return f"{instant.day} {instant:%B}{year}"


def moment(instant: datetime, *, now: datetime) -> str:
    """Name an instant, in UTC."""
    return f"{instant:%H:%M} on {day(instant, now=now)}"


def listed(names: Sequence[str]) -> str:
    """List names in a sentence."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def silent(agency: str, frequency: str, since: datetime, *, now: datetime) -> str:
    """Say since when an agency is silent."""
    whole = frequency not in (Frequency.MINUTE, Frequency.HOUR)
    begun = day(since, now=now) if whole else moment(since, now=now)
    return f"{agency} has been silent since {begun} ({age(now - since)})"
