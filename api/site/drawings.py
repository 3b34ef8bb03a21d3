"""A trend as it is drawn in a page or in a file: places, and what is at each place."""

from collections.abc import Collection, Sequence
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
#: How high a name beside the end of its line is, as a share of the lowest plot of a page.
_NAME: Final = 0.085
#: A run of incomplete periods that is at least this share of the width has a word in the plot, if there is a place
#: without marks for it: at the top, where an arrow needs room too, or at the bottom. Both are shares of the height.
_WORDED: Final = 0.12
_TOP: Final = 0.2
_BOTTOM: Final = 0.13


@dataclass(frozen=True, slots=True)
class Slot:
    """A period and its place. ``unknown``: no series has a number in this period."""

    period: Period
    column: Column
    unknown: bool


@dataclass(frozen=True, slots=True)
class Stroke:
    """One of several countries as a line.

    A dot says what it is: ``hollow`` if some of the expected reports are missing, or ``second`` if it is on the line,
    so that the narrowest screens may leave it out.

    A segment says what it is: ``partial`` if it goes on across hollow dots or between them, or ``provisional``.
    """

    name: str
    colour: str
    dots: list[tuple[Dot, str]]
    segments: list[tuple[Segment, str]]


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a line beside its end: where the line ends, and where the name is, so that names do not overlap."""

    at: int
    name: str
    colour: str
    end: float
    y: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of incomplete periods. If it is wide, it says in a word what it is, at the ``top`` or at the ``bottom``."""

    x: float
    width: float
    middle: float
    word: str


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
    labels: list[Label] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
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
    strokes = [] if alone else [_stroke(trend, at, rows[at], top, canvas) for at in range(len(rows))]
    return Drawing(
        canvas=canvas,
        unit=unit,
        frequency=trend.frequency,
        slots=_slots(trend, trend.series, canvas),
        rungs=rungs,
        names=_names(trend, canvas),
        bars=list(zip(geometry.bars(rows[0], top, canvas), trend.periods, strict=True)) if alone else [],
        strokes=strokes,
        labels=[] if alone else _labels(trend, rows, top, canvas),
        gaps=[] if alone else _gaps(trend, strokes, breaks, canvas),
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
    joins = [join for join in trend.joins() if row[join.before] is not None and row[join.after] is not None]
    dots, segments = geometry.line(row, [join[:2] for join in joins], top, canvas)
    on_line = {place for join in joins for place in range(join.before, join.after + 1)}
    if len(trend.periods) > _MANY:
        # A dot on a line, or below one that goes on across it, adds nothing. So only some are drawn.
        every = len(trend.periods) // _MARKED
        dots = [dot for dot in dots if dot.at not in on_line or dot.at % every == 0]
    partial = {join.after for join in joins if join.is_partial}
    return Stroke(
        name=trend.series[at].name,
        colour=COLOURS[at],
        dots=[(dot, _dot_kind(trend, dot.at, on_line)) for dot in dots],
        segments=[(segment, _kind(trend, segment.at, partial)) for segment in segments],
    )


def _dot_kind(trend: Trend, at: int, on_line: Collection[int]) -> str:
    if trend.periods[at].coverage != "whole":
        return "hollow"
    return "second" if at in on_line and at % 2 else ""


def _kind(trend: Trend, at: int, partial: Collection[int]) -> str:
    return "partial" if at in partial else "provisional" if trend.periods[at].provisional else ""


def _labels(trend: Trend, rows: Sequence[Sequence[float | None]], top: float, canvas: Canvas) -> list[Label]:
    """The names of the lines beside their newest values. A country without any value has none."""
    newest = [next((value for value in reversed(row) if value is not None), None) for row in rows]
    ends = {at: canvas.y(value / top) for at, value in enumerate(newest) if value is not None}
    places = geometry.spread(list(ends.values()), canvas.height * _NAME, canvas)
    return [
        Label(at, trend.series[at].name, COLOURS[at], end, place)
        for (at, end), place in zip(ends.items(), places, strict=True)
    ]


def _gaps(trend: Trend, strokes: Sequence[Stroke], breaks: Sequence[float], canvas: Canvas) -> list[Gap]:
    count = len(trend.periods)
    runs = geometry.runs([period.coverage == "part" for period in trend.periods])
    return [
        Gap(
            x=canvas.x(first / count),
            width=round(canvas.width * many / count, 2),
            middle=canvas.x((first + many / 2) / count),
            word=_place_of_word(first / count, (first + many) / count, strokes, breaks, canvas),
        )
        for first, many in runs
    ]


def _place_of_word(
    first: float, last: float, strokes: Sequence[Stroke], breaks: Sequence[float], canvas: Canvas
) -> str:
    """Where a word in a part of the plot is on no mark and no line. A break has its own word at the top."""
    if last - first < _WORDED or any(first - _WORDED < share < last + _WORDED for share in breaks):
        return ""
    begin, end = canvas.x(first), canvas.x(last)
    heights = [dot.y for stroke in strokes for dot, _ in stroke.dots if begin <= dot.x <= end]
    for segment in (one for stroke in strokes for one, _ in stroke.segments):
        heights += segment.heights(begin, end)
    if all(y > canvas.height * _TOP for y in heights):
        return "top"
    return "bottom" if all(y < canvas.height * (1 - _BOTTOM) for y in heights) else ""


def _names(trend: Trend, canvas: Canvas) -> list[Name]:
    """The names of periods. Each year is written once, also among the names that are left if there is little room."""
    found: list[Name] = []
    year_before: int | None = None
    year_before_always: int | None = None
    for tick in geometry.ticks(len(trend.periods), canvas):
        period = trend.periods[tick.at]
        year = period.start.isocalendar().year if trend.frequency == "W" else period.start.year
        if trend.frequency == "A":
            # The name of a year has no other year.
            found.append(Name(tick, period.start, None, again=False))
            continue
        last = year_before_always if tick.always else year_before
        found.append(Name(tick, period.start, None if year == last else year, again=year == year_before))
        year_before = year
        year_before_always = year if tick.always else year_before_always
    return found
