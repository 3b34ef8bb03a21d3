"""Words of the desk for spans of time, periods and states."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from p2p_core.periods import Frequency

#: The letter and the meaning of each coverage state, in the order of the legend.
STATES = {
    "reported": ("R", "reported"),
    "partial": ("P", "reported in part"),
    "held": ("H", "held: waits for a decision"),
    "late": ("L", "late: nothing came and the deadline has passed"),
    "withdrawn": ("W", "withdrawn by the agency"),
    "awaited": ("A", "awaited: the deadline has not passed"),
    "": ("–", "nothing is owed, or not published yet"),
}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def age(span: timedelta) -> str:
    """A span in days if it has two or more, else in hours or minutes."""
    if span >= 2 * _DAY:
        return count(span // _DAY, "day")
    if span >= _HOUR:
        return count(span // _HOUR, "hour")
    return count(max(span // timedelta(minutes=1), 0), "minute")


def day(instant: date, *, now: datetime) -> str:
    """A day, with its year unless it is the current one."""
    year = "" if instant.year == now.year else f" {instant.year}"
    return f"{instant.day} {instant:%B}{year}"


def moment(instant: datetime, *, now: datetime) -> str:
    return f"{instant:%H:%M} on {day(instant, now=now)}"


def listed(names: Sequence[str], joined: str = "and") -> str:
    *first, last = names
    return f"{', '.join(first)} {joined} {last}" if first else last


def silent(agency: str, frequency: str, since: datetime, *, now: datetime) -> str:
    whole = frequency not in (Frequency.MINUTE, Frequency.HOUR)
    begun = day(since, now=now) if whole else moment(since, now=now)
    return f"{agency} has been silent since {begun} ({age(now - since)})"


def waiting(agencies: Sequence[str], expected: int, until: datetime, *, now: datetime) -> str:
    """For whom a period waits that is not public yet."""
    expected_agencies = f"{expected:,} agenc{'y' if expected == 1 else 'ies'}"
    latest = moment(until, now=now)
    return f"waiting for {len(agencies)} of {expected_agencies} ({listed(agencies)}), until {latest} at the latest"
