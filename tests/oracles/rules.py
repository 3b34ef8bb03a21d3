"""The rules, implemented a second time from the documents: slow and obvious.

Cells are dictionaries from (country, network) to a count, shares are exact fractions, and nothing
is known of how the first ones are made.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from tests.oracles.calendar import end_of

Cells = dict[tuple[int, int], int]
UNKNOWN = 999


def differing(report: Cells, summed: Cells) -> dict[tuple[int, int], int]:
    """R101: the cells that differ, and by how much."""
    by = {place: abs(report.get(place, 0) - summed.get(place, 0)) for place in {*report, *summed}}
    return {place: difference for place, difference in by.items() if difference}


def is_implausible(value: int, usual: Sequence[int], *, distance: int, difference: int, values: int) -> bool:
    """R102: at least so many values, |x − m| / max(1.4826·MAD, √m, 1) over the distance, and |x − m| not under."""
    if len(usual) < values:
        return False
    m = statistics.median([Fraction(one) for one in usual])
    mad = statistics.median([abs(one - m) for one in usual])
    apart = abs(value - m)
    over_mad = apart > distance * Fraction("1.4826") * mad
    over_root = apart**2 > distance**2 * m
    return over_mad and over_root and apart > distance and apart >= difference


def usual_for(
    frequency: str, period: datetime, standing: Mapping[datetime, int], breaks: Iterable[datetime]
) -> list[int]:
    """R102: the same hour of the week or weekday in the 8 weeks before, none from before a break that lies between."""
    before = [period - timedelta(weeks=8 - number) for number in range(8)]
    counted = [one for one in before if not any(one < mark < end_of(frequency, period) for mark in breaks)]
    return [standing[one] for one in counted if one in standing]


def is_large_revision(value: int, before: int, age: timedelta, *, share: str, difference: int, days: int) -> bool:
    """R103: ended over so many days ago, more than the share of what it was, and at least the difference."""
    change = Fraction(abs(value - before))
    return age > timedelta(days=days) and change > Fraction(share) * before and change >= difference and change > 0


def is_unlocated(cells: Cells, *, share: str, total: int) -> bool:
    """R105: the unknown country over the share of a report of at least the total."""
    value = sum(cells.values())
    unknown = sum(count for (country, _), count in cells.items() if country == UNKNOWN)
    return value >= total and unknown > Fraction(share) * value


def divergence(one: Mapping[int, Fraction], other: Mapping[int, Fraction]) -> float:
    """R301: the Jensen–Shannon distance to base 2, by entropies: of the mixture, less the mean of both."""
    mixture = {key: (one.get(key, 0) + other.get(key, 0)) / Fraction(2) for key in {*one, *other}}
    return math.sqrt(max(_entropy(mixture) - (_entropy(one) + _entropy(other)) / 2, 0.0))


def _entropy(shares: Mapping[int, Fraction]) -> float:
    return -math.fsum(float(share) * math.log2(float(share)) for share in shares.values() if share)


def stretches(frequency: str, late: Iterable[datetime]) -> list[list[datetime]]:
    """R201, R202: late periods, those in a row together."""
    named = set(late)
    firsts = sorted(one for one in named if not any(end_of(frequency, other) == one for other in named))
    found = []
    for first in firsts:
        row = [first]
        while end_of(frequency, row[-1]) in named:
            row.append(end_of(frequency, row[-1]))
        found.append(row)
    return found
