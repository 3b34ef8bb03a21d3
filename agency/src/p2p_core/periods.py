"""Periods of UTC time at the SDMX frequencies: their labels, bounds and nesting.

A period is given by its start, an aware datetime in UTC. Its label is the SDMX form.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from p2p_core.instants import EPOCH

Longs = NDArray[np.int64]


class Frequency(StrEnum):
    """The SDMX frequency codes that the project knows."""

    MINUTE = "N"
    HOUR = "H"
    DAY = "D"
    WEEK = "W"
    MONTH = "M"
    YEAR = "A"


#: The frequencies whose numbers stay public, finest first. A public minute is gone after two hours.
LASTING: Final = tuple(frequency.value for frequency in Frequency if frequency != Frequency.MINUTE)

#: What a period of each frequency is called.
NOUNS: Final[Mapping[str, str]] = {
    Frequency.MINUTE: "minute",
    Frequency.HOUR: "hour",
    Frequency.DAY: "day",
    Frequency.WEEK: "week",
    Frequency.MONTH: "month",
    Frequency.YEAR: "year",
}

#: The steps of time that the detail of a country can have, finest first. Years are always published.
STEPS = (Frequency.MINUTE, Frequency.HOUR, Frequency.DAY, Frequency.WEEK, Frequency.MONTH)

#: What agencies report; weeks and years are always derived.
REPORTABLE = (Frequency.MINUTE, Frequency.HOUR, Frequency.DAY, Frequency.MONTH)

#: The frequencies at which numbers are published only for all networks together.
ALL_NETWORKS_ONLY = (Frequency.MINUTE, Frequency.HOUR)

#: The frequencies from which a period is summed. A year is summed from months only, so no sum counts a report twice.
FINER = {
    Frequency.HOUR: Frequency.MINUTE,
    Frequency.DAY: Frequency.HOUR,
    Frequency.WEEK: Frequency.DAY,
    Frequency.MONTH: Frequency.DAY,
    Frequency.YEAR: Frequency.MONTH,
}

#: The frequencies at which a change is located in a finer period. Days are not among them, so that a change in hours
#: and the same change in a day have the same result.
LOCATED = (Frequency.WEEK, Frequency.MONTH, Frequency.YEAR)

#: For each frequency of a schedule: the frequencies at which an agency with this schedule is expected.
EXPECTED_AT = {
    Frequency.MINUTE: tuple(Frequency),
    Frequency.HOUR: tuple(Frequency)[1:],
    Frequency.DAY: tuple(Frequency)[2:],
    Frequency.MONTH: (Frequency.MONTH, Frequency.YEAR),
}

_FIXED = {
    Frequency.MINUTE: timedelta(minutes=1),
    Frequency.HOUR: timedelta(hours=1),
    Frequency.DAY: timedelta(days=1),
    Frequency.WEEK: timedelta(days=7),
}
#: The campaign began in 2017. An older period is a mistake, and would give each indicator a long empty history.
EARLIEST: Final = datetime(2017, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)

_FORMS = {
    Frequency.MINUTE: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII),
    Frequency.HOUR: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII),
    Frequency.DAY: re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    Frequency.WEEK: re.compile(r"\d{4}-W\d\d", re.ASCII),
    Frequency.MONTH: re.compile(r"\d{4}-\d\d", re.ASCII),
    Frequency.YEAR: re.compile(r"\d{4}", re.ASCII),
}
#: For each frequency but weeks, how much of an instant in ISO 8601 names a period.
_LENGTHS = {Frequency.MINUTE: 16, Frequency.HOUR: 16, Frequency.DAY: 10, Frequency.MONTH: 7, Frequency.YEAR: 4}
_SECONDS_AND_ZONE = re.compile(r"(?::00(?:\.0+)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII)


class PeriodError(ValueError):
    """A text that is not a period; ``code`` says why.

    The codes are ``bad_period`` (not of the frequency's form, or no such date),
    ``misaligned_period`` (does not begin where a period begins) and ``not_utc``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse(frequency: str, text: str) -> datetime:
    """The start of the period that a text names. Raises :class:`PeriodError`.

    Minutes and hours may carry ``:00`` seconds and ``Z`` or ``+00:00``; any other offset is refused.
    """
    form = _FORMS[Frequency(frequency)].match(text)
    if form is None:
        raise PeriodError("bad_period")
    rest = text[form.end() :]
    if rest:
        tail = _SECONDS_AND_ZONE.fullmatch(rest)
        if frequency not in (Frequency.MINUTE, Frequency.HOUR):
            raise PeriodError("bad_period")
        if tail is None:
            seconds = re.fullmatch(r":\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", rest, re.ASCII)
            raise PeriodError("misaligned_period" if seconds else "bad_period")
        if tail["zone"] not in (None, "Z", "+00:00"):
            raise PeriodError("not_utc")
    try:
        start = _start_named(Frequency(frequency), form.group())
    except ValueError:
        raise PeriodError("bad_period") from None
    if frequency == Frequency.HOUR and start.minute:
        raise PeriodError("misaligned_period")
    return start


def _start_named(frequency: Frequency, text: str) -> datetime:
    if frequency in (Frequency.MINUTE, Frequency.HOUR):
        return datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), tzinfo=UTC)
    if frequency == Frequency.WEEK:
        return datetime.fromisocalendar(int(text[:4]), int(text[6:8]), 1).replace(tzinfo=UTC)
    month = int(text[5:7]) if len(text) > 4 else 1
    day = int(text[8:10]) if len(text) > 7 else 1
    return datetime(int(text[:4]), month, day, tzinfo=UTC)


def label(frequency: str, start: datetime) -> str:
    """The SDMX name of the period, such as ``2026-W48``."""
    # `strftime` writes years before 1000 without zeros on some systems.
    if frequency == Frequency.WEEK:
        year, week, _ = start.isocalendar()
        return f"{year:04}-W{week:02}"
    return start.isoformat(timespec="minutes")[: _LENGTHS[Frequency(frequency)]]


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970, as in columns of periods."""
    # Computed in whole numbers. As a float, the last moment of the calendar would be rounded to the year 10000, which
    # no date can have.
    return (instant - EPOCH) // timedelta(seconds=1)


def labels(frequency: str, column: Longs) -> list[str]:
    """The labels of periods that are given in seconds since 1970. They are kept, as all series have the same ones."""
    known = _labels(frequency)
    if len(known) > _LABELS_KEPT:
        known.clear()
    return list(map(known.__getitem__, column.tolist()))


class _Labels(dict[int, str]):
    """The labels of periods by their seconds, each made once."""

    def __init__(self, frequency: str) -> None:
        self._frequency = frequency

    def __missing__(self, second: int) -> str:
        found = self[second] = label(self._frequency, datetime.fromtimestamp(second, UTC))
        return found


#: Eleven years of hours, or two months of minutes.
_LABELS_KEPT: Final = 100_000
_labels = cache(_Labels)


def years(frequency: str, column: Longs) -> Longs:
    """The year that each period belongs to; a week belongs to the year of its Thursday."""
    days = column // 86_400 + (3 if frequency == Frequency.WEEK else 0)
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def end(frequency: str, start: datetime) -> datetime:
    """The instant when the period has ended: the start of the next one, or the end of the calendar."""
    try:
        fixed = _FIXED.get(Frequency(frequency))
        if fixed is not None:
            return start + fixed
        if frequency == Frequency.YEAR:
            return start.replace(year=start.year + 1)
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    except (ValueError, OverflowError):
        return datetime.max.replace(tzinfo=UTC)


def start_of(frequency: str, instant: datetime) -> datetime:
    """The start of the period that the instant lies in."""
    if frequency == Frequency.YEAR:
        return instant.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    if frequency == Frequency.MONTH:
        return instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if frequency == Frequency.DAY:
        return instant.replace(hour=0, minute=0, second=0, microsecond=0)
    if frequency == Frequency.HOUR:
        return instant.replace(minute=0, second=0, microsecond=0)
    if frequency == Frequency.MINUTE:
        return instant.replace(second=0, microsecond=0)
    return instant - (instant - _MONDAY) % _FIXED[Frequency.WEEK]


def previous(frequency: str, start: datetime) -> datetime:
    """The start of the period before."""
    return start_of(frequency, start - _MOMENT)


def seconds(frequency: str, start: datetime) -> int:
    """The length of the period in seconds. UTC has no daylight saving time."""
    return int((end(frequency, start) - start).total_seconds())


def between(frequency: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the periods from the one that contains ``first`` to the one that contains ``last``."""
    start = start_of(frequency, first)
    while start <= last:
        yield start
        start = end(frequency, start)


def inside(finer: str, frequency: str, start: datetime) -> Iterator[datetime]:
    """Yield the finer periods that a period is made of."""
    return between(finer, start, end(frequency, start) - _MOMENT)


def coarser(frequency: str) -> tuple[Frequency, ...]:
    """The frequencies that are summed from this one directly."""
    return tuple(above for above, below in FINER.items() if below == frequency)
