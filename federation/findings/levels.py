"""Judges the totals of a submission's reports (R102): compares them with the figures that current reports add up to.

The figures are summed here from the totals of reports, because workers may not have computed them yet. For each
indicator, one statement reads these totals, and only those of the periods with which the reports are compared.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from countries import queries
from federation.database import microseconds, rows_of
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import levels, rulebook
from p2p_core.rules.levels import LEVELLED, BeyondReachError, Facts, Judge, Level
from p2p_core.rules.sums import NOTHING, Count, Place, Sums

#: The frequency and start of a period, and a total that was released for it.
Value = tuple[str, datetime, int]
#: Stretches of time: two parallel arrays, their starts and their ends, in microseconds since 1970.
Stretches = tuple[NDArray[np.int64], NDArray[np.int64]]

_WEEKS_BACK = np.arange(levels.WEEKS + 1) * (timedelta(weeks=1) // timedelta(microseconds=1))


def judge(
    agency: int,
    indicator: int,
    sent: Sequence[Level],
    *,
    minutes: Mapping[datetime, int],
    released: Collection[Value],
) -> dict[Place, Facts]:
    """The facts about the implausible ones of the levels ``sent``, by frequency and period.

    ``minutes`` has the current totals of the minutes in ``sent``. ``released`` has the current totals that were
    released, in all months of ``sent``.
    """
    breaks = queries.breaks_of(agency, indicator)
    limits = rulebook.limits(queries.thresholds([agency])[agency])[rulebook.HOLDING.id]
    own = {Frequency(level.frequency) for level in sent}
    first = max((LEVELLED.index(one) for one in own if one in LEVELLED), default=0)
    for reach in LEVELLED[first:]:
        sums = _read(agency, indicator, sent, reach, released)
        for minute, total in minutes.items():
            sums.reports[Frequency.MINUTE.value, minute] = _counted(Frequency.MINUTE, minute, total, released)
        with suppress(BeyondReachError):
            return Judge(sums, reach, breaks, limits).judge(sent)
    return {}


def _counted(frequency: str, period: datetime, total: int, released: Collection[Value]) -> Count:
    let_through = total if (frequency, period, total) in released else 0
    return Count(total, periods.seconds(frequency, period), let_through)


def _read(agency: int, indicator: int, sent: Sequence[Level], reach: Frequency, released: Collection[Value]) -> Sums:
    """Read the totals that are needed to judge at all frequencies up to ``reach``."""
    minutes: dict[datetime, Count] = {}
    for frequency, period, total in released:
        if frequency == Frequency.MINUTE:
            hour = periods.start_of(Frequency.HOUR, period)
            minutes[hour] = minutes.get(hour, NOTHING).plus(Count(released=total))
    stretches = {frequency: _join(some) for frequency, some in _compared(sent, reach).items()}
    named = {
        "agency": agency,
        "indicator": indicator,
        "frequencies": [frequency.value for frequency, (firsts, _) in stretches.items() for _ in firsts],
        "firsts": np.concatenate([firsts for firsts, _ in stretches.values()]).view("datetime64[us]"),
        "ends": np.concatenate([ends for _, ends in stretches.values()]).view("datetime64[us]"),
    }
    reports = {}
    for frequency, period, total, count in rows_of("levels_totals", **named):
        if frequency == Frequency.MINUTE:
            minutes[period] = Count(total, 60 * count, minutes.get(period, NOTHING).released)
        else:
            reports[frequency, period] = _counted(frequency, period, total, released)
    return Sums(reports, minutes)


def _compared(sent: Sequence[Level], reach: Frequency) -> dict[Frequency, list[Stretches]]:
    """The stretches of time whose reports are needed to judge at all frequencies up to ``reach``, by frequency."""
    found: dict[Frequency, list[Stretches]] = {frequency: [] for frequency in (Frequency.MINUTE, *LEVELLED)}
    for at, level in enumerate(LEVELLED[: LEVELLED.index(reach) + 1]):
        finer = (Frequency.MINUTE, *LEVELLED)[: at + 2]
        around = sorted({periods.start_of(level, one.period) for one in sent if one.frequency in finer})
        starts = microseconds(around)
        if level == Frequency.MONTH:
            stretches = starts - _WEEKS_BACK[-1], starts
        else:
            # For an hour, the hour itself is needed too.
            back = _WEEKS_BACK if level == Frequency.HOUR else _WEEKS_BACK[1:]
            firsts = np.subtract.outer(starts, back).ravel()
            length = periods.seconds(level, around[0]) * 1_000_000 if around else 0
            stretches = firsts, firsts + length
        for frequency in finer:
            found[frequency].append(stretches)
    if reach == Frequency.MONTH:
        months = sorted({periods.start_of(Frequency.MONTH, one.period) for one in sent})
        before = [levels.months_before(month)[0] for month in months]
        found[reach] = [(microseconds(before), microseconds(months))]
    return {frequency: some for frequency, some in found.items() if some}


def _join(some: Sequence[Stretches]) -> Stretches:
    """Join stretches that overlap or adjoin, so that no report is read twice."""
    firsts, ends = map(np.concatenate, zip(*some, strict=True))
    order = np.argsort(firsts, kind="stable")
    firsts, reached = firsts[order], np.maximum.accumulate(ends[order])
    begins = np.flatnonzero(np.concatenate([[True], firsts[1:] > reached[:-1]]))
    lasts = np.append(begins[1:], len(firsts)) - 1
    return firsts[begins], reached[lasts]
