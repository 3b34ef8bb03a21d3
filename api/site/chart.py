"""Where a trend is drawn: pure geometry of scales, bars, lines and marks, which knows no number's meaning.

A drawing is as wide and as high as it is told: in hundredths in a page, in pixels in a file.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

#: How many parts an axis has at most.
_PARTS: Final = 4
_STEPS: Final = (1, 2, 2.5, 5, 10)
#: How many periods are named under the axis where there is room, and where there is not.
_NAMED, _NAMED_ALWAYS = 8, 3
#: Names so close to an end, as a share, are written inwards from it.
_EDGE: Final = 0.07
#: Marks closer than this share of the width are one: on a telephone they would lie on each other.
_APART: Final = 0.06
#: How much of a period's width a bar takes.
_BAR: Final = 0.8


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn on."""

    width: float = 100
    height: float = 100

    def x(self, share: float) -> float:
        return _short(self.width * share)

    def y(self, share: float) -> float:
        """Return how far down a share of the height lies, which counts from below."""
        return _short(self.height * (1 - share))


@dataclass(frozen=True, slots=True)
class Column:
    """Where a period stands from left to right: all of it, and its bar."""

    x: float
    width: float
    bar_x: float
    bar_width: float
    middle: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A value as a bar; ``height`` is nothing where the value is not known."""

    at: int
    x: float
    width: float
    y: float
    height: float | None


@dataclass(frozen=True, slots=True)
class Dot:
    """A value of a line."""

    at: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Segment:
    """What joins two values that stand side by side."""

    at: int
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Line:
    """A series as dots, and what joins them."""

    dots: list[Dot]
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Rung:
    """A value of the axis."""

    value: float
    y: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A period to be named; ``always`` also where there is little room."""

    at: int
    x: float
    anchor: str
    always: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """The numbers of what is marked at one place of the axis."""

    x: float
    numbers: list[int]

    @property
    def text(self) -> str:
        return "–".join(map(str, dict.fromkeys([self.numbers[0], self.numbers[-1]])))


def columns(count: int, canvas: Canvas) -> list[Column]:
    """Return where so many periods stand."""
    return [
        Column(
            x=canvas.x(at / count),
            width=canvas.x(1 / count),
            bar_x=canvas.x((at + (1 - _BAR) / 2) / count),
            bar_width=canvas.x(_BAR / count),
            middle=canvas.x((at + 0.5) / count),
        )
        for at in range(count)
    ]


def axis(highest: float, *, whole: bool) -> list[float]:
    """Return the values of an axis from zero: round ones, evenly apart, up to no less than the highest."""
    least = max(highest, _PARTS if whole else 0.01 * _PARTS) / _PARTS
    scale = 10.0 ** math.floor(math.log10(least))
    steps = (scale * step for step in _STEPS)
    step = next(found for found in steps if _reaches(found, least) and (not whole or found == int(found)))
    parts = max(1, math.ceil(round(highest / step, 9)))
    return [round(step * part, 6) for part in range(parts + 1)]


def _reaches(step: float, least: float) -> bool:
    return step >= least * (1 - 1e-9)


def rungs(values: Sequence[float], canvas: Canvas) -> list[Rung]:
    """Return where the values of an axis stand; the highest is at the top."""
    return [Rung(value, canvas.y(value / values[-1])) for value in values]


def bars(values: Sequence[float | None], top: float, canvas: Canvas) -> list[Bar]:
    """Return a bar for each value."""
    found = []
    for at, (value, column) in enumerate(zip(values, columns(len(values), canvas), strict=True)):
        share = (value or 0) / top
        height = None if value is None else _short(canvas.height * share)
        found.append(Bar(at, column.bar_x, column.bar_width, canvas.y(share), height))
    return found


def line(values: Sequence[float | None], joined: Sequence[bool], top: float, canvas: Canvas) -> Line:
    """Return a dot for each value that is known; ``joined`` says which are joined to the one before."""
    places = columns(len(values), canvas)
    dots = {
        at: Dot(at, places[at].middle, canvas.y(value / top)) for at, value in enumerate(values) if value is not None
    }
    pairs = ((dots[at - 1], dots[at]) for at in dots if joined[at] and at - 1 in dots)
    segments = [Segment(after.at, before.x, before.y, after.x, after.y) for before, after in pairs]
    return Line(list(dots.values()), segments)


def ticks(count: int, canvas: Canvas) -> list[Tick]:
    """Return which periods are named: evenly apart, back from the newest."""
    step = max(1, math.ceil(count / _NAMED))
    named = list(range(count - 1, -1, -step))
    every = max(1, math.ceil(len(named) / _NAMED_ALWAYS))
    found = []
    for place, at in enumerate(named):
        share = (at + 0.5) / count
        anchor = "end" if share > 1 - _EDGE else "start" if share < _EDGE else "middle"
        found.append(Tick(at, canvas.x(share), anchor, place % every == 0))
    return found[::-1]


def runs(marked: Sequence[bool]) -> list[tuple[int, int]]:
    """Return where neighbours are marked: the first of them, and how many they are."""
    found = []
    for mark, group in groupby(enumerate(marked), key=itemgetter(1)):
        places = [at for at, _ in group]
        if mark:
            found.append((places[0], len(places)))
    return found


def flags(shares: Sequence[float], canvas: Canvas) -> list[Flag]:
    """Return the marks of what begins at these shares of the width, in their order; close ones are one mark."""
    found: list[tuple[float, list[int]]] = []
    for number, share in enumerate(shares, start=1):
        if found and share - found[-1][0] < _APART:
            found[-1][1].append(number)
        else:
            found.append((share, [number]))
    return [Flag(canvas.x(share), numbers) for share, numbers in found]


def _short(number: float) -> float:
    """Return a number as it is written: no eye sees the third decimal."""
    return round(number, 2)
