"""A trend as it is drawn, in a page or in a file: geometry and what each part of it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from api.site import chart, trends
from api.site.chart import Bar, Canvas, Column, Dot, Flag, Rung, Segment, Tick
from api.site.readings import Period
from api.site.trends import Trend
from countries.reference import Annotation

#: What tells countries apart in a file, besides their marks; site.css has the same for light, and others for dark.
COLOURS: Final = ("#2b64a8", "#b3478a", "#00856a", "#6f6a1c", "#35424f", "#2888b5")

_NEARLY_ALL: Final = 0.8
#: Of more periods than this not each can have a mark or an outline of its own, so only one in some twelfth has.
_MANY: Final = 60
_MARKED: Final = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """A period and its place."""

    period: Period
    column: Column


@dataclass(frozen=True, slots=True)
class Stroke:
    """A country among others: a dot is hollow where some of what was expected is missing."""

    name: str
    colour: str
    dots: list[tuple[Dot, bool]]
    segments: list[tuple[Segment, bool]]


@dataclass(frozen=True, slots=True)
class Name:
    """A period named under the axis; ``year`` is nothing where it is the one of the name before.

    It comes ``again`` where that name is one of those that give way where there is little room.
    """

    tick: Tick
    start: datetime
    year: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that is drawn. In a page lengths are in per cent, which ``unit`` says."""

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
        """Whether periods stand so close that not each can have a mark or an outline of its own."""
        return len(self.slots) > _MANY


def draw(trend: Trend, what: str, notes: Sequence[Annotation], canvas: Canvas, unit: str = "%") -> Drawing:
    """Draw one series as bars, several as lines, and what is to be known of their time."""
    rows = [trend.shown(series, what) for series in trend.series]
    highest = max((value for row in rows for value in row if value is not None), default=0)
    rungs = chart.rungs(chart.axis(highest, whole=what != trends.HEAD), canvas)
    top = rungs[-1].value
    places = chart.columns(len(trend.periods), canvas)
    alone = len(rows) == 1
    return Drawing(
        canvas=canvas,
        unit=unit,
        frequency=trend.frequency,
        slots=[Slot(*pair) for pair in zip(trend.periods, places, strict=True)],
        rungs=rungs,
        names=_names(trend, canvas),
        bars=list(zip(chart.bars(rows[0], top, canvas), trend.periods, strict=True)) if alone else [],
        strokes=[] if alone else [_stroke(trend, at, rows[at], top, canvas) for at in range(len(rows))],
        provisional=[] if alone and len(places) <= _MANY else _provisional(trend, canvas),
        baseline=canvas.y(trends.INDEX / top) if what == trends.INDEXED and top > trends.INDEX else None,
        flags=chart.flags([trend.share(note.start) for note in notes], canvas),
        breaks=[_break(trend, note, canvas) for note in notes if _is_break_inside(note, trend)],
        lasting=[_lasting(trend, note, canvas) for note in notes if note.until != note.start],
    )


def multiples(trend: Trend, canvas: Canvas) -> list[Drawing]:
    """Draw each series as bars of its own, all at one scale."""
    highest = max((value or 0 for series in trend.series for value in series.values), default=0)
    rungs = chart.rungs(chart.axis(highest, whole=True), canvas)
    places = chart.columns(len(trend.periods), canvas)
    slots = [Slot(*pair) for pair in zip(trend.periods, places, strict=True)]
    return [
        Drawing(
            canvas=canvas,
            unit="%",
            frequency=trend.frequency,
            slots=slots,
            rungs=rungs,
            names=[],
            bars=list(zip(chart.bars(series.values, rungs[-1].value, canvas), trend.periods, strict=True)),
        )
        for series in trend.series
    ]


def _stroke(trend: Trend, at: int, row: Sequence[float | None], top: float, canvas: Canvas) -> Stroke:
    line = chart.line(row, trend.joined(), top, canvas)
    dots = [(dot, trend.periods[dot.at].coverage != "whole") for dot in line.dots]
    if len(trend.periods) > _MANY:
        held = {place for segment in line.segments for place in (segment.at - 1, segment.at)}
        every = len(trend.periods) // _MARKED
        dots = [(dot, hollow) for dot, hollow in dots if dot.at not in held or dot.at % every == 0]
    return Stroke(
        name=trend.series[at].name,
        colour=COLOURS[at],
        dots=dots,
        segments=[(segment, trend.periods[segment.at].provisional) for segment in line.segments],
    )


def _names(trend: Trend, canvas: Canvas) -> list[Name]:
    found: list[Name] = []
    before: int | None = None
    before_always: int | None = None
    for tick in chart.ticks(len(trend.periods), canvas):
        period = trend.periods[tick.at]
        year = period.start.isocalendar().year if trend.frequency == "W" else period.start.year
        last = before_always if tick.always else before
        found.append(Name(tick, period.start, None if year == last else year, again=year == before))
        before = year
        before_always = year if tick.always else before_always
    return found


def _provisional(trend: Trend, canvas: Canvas) -> list[tuple[float, float]]:
    count = len(trend.periods)
    found = chart.runs([period.provisional for period in trend.periods])
    return [(canvas.x(first / count), canvas.x(many / count)) for first, many in found]


def _is_break_inside(note: Annotation, trend: Trend) -> bool:
    return note.is_break and trend.periods[0].start <= note.start


def _break(trend: Trend, note: Annotation, canvas: Canvas) -> tuple[float, bool]:
    """Return where the series breaks, and whether the word for it has room on the left only."""
    share = trend.share(note.start)
    return canvas.x(share), share > _NEARLY_ALL


def _lasting(trend: Trend, note: Annotation, canvas: Canvas) -> tuple[float, float]:
    begin = trend.share(note.start)
    end = 1 if note.until is None else trend.share(note.until)
    return canvas.x(begin), canvas.x(end)
