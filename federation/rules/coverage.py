"""Which of the agencies expected for a period have reported, and for how much of its time.

It is computed from what was expected, never from values: a silent agency makes sums smaller, but leaves no gap in them.
All time is in whole seconds.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from p2p_core import periods
from p2p_core.periods import Frequency, Longs

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class AgencySchedule:
    """An agency is expected to report at a frequency, from one UTC day to another, both included."""

    agency: int
    frequency: str
    valid_from: date
    valid_to: date
    deadline: timedelta

    def expects(self, frequency: str, start: datetime) -> bool:
        """Whether the schedule expects a report in this period, which has the schedule's frequency or a coarser one."""
        if frequency not in periods.EXPECTED_AT[Frequency(self.frequency)]:
            return False
        last = periods.end(frequency, start) - timedelta(seconds=1)
        return self.valid_from <= last.date() and start.date() <= self.valid_to


def owed_seconds(
    frequency: str,
    start: datetime,
    schedules: Sequence[AgencySchedule],
    *,
    reported: int,
    reported_by_day: NDArray[np.int64] | None = None,
) -> int:
    """The time that one agency owes in a period: the time of its schedules and the time that it ever reported.

    Time that is in both counts once. ``reported`` has the seconds of the period that it ever reported.
    ``reported_by_day`` has the same for each day. It is needed if schedules include only some days of the period.
    """
    whole = periods.seconds(frequency, start)
    if reported == whole:
        return whole
    days = scheduled_days(frequency, start, schedules)
    if days.all():
        return whole
    if not days.any():
        return reported
    if reported_by_day is None:
        reported_by_day = np.zeros(len(days), np.int64)
    return int(np.where(days, DAY_SECONDS, reported_by_day).sum())


def scheduled_days(frequency: str, start: datetime, schedules: Sequence[AgencySchedule]) -> NDArray[np.bool_]:
    """Say for each day of the period whether a schedule includes it."""
    first = start.date()
    count = -(-periods.seconds(frequency, start) // DAY_SECONDS)
    days = np.zeros(count, np.bool_)
    for schedule in schedules:
        if schedule.expects(frequency, start):
            begin = max((schedule.valid_from - first).days, 0)
            days[begin : (schedule.valid_to - first).days + 1] = True
    return days


def is_awaited(frequency: str, start: datetime, schedules: Sequence[AgencySchedule], *, now: datetime) -> bool:
    """Whether the agency is expected in this period, and the last of its deadlines has not passed."""
    end = periods.end(frequency, start)
    return any(now < end + s.deadline for s in schedules if s.expects(frequency, start))


def is_late(frequency: str, start: datetime, schedules: Sequence[AgencySchedule], *, now: datetime) -> bool:
    """Whether the agency is expected in this period, and all its deadlines have passed."""
    expected = any(s.expects(frequency, start) for s in schedules)
    return expected and not is_awaited(frequency, start, schedules, now=now)


#: The status of a period that waits for its first publication.
WAITING: Final = "O"
#: What readers see as the status of a period that waits, or in which nobody reported.
NOT_KNOWN: Final = "O"
#: The status of a number that the detail of its country withholds.
WITHHELD: Final = "Q"
#: The statuses that readers see: final, provisional, not known, withheld.
STATUSES: Final = ("A", "P", NOT_KNOWN, WITHHELD)
#: The states of an agency in a period. If several fit, the first of them counts.
STATES: Final = ("held", "withdrawn", "reported", "partial", "late", "awaited")


@dataclass(frozen=True, slots=True)
class Standing:
    """One expected agency in one period: what it owes and covers, in seconds, and what its state follows from.

    ``begins`` is the first instant that it owes. None if that is the start of the period. ``is_scheduled`` says
    whether a schedule expects it.
    """

    agency: int
    owed: int
    covered: int
    has_figure: bool
    final: bool
    held: bool
    withdrawn: bool
    late: bool
    begins: datetime | None = None
    is_scheduled: bool = True

    @property
    def complete(self) -> bool:
        """Whether its figure covers all the time that the agency owes."""
        return self.has_figure and self.covered >= self.owed

    @property
    def state(self) -> str:
        """One of ``STATES``."""
        if self.held:
            return "held"
        if self.withdrawn:
            return "withdrawn"
        if self.has_figure:
            return "reported" if self.complete else "partial"
        return "late" if self.late else "awaited"


#: Each share as a number from 0 to 1. The index -1 finds the last element, None: no time is owed.
_SHARES: Final = np.array([*(share / 10_000 for share in range(10_001)), None], object)


def share_of(covered: int, owed: int) -> int:
    """The covered part of the owed time, in ten-thousandths, rounded down: 10,000 means all. -1 if no time is owed."""
    return covered * 10_000 // owed if owed else -1


def with_gaps(numbers: NDArray[np.float64]) -> list[Any]:
    """The numbers as a list, with None in place of NaN."""
    unknown = np.isnan(numbers)
    listed: NDArray[Any] = numbers
    if unknown.any():
        listed = numbers.astype(object)
        listed[unknown] = None
    found: list[Any] = listed.tolist()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The coverage of some periods: columns with a value for each period, with the names that the table has.

    ``periods`` are the starts of the periods, in seconds since 1970. ``counted_from`` is the same instant, except if an
    agency began within the period: then it is the latest of these beginnings. ``share`` is the result of ``share_of``.
    ``status`` is a letter. If a period is not public yet, ``agencies_awaited`` is the number of agencies for which it
    waits, until ``awaited_until``; both are 0 for public periods. ``version_from`` is the version in which a row last
    changed.
    """

    periods: Longs
    agencies_expected: NDArray[np.int16]
    agencies_reporting: NDArray[np.int16]
    share: NDArray[np.int16]
    status: NDArray[np.str_]
    is_break: NDArray[np.bool_]
    counted_from: Longs
    agencies_awaited: NDArray[np.int16]
    awaited_until: Longs
    version_from: Longs

    def picked(self, which: NDArray[Any] | slice) -> "Coverage":
        """The coverage of some of the periods, given by position, as a mask or as a slice."""
        return Coverage(*(getattr(self, name)[which] for name in COLUMNS))

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """For each period, whether it is public and an agency reported. Only then a cell without a row is 0."""
        known: NDArray[np.bool_] = (self.agencies_reporting > 0) & (self.status != WAITING)
        return known

    @property
    def statuses(self) -> NDArray[np.str_]:
        """The status of each period as readers see it: ``O`` if its numbers are not known."""
        return np.where(self.is_known, self.status, NOT_KNOWN)

    @property
    def waits(self) -> dict[int, datetime]:
        """The places of the periods that are not public yet, and when they are published at the latest."""
        places = np.flatnonzero(self.status == WAITING).tolist()
        return {at: datetime.fromtimestamp(int(self.awaited_until[at]), UTC) for at in places}

    @property
    def time_coverage(self) -> list[float | None]:
        """The covered part of the owed time, from 0 to 1. None for periods in which no time is owed."""
        found: list[float | None] = _SHARES[self.share].tolist()
        return found

    @property
    def beginnings(self) -> dict[int, datetime]:
        """The periods in which an agency began: their position, and the instant from which all agencies counted."""
        places = np.flatnonzero(self.counted_from > self.periods).tolist()
        return {at: datetime.fromtimestamp(int(self.counted_from[at]), UTC) for at in places}


COLUMNS: Final = tuple(Coverage.__dataclass_fields__)
#: The columns of each period, except the period itself and the version. Few periods wait.
FACTS: Final = COLUMNS[1:-3]


@dataclass(frozen=True, slots=True)
class PeriodCoverage:
    """The coverage of one period, and of each agency in it.

    ``agencies``, ``states``, ``covered`` and ``owed`` are parallel, in order of agency. An agency has a figure if it
    covers at least a second. If ``is_break``, values before the period cannot be compared with later ones.
    ``counted_from`` is set if an agency does not owe the beginning of the period. If the period is not public yet,
    ``awaited`` says of each agency whether the period waits for it.
    """

    agencies_expected: int
    agencies_reporting: int
    share: int
    status: str
    agencies: tuple[int, ...]
    states: tuple[str, ...]
    covered: tuple[int, ...]
    owed: tuple[int, ...]
    is_break: bool = False
    counted_from: datetime | None = None
    agencies_awaited: int = 0
    awaited_until: datetime | None = None
    awaited: tuple[bool, ...] = ()

    @property
    def is_waiting(self) -> bool:
        return self.status == WAITING

    @property
    def is_known(self) -> bool:
        """Whether it is public and an agency reported."""
        return self.agencies_reporting > 0 and not self.is_waiting

    def as_waiting(self, agencies: Collection[int], until: datetime) -> "PeriodCoverage":
        """This coverage, marked as waiting."""
        awaited = tuple(agency in agencies for agency in self.agencies)
        return replace(self, status=WAITING, agencies_awaited=len(agencies), awaited_until=until, awaited=awaited)


def _counted_from(standings: Sequence[Standing]) -> datetime | None:
    """The instant from which all expected agencies counted. None if that is the start of the period.

    An agency without a schedule has promised nothing. It counts only if no agency has a schedule.
    """
    scheduled = [one.begins for one in standings if one.is_scheduled]
    if scheduled:
        return max(filter(None, scheduled), default=None)
    first = [one.begins for one in standings if one.begins]
    return min(first, default=None) if len(first) == len(standings) else None


def summarise(standings: Iterable[Standing], start: datetime) -> PeriodCoverage:
    """The coverage of a period. Its status is ``P`` if nobody is expected, or if an agency began within the period.

    Readers see the hour in which an agency began, because the minutes of reports are not public for long.
    """
    ordered = sorted(standings, key=lambda standing: standing.agency)
    begins = _counted_from(ordered)
    hour = begins.replace(minute=0) if begins else start
    final = bool(ordered) and begins is None and all(s.complete and s.final for s in ordered)
    return PeriodCoverage(
        agencies_expected=len(ordered),
        agencies_reporting=sum(s.has_figure for s in ordered),
        share=share_of(sum(s.covered for s in ordered), sum(s.owed for s in ordered)),
        status="A" if final else "P",
        agencies=tuple(s.agency for s in ordered),
        states=tuple(s.state for s in ordered),
        covered=tuple(s.covered for s in ordered),
        owed=tuple(s.owed for s in ordered),
        counted_from=hour if hour > start else None,
    )
