"""Adds up an agency's figures, as totals, from its current reports at all frequencies while new reports are judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from p2p_core import periods
from p2p_core.periods import Frequency

#: A period: its frequency and its start.
Place = tuple[str, datetime]

#: For each frequency, the next coarser one into which it is summed, up to the month.
WHOLE: Mapping[str, Frequency] = {
    Frequency.MINUTE: Frequency.HOUR,
    Frequency.HOUR: Frequency.DAY,
    Frequency.DAY: Frequency.MONTH,
}


class Count(NamedTuple):
    """The count of a period: the total, the seconds that it covers, and the part that was released."""

    total: int = 0
    seconds: int = 0
    released: int = 0

    def plus(self, other: "Count") -> "Count":
        return Count(self.total + other.total, self.seconds + other.seconds, self.released + other.released)

    def minus(self, other: "Count") -> "Count":
        return Count(self.total - other.total, self.seconds - other.seconds, self.released - other.released)


NOTHING = Count()


def total(counts: Iterable[Count]) -> Count:
    """The sum of the counts of several periods."""
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
        """The report of a period or, without one, the sum of its parts that are there."""
        report = self.reports.get((frequency, period))
        return self.parts(frequency, period) if report is None else report

    def parts(self, frequency: str, period: datetime) -> Count:
        """The sum of the figures one level finer."""
        found = self._sums.get((frequency, period))
        if found is None:
            if frequency == Frequency.MINUTE:
                found = NOTHING
            elif frequency == Frequency.HOUR:
                found = self.minutes.get(period, NOTHING)
            else:
                finer = periods.FINER[Frequency(frequency)]
                found = total(self.figure(finer, part) for part in periods.inside(finer, frequency, period))
            self._sums[frequency, period] = found
        return found

    def parts_with(self, whole: Place, place: Place, report: Count | None) -> Count:
        """The sum of the parts of a longer period, with another report among them."""
        before = self.reports.get(place)
        self.put(place, report)
        found = self.parts(*whole)
        self.put(place, before)
        return found

    def put(self, place: Place, report: Count | None) -> None:
        """Make a report (or none) the current one of its period, and change the sums that contain it."""
        whole = self._known_whole(*place)
        before = self.figure(*place) if whole else NOTHING
        if report is None:
            self.reports.pop(place, None)
        else:
            self.reports[place] = report
        if whole:
            self._change(whole, self.figure(*place).minus(before))

    def _known_whole(self, frequency: str, period: datetime) -> Place | None:
        """The longer period if its sum is known. An unknown sum is added up when it is first needed."""
        frequency = WHOLE.get(frequency, "")
        whole = (frequency, periods.start_of(frequency, period)) if frequency else None
        return whole if whole in self._sums or frequency == Frequency.HOUR else None

    def _change(self, place: Place, change: Count) -> None:
        """Change a sum, and those above it up to one that a report stands for."""
        self._sums[place] = self.parts(*place).plus(change)
        whole = self._known_whole(*place) if place not in self.reports else None
        if whole:
            self._change(whole, change)
