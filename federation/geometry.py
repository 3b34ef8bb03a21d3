"""Geometry of charts for the pages and the desk: places of axes, bars, lines and marks."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

#: How many parts an axis has at most.
_PARTS: Final = 4
_STEPS: Final = (1, 2, 2.5, 5, 10)
#: How many periods are named under the axis: if there is room for many names, and if there is little room.
_NAMED, _NAMED_ALWAYS = 8, 3
#: A name that is at most this share of the width from an end is written from the end inwards.
_EDGE: Final = 0.07
#: Marks that are closer together than this share of the width become one mark. On a telephone they would overlap.
_APART: Final = 0.06
#: The width of a bar, as a share of the width of its period.
_BAR: Final = 0.8


@dataclass(frozen=True, slots=True)
class Canvas:
    """The area of a chart, in hundredths of a page's width and height or in pixels, from ``left`` and ``top`` on."""

    width: float = 100
    height: float = 100
    left: float = 0
    top: float = 0

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def x(self, share: float) -> float:
        # Nobody can see the third decimal.
        return round(self.left + self.width * share, 2)

    def y(self, share: float) -> float:
        """How far down a share of the height lies, counted from below."""
        return round(self.top + self.height * (1 - share), 2)


@dataclass(frozen=True, slots=True)
class Column:
    """The place of a period from left to right: all of it, and its bar."""

    x: float
    width: float
    bar_x: float
    bar_width: float
    middle: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a bar; ``height`` is None if the value is not known."""

    at: int
    x: float
    width: float
    y: float
    height: float | None
    middle: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A value of a line."""

    at: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A line to the value ``at`` a place from an earlier one."""

    at: int
    x1: float
    y1: float
    x2: float
    y2: float

    def heights(self, first: float, last: float) -> list[float]:
        """Where its part between two places of the x-axis begins and ends; nothing if it has no such part."""
        begin, end = max(first, self.x1), min(last, self.x2)
        if begin > end:
            return []
        return [self.y1 + (self.y2 - self.y1) * (x - self.x1) / (self.x2 - self.x1) for x in (begin, end)]


@dataclass(frozen=True, slots=True)
class Rung:
    """A value of the axis."""

    value: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A period with a name below the axis. It is ``always`` there, or only if there is much room."""

    at: int
    x: float
    anchor: str
    always: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """The numbers of the annotations at one place of the axis."""

    x: float
    numbers: list[int]

    @property
    def text(self) -> str:
        return "–".join(map(str, dict.fromkeys([self.numbers[0], self.numbers[-1]])))


def columns(count: int, canvas: Canvas) -> list[Column]:
    return [
        Column(
            x=canvas.x(at / count),
            width=round(canvas.width / count, 2),
            bar_x=canvas.x((at + (1 - _BAR) / 2) / count),
            bar_width=round(canvas.width * _BAR / count, 2),
            middle=canvas.x((at + 0.5) / count),
        )
        for at in range(count)
    ]


def axis(highest: float, *, whole: bool) -> list[float]:
    """Round values from zero, evenly apart, up to no less than the highest; ``whole`` ones are integers."""
    least = max(highest, _PARTS if whole else 0.01 * _PARTS) / _PARTS
    scale = 10.0 ** math.floor(math.log10(least))
    steps = (scale * step for step in _STEPS)
    step = next(found for found in steps if found >= least * (1 - 1e-9) and (not whole or found == int(found)))
    parts = max(1, math.ceil(round(highest / step, 9)))
    return [round(step * part, 6) for part in range(parts + 1)]


def rungs(values: Sequence[float], canvas: Canvas) -> list[Rung]:
    """The places of the values of an axis; the highest is at the top."""
    return [Rung(value, canvas.y(value / values[-1])) for value in values]


def bars(values: Sequence[float | None], top: float, canvas: Canvas) -> list[Bar]:
    found = []
    for at, (value, column) in enumerate(zip(values, columns(len(values), canvas), strict=True)):
        share = (value or 0) / top
        height = None if value is None else round(canvas.height * share, 2)
        found.append(Bar(at, column.bar_x, column.bar_width, canvas.y(share), height, column.middle))
    return found


def line(
    values: Sequence[float | None], joins: Iterable[tuple[int, int]], top: float, canvas: Canvas
) -> tuple[list[Dot], list[Segment]]:
    """A dot for each known value, and a segment for each pair of places in ``joins`` that have one."""
    places = columns(len(values), canvas)
    dots = {
        at: Dot(at, places[at].middle, canvas.y(value / top)) for at, value in enumerate(values) if value is not None
    }
    pairs = ((dots[before], dots[after]) for before, after in joins if before in dots and after in dots)
    segments = [Segment(after.at, before.x, before.y, after.x, after.y) for before, after in pairs]
    return list(dots.values()), segments


def ticks(count: int, canvas: Canvas) -> list[Tick]:
    """Which periods are named: evenly apart, back from the newest."""
    step = max(1, math.ceil(count / _NAMED))
    named = list(range(count - 1, -1, -step))
    every = max(1, math.ceil(len(named) / _NAMED_ALWAYS))
    found = []
    for place, at in enumerate(named):
        share = (at + 0.5) / count
        found.append(Tick(at, canvas.x(share), anchor(share), place % every == 0))
    return found[::-1]


def spread(places: Sequence[float], gap: float, canvas: Canvas) -> list[float]:
    """Places from top to bottom in their order, moved as little as needed for names that are ``gap`` high."""
    gap = min(gap, canvas.height / max(1, len(places) - 1))
    order = sorted(range(len(places)), key=places.__getitem__)
    found = list(places)
    for before, at in pairwise(order):
        found[at] = max(found[at], found[before] + gap)
    below = canvas.bottom + gap
    for at in reversed(order):
        found[at] = below = round(min(found[at], below - gap), 2)
    return found


def anchor(share: float) -> str:
    """From where a name at a share of the width is written, so that it stays inside."""
    return "end" if share > 1 - _EDGE else "start" if share < _EDGE else "middle"


def runs(marked: Sequence[bool]) -> list[tuple[int, int]]:
    """Runs of marked neighbours: the place of the first, and their number."""
    found = []
    for mark, group in groupby(enumerate(marked), key=itemgetter(1)):
        places = [at for at, _ in group]
        if mark:
            found.append((places[0], len(places)))
    return found


def flags(shares: Sequence[float], canvas: Canvas) -> list[Flag]:
    """Numbered marks at these shares of the width, in their order; close ones are one mark."""
    found: list[tuple[float, list[int]]] = []
    for number, share in enumerate(shares, start=1):
        if found and share - found[-1][0] < _APART:
            found[-1][1].append(number)
        else:
            found.append((share, [number]))
    return [Flag(canvas.x(share), numbers) for share, numbers in found]
