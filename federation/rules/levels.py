"""What level is usual for an hour of the week or a weekday, and which reports stray from it (R102).

Reports are judged in order of period as if they had come one by one: a report that is held
does not become part of what later ones are judged against.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation.rules import periods
from federation.rules.thresholds import Thresholds

Facts = dict[str, Any]

_WEEK = timedelta(weeks=1)
#: How many weeks before a period say what is usual for it.
WEEKS = 8
_BEFORE = [back * _WEEK for back in range(WEEKS, 0, -1)]
#: Makes the median absolute deviation of normal values their standard deviation.
_MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class Level:
    """What a submission says of one period.

    ``total`` is what is to stand for it, None if nothing is (it is withdrawn). ``judged`` says
    whether that is a value that may stray; what is not judged is taken as it is.
    """

    period: datetime
    total: int | None
    judged: bool


def judge(
    frequency: str,
    standing: MutableMapping[datetime, int],
    levels: Iterable[Level],
    *,
    breaks: Sequence[datetime],
    thresholds: Thresholds,
) -> dict[datetime, Facts]:
    """Return how levels stray, by period; those that do not are left out.

    All are of one agency and frequency, hours or days. ``standing`` are the totals that stand
    for periods, from eight weeks before the first level on. It is brought up to date on the way:
    a level that strays leaves standing what stood before.
    """
    found = {}
    for level in sorted(levels, key=lambda level: level.period):
        facts = None
        if level.judged and level.total is not None:
            usual = usual_of(frequency, level.period, standing, breaks=breaks)
            facts = strays(level.total, usual, thresholds)
        if facts:
            found[level.period] = facts
        elif level.total is None:
            standing.pop(level.period, None)
        else:
            standing[level.period] = level.total
    return found


def usual_of(
    frequency: str, period: datetime, standing: MutableMapping[datetime, int], *, breaks: Sequence[datetime]
) -> list[int]:
    """Return the totals of the same place in the eight weeks before, as far as they are there.

    Where the last break before the period's end lies among them, those that began before it are left out.
    """
    before = [period - back for back in _BEFORE]
    if breaks:
        since = max((mark for mark in breaks if mark < periods.end(frequency, period)), default=before[0])
        before = [start for start in before if start >= since]
    return [total for start in before if (total := standing.get(start)) is not None]


def strays(value: int, usual: Sequence[int], thresholds: Thresholds) -> Facts | None:
    """Say how a value strays from those that are usual, or None if it does not.

    With m the median of the usual ones and s = max(1.4826·MAD, √m, 1), a value strays if both
    |x − m| / s is over the distance and |x − m| not under the difference.
    """
    if len(usual) < thresholds.r102_values:
        return None
    middle = _median(usual)
    difference = abs(value - middle)
    floor = max(middle**0.5, 1.0)
    # The second test is the first half of the rule: the deviation is never less than this.
    if difference < thresholds.r102_difference or difference <= thresholds.r102_distance * floor:
        return None
    deviation = max(_MAD_TO_SIGMA * _median([abs(one - middle) for one in usual]), floor)
    if difference <= thresholds.r102_distance * deviation:
        return None
    return {
        "value": value,
        "usual": middle,
        "deviation": round(deviation, 3),
        "distance": round(difference / deviation, 2),
        "values": list(usual),
    }


def _median(values: Sequence[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
