"""The two charts of an effect: the fan of placebos, and the interval over time. Their values are logarithms of ratios.

The lines of both are paths in a square of SIDE x SIDE that is stretched over the plot. So they need no script, and are
short. Words and marks, which must not be stretched, have their places in per cent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from federation.geometry import Rung
from federation.rules.effect import WEEKS_TOGETHER
from federation.rules.effect_result import Interval

SIDE: Final = 1000
#: The values that an axis can name, as changes of a ratio: the first row with few enough of them is used.
_STEPS: Final = (1, 2, 5, 10, 20, 25, 50)
_AXIS_VALUES: Final = (
    *([step * part / 100 for part in range(-100 // step + 1, 400 // step + 1)] for step in _STEPS),
    [-0.8, -0.5, 0, 1, 3],
)
_MOST_VALUES: Final = 7
#: No axis goes further, unless the treated line does: rare outliers would flatten all other lines.
_FARTHEST: Final = math.log(4)
_LEAST: Final = math.log(1.05)
#: Above and below the outermost values.
_MARGIN: Final = 1.08
_QUARTER: Final = 13
#: Names of weeks that are closer than this share of the width would overlap: on wide screens, and on narrow ones.
_APART, _APART_NARROW = 0.09, 0.24
#: About so many names of weeks has the axis of the interval.
_NAMED: Final = 7
_EDGE: Final = 0.04


@dataclass(frozen=True, slots=True)
class Tick:
    """A named week. ``week`` counts from the start. A ``spare`` one is left out if there is little room."""

    x: float
    anchor: str
    week: int
    day: date
    spare: bool


@dataclass(frozen=True, slots=True)
class Fan:
    """The lines of the comparison countries and of the treated ones, and the place of the start, in per cent."""

    lines: list[str]
    treated: str
    start: float
    rungs: list[Rung]
    ticks: list[Tick]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Course:
    """The interval after each week: its band, the line of the change, and the places of its newest values."""

    band: str
    line: str
    x: float
    y: float
    low: float
    high: float
    rungs: list[Rung]
    ticks: list[Tick]


@dataclass(frozen=True, slots=True)
class _Scale:
    bottom: float
    top: float

    def share(self, value: float) -> float:
        """How far down a value is. What is far outside stays near the edge, so that paths have short numbers."""
        return min(max((self.top - value) / (self.top - self.bottom), -1), 2)

    def percent(self, value: float) -> float:
        return round(100 * min(max(self.share(value), 0), 1), 2)

    def point(self, x: float, value: float) -> str:
        return f"{round(SIDE * x)},{round(SIDE * self.share(value))}"

    def rungs(self) -> list[Rung]:
        fitting = (
            [math.log1p(value) for value in row if self.bottom <= math.log1p(value) <= self.top] for row in _AXIS_VALUES
        )
        found = next(values for values in fitting if len(values) <= _MOST_VALUES)
        return [Rung(value, self.percent(value)) for value in found]


def fan(lines: Sequence[Sequence[float]], before: int, start: date) -> Fan:
    """The lines of all units over the weeks before and after the start. The treated unit is the first."""
    treated, *others = lines
    weeks = len(treated) + WEEKS_TOGETHER - 1
    scale = _scale([treated, *others], treated)
    farthest = [value for line in others for value in line if not scale.bottom <= value <= scale.top]
    return Fan(
        lines=[_line(line, weeks, scale) for line in others],
        treated=_line(treated, weeks, scale),
        start=round(100 * before / weeks, 2),
        rungs=scale.rungs(),
        ticks=_quarters(before, weeks, start),
        is_cut=bool(farthest),
    )


def course(over_time: Sequence[Interval], planned: int, start: date) -> Course:
    """The interval after each week until now, on an axis of all planned weeks."""
    last = over_time[-1]
    scale = _scale([[one.low, one.high] for one in over_time], [last.low, last.high, 0])
    xs = [week / planned for week in range(1, len(over_time) + 1)]
    upper = [scale.point(x, one.high) for x, one in zip(xs, over_time, strict=True)]
    lower = [scale.point(x, one.low) for x, one in zip(xs, over_time, strict=True)]
    middle = [scale.point(x, one.change) for x, one in zip(xs, over_time, strict=True)]
    return Course(
        band=f"M{' '.join([*upper, *lower[::-1]])}Z",
        line=f"M{' '.join(middle)}",
        x=round(100 * xs[-1], 2),
        y=scale.percent(last.change),
        low=scale.percent(last.low),
        high=scale.percent(last.high),
        rungs=scale.rungs(),
        ticks=_week_numbers(planned, start),
    )


def _scale(lines: Sequence[Sequence[float]], always: Sequence[float]) -> _Scale:
    """The part of the axis that holds all lines, or at least those that are ``always`` shown in full."""
    shown = [value for line in lines for value in line if abs(value) <= _FARTHEST]
    shown += [*always, -_LEAST, _LEAST]
    return _Scale(min(shown) * _MARGIN, max(shown) * _MARGIN)


def _line(values: Sequence[float], weeks: int, scale: _Scale) -> str:
    """A value stands at the end of the weeks that it adds up, so the first weeks have none."""
    return f"M{' '.join(scale.point((at + WEEKS_TOGETHER) / weeks, value) for at, value in enumerate(values))}"


def _quarters(before: int, weeks: int, start: date) -> list[Tick]:
    """The start, and each quarter of a year before and after it."""
    quarters = [at for at in range(before % _QUARTER, weeks + 1, _QUARTER) if at != before]
    return _ticks([before, *sorted(quarters, key=lambda at: (at not in (0, weeks), -at))], before, weeks, start)


def _week_numbers(planned: int, start: date) -> list[Tick]:
    step = max(1, math.ceil(planned / _NAMED))
    return _ticks([planned, 0, *range(step, planned, step)], 0, planned, start)


def _ticks(named: Sequence[int], before: int, weeks: int, start: date) -> list[Tick]:
    """Names of weeks, those first that matter most. A name that would overlap an earlier one is left out."""
    kept: list[float] = []
    narrow: list[float] = []
    found = []
    for at in named:
        x = at / weeks
        if any(abs(x - other) < _APART for other in kept):
            continue
        kept.append(x)
        spare = any(abs(x - other) < _APART_NARROW for other in narrow)
        narrow += [] if spare else [x]
        anchor = "start" if x < _EDGE else "end" if x > 1 - _EDGE else "middle"
        found.append(Tick(round(100 * x, 2), anchor, at - before, start + timedelta(weeks=at - before), spare))
    return sorted(found, key=lambda tick: tick.x)
