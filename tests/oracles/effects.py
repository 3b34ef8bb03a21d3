"""The estimate of an intervention, slowly and in plain Python: rank, change and interval as the text defines them."""

from collections.abc import Sequence
from math import log, sqrt
from typing import NamedTuple

Row = Sequence[int]
_EIGHT_WEEKS = 8


class Expected(NamedTuple):
    change: float
    low: float
    high: float
    rank: int
    changes: list[float]
    usual: list[float]
    sizes: list[float]


def estimate(counts: Sequence[Row], before: int) -> Expected:
    """Row 0 has the weeks of the treated countries. Each other row has those of a comparison country."""
    units = range(len(counts))
    changes = [round(change(counts, unit, range(before), range(before, len(counts[0]))), 9) for unit in units]
    squares = [mean_square(counts, unit, before) for unit in units]
    common = sum(squares[1:]) / len(squares[1:])
    usual = [max(round(sqrt(0.75 * square + 0.25 * common), 9), 1e-9) for square in squares]
    sizes = [round(abs(one) / width, 9) for one, width in zip(changes, usual, strict=True)]
    # 5 % of all units, rounded down.
    allowed = len(counts) * 5 // 100
    half = sorted(sizes[1:], reverse=True)[allowed - 1] * usual[0]
    rank = 1 + sum(size >= sizes[0] for size in sizes[1:])
    low, high = (min(max(changes[0] + way * half, -10), 10) for way in (-1, 1))
    return Expected(changes[0], low, high, rank, changes, usual, sizes)


def change(counts: Sequence[Row], unit: int, first: range, second: range) -> float:
    others = [row for at, row in enumerate(counts) if at not in (0, unit)]
    together = [sum(row[week] for row in others) for week in range(len(counts[0]))]
    return log(summed(counts[unit], second) / summed(counts[unit], first)) - log(
        summed(together, second) / summed(together, first)
    )


def summed(row: Row, weeks: range) -> float:
    """No event counts as two and a half."""
    return sum(row[week] for week in weeks) or 2.5


def mean_square(counts: Sequence[Row], unit: int, before: int) -> float:
    """The mean of the squared changes at all placebo dates before the start."""
    found = []
    for date in range(_EIGHT_WEEKS, before - _EIGHT_WEEKS + 1):
        weeks = range(date - _EIGHT_WEEKS, date), range(date, date + _EIGHT_WEEKS)
        found.append(change(counts, unit, *weeks) ** 2)
    return sum(found) / len(found)
