"""When reports are due, as `docs/explanation/coverage.md` says: slow, day by day, without a rule that repeats.

An agency is expected in each period that one of its schedules overlaps. A report is late so many minutes after the end
of its period.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta


def deadlines(frequency: str, first: date, last: date | None, minutes: int, until: datetime) -> Iterator[datetime]:
    """Yield the deadlines of a schedule of days or months before an instant, in order."""
    seen: set[tuple[int, ...]] = set()
    day = first
    while (last is None or day <= last) and datetime.combine(day, time(), UTC) < until:
        period = (day.year, day.month, day.day) if frequency == "D" else (day.year, day.month)
        if period not in seen:
            seen.add(period)
            end = day
            while (end.year, end.month, end.day)[: len(period)] == period:
                end += timedelta(days=1)
            due = datetime.combine(end, time(), UTC) + timedelta(minutes=minutes)
            if due < until:
                yield due
        day += timedelta(days=1)
