"""Holds and decisions, implemented a second time from the documents: one report after the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from tests.oracles.calendar import DAY, FREQUENCIES, end_of, is_as_fine, length_of, start_of
from tests.oracles.figures import SUMMED_FROM
from tests.oracles.records import REJECTED, REPLACED, USABLE, WAITING, Report

Key = tuple[int, int, str, datetime]
Line = tuple[int, int]
#: The start of the values that a report was compared with, even if they are missing, and the end of its period.
Reach = tuple[list[datetime], datetime]
WEEK = timedelta(weeks=1)
MOMENT = timedelta(microseconds=1)
LONGER = {"H": "D", "D": "M"}


@dataclass
class Record:
    """A report, and what became of it."""

    report: Report
    was_public: bool = False
    released: bool = False
    strays_in: Reach | None = None

    @property
    def key(self) -> Key:
        return self.report.agency, self.report.indicator, self.report.frequency, self.report.period

    @property
    def total(self) -> int | None:
        return None if self.report.withdrawn else sum(self.report.cells.values())

    def becomes(self, fate: str) -> None:
        self.report = replace(self.report, fate=fate)


@dataclass(frozen=True)
class Break:
    agency: int
    at: datetime


class Desk:
    """All reports that ever came, in the order in which they came, and the decisions on them."""

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        self.thresholds = thresholds
        self.records: list[Record] = []
        self.by_key: defaultdict[Key, list[Record]] = defaultdict(list)
        self.breaks: list[Break] = []
        #: Each period of which something was ever reported, itself or in parts.
        self.touched: set[Key] = set()

    @property
    def reports(self) -> list[Report]:
        return [record.report for record in self.records]

    def of(self, key: Key, fate: str) -> list[Record]:
        return [record for record in self.by_key.get(key, ()) if record.report.fate == fate]

    def current(self, key: Key) -> Record | None:
        return max(self.of(key, USABLE), key=lambda record: record.report.rank, default=None)

    def waiting(self, key: Key) -> Record | None:
        return next(iter(self.of(key, WAITING)), None)

    def all_waiting(self) -> list[Key]:
        """Of which periods a report waits for a decision."""
        return sorted(key for key in self.by_key if self.waiting(key))

    # --- what comes in ------------------------------------------------------------------------------------------------

    def receive(self, reports: Iterable[Report]) -> list[Report]:
        """Take in a submission; return those of its reports that are held."""
        in_order = sorted(reports, key=lambda report: (report.period, FREQUENCIES.index(report.frequency)))
        arrived = [self._receive(Record(report)) for report in in_order]
        return [record.report for record in arrived if record.report.fate == WAITING]

    def _receive(self, new: Record) -> Record:
        now, waiting = self.current(new.key), self.waiting(new.key)
        wins = now is None or new.report.rank > now.report.rank
        unchanged = now is not None and (new.report.cells, new.report.status, new.report.withdrawn) == (
            now.report.cells,
            now.report.status,
            now.report.withdrawn,
        )
        if wins and not unchanged and self._is_held(new, now):
            self._hold(new, waiting)
        else:
            new.was_public = wins and not unchanged
            if wins and waiting and new.report.rank > waiting.report.rank:
                waiting.becomes(REPLACED)
        self.records.append(new)
        self.by_key[new.key].append(new)
        agency, indicator, frequency, period = new.key
        wholes = [coarser for coarser in "NHDM" if is_as_fine(frequency, coarser)]
        self.touched |= {(agency, indicator, coarser, start_of(coarser, period)) for coarser in wholes}
        return new

    def _hold(self, new: Record, waiting: Record | None) -> None:
        if waiting is None:
            new.becomes(WAITING)
        elif new.report.rank > waiting.report.rank:
            waiting.becomes(REPLACED)
            new.becomes(WAITING)
        else:
            new.becomes(REPLACED)

    def _is_held(self, new: Record, now: Record | None) -> bool:
        if self._was_released(new.key, new.total):
            return False
        if now is not None and now.total == new.total:
            return False
        new.strays_in = self._strays(new)
        return new.strays_in is not None

    # --- levels -------------------------------------------------------------------------------------------------------

    def _strays(self, new: Record) -> Reach | None:
        """If the level of a report is implausible, where the values lie that say so."""
        agency, indicator, frequency, period = new.key
        line, at, value = (agency, indicator), frequency, new.total
        if value is None:
            return None
        if frequency == "N":
            at, hour = "H", start_of("H", period)
            value = self._minutes(line, hour, new)
            if value <= self._minutes(line, hour, None):
                return None
        while at:
            whole = start_of(at, period)
            usual, starts = self._usual(line, at, whole)
            if len(usual) >= self.thresholds["R102_VALUES"]:
                implausible = strays(value, usual, self.thresholds) and (at == frequency or value > median(usual))
                return (starts, end_of(at, whole)) if implausible else None
            if at == "M":
                return self._strays_from_parts_of_weeks(line, whole, value)
            at = LONGER.get(at, "")
        return None

    def _strays_from_parts_of_weeks(self, line: Line, month: datetime, value: int) -> Reach | None:
        """The last comparison: weeks that are at least half there. With these, no total is too small."""
        weeks, end = weeks_before(month), end_of("M", month)
        usual = self._values(line, weeks, month, end, least=Fraction(1, 2))
        if len(usual) < self.thresholds["R102_VALUES"] or value < median(usual):
            return None
        return ([first for first, _ in weeks], end) if strays(value, usual, self.thresholds) else None

    def _usual(self, line: Line, frequency: str, period: datetime) -> tuple[list[int], list[datetime]]:
        """The usual values of a period, and where each would begin if it were there."""
        if frequency != "M":
            stretches = [(period - n * WEEK, end_of(frequency, period - n * WEEK)) for n in range(8, 0, -1)]
            return self._values(line, stretches, period, end_of(frequency, period)), [first for first, _ in stretches]
        weeks = weeks_before(period)
        found = self._values(line, weeks, period, end_of("M", period))
        if len(found) >= self.thresholds["R102_VALUES"]:
            return found, [first for first, _ in weeks]
        months = [(period, end_of("M", period))]
        for _ in range(8):
            months.insert(0, (start_of("M", months[0][0] - MOMENT), months[0][0]))
        reported = [one for one in months[:-1] if self._is_reported((*line, "M", one[0]))]
        return self._values(line, reported, period, end_of("M", period)), [first for first, _ in months[:-1]]

    def _is_reported(self, key: Key) -> bool:
        now = self.current(key)
        return now is not None and now.total is not None

    def _values(
        self,
        line: Line,
        stretches: list[tuple[datetime, datetime]],
        period: datetime,
        end: datetime,
        least: Fraction = Fraction(1),
    ) -> list[int]:
        since, found = self._last_break(line[0], end), []
        for first, until in stretches:
            total, seconds = self._total(line, first, until)
            if (since is None or first >= since) and seconds >= least * length_of([(first, until)]):
                found.append(round(Fraction(total) * length_of([(period, end)]) / seconds))
        return found

    def _last_break(self, agency: int, end: datetime) -> datetime | None:
        return max((mark.at for mark in self.breaks if mark.agency == agency and mark.at < end), default=None)

    def _total(self, line: Line, first: datetime, until: datetime) -> tuple[int, int]:
        """What counts of a stretch of time, and how many seconds of it are there."""
        for frequency in "HDM":
            if start_of(frequency, first) == first and end_of(frequency, first) == until:
                return self._figure((*line, frequency, first))
        days = [self._figure((*line, "D", first + n * DAY)) for n in range((until - first) // DAY)]
        return sum(total for total, _ in days), sum(seconds for _, seconds in days)

    def _figure(self, key: Key) -> tuple[int, int]:
        if key not in self.touched:
            return 0, 0
        now = self.current(key)
        if now is not None and now.total is not None:
            return now.total, length_of([(key[3], end_of(key[2], key[3]))])
        parts = [self._figure(part) for part in self._parts(key)]
        return sum(total for total, _ in parts), sum(seconds for _, seconds in parts)

    def _minutes(self, line: Line, hour: datetime, new: Record | None) -> int:
        """The sum of the minutes of an hour without released ones. ``new`` replaces the minute that is there."""
        found = 0
        for minute in {hour + n * timedelta(minutes=1) for n in range(60)}:
            key: Key = (*line, "N", minute)
            now = new if new is not None and new.key == key else self.current(key)
            if now is not None and now.total is not None and not self._was_released(key, now.total):
                found += now.total
        return found

    def _was_released(self, key: Key, total: int | None) -> bool:
        return any(record.released and record.total == total for record in self.by_key.get(key, ()))

    def _parts(self, whole: Key) -> Iterator[Key]:
        """The finer periods of a period of which something was ever reported."""
        agency, indicator, frequency, start = whole
        finer, end = SUMMED_FROM.get(frequency), end_of(frequency, start)
        while finer is not None and start < end:
            if (agency, indicator, finer, start) in self.touched:
                yield agency, indicator, finer, start
            start = end_of(finer, start)

    # --- what is decided ----------------------------------------------------------------------------------------------

    def release(self, key: Key) -> None:
        for record in self.of(key, WAITING):
            record.becomes(USABLE)
            record.released = record.was_public = True

    def reject(self, key: Key) -> None:
        for record in self.of(key, WAITING):
            record.becomes(REJECTED)

    def mark_break(self, agency: int, at: datetime) -> None:
        """A break releases what it explains: one of the values that a report was compared with lies before it."""
        for key in self.all_waiting():
            waiting = self.waiting(key)
            if key[0] == agency and waiting and waiting.strays_in:
                starts, end = waiting.strays_in
                since = self._last_break(agency, end)
                if at < end and any(start < at for start in starts if since is None or start >= since):
                    self.release(key)
        self.breaks.append(Break(agency, at))


def weeks_before(month: datetime) -> list[tuple[datetime, datetime]]:
    return [(month - n * WEEK, month - (n - 1) * WEEK) for n in range(8, 0, -1)]


def strays(value: int, usual: Sequence[int], thresholds: Mapping[str, float]) -> bool:
    """R102, as it stands in the table of rules."""
    m = median(usual)
    mad = median([abs(one - m) for one in usual])
    s = max(1.4826 * mad, m**0.5, 1)
    return abs(value - m) / s > thresholds["R102_DISTANCE"] and abs(value - m) >= thresholds["R102_DIFFERENCE"]
