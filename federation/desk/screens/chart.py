"""Places a series on paper: every coordinate of the drawing, so that a template only writes it down."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from federation.desk.series import Before, FindingSeries, Point
from p2p_core import periods
from p2p_core.periods import Frequency

WIDTH, HEIGHT = 960, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 16, 18, 36
_STEPS = (1, 2, 5, 10)
_LINES = 4
#: At most so many dates below a drawing.
_DATES = 8
_BARS, _BARS_HIGH = 520, 220
#: A band never gets so thin that it is not seen.
_THIN = 6.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A place with words."""

    x: float
    y: float
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of a series: lines as SVG paths, and marks. ``band`` is where the noticed periods are, and how wide."""

    line: str
    usual: str
    unused: str
    band: tuple[float, float]
    rows: Sequence[Mark]
    dates: Sequence[Mark]
    lonely: Sequence[Mark]
    noticed: Sequence[Mark]
    held: Sequence[Mark]
    breaks: Sequence[float]
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM
    plot: int = HEIGHT - _BOTTOM - _TOP
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Bar:
    """A value of the weeks before, or the one that was noticed."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: str
    kind: str

    @property
    def middle(self) -> float:
        """Where words below it go."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Bars:
    """The same place in the weeks before, beside what was noticed; ``usual`` is the height of the median."""

    bars: Sequence[Bar]
    usual: float | None
    width: int = _BARS
    height: int = _BARS_HIGH
    bottom: int = _BARS_HIGH - _BOTTOM


class _Paper:
    """From periods and values to places."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        values = [value for point in points for value in (point.value, point.usual, point.unused) if value is not None]
        self.ticks = _ticks(max(values, default=0))
        self._step = (WIDTH - _LEFT - _RIGHT) / len(points)

    def x(self, index: float) -> float:
        return round(_LEFT + (index + 0.5) * self._step, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / self.ticks[-1], 1)

    def band(self) -> tuple[float, float]:
        places = [index for index, point in enumerate(self._points) if point.noticed]
        first, last = self.x(places[0] - 0.5), self.x(places[-1] + 0.5)
        wide = max(last - first, _THIN)
        return round((first + last - wide) / 2, 1), round(wide, 1)

    def path(self, values: Iterable[tuple[int, float | None]]) -> str:
        """Return the line through values at places, broken where there is none."""
        steps, down = [], False
        for index, value in values:
            if value is not None:
                steps.append(f"{'L' if down else 'M'}{self.x(index)} {self.y(value)}")
            down = value is not None
        return "".join(steps)


def draw(series: FindingSeries) -> Chart:
    """Draw a series around its noticed periods."""
    points, paper = series.points, _Paper(series.points)
    noticed = [(i, point.value) for i, point in enumerate(points) if point.noticed]
    return Chart(
        line=paper.path((i, point.value) for i, point in enumerate(points)),
        usual=paper.path((i, point.usual) for i, point in enumerate(points)),
        unused="".join(paper.path(run) for run in _unused(points)),
        band=paper.band(),
        rows=[Mark(_LEFT, paper.y(tick), f"{tick:,}") for tick in paper.ticks],
        dates=list(_dates(paper, series)),
        lonely=list(_marks(paper, series, _lonely(points))),
        noticed=list(_marks(paper, series, noticed)),
        held=list(_marks(paper, series, [(i, point.unused) for i, point in enumerate(points)])),
        breaks=[paper.x(sum(point.period < at for point in points) - 0.5) for at in series.breaks],
    )


def _marks(paper: _Paper, series: FindingSeries, values: Iterable[tuple[int, int | None]]) -> Iterator[Mark]:
    for index, value in values:
        if value is not None:
            label = periods.label(series.frequency, series.points[index].period)
            yield Mark(paper.x(index), paper.y(value), f"{label}: {value:,}")


def _unused(points: Sequence[Point]) -> Iterator[list[tuple[int, float | None]]]:
    """Yield the runs of reports that are not used, each with the values beside it."""
    for is_unused, run in groupby(range(len(points)), lambda index: points[index].unused is not None):
        if is_unused:
            places = list(run)
            beside = {i: points[i].value for i in (places[0] - 1, places[-1] + 1) if 0 <= i < len(points)}
            yield sorted({**beside, **{i: points[i].unused for i in places}}.items())


def _lonely(points: Sequence[Point]) -> Iterator[tuple[int, int | None]]:
    """Yield values with none on either side, of which a line shows nothing."""
    values = [None, *(point.value for point in points), None]
    for index, (before, value, after) in enumerate(zip(values, values[1:], values[2:], strict=False)):
        if before is None and after is None:
            yield index, value


def _dates(paper: _Paper, series: FindingSeries) -> Iterator[Mark]:
    """Yield dates evenly: whole days where the periods are shorter than a day."""
    wanted = [i for i, point in enumerate(series.points) if _may_be_named(series.frequency, point.period)]
    for index in wanted[:: math.ceil(len(wanted) / _DATES) or 1]:
        yield Mark(paper.x(index), HEIGHT - 12, _date(series.frequency, series.points[index].period))


def _may_be_named(frequency: str, period: datetime) -> bool:
    if frequency == Frequency.HOUR:
        return period.hour == 0
    return frequency != Frequency.MINUTE or period.minute % 15 == 0


def _date(frequency: str, period: datetime) -> str:
    if frequency in (Frequency.HOUR, Frequency.DAY):
        return f"{period.day} {period:%b}"
    return f"{period:%H:%M}" if frequency == Frequency.MINUTE else periods.label(frequency, period)


def _ticks(highest: float) -> list[int]:
    """Return round numbers from 0 to one that is not under the highest value."""
    rough = max(highest, 1) / _LINES
    power = 10 ** max(math.floor(math.log10(rough)), 0)
    step = next(power * one for one in _STEPS if power * one >= rough)
    return [step * i for i in range(math.ceil(max(highest, 1) / step) + 1)]


def compare(before: Sequence[Before], noticed: Point) -> Bars | None:
    """Draw the same place in the weeks before as bars, and what was noticed as the last one."""
    value = noticed.value if noticed.unused is None else noticed.unused
    known = [one.value for one in before if one.value is not None]
    if not known or value is None:
        return None
    top = _ticks(max([*known, value]))[-1]
    last = (noticed.period, value, "noticed" if noticed.unused is None else "held")
    told = [(one.period, one.value, "usual" if one.counts else "broken") for one in before]
    usual = None if noticed.usual is None else _height(noticed.usual, top)
    return Bars(list(_bars([*told, last], _BARS / (len(before) + 1), top)), usual)


def _bars(told: Iterable[tuple[datetime, int | None, str]], step: float, top: int) -> Iterator[Bar]:
    for index, (period, value, kind) in enumerate(told):
        y = _height(value or 0, top)
        said = "none" if value is None else f"{value:,}"
        height = round(_BARS_HIGH - _BOTTOM - y, 1)
        yield Bar(
            round(index * step + step * 0.14, 1), y, round(step * 0.72, 1), height, _date("D", period), said, kind
        )


def _height(value: float, top: int) -> float:
    return round(_BARS_HIGH - _BOTTOM - (_BARS_HIGH - _TOP - _BOTTOM) * value / top, 1)
