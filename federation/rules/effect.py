"""Estimates what an intervention changed, with NumPy only. ``docs/explanation/effect.md`` explains it for readers.

Here a *unit* is a comparison country, or all treated countries added up. Unit 0 is the treated one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from federation.rules.effect_result import Reason, Word
from p2p_core.periods import Longs

Floats = NDArray[np.float64]

#: With 19, the smallest possible rank would be 1 of 20, which is exactly 5 %. One more leaves a margin.
FEWEST_COMPARISONS: Final = 20
#: The least average of a unit, in events a week before the start.
FEWEST_EVENTS: Final = 5
#: The weeks on each side of a placebo date.
PLACEBO_WEEKS: Final = 8
#: The weeks that each point of a line adds up.
WEEKS_TOGETHER: Final = 4
#: The treated unit must be among the first of so many units: 5 %, in both directions together.
_ONE_IN: Final = 20
#: Processors compute logarithms that differ in their last bits. Numbers with so many decimals do not differ.
_DECIMALS: Final = 9
#: Invented numbers can be so steady that nothing is usual. No change is divided by less.
_LEAST_USUAL: Final = 1e-9
#: No interval goes further: 22,000 times as many, or as few.
_FARTHEST: Final = 10
#: A sum of 0 stands for a true sum of 0 to 4 events.
_INSTEAD_OF_ZERO: Final = 2.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """The change of the treated unit, as the logarithm of a ratio, and the ends of its interval of 95 %.

    ``changes``, ``usual`` and ``sizes`` have one value for each unit: its change, its usual change between two placebo
    windows, and the first divided by the second, without its sign. ``rank`` is the position of the treated unit among
    all units by size. 1 is the largest.
    """

    change: float
    low: float
    high: float
    rank: int
    changes: Floats
    usual: Floats
    sizes: Floats


def are_large_enough(counts: Longs, before: int) -> NDArray[np.bool_]:
    """Whether the counts of each unit are large enough. It depends only on the weeks before the start."""
    return counts[:, :before].sum(axis=1) >= FEWEST_EVENTS * before


def estimate(counts: Longs, before: int) -> Estimate:
    """Estimate the change from the first ``before`` weeks to the weeks after them.

    ``counts`` are units x weeks. There must be at least FEWEST_COMPARISONS + 1 units and one week after ``before``, and
    ``before`` must be at least twice PLACEBO_WEEKS.
    """
    sums = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    changes = _rounded(_changes(sums, 0, before, counts.shape[1]))
    dates = range(PLACEBO_WEEKS, before - PLACEBO_WEEKS + 1)
    placebos = np.array([_changes(sums, at - PLACEBO_WEEKS, at, at + PLACEBO_WEEKS) for at in dates])
    squares = (placebos**2).mean(axis=0)
    # The usual change of one unit comes from few independent weeks, so a quarter of it is that of all comparisons.
    usual = np.maximum(_rounded(np.sqrt((3 * squares + squares[1:].mean()) / 4)), _LEAST_USUAL)
    sizes = _rounded(np.abs(changes) / usual)
    allowed = len(counts) // _ONE_IN
    # The treated unit must be larger than this one to be among the largest 5 % of all units.
    width = np.sort(sizes[1:])[-allowed] * usual[0]
    ends = _rounded(np.clip([changes[0] - width, changes[0] + width], -_FARTHEST, _FARTHEST))
    rank = 1 + int((sizes[1:] >= sizes[0]).sum())
    return Estimate(float(changes[0]), float(ends[0]), float(ends[1]), rank, changes, usual, sizes)


def reason_for_none(counts: Longs, before: int) -> Reason | None:
    """Why there is no estimate from these counts, or None. The comparison countries are those that are large enough."""
    if not are_large_enough(counts[:1], before).all():
        return Reason.SMALL_COUNTS
    if len(counts) == 1:
        return Reason.NO_COMPARISON
    return Reason.FEW_COMPARISONS if len(counts) <= FEWEST_COMPARISONS else None


def word_of(low: float, high: float, direction: str) -> Word:
    """The word for the interval after the last week. ``direction`` is the change that was expected: fewer or more."""
    is_found = high < 0 if direction == "fewer" else low > 0
    return Word.FOUND if is_found else Word.NOT_FOUND


def over_time(counts: Longs, before: int) -> Floats:
    """The change and the ends of its interval after each week since the start: weeks x 3."""
    found = [estimate(counts[:, :end], before) for end in range(before + 1, counts.shape[1] + 1)]
    return np.array([(one.change, one.low, one.high) for one in found]).reshape(-1, 3)


def lines(counts: Longs, before: int) -> Floats:
    """The change of each unit since the time before the start, in sliding sums of WEEKS_TOGETHER: units x sums."""
    sums = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    ratios = _ratios(sums[:, WEEKS_TOGETHER:] - sums[:, :-WEEKS_TOGETHER])
    return _rounded(ratios - _ratios(sums[:, before : before + 1]))


def _changes(sums: Longs, start: int, middle: int, end: int) -> Floats:
    """The change of each unit from the weeks before ``middle`` to those after it. ``sums`` are cumulated."""
    first, second = (sums[:, b] - sums[:, a] for a, b in ((start, middle), (middle, end)))
    changes: Floats = _ratios(second) - _ratios(first)
    return changes


def _ratios(sums: Longs) -> Floats:
    """The logarithm of each unit's sum divided by that of the comparison countries, without the unit itself."""
    others = sums[1:].sum(axis=0) - np.concatenate([np.zeros_like(sums[:1]), sums[1:]])
    ratios: Floats = np.log(np.maximum(sums, _INSTEAD_OF_ZERO)) - np.log(np.maximum(others, _INSTEAD_OF_ZERO))
    return ratios


def _rounded(numbers: Floats) -> Floats:
    # Adding 0 turns -0.0 into 0.0.
    rounded: Floats = numbers.round(_DECIMALS) + 0.0
    return rounded
