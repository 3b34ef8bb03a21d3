"""Late periods in a row, and which rule they break (R201, R202)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.levels import Facts

#: For each frequency of a schedule: the frequency at which its periods are judged. Minutes are judged by their hour.
JUDGED_AT: Final = {frequency: frequency for frequency in periods.REPORTABLE} | {Frequency.MINUTE: Frequency.HOUR}


@dataclass(frozen=True, slots=True)
class Run:
    """Late periods in a row, from the first to the last, both included."""

    first: datetime
    last: datetime
    count: int


def runs(frequency: str, late: Iterable[datetime]) -> list[Run]:
    """Put periods that are adjacent in the calendar together, in order; one named twice counts once."""
    found: list[Run] = []
    for period in sorted(set(late)):
        before = found[-1] if found else None
        if before is not None and periods.end(frequency, before.last) == period:
            found[-1] = Run(before.first, period, before.count + 1)
        else:
            found.append(Run(period, period, 1))
    return found


def late(run: Run) -> Facts:
    """R201."""
    return {"periods": run.count}


def silent(run: Run, *, periods: float) -> Facts | None:
    """R202."""
    return {"periods": run.count} if run.count >= periods else None
