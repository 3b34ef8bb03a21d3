"""The exact figures of the agencies: the report that counts, or else the sum of finer figures."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property

from tests.oracles.calendar import FREQUENCIES, Stretch, end_of, is_as_fine, length_of, start_of
from tests.oracles.places import Cells, sum_of
from tests.oracles.records import USABLE, WAITING, Figure, Report, Schedule

SUMMED_FROM = {"H": "N", "D": "H", "W": "D", "M": "D", "A": "M"}


class Figures:
    """Rules 1, 2 and 3, for the reports and schedules of all agencies."""

    def __init__(self, reports: Sequence[Report], schedules: Sequence[Schedule]) -> None:
        self.reports = reports
        self.schedules = schedules
        self._figures: dict[tuple[int, int, str, datetime], Figure | None] = {}

    @cached_property
    def current(self) -> dict[tuple[int, int, str, datetime], Report]:
        """The report that counts: prepared last, ties by receipt, then by submission."""
        found: dict[tuple[int, int, str, datetime], Report] = {}
        usable = [report for report in self.reports if report.fate == USABLE]
        for report in sorted(usable, key=lambda report: report.rank):
            found[report.agency, report.indicator, report.frequency, report.period] = report
        return found

    @cached_property
    def held(self) -> set[tuple[int, int, str, datetime]]:
        """The periods of which a report waits for a decision."""
        return {
            (report.agency, report.indicator, report.frequency, report.period)
            for report in self.reports
            if report.fate == WAITING
        }

    @cached_property
    def ever_reported(self) -> dict[tuple[int, int, str, datetime], list[Stretch]]:
        """Of each agency and period, the stretches of it that were ever reported, itself or in parts."""
        found = defaultdict(list)
        for report in self.reports:
            stretch = report.period, end_of(report.frequency, report.period)
            for frequency in FREQUENCIES:
                if is_as_fine(report.frequency, frequency):
                    period = start_of(frequency, report.period)
                    found[report.agency, report.indicator, frequency, period].append(stretch)
        return dict(found)

    def figure(self, agency: int, indicator: int, frequency: str, period: datetime) -> Figure | None:
        key = agency, indicator, frequency, period
        if key not in self._figures:
            self._figures[key] = self._figure(*key)
        return self._figures[key]

    def _figure(self, agency: int, indicator: int, frequency: str, period: datetime) -> Figure | None:
        report = self.current.get((agency, indicator, frequency, period))
        if report is not None and not report.withdrawn:
            seconds = length_of([(period, end_of(frequency, period))])
            return Figure("reported", seconds, report.status == "A", dict(report.cells))
        parts = list(self._parts(agency, indicator, frequency, period))
        if not parts:
            return None
        return Figure(
            "derived",
            sum(part.seconds for part in parts),
            all(part.final for part in parts),
            sum_of(part.cells for part in parts),
        )

    def _parts(self, agency: int, indicator: int, frequency: str, period: datetime) -> Iterator[Figure]:
        finer = SUMMED_FROM.get(frequency)
        if finer is None:
            return
        for start in {start_of(finer, start) for start, _ in self._stretches(agency, indicator, frequency, period)}:
            figure = self.figure(agency, indicator, finer, start)
            if figure is not None:
                yield figure

    def _stretches(self, agency: int, indicator: int, frequency: str, period: datetime) -> list[Stretch]:
        return self.ever_reported.get((agency, indicator, frequency, period), [])

    def figures(self) -> dict[tuple[int, int, str, datetime], Figure]:
        """Every figure that there is."""
        found = {key: self.figure(*key) for key in self.ever_reported}
        return {key: figure for key, figure in found.items() if figure is not None}

    def cells(self, agency: int, indicator: int, frequency: str, period: datetime) -> Cells:
        """The present figure of an agency; nothing where it has none."""
        figure = self.figure(agency, indicator, frequency, period)
        return figure.cells if figure is not None else {}

    def agencies(self, indicator: int) -> list[int]:
        known: list[Report | Schedule] = [*self.reports, *self.schedules]
        return sorted({one.agency for one in known if one.indicator == indicator})
