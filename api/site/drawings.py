"""A trend as it is drawn in a page or in a file: places, and what is at each place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from api.site import trends
from api.site.readings import Period
from api.site.trends import Trend, TrendSeries
from countries.reference import Annotation
from federation import geometry
from federation.geometry import Bar, Canvas, Column, Dot, Flag, Rung, Segment, Tick

#: The colours of countries in a file; site.css has the same for light pages, and others for dark ones.
COLOURS: Final = ("#2b64a8", "#b3478a", "#00856a", "#6f6a1c", "#35424f", "#2888b5")

_NEARLY_ALL: Final = 0.8
#: If there are more periods, only some have a mark: about twelve.
_MANY: Final = 60
_MARKED: Final = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A period and its place. ``unknown``: no series has a number in this period."""

    period: Period
    column: Column
    unknown: bool


@dataclass(frozen=True, slots=True)
class Stroke:
    """One of several countries as a line. A dot is hollow if some of the expected reports are missing."""

    name: str
    colour: str
    dots: list[tuple[Dot, bool]]
    segments: list[tuple[Segment, bool]]


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a period under the axis, with the year unless the name before has it.

    ``again``: the year is that of an earlier name, which is left out if there is little room.
    """

    tick: Tick
    start: datetime
    year: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn. Lengths have a ``unit``: per cent in a page, none (pixels) in a file."""

    canvas: Canvas
    unit: str
    frequency: str
    slots: list[Slot]
    rungs: list[Rung]
    names: list[Name]
    bars: list[tuple[Bar, Period]] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    provisional: list[tuple[float, float]] = field(default_factory=list)
    baseline: float | None = None
    flags: list[Flag] = field(default_factory=list)
    breaks: list[tuple[float, bool]] = field(default_factory=list)
    lasting: list[tuple[float, float]] = field(default_factory=list)

    @property
    def dense(self) -> bool:
        """Whether periods are too close for each to have a mark or an outline of its own."""
        return len(self.slots) > _MANY


def draw(trend: Trend, what: str, notes: Sequence[Annotation], canvas: Canvas, unit: str = "%") -> Drawing:
    """Draw one series as bars, several as lines, with the annotations of their time."""
    rows = [trend.on_scale(series, what) for series in trend.series]
    highest = max((value for row in rows for value in row if value is not None), default=0)
    rungs = geometry.rungs(geometry.axis(highest, whole=what != trends.HEAD), canvas)
    top, count, alone = rungs[-1].value, len(trend.periods), len(rows) == 1

    # If there are only a few periods, each bar shows whether it is provisional.
    marked = [] if alone and count <= _MANY else [period.provisional for period in trend.periods]
    breaks = [trend.share(note.start) for note in notes if note.is_break and trend.periods[0].start <= note.start]
    lasting = [
        (trend.share(note.start), 1 if note.until is None else trend.share(note.until))
        for note in notes
        if note.until != note.start
    ]
    return Drawing(
        canvas=canvas,
        unit=unit,
        frequency=trend.frequency,
        slots=_slots(trend, trend.series, canvas),
        rungs=rungs,
        names=_names(trend, canvas),
        bars=list(zip(geometry.bars(rows[0], top, canvas), trend.periods, strict=True)) if alone else [],
        strokes=[] if alone else [_stroke(trend, at, rows[at], top, canvas) for at in range(len(rows))],
        provisional=[(canvas.x(first / count), canvas.x(many / count)) for first, many in geometry.runs(marked)],
        baseline=canvas.y(trends.INDEX / top) if what == trends.INDEXED and top > trends.INDEX else None,
        flags=geometry.flags([trend.share(note.start) for note in notes], canvas),
        breaks=[(canvas.x(share), share > _NEARLY_ALL) for share in breaks],
        lasting=[(canvas.x(first), canvas.x(last)) for first, last in lasting],
    )


def multiples(trend: Trend, canvas: Canvas) -> list[Drawing]:
    """Draw the bars of each series in a chart of its own, all charts at one scale."""
    highest = max((value or 0 for series in trend.series for value in series.values), default=0)
    rungs = geometry.rungs(geometry.axis(highest, whole=True), canvas)
    return [
        Drawing(
            canvas=canvas,
            unit="%",
            frequency=trend.frequency,
            slots=_slots(trend, [series], canvas),
            rungs=rungs,
            names=[],
            bars=list(zip(geometry.bars(series.values, rungs[-1].value, canvas), trend.periods, strict=True)),
        )
        for series in trend.series
    ]


def _slots(trend: Trend, some: Sequence[TrendSeries], canvas: Canvas) -> list[Slot]:
    unknown = [all(value is None for value in values) for values in zip(*(one.values for one in some), strict=True)]
    return list(map(Slot, trend.periods, geometry.columns(len(trend.periods), canvas), unknown))


def _stroke(trend: Trend, at: int, row: Sequence[float | None], top: float, canvas: Canvas) -> Stroke:
    dots, segments = geometry.line(row, trend.joined(), top, canvas)
    if len(trend.periods) > _MANY:
        # A dot on a line adds nothing, so only some are drawn.
        on_line = {place for segment in segments for place in (segment.at - 1, segment.at)}
        every = len(trend.periods) // _MARKED
        dots = [dot for dot in dots if dot.at not in on_line or dot.at % every == 0]
    return Stroke(
        name=trend.series[at].name,
        colour=COLOURS[at],
        dots=[(dot, trend.periods[dot.at].coverage != "whole") for dot in dots],
        segments=[(segment, trend.periods[segment.at].provisional) for segment in segments],
    )


def _names(trend: Trend, canvas: Canvas) -> list[Name]:
    """The names of periods. Each year is written once, also among the names that are left if there is little room."""
    found: list[Name] = []
    year_before: int | None = None
    year_before_always: int | None = None
    for tick in geometry.ticks(len(trend.periods), canvas):
        period = trend.periods[tick.at]
        year = period.start.isocalendar().year if trend.frequency == "W" else period.start.year
        last = year_before_always if tick.always else year_before
        found.append(Name(tick, period.start, None if year == last else year, again=year == year_before))
        year_before = year
        year_before_always = year if tick.always else year_before_always
    return found
