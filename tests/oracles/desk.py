"""What is held and what was decided, a second time: one report after the other, out of the words of the design."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from federation.rules.thresholds import Thresholds
from tests.oracles.calendar import end_of
from tests.oracles.federation import REJECTED, REPLACED, USABLE, WAITING, Report

Key = tuple[int, int, str, datetime]
WEEK = timedelta(weeks=1)


@dataclass
class Record:
    """A report, and what became of it."""

    report: Report
    was_public: bool = False
    released: bool = False

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

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self.records: list[Record] = []
        self.by_key: defaultdict[Key, list[Record]] = defaultdict(list)
        self.breaks: list[Break] = []

    @property
    def reports(self) -> list[Report]:
        return [record.report for record in self.records]

    def of(self, key: Key, fate: str) -> list[Record]:
        return [record for record in self.by_key[key] if record.report.fate == fate]

    def current(self, key: Key) -> Record | None:
        return max(self.of(key, USABLE), key=lambda record: record.report.rank, default=None)

    def waiting(self, key: Key) -> Record | None:
        return next(iter(self.of(key, WAITING)), None)

    # --- what comes in ------------------------------------------------------------------------------------------------

    def receive(self, reports: Iterable[Report]) -> list[Report]:
        """Take in a submission; return those of its reports that are held."""
        arrived = [self._receive(Record(report)) for report in sorted(reports, key=lambda report: report.period)]
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
        same = self.by_key[new.key]
        if any(record.released and record.total == new.total for record in same):
            return False
        if now is not None and sum(record.was_public for record in same) > self.thresholds.r106_revisions:
            return True
        if now is not None and now.total == new.total:
            return False
        return self._strays(new)

    def _strays(self, new: Record) -> bool:
        agency, indicator, frequency, period = new.key
        if frequency not in "HD" or new.total is None:
            return False
        since = max(
            (mark.at for mark in self.breaks if mark.agency == agency and mark.at < end_of(frequency, period)),
            default=datetime.min.replace(tzinfo=period.tzinfo),
        )
        before = [period - number * WEEK for number in range(1, 9)]
        found = [self.current((agency, indicator, frequency, start)) for start in before if start >= since]
        usual = [record.total for record in found if record is not None and record.total is not None]
        return len(usual) >= self.thresholds.r102_values and strays(new.total, usual, self.thresholds)

    # --- what is decided ----------------------------------------------------------------------------------------------

    def release(self, key: Key) -> None:
        for record in self.of(key, WAITING):
            record.becomes(USABLE)
            record.released = record.was_public = True

    def reject(self, key: Key) -> None:
        for record in self.of(key, WAITING):
            record.becomes(REJECTED)

    def mark_break(self, agency: int, at: datetime, *, held_for_level: Sequence[Key]) -> None:
        self.breaks.append(Break(agency, at))
        for key in held_for_level:
            if key[0] == agency and end_of(key[2], key[3]) > at:
                self.release(key)


def strays(value: int, usual: Sequence[int], thresholds: Thresholds) -> bool:
    """R102, as it stands in the table of rules."""
    m = median(usual)
    mad = median([abs(one - m) for one in usual])
    s = max(1.4826 * mad, m**0.5, 1)
    return abs(value - m) / s > thresholds.r102_distance and abs(value - m) >= thresholds.r102_difference
