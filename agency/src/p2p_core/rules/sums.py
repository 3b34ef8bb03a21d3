"""An agency's figures as totals, made of its current reports at all frequencies, while new reports are looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from p2p_core import periods
from p2p_core.periods import Frequency

#: A period: its frequency and its start.
Place = tuple[str, datetime]

#: Which period each is summed into, up to the month.
WHOLE: Mapping[str, Frequency] = {
    Frequency.MINUTE: Frequency.HOUR,
    Frequency.HOUR: Frequency.DAY,
    Frequency.DAY: Frequency.MONTH,
}
_MOMENT = timedelta(microseconds=1)


class Count(NamedTuple):
    """What is counted in a period: the total, how many seconds it covers, and how much of it was released."""

    total: int = 0
    seconds: int = 0
    released: int = 0

    def plus(self, other: "Count") -> "Count":
        return Count(self.total + other.total, self.seconds + other.seconds, self.released + other.released)

    def minus(self, other: "Count") -> "Count":
        return Count(self.total - other.total, self.seconds - other.seconds, self.released - other.released)


NOTHING = Count()


def total(counts: Iterable[Count]) -> Count:
    """Add up what is counted in several periods."""
    found = NOTHING
    for count in counts:
        if count is not NOTHING:
            found = found.plus(count)
    return found


@dataclass(slots=True)
class Sums:
    """The figures of one agency and indicator.

    ``reports`` are current ones for hours, days and months, and those for the minutes that ``put`` replaces.
    ``minutes`` are the sums of all current reports for minutes, by hour.
    """

    reports: dict[Place, Count]
    minutes: Mapping[datetime, Count]
    _sums: dict[Place, Count] = field(default_factory=dict)

    def figure(self, frequency: str, period: datetime) -> Count:
        """Return the report of a period, or else the sum of what is there of its parts."""
        report = self.reports.get((frequency, period))
        return self.parts(frequency, period) if report is None else report

    def parts(self, frequency: str, period: datetime) -> Count:
        """Return the sum of the figures one level finer."""
        found = self._sums.get((frequency, period))
        if found is None:
            found = self._sums[frequency, period] = self._add_up(frequency, period)
        return found

    def _add_up(self, frequency: str, period: datetime) -> Count:
        if frequency == Frequency.MINUTE:
            return NOTHING
        if frequency == Frequency.HOUR:
            return self.minutes.get(period, NOTHING)
        finer, last = periods.FINER[Frequency(frequency)], periods.end(frequency, period) - _MOMENT
        return total(self.figure(finer, part) for part in periods.between(finer, period, last))

    def parts_with(self, whole: Place, place: Place, report: Count | None) -> Count:
        """Return what the parts of a longer period would add up to with another report."""
        before = self.reports.get(place)
        self.put(place, report)
        found = self.parts(*whole)
        self.put(place, before)
        return found

    def put(self, place: Place, report: Count | None) -> None:
        """Let a report be the current one for its period, or none, and change the sums that hold it."""
        whole = self._known_whole(*place)
        before = self.figure(*place) if whole else NOTHING
        if report is None:
            self.reports.pop(place, None)
        else:
            self.reports[place] = report
        if whole:
            self._change(whole, self.figure(*place).minus(before))

    def _known_whole(self, frequency: str, period: datetime) -> Place | None:
        """Return the longer period, if its sum is known: what was not asked for is added up when it is."""
        frequency = WHOLE.get(frequency, "")
        whole = (frequency, periods.start_of(frequency, period)) if frequency else None
        return whole if whole in self._sums or frequency == Frequency.HOUR else None

    def _change(self, place: Place, change: Count) -> None:
        """Change a sum, and those above it up to one that a report stands for."""
        self._sums[place] = self.parts(*place).plus(change)
        whole = self._known_whole(*place) if place not in self.reports else None
        if whole:
            self._change(whole, change)
