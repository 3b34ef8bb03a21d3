"""What level is usual for a period, and which reports are far from it (R102).

Reports are judged against the agency's figures, which may come from any frequency. They are judged in the order of
their periods, as if they had come one by one: later reports are not compared with a held report.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import sums
from p2p_core.rules.sums import WHOLE, Count, Place, Sums

Facts = dict[str, Any]

_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_WEEK_SECONDS = 604_800
#: The usual values for a period come from so many weeks before it.
WEEKS = 8
_BEFORE = [back * _WEEK for back in range(WEEKS, 0, -1)]
#: If too few weeks have figures, the usual values for a month come from so many months before it.
_MONTHS = 8
#: LONGEST is the length of the longest period of a level. Values with which it is compared begin at most FURTHEST
#: before it.
FURTHEST, LONGEST = timedelta(days=31 * (_MONTHS + 1)), timedelta(days=31)
#: Makes the median absolute deviation of normal values their standard deviation.
_MAD_TO_SIGMA = 1.4826
#: The frequencies that have a usual level, finest first.
LEVELLED = tuple(WHOLE.values())
#: The frequencies of these that are compared with the same hour or weekday in the weeks before.
BY_WEEK = (Frequency.HOUR, Frequency.DAY)
_RANK: Mapping[str, int] = {frequency: rank for rank, frequency in enumerate(Frequency)}


class BeyondReachError(Exception):
    """Figures of coarser frequencies are needed to judge a report."""


class Level(NamedTuple):
    """The total that a submission reports for one period.

    ``total`` is None if the period is withdrawn. A level that is not ``judged`` is accepted as it is.
    ``released`` says that a coordinator released the same value.
    """

    frequency: str
    period: datetime
    total: int | None
    judged: bool
    released: bool = False

    def counts_as(self) -> Count | None:
        if self.total is None:
            return None
        return Count(self.total, periods.seconds(self.frequency, self.period), self.total if self.released else 0)


class Usual(NamedTuple):
    """The values that are usual for a period. For a month, also the frequency of these values.

    Rough values are estimates: no level counts as too low if it is compared with them.
    """

    values: list[int]
    frequency: str | None = None
    is_rough: bool = False


@dataclass(slots=True)
class Judge:
    """Judges reports of one agency and indicator; ``sums`` has to know figures up to the frequency ``reach``."""

    sums: Sums
    reach: Frequency
    breaks: Sequence[datetime]
    limits: Mapping[str, float]
    _usual: dict[Place, Usual] = field(default_factory=dict)

    def judge(self, levels: Iterable[Level]) -> dict[Place, Facts]:
        """The facts of each level that is far from the usual, by frequency and period.

        A level that is near the usual becomes the figure of its period; one that is far does not.
        Raises :class:`BeyondReachError`.
        """
        found = {}
        for level in sorted(levels, key=lambda level: (level.period, _RANK[level.frequency])):
            place = (level.frequency, level.period)
            facts = self._facts(level) if level.judged and level.total is not None else None
            if facts:
                found[place] = facts
            else:
                self.sums.put(place, level.counts_as())
        return found

    def _facts(self, level: Level) -> Facts | None:
        """Compare with the usual for the period, or for the first longer period that has enough usual values."""
        value, frequency, start = level.total, level.frequency, level.period
        if frequency == Frequency.MINUTE:
            # The level is the sum of the minutes of the hour with the new one, without released values. It can be too
            # high only if the new minute makes the sum larger.
            frequency, start = Frequency.HOUR, periods.start_of(Frequency.HOUR, start)
            before = self.sums.parts(frequency, start)
            after = self.sums.parts_with((frequency, start), (level.frequency, level.period), level.counts_as())
            value = after.total - after.released
            if value <= before.total - before.released:
                return None
        while value is not None and frequency:
            usual = self._usual_for(frequency, start)
            if self._is_enough(usual):
                facts, is_part = implausible(value, usual.values, **self.limits), frequency != level.frequency
                # A part of a longer period, or a value that is compared with estimates, can only be too high.
                if not facts or ((is_part or usual.is_rough) and facts["value"] < facts["usual"]):
                    return None
                source = {"values_frequency": usual.frequency} if usual.frequency else {}
                own = {"reported": level.total} if level.frequency == Frequency.MINUTE else {}
                return facts | source | own | ({"whole_frequency": str(frequency)} if is_part else {})
            frequency = WHOLE.get(frequency, "")
            start = periods.start_of(frequency, start) if frequency else start
        return None

    def _is_enough(self, usual: Usual) -> bool:
        return len(usual.values) >= self.limits["values"]

    def _usual_for(self, frequency: str, period: datetime) -> Usual:
        """What is usual for a period. It depends on earlier periods only, which are judged already."""
        if _RANK[frequency] > _RANK[self.reach]:
            raise BeyondReachError
        found = self._usual.get((frequency, period))
        if found is None:
            found = self._usual[frequency, period] = self._look_up(frequency, period)
        return found

    def _look_up(self, frequency: str, period: datetime) -> Usual:
        since = _last_break(self.breaks, before=periods.end(frequency, period))
        before = _not_before(since, (period - back for back in _BEFORE))
        seconds = periods.seconds(frequency, period)
        if frequency != Frequency.MONTH:
            counts = [self.sums.figure(frequency, start) for start in before]
            return Usual([count.total for count in counts if count.seconds == seconds])
        # Months that were reported as months, scaled to the length of this one.
        months = (self.sums.reports.get((frequency, start)) for start in _not_before(since, months_before(period)))
        for usual in (
            Usual(self._of_weeks(before, period, least=_WEEK_SECONDS), Frequency.WEEK.value),
            Usual([_scaled(month, seconds) for month in months if month], Frequency.MONTH.value),
        ):
            if self._is_enough(usual):
                return usual
        return Usual(self._of_weeks(before, period, least=_WEEK_SECONDS // 2), Frequency.WEEK.value, is_rough=True)

    def _of_weeks(self, weeks: Sequence[datetime], month: datetime, *, least: int) -> list[int]:
        """The totals of weeks of which at least ``least`` seconds have figures, scaled to the length of a month."""
        seconds = periods.seconds(Frequency.MONTH, month)
        counts = [
            sums.total(self.sums.figure(Frequency.DAY, start + day * _DAY) for day in range(7)) for start in weeks
        ]
        return [_scaled(count, seconds) for count in counts if count.seconds >= least]


def _scaled(count: Count, seconds: int) -> int:
    return round(Fraction(count.total * seconds, count.seconds))


def months_before(month: datetime) -> list[datetime]:
    """The eight months before a month, in order."""
    found: list[datetime] = []
    for _ in range(_MONTHS):
        month = periods.previous(Frequency.MONTH, month)
        found.insert(0, month)
    return found


def is_explained(
    facts: Facts, frequency: str, period: datetime, *, before: Sequence[datetime], after: Sequence[datetime]
) -> bool:
    """Whether the breaks ``after`` leave out more of the values that a level is compared with than those ``before``."""
    frequency = facts.get("whole_frequency", frequency)
    period = periods.start_of(frequency, period)
    is_of_months = facts.get("values_frequency") == Frequency.MONTH
    starts = months_before(period) if is_of_months else [period - back for back in _BEFORE]
    end = periods.end(frequency, period)
    return _left_out(starts, after, end) > _left_out(starts, before, end)


def _left_out(starts: Sequence[datetime], breaks: Sequence[datetime], end: datetime) -> int:
    since = _last_break(breaks, before=end)
    return 0 if since is None else sum(start < since for start in starts)


def _last_break(breaks: Sequence[datetime], *, before: datetime) -> datetime | None:
    return max((mark for mark in breaks if mark < before), default=None)


def _not_before(since: datetime | None, starts: Iterable[datetime]) -> list[datetime]:
    return [start for start in starts if since is None or start >= since]


def usual_of(
    frequency: str, period: datetime, standing: Mapping[datetime, int], *, breaks: Sequence[datetime]
) -> list[int]:
    """The known totals of the same place in the eight weeks before, from the last break in the series on."""
    return [
        standing[start] for start, counts in weeks_before(frequency, period, breaks) if counts and start in standing
    ]


def weeks_before(frequency: str, period: datetime, breaks: Sequence[datetime]) -> list[tuple[datetime, bool]]:
    """The same place in the eight weeks before, oldest first, and whether its value says what is usual.

    A value before the last break in the series does not.
    """
    since = _last_break(breaks, before=periods.end(frequency, period))
    return [(start, since is None or start >= since) for start in (period - back for back in _BEFORE)]


def implausible(value: int, usual: Sequence[int], *, distance: float, difference: float, values: float) -> Facts | None:
    """R102: how far a value is from those that are usual, or None if it is near, or too few are usual.

    With m the median of the usual ones and s = max(1.4826·MAD, √m, 1), it is far if both |x − m| / s is over
    ``distance`` and |x − m| not under ``difference``.
    """
    if len(usual) < values:
        return None
    middle = _median(usual)
    apart = abs(value - middle)
    floor = max(middle**0.5, 1.0)
    # The second condition follows from the rule: the deviation *s* is never less than this.
    if apart < difference or apart <= distance * floor:
        return None
    deviation = max(_MAD_TO_SIGMA * _median([abs(one - middle) for one in usual]), floor)
    if apart <= distance * deviation:
        return None
    return {
        "value": value,
        "usual": middle,
        "deviation": round(deviation, 3),
        "distance": round(apart / deviation, 2),
        "values": list(usual),
    }


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
