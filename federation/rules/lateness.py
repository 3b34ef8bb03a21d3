"""Which late periods are one story: those that follow each other without a gap (R201, R202)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from federation.rules import periods

LATE, SILENT = "R201", "R202"


@dataclass(frozen=True, slots=True)
class Run:
    """Late periods in a row, from the first to the last, both included."""

    first: datetime
    last: datetime
    count: int

    def rule(self, *, silence: int) -> str:
        """Return which rule tells of it: so many periods in a row are a silence."""
        return SILENT if self.count >= silence else LATE


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
