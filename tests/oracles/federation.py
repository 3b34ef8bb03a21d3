"""The federation, implemented a second time from the documents: slow and obvious, with dictionaries and loops.

Given every report ever received, the schedules, the time, the rounding key and what was frozen, it says what the exact
figures, the coverage and the published numbers are. It uses no database, no NumPy, and no code of the first
made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.oracles import rounding
from tests.oracles.calendar import DAY, FREQUENCIES, Stretch, end_of, is_as_fine, length_of, start_of
from tests.oracles.figures import SUMMED_FROM, Figures
from tests.oracles.places import (
    ALL_NETWORKS,
    MEMBERS,
    TOTAL,
    Cells,
    Place,
    difference,
    is_public,
    margins_of,
    places_with,
    smallest_holding,
    sum_of,
)
from tests.oracles.records import Coverage, Detail, Report, Schedule

#: After its end, a period waits so long for its last reports.
GRACE = timedelta(seconds=60)
#: Minutes are public so long.
LIVE = timedelta(hours=2)
#: After its end, a period waits at most so long for agencies.
LIMITS = {"N": GRACE, "H": timedelta(hours=3), "D": 3 * DAY, "W": 7 * DAY, "M": 31 * DAY, "A": 31 * DAY}
#: An agency is silent that has missed so many periods since its newest figure.
SILENT_AFTER = 3
#: The agency of a first sum.
NOBODY = 0

#: Of each published indicator, frequency and period: the figures by agency, as they were when it was published first.
Frozen = dict[tuple[int, str, datetime], dict[int, Cells]]


class Cell(NamedTuple):
    """A cell with its own random number, for an agency or the first sum."""

    frequency: str
    period: datetime
    country: int
    network: int


def parts_of(finer: str, frequency: str, period: datetime) -> list[datetime]:
    """The starts of the finer periods of a period."""
    starts = [start_of(finer, period)]
    while end_of(finer, starts[-1]) < end_of(frequency, period):
        starts.append(end_of(finer, starts[-1]))
    return starts


def shortest_holding(frequency: str, period: datetime, held_in: set[tuple[str, datetime]]) -> tuple[str, datetime]:
    """The one period, if it is one only; else in a year the month that holds them all; else the period itself."""
    if len(held_in) == 1:
        return min(held_in)
    months = {start_of("M", start) for _, start in held_in}
    if frequency == "A" and len(months) == 1 and (frequency, period) not in held_in:
        return "M", months.pop()
    return frequency, period


class Federation(Figures):
    """All results of the reports and schedules at a time."""

    def __init__(
        self,
        reports: Sequence[Report],
        schedules: Sequence[Schedule],
        *,
        now: datetime,
        secret: bytes,
        base: int,
        frozen: Frozen,
        mark: datetime | None = None,
        minutes: dict[tuple[int, str, datetime], Coverage] | None = None,
        details: Sequence[Detail] = (),
    ) -> None:
        super().__init__(reports, schedules)
        self.details = details
        self.now = now
        #: The time by which deadlines are judged.
        self.mark = mark or now
        self.secret = secret
        self.base = base
        self.frozen = frozen
        #: The coverage of minutes as it was when they were published, because it stays.
        self.minutes = minutes if minutes is not None else {}
        self._silent: dict[Schedule, bool] = {}

    # --- rules 4 and 5: coverage --------------------------------------------------------------------------------------

    def coverage(self, indicator: int, frequency: str, period: datetime) -> Coverage:
        key = indicator, frequency, period
        if key in self.minutes:
            return self.minutes[key]
        found = self._coverage(*key)
        if key in self.frozen or not (awaited := self.awaited(*key)):
            return found
        until = min(end_of(frequency, period) + LIMITS[frequency], max(awaited.values()))
        return replace(found, status="O", awaited=frozenset(awaited), until=until)

    def _coverage(self, indicator: int, frequency: str, period: datetime) -> Coverage:
        expected = [agency for agency in self.agencies(indicator) if self._owed(agency, indicator, frequency, period)]
        figures = {agency: self.figure(agency, indicator, frequency, period) for agency in expected}
        owed = {agency: length_of(self._owed(agency, indicator, frequency, period)) for agency in expected}
        covered = {agency: figure.seconds if figure else 0 for agency, figure in figures.items()}
        final = all(figure and figure.final and covered[agency] >= owed[agency] for agency, figure in figures.items())
        begins = self._counted_from(indicator, frequency, period, expected)
        return Coverage(
            expected=len(expected),
            reporting=len([figure for figure in figures.values() if figure]),
            covered=sum(covered.values()),
            owed=sum(owed.values()),
            status="A" if expected and final and begins == period else "P",
            states={agency: self._state(agency, indicator, frequency, period) for agency in expected},
            counted_from=hour if (hour := begins.replace(minute=0)) > period else None,
        )

    def _counted_from(self, indicator: int, frequency: str, period: datetime, expected: Sequence[int]) -> datetime:
        """The latest beginning of those with a schedule. If nobody has one: the earliest of all."""
        begins = {
            agency: min(first for first, _ in self._owed(agency, indicator, frequency, period)) for agency in expected
        }
        promised = [
            begins[agency]
            for agency in expected
            if any(self._scheduled(agency, indicator, frequency, period, end_of(frequency, period)))
        ]
        return max(promised) if promised else min(begins.values(), default=period)

    def _owed(self, agency: int, indicator: int, frequency: str, period: datetime) -> list[Stretch]:
        """What an agency owes in a period: the days of its schedules, and all that it ever reported."""
        return [
            *self._stretches(agency, indicator, frequency, period),
            *self._scheduled(agency, indicator, frequency, period, end_of(frequency, period)),
        ]

    def _scheduled(
        self, agency: int, indicator: int, frequency: str, start: datetime, end: datetime
    ) -> Iterator[Stretch]:
        for schedule in self._schedules(agency, indicator, frequency):
            if schedule.starts < end and schedule.ends > start:
                yield max(schedule.starts, start), min(schedule.ends, end)

    def _schedules(self, agency: int, indicator: int, frequency: str) -> list[Schedule]:
        """Those that expect the agency at a frequency: their own or a coarser one."""
        return [
            schedule
            for schedule in self.schedules
            if (schedule.agency, schedule.indicator) == (agency, indicator)
            and is_as_fine(schedule.frequency, frequency)
        ]

    def _state(self, agency: int, indicator: int, frequency: str, period: datetime) -> str:
        if (agency, indicator, frequency, period) in self.held:
            return "held"
        figure = self.figure(agency, indicator, frequency, period)
        if figure is None and self._stretches(agency, indicator, frequency, period):
            return "withdrawn"
        if figure is not None:
            return "reported" if self._is_complete(agency, indicator, frequency, period) else "partial"
        return "awaited" if self._has_time_left(agency, indicator, frequency, period) else "late"

    def _is_complete(self, agency: int, indicator: int, frequency: str, period: datetime) -> bool:
        figure = self.figure(agency, indicator, frequency, period)
        return figure is not None and figure.seconds >= length_of(self._owed(agency, indicator, frequency, period))

    def _has_time_left(self, agency: int, indicator: int, frequency: str, period: datetime) -> bool:
        """Whether a schedule expects the agency in the period and its deadline has not passed."""
        end = end_of(frequency, period)
        return any(
            schedule.starts < end and schedule.ends > period and self.mark < end + schedule.deadline
            for schedule in self._schedules(agency, indicator, frequency)
        )

    # --- coverage.md: when a period is first published ----------------------------------------------------------------

    def awaited(self, indicator: int, frequency: str, period: datetime) -> dict[int, datetime]:
        """For whom a period waits that was never published, and for each until when; nobody, if it is ready."""
        latest = end_of(frequency, period) + LIMITS[frequency]
        if self.mark >= latest:
            return {}
        found = {}
        for agency in self.agencies(indicator):
            is_expected = self._owed(agency, indicator, frequency, period)
            if is_expected and not self._is_complete(agency, indicator, frequency, period):
                deadlines = self._deadlines(agency, indicator, frequency, period)
                last = latest if frequency == "N" else max(deadlines, default=self.mark)
                if last > self.mark:
                    found[agency] = last
        return found

    def _deadlines(self, agency: int, indicator: int, frequency: str, period: datetime) -> list[datetime]:
        """The deadlines of an agency's schedules for a period, except those in which it is silent."""
        end = end_of(frequency, period)
        return [
            end + schedule.deadline
            for schedule in self._schedules(agency, indicator, frequency)
            if schedule.starts < end and schedule.ends > period and not self.is_silent(schedule)
        ]

    def is_silent(self, schedule: Schedule) -> bool:
        """Whether enough expected periods whose deadlines have passed lie after the agency's newest figure."""
        if schedule not in self._silent:
            frequency = "H" if schedule.frequency == "N" else schedule.frequency
            figures = [
                period
                for agency, indicator, length, period in self.ever_reported
                if (agency, indicator, length) == (schedule.agency, schedule.indicator, frequency)
                and self.figure(agency, indicator, length, period)
            ]
            missed, period = 0, start_of(frequency, schedule.starts)
            while period < schedule.ends and end_of(frequency, period) + schedule.deadline <= self.mark:
                missed += period > max(figures, default=period - DAY)
                period = end_of(frequency, period)
            self._silent[schedule] = missed >= SILENT_AFTER
        return self._silent[schedule]

    # --- section 5: what is published ---------------------------------------------------------------------------------

    def public_periods(self, indicator: int, frequency: str) -> list[datetime]:
        """The ended periods that have been published. A minute stays so, also if nobody is expected in it any more."""
        if frequency == "N":
            live = start_of("N", self.now - LIVE)
            return sorted(one[2] for one in self.frozen if one[:2] == (indicator, "N") and one[2] >= live)
        ended = self.ended_periods(indicator, frequency)
        return [period for period in ended if (indicator, frequency, period) in self.frozen]

    def ended_periods(self, indicator: int, frequency: str) -> list[datetime]:
        """From the first period that anybody owed or reported to the last that has ended a minute ago."""
        begins = self._beginning(indicator, frequency)
        until = self.now if frequency == "N" else self.now - GRACE
        period = start_of(frequency, begins) if begins else self.now
        if frequency == "N":
            period = max(period, start_of("N", self.now - LIVE))
        found = []
        while end_of(frequency, period) <= until:
            found.append(period)
            period = end_of(frequency, period)
        return found

    def _beginning(self, indicator: int, frequency: str) -> datetime | None:
        reported = [
            report.period
            for report in self.reports
            if report.indicator == indicator and is_as_fine(report.frequency, frequency)
        ]
        scheduled = [
            schedule.starts
            for schedule in self.schedules
            if schedule.indicator == indicator and is_as_fine(schedule.frequency, frequency)
        ]
        return min([*reported, *scheduled], default=None)

    def published(self, indicator: int, frequency: str, period: datetime) -> dict[Place, int]:
        """The protected numbers of a period; a place that is not named is 0, or withheld."""
        numbers = self.unclipped(indicator, frequency, period)
        return {
            place: value
            for place, value in numbers.items()
            if value > 0 and not self.is_withheld(indicator, frequency, period, place)
        }

    # --- protection.md, Detail ----------------------------------------------------------------------------------------

    def is_withheld(self, indicator: int, frequency: str, period: datetime, place: Place) -> bool:
        """A country finer than its own step; a group that shows one or two of these at the step or a coarser one."""
        country, network = place
        if network != ALL_NETWORKS and frequency in "NH":
            return True
        if country != TOTAL and country not in MEMBERS:
            return FREQUENCIES.index(frequency) < FREQUENCIES.index(self._step(indicator, period, place))
        if frequency != "A" and self.is_withheld(
            indicator, FREQUENCIES[FREQUENCIES.index(frequency) + 1], period, place
        ):
            return True
        named = {one.country for one in self.details if one.indicator == indicator}
        gone = {one for one in named if self.is_withheld(indicator, frequency, period, (one, network))}
        own = gone if country == TOTAL else gone & MEMBERS[country]
        smaller = [group for group in MEMBERS if country == TOTAL or MEMBERS[group] < MEMBERS[country]]
        shown = [one for one in smaller if not self.is_withheld(indicator, frequency, period, (one, network))]
        sums = [own, *(own - MEMBERS[group] for group in shown)]
        return any(len(one) in (1, 2) for one in sums)

    def _step(self, indicator: int, period: datetime, place: Place) -> str:
        """The finest step of a country in the month in which a period starts; without a detail, as fine as can be."""
        country, network = place
        month = period.date().replace(day=1)
        rows = [
            one for one in self.details if (one.country, one.indicator) == (country, indicator) and one.month <= month
        ]
        newest = max(rows, key=lambda one: one.month, default=None)
        if newest is None:
            return "N" if network == ALL_NETWORKS else "D"
        return newest.step if network == ALL_NETWORKS else newest.network_step

    # --- protection.md ------------------------------------------------------------------------------------------------

    def freeze(self, indicator: int, frequency: str, period: datetime) -> None:
        """Freeze the present figures of a published period, if it is its first publication."""
        if frequency == "N":
            self.minutes.setdefault((indicator, frequency, period), self.coverage(indicator, frequency, period))
        agencies = self.agencies(indicator)
        figures = {agency: dict(self.cells(agency, indicator, frequency, period)) for agency in agencies}
        self.frozen.setdefault((indicator, frequency, period), figures)

    def unclipped(self, indicator: int, frequency: str, period: datetime) -> dict[Place, int]:
        """The rounded first sums and the rounded changes of all agencies, before the clip at zero."""
        changes = [self.rounded_changes(agency, indicator, frequency, period) for agency in self.agencies(indicator)]
        return sum_of([self.rounded_first(indicator, frequency, period), *changes])

    def rounded_first(self, indicator: int, frequency: str, period: datetime) -> dict[Place, int]:
        """Step 2: each exact sum of the frozen figures, rounded with the number of its cell."""
        frozen = self.frozen.get((indicator, frequency, period)) or {}
        return {
            place: self.rounded(value, NOBODY, indicator, Cell(frequency, period, *place))
            for place, value in margins_of(sum_of(frozen.values())).items()
            if is_public(frequency, place)
        }

    def rounded_changes(self, agency: int, indicator: int, frequency: str, period: datetime) -> dict[Place, int]:
        """Step 4: the change of an agency in each cell, rounded with the number of the finest cell that holds it."""
        return {
            place: self.rounded(
                change, agency, indicator, self.finest_cell(agency, indicator, frequency, period, place)
            )
            for place, change in margins_of(self.changes(agency, indicator, frequency, period)).items()
            if is_public(frequency, place)
        }

    def changes(self, agency: int, indicator: int, frequency: str, period: datetime) -> Cells:
        """The present figure of an agency less its frozen one; nothing for a period that was never published."""
        frozen = self.frozen.get((indicator, frequency, period))
        # What comes later changes the hour, and never a minute that is public.
        if frozen is None or frequency == "N":
            return {}
        return difference(self.cells(agency, indicator, frequency, period), frozen.get(agency, {}))

    def finest_cell(self, agency: int, indicator: int, frequency: str, period: datetime, place: Place) -> Cell:
        """The smallest place, network and period that hold all of the agency's change in a cell."""
        changes = self.changes(agency, indicator, frequency, period)
        singles = [single for single in changes if place in places_with(single)]
        networks = {network for _, network in singles}
        one_network = len(networks) == 1 and frequency not in "NH"
        held_in = {self._period_of_change(agency, indicator, frequency, period, single) for single in singles}
        return Cell(
            *shortest_holding(frequency, period, held_in),
            smallest_holding({country for country, _ in singles}),
            min(networks) if one_network else ALL_NETWORKS,
        )

    def _period_of_change(
        self, agency: int, indicator: int, frequency: str, period: datetime, single: Place
    ) -> tuple[str, datetime]:
        """The shortest period that holds the change of one country and network."""
        if frequency not in "WMA":
            return frequency, period
        finer = SUMMED_FROM[frequency]
        by_part = {part: self.changes(agency, indicator, finer, part) for part in parts_of(finer, frequency, period)}
        changed = [part for part, changes in by_part.items() if single in changes]
        change = self.changes(agency, indicator, frequency, period)[single]
        if [by_part[part][single] for part in changed] != [change]:
            return frequency, period
        return self._period_of_change(agency, indicator, finer, changed[0], single)

    def rounded(self, value: int, agency: int, indicator: int, cell: Cell) -> int:
        number = rounding.number_of(self.secret, agency=agency, indicator=indicator, **cell._asdict())
        return rounding.rounded(value, number, self.base)
