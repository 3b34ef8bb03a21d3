"""Of the agencies expected for a period, which have reported, and for how much of its time.

Computed from what was expected, never from values: a silent agency leaves smaller numbers,
not a hole. All time is in whole seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from federation.rules import periods
from federation.rules.periods import Frequency

DAY_SECONDS = 86_400
#: A period is published when a minute has passed after its end, for its last reports.
GRACE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Schedule:
    """That an agency is to report at a frequency, on whole UTC days, both included."""

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
    schedules: Sequence[Schedule],
    *,
    reported: int,
    reported_by_day: NDArray[np.int64] | None = None,
) -> int:
    """Return the time that one agency owes in a period: of its schedules and all that it ever reported.

    ``reported`` is the time of the period that it ever reported. Where schedules cover a
    week, month or year in part, the union needs ``reported_by_day``, the same for each day.
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


def scheduled_days(frequency: str, start: datetime, schedules: Sequence[Schedule]) -> NDArray[np.bool_]:
    """Say of each day of the period whether a schedule expects the agency in it."""
    first = start.date()
    count = -(-periods.seconds(frequency, start) // DAY_SECONDS)
    days = np.zeros(count, np.bool_)
    for schedule in schedules:
        if schedule.expects(frequency, start):
            begin = max((schedule.valid_from - first).days, 0)
            days[begin : (schedule.valid_to - first).days + 1] = True
    return days


def is_awaited(frequency: str, start: datetime, schedules: Sequence[Schedule], *, now: datetime) -> bool:
    """Whether a deadline is still to come of those that expect the agency in this period."""
    end = periods.end(frequency, start)
    return any(now < end + s.deadline for s in schedules if s.expects(frequency, start))


def is_late(frequency: str, start: datetime, schedules: Sequence[Schedule], *, now: datetime) -> bool:
    """Whether the last deadline of those that expect the agency in this period has passed."""
    expected = any(s.expects(frequency, start) for s in schedules)
    return expected and not is_awaited(frequency, start, schedules, now=now)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one expected agency stands in one period."""

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
        """Whether its figure covers all that the agency owes."""
        return self.has_figure and self.covered >= self.owed

    @property
    def state(self) -> str:
        """The first that fits of held, withdrawn, reported, partial, late, awaited."""
        if self.held:
            return "held"
        if self.withdrawn:
            return "withdrawn"
        if self.has_figure:
            return "reported" if self.complete else "partial"
        return "late" if self.late else "awaited"


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a period.

    ``agencies``, ``states``, ``covered`` and ``owed`` are parallel, in order of agency; whoever
    covers a second has a figure. Values before the period and from it on are not comparable
    if ``is_break``. ``counted_from`` is set if nobody owes the beginning of the period.
    """

    agencies_expected: int
    agencies_reporting: int
    covered_seconds: int
    owed_seconds: int
    status: str
    agencies: tuple[int, ...]
    states: tuple[str, ...]
    covered: tuple[int, ...]
    owed: tuple[int, ...]
    is_break: bool = False
    counted_from: datetime | None = None


def summarise(standings: Iterable[Standing], *, counted_from: datetime | None = None) -> Coverage:
    """Put the expected agencies together; the status is ``P`` if nobody is expected or counting began in the period."""
    ordered = sorted(standings, key=lambda standing: standing.agency)
    final = bool(ordered) and counted_from is None and all(s.complete and s.final for s in ordered)
    return Coverage(
        agencies_expected=len(ordered),
        agencies_reporting=sum(s.has_figure for s in ordered),
        covered_seconds=sum(s.covered for s in ordered),
        owed_seconds=sum(s.owed for s in ordered),
        status="A" if final else "P",
        agencies=tuple(s.agency for s in ordered),
        states=tuple(s.state for s in ordered),
        covered=tuple(s.covered for s in ordered),
        owed=tuple(s.owed for s in ordered),
        counted_from=counted_from,
    )
