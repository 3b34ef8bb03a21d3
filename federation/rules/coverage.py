"""Which of the agencies expected for a period have reported, and for how much of its time.

It is computed from what was expected, never from values: a silent agency makes numbers smaller, but leaves no gap.
All time is in whole seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from p2p_core import periods
from p2p_core.periods import Frequency, Longs

DAY_SECONDS = 86_400
#: A period is published when a minute has passed after its end, for its last reports.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AgencySchedule:
    """An agency is expected to report at a frequency, from one UTC day to another, both included."""

    agency: int
    frequency: str
    valid_from: date
    valid_to: date
    deadline: timedelta

    def expects(self, frequency: str, start: datetime) -> bool:
        """Whether the agency is expected in this period: of its own frequency or a coarser one."""
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

    ``reported`` is the time of the period that it ever reported. If schedules cover only some days of a week, month or
    year, the union needs ``reported_by_day``, the same for each day.
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
    """Say of each day of the period whether a schedule expects the agency in it."""
    first = start.date()
    count = -(-periods.seconds(frequency, start) // DAY_SECONDS)
    days = np.zeros(count, np.bool_)
    for schedule in schedules:
        if schedule.expects(frequency, start):
            begin = max((schedule.valid_from - first).days, 0)
            days[begin : (schedule.valid_to - first).days + 1] = True
    return days


def is_awaited(frequency: str, start: datetime, schedules: Sequence[AgencySchedule], *, now: datetime) -> bool:
    """Whether the agency is expected in this period and has time left until its last deadline."""
    end = periods.end(frequency, start)
    return any(now < end + s.deadline for s in schedules if s.expects(frequency, start))


def is_late(frequency: str, start: datetime, schedules: Sequence[AgencySchedule], *, now: datetime) -> bool:
    """Whether the agency is expected in this period and its last deadline has passed."""
    expected = any(s.expects(frequency, start) for s in schedules)
    return expected and not is_awaited(frequency, start, schedules, now=now)


#: The states of an agency in a period: the first that fits.
STATES: Final = ("held", "withdrawn", "reported", "partial", "late", "awaited")


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one expected agency in one period, and its time."""

    agency: int
    owed: int
    covered: int
    has_figure: bool
    final: bool
    held: bool
    withdrawn: bool
    late: bool

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


#: Each share as a part of 1. The last one, which -1 finds, is for periods in which nobody owes any time.
_SHARES: Final = np.array([*(share / 10_000 for share in range(10_001)), None], object)


def share_of(covered: int, owed: int) -> int:
    """Time covered in ten-thousandths of the time owed, rounded down, so 10,000 means all of it. -1 if none is owed."""
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


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of some periods, in their order: columns with a value for each period, named as they are stored.

    ``periods`` and ``counted_from`` are instants in seconds since 1970: the start of a period, and from when on it is
    counted, which is the same unless counting began in it. ``share`` is that of ``share_of``. ``status`` is a letter.
    ``version_from`` is the version since which a row is as it is.
    """

    periods: Longs
    agencies_expected: NDArray[np.int16]
    agencies_reporting: NDArray[np.int16]
    share: NDArray[np.int16]
    status: NDArray[np.str_]
    is_break: NDArray[np.bool_]
    counted_from: Longs
    version_from: Longs

    def picked(self, which: NDArray[Any]) -> "Coverage":
        """The coverage of some of the periods, given by position or as a mask."""
        return Coverage(*(getattr(self, name)[which] for name in COLUMNS))

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """In which periods somebody reported: only there a cell without a row is 0."""
        return self.agencies_reporting > 0

    @property
    def time_coverage(self) -> list[float | None]:
        """The time covered of the time owed, from 0 to 1; nothing where nobody owes any."""
        found: list[float | None] = _SHARES[self.share].tolist()
        return found

    @property
    def beginnings(self) -> dict[int, datetime]:
        """The places of the periods in which counting began, and from when on they are counted."""
        places = np.flatnonzero(self.counted_from > self.periods).tolist()
        return {at: datetime.fromtimestamp(int(self.counted_from[at]), UTC) for at in places}


COLUMNS: Final = tuple(Coverage.__dataclass_fields__)
#: The columns of a period, except the period itself and the version.
FACTS: Final = COLUMNS[1:-1]


@dataclass(frozen=True, slots=True)
class PeriodCoverage:
    """The coverage of one period, and of each agency in it.

    ``agencies``, ``states``, ``covered`` and ``owed`` are parallel, in order of agency. An agency that covers a second
    has a figure. If ``is_break``, values before the period cannot be compared with later ones. ``counted_from`` is set
    if nobody owes the beginning of the period.
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


def summarise(standings: Iterable[Standing], *, counted_from: datetime | None = None) -> PeriodCoverage:
    """Put the expected agencies together; the status is ``P`` if nobody is expected or counting began in the period."""
    ordered = sorted(standings, key=lambda standing: standing.agency)
    final = bool(ordered) and counted_from is None and all(s.complete and s.final for s in ordered)
    return PeriodCoverage(
        agencies_expected=len(ordered),
        agencies_reporting=sum(s.has_figure for s in ordered),
        share=share_of(sum(s.covered for s in ordered), sum(s.owed for s in ordered)),
        status="A" if final else "P",
        agencies=tuple(s.agency for s in ordered),
        states=tuple(s.state for s in ordered),
        covered=tuple(s.covered for s in ordered),
        owed=tuple(s.owed for s in ordered),
        counted_from=counted_from,
    )
