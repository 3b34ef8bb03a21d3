"""The charts of a finding: the series around it, and the weeks before it. Templates write the places and the words."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from federation import geometry
from federation.findings.series import Before, FindingSeries, Point
from federation.geometry import Canvas, Rung, Tick
from p2p_core.periods import Frequency

#: How many dates are below a chart at most.
_DATES = 8
#: A share of the chart's width. A thinner band cannot be seen.
_THIN = 0.007


@dataclass(frozen=True, slots=True)
class Mark:
    """A value and its place."""

    x: float
    y: float
    period: datetime
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A series: lines as SVG paths, and marks. ``band`` is the x of the periods of the finding, and their width.

    ``dates`` are the periods that are named below it. The values of the marks in ``above`` do not fit on it.
    """

    canvas: Canvas
    frequency: str
    line: str
    usual: str
    unused: str
    band: tuple[float, float]
    rungs: Sequence[Rung]
    dates: Sequence[tuple[Tick, datetime]]
    lonely: Sequence[Mark]
    in_finding: Sequence[Mark]
    held: Sequence[Mark]
    above: Sequence[Mark]
    breaks: Sequence[float]


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """A value of the weeks before, or that of the finding, as a bar."""

    bar: geometry.Bar
    period: datetime
    value: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The weeks before, and last the value of the finding; ``usual`` is the height of the median."""

    canvas: Canvas
    bars: Sequence[ComparedValue]
    usual: float | None


@dataclass(frozen=True)
class _Paper:
    """Turns periods and values into places."""

    series: FindingSeries
    canvas: Canvas
    top: float

    def x(self, index: float) -> float:
        return self.canvas.x((index + 0.5) / len(self.series.points))

    def y(self, value: float) -> float:
        return self.canvas.y(min(1, value / self.top))

    def path(self, values: Iterable[tuple[int, float | None]]) -> str:
        """The line through the values, with gaps at places without a value."""
        steps, down = [], False
        for index, value in values:
            if value is not None:
                steps.append(f"{'L' if down else 'M'}{self.x(index)} {self.y(value)}")
            down = value is not None
        return "".join(steps)

    def marks(self, values: Iterable[tuple[int, int | None]]) -> list[Mark]:
        known = ((index, value) for index, value in values if value is not None)
        return [Mark(self.x(index), self.y(value), self.series.points[index].period, value) for index, value in known]


def draw(series: FindingSeries, canvas: Canvas) -> Chart:
    """Draw a series around the periods of its finding."""
    points = series.points
    ticks = geometry.axis(_highest(points), whole=True)
    paper = _Paper(series, canvas, ticks[-1])

    in_finding = [index for index, point in enumerate(points) if point.in_finding]
    first, last = paper.x(in_finding[0] - 0.5), paper.x(in_finding[-1] + 0.5)
    band = max(last - first, canvas.width * _THIN)

    # A line cannot show a value that has no value before and after it.
    around = [None, *(point.value for point in points), None]
    lonely = [
        (index, value)
        for index, (before, value, after) in enumerate(zip(around, around[1:], around[2:], strict=False))
        if before is None and after is None
    ]
    unused = paper.marks((i, point.unused) for i, point in enumerate(points))
    return Chart(
        canvas=canvas,
        frequency=series.frequency,
        line=paper.path((i, point.value) for i, point in enumerate(points)),
        usual=paper.path((i, point.usual) for i, point in enumerate(points)),
        unused="".join(paper.path(run) for run in _unused(points)),
        band=(round((first + last - band) / 2, 2), round(band, 2)),
        rungs=geometry.rungs(ticks, canvas),
        dates=_dates(paper),
        lonely=paper.marks(lonely),
        in_finding=paper.marks((index, points[index].value) for index in in_finding),
        held=[mark for mark in unused if mark.value <= paper.top],
        above=[mark for mark in unused if mark.value > paper.top],
        breaks=[paper.x(sum(point.period < at for point in points) - 0.5) for at in series.breaks],
    )


def _highest(points: Sequence[Point]) -> float:
    """The highest value that the chart must show."""
    unused = [point.unused for point in points if point.unused is not None]
    # A held outlier that the finding is not about would flatten everything else.
    about = [point.unused for point in points if point.in_finding and point.unused is not None]
    in_use = [value for point in points for value in (point.value, point.usual) if value is not None]
    return max([*in_use, *about] or unused, default=0)


def _unused(points: Sequence[Point]) -> Iterator[list[tuple[int, float | None]]]:
    """The runs of reports that are not used, each with the values beside it."""
    for is_unused, run in groupby(range(len(points)), lambda index: points[index].unused is not None):
        if is_unused:
            places = list(run)
            beside = {i: points[i].value for i in (places[0] - 1, places[-1] + 1) if 0 <= i < len(points)}
            yield sorted({**beside, **{i: points[i].unused for i in places}}.items())


def _dates(paper: _Paper) -> list[tuple[Tick, datetime]]:
    """Dates evenly apart: of hours only midnights, of minutes only quarters of an hour."""
    frequency, named = paper.series.frequency, []
    for index, point in enumerate(paper.series.points):
        if frequency == Frequency.HOUR and point.period.hour:
            continue
        if frequency == Frequency.MINUTE and point.period.minute % 15:
            continue
        named.append((index, point.period))
    some = named[:: math.ceil(len(named) / _DATES) or 1]
    count, many = len(paper.series.points), len(some) > _DATES // 2
    return [
        (Tick(index, paper.x(index), geometry.anchor((index + 0.5) / count), always=place % 2 > 0 or not many), period)
        for place, (index, period) in enumerate(some)
    ]


def compare(before: Sequence[Before], in_finding: Point, canvas: Canvas) -> Comparison | None:
    """Draw the same place in the weeks before as bars, and the value of the finding as the last one."""
    value = in_finding.value if in_finding.unused is None else in_finding.unused
    known = [one.value for one in before if one.value is not None]
    if not known or value is None:
        return None
    shown = [(one.period, one.value, "usual" if one.counts else "broken") for one in before]
    shown.append((in_finding.period, value, "in-finding" if in_finding.unused is None else "held"))
    top = geometry.axis(max([*known, value]), whole=True)[-1]
    bars = [
        ComparedValue(bar, period, number, kind)
        for (period, number, kind), bar in zip(
            shown, geometry.bars([number for _, number, _ in shown], top, canvas), strict=True
        )
    ]
    return Comparison(canvas, bars, None if in_finding.usual is None else canvas.y(in_finding.usual / top))
