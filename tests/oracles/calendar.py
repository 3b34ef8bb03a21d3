"""The calendar of the oracles: where periods begin and end, and how much time stretches of it hold together."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
Stretch = tuple[datetime, datetime]
#: From fine to coarse.
FREQUENCIES = "NHDWMA"
#: At least as long as a period, and shorter than two.
LENGTHS = {"N": timedelta(minutes=1), "H": timedelta(hours=1), "D": DAY, "W": 7 * DAY, "M": 31 * DAY, "A": 366 * DAY}


def start_of(frequency: str, instant: datetime) -> datetime:
    if frequency == "N":
        return instant.replace(second=0, microsecond=0)
    if frequency == "H":
        return instant.replace(minute=0, second=0, microsecond=0)
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    if frequency == "D":
        return midnight
    if frequency == "W":
        return midnight - instant.weekday() * DAY
    return datetime(instant.year, instant.month if frequency == "M" else 1, 1, tzinfo=UTC)


def end_of(frequency: str, start: datetime) -> datetime:
    return start_of(frequency, start + LENGTHS[frequency])


def length_of(stretches: Iterable[Stretch]) -> int:
    """The seconds that lie in any of the stretches."""
    seconds, reached = 0.0, datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(stretches):
        seconds += max((end - max(start, reached)).total_seconds(), 0)
        reached = max(reached, end)
    return int(seconds)


def is_as_fine(one: str, other: str) -> bool:
    return FREQUENCIES.index(one) <= FREQUENCIES.index(other)
