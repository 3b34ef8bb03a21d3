"""The federation, implemented a second time from the documents: slow and obvious, with dictionaries and loops.

Given every report ever received, the schedules, the time, the rounding key and what was frozen, it says what the exact
figures, the coverage and the published numbers are. It uses no database, no NumPy, and no code of the first
made.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import NamedTuple
from uuid import UUID

from tests.oracles import rounding
from tests.oracles.calendar import DAY, FREQUENCIES, Stretch, end_of, is_as_fine, length_of, start_of

#: After its end, a period waits so long for its last reports.
GRACE = timedelta(seconds=60)
#: Minutes are public so long.
LIVE = timedelta(hours=2)
#: After its end, a period waits at most so long for agencies.
LIMITS = {"N": GRACE, "H": timedelta(hours=3), "D": 3 * DAY, "W": 7 * DAY, "M": 31 * DAY, "A": 31 * DAY}
#: An agency is silent that has missed so many periods since its newest figure.
SILENT_AFTER = 3
SUMMED_FROM = {"H": "N", "D": "H", "W": "D", "M": "D", "A": "M"}
#: Of what a window is made, and how many days it has.
WINDOWS = {"P1D": ("H", 1), "P7D": ("D", 7), "P30D": ("D", 30), "P365D": ("D", 365)}
ALL_NETWORKS = 0
#: The agency of a first sum.
NOBODY = 0

#: What became of a report: it may count, it waits for a decision, was rejected, or was replaced while it waited.
USABLE, WAITING, REJECTED, REPLACED = "usable", "waiting", "rejected", "replaced"

#: A country or group, and a network or all of them.
Place = tuple[int, int]
Cells = dict[Place, int]
#: Of each published indicator, frequency and period: the figures by agency, as they were when it was published first.
Frozen = dict[tuple[int, str, datetime], dict[int, Cells]]


class Cell(NamedTuple):
    """A cell with its own random number, for an agency or the first sum."""

    frequency: str
    period: datetime
    country: int
    network: int


@dataclass(frozen=True)
class Report:
    """A report of one agency for one period; ``cells`` has the cells that are not zero."""

    submission: UUID
    agency: int
    indicator: int
    frequency: str
    period: datetime
    status: str
    withdrawn: bool
    cells: dict[Place, int]
    prepared: datetime
    received: datetime
    fate: str = USABLE

    @property
    def rank(self) -> tuple[datetime, datetime, UUID]:
        return self.prepared, self.received, self.submission

    def __deepcopy__(self, _memo: object) -> "Report":
        """Nothing changes a report, and tests copy thousands of them."""
        return self


@dataclass(frozen=True)
class Schedule:
    agency: int
    indicator: int
    frequency: str
    first: date
    last: date | None
    deadline: timedelta

    @property
    def starts(self) -> datetime:
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=UTC)

    @property
    def ends(self) -> datetime:
        last = self.last or date(9000, 1, 1)
        return datetime(last.year, last.month, last.day, tzinfo=UTC) + DAY


@dataclass(frozen=True)
class Detail:
    """The finest steps of a country from a month on, over all networks and by network."""

    country: int
    indicator: int
    month: date
    step: str
    network_step: str


@dataclass(frozen=True)
class Figure:
    source: str
    seconds: int
    final: bool
    cells: Cells


@dataclass(frozen=True)
class Coverage:
    expected: int
    reporting: int
    covered: int
    owed: int
    status: str
    states: dict[int, str]
    counted_from: datetime | None = None
    #: Of a period that is not public yet: for whom it waits, and until when.
    awaited: frozenset[int] = frozenset()
    until: datetime | None = None


@dataclass(frozen=True)
class Window:
    start: datetime
    end: datetime
    values: dict[int, int]
    coverage: Coverage


# --- sums -------------------------------------------------------------------------------------------------------------


def sum_of(parts: Iterable[Cells]) -> Cells:
    total: Cells = defaultdict(int)
    for cells in parts:
        for place, value in cells.items():
            total[place] += value
    return dict(total)


def margins_of(cells: Cells) -> Cells:
    """Each cell, and each group and total that it belongs to, from the exact cells."""
    return sum_of({place: value} for single, value in cells.items() for place in places_with(single))


def places_with(single: Place) -> list[Place]:
    """Where a country and network is counted: itself, and each group and total that it belongs to."""
    country, network = single
    return [(row, column) for row in (country, *groups_of(country)) for column in (network, ALL_NETWORKS)]


def difference(present: Cells, before: Cells) -> Cells:
    """By how much each place has changed, if it has."""
    by = {place: present.get(place, 0) - before.get(place, 0) for place in {*present, *before}}
    return {place: change for place, change in by.items() if change}


#: The 27 member states of the Union since 1 February 2020, by ISO 3166-1.
EU27 = {
    *(40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 372, 380, 428, 440, 442, 470, 528, 616, 620, 642),
    *(703, 705, 724, 752),
}
#: And the rest of Europe by M49: with Cyprus, which is in the Union, and Kosovo.
EUROPE = EU27 | {
    *(8, 20, 70, 112, 234, 248, 292, 336, 352, 438, 492, 498, 499, 578, 643, 674, 688, 744, 756, 804, 807, 826, 831),
    *(832, 833, 983),
}
#: Each group, and who is in it; everything is in the total, also what could not be located.
TOTAL, MEMBERS = 1, {150: EUROPE, 2020: EU27}


def groups_of(country: int) -> list[int]:
    return [TOTAL, *(group for group, members in MEMBERS.items() if country in members)]


def smallest_holding(countries: set[int]) -> int:
    """The country, if there is one only, or else the smallest group that holds them all."""
    if len(countries) == 1:
        return min(countries)
    holding = [group for group, members in MEMBERS.items() if countries <= members]
    return min(holding, key=lambda group: len(MEMBERS[group]), default=TOTAL)


def is_public(frequency: str, place: Place) -> bool:
    """Minutes and hours are published over all networks only."""
    return frequency not in "NH" or place[1] == ALL_NETWORKS


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


class Federation:
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
        self.reports = reports
        self.schedules = schedules
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
        self._figures: dict[tuple[int, int, str, datetime], Figure | None] = {}

    # --- rules 1, 2 and 3: figures ------------------------------------------------------------------------------------

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
        begins = min(
            (first for one in expected for first, _ in self._owed(one, indicator, frequency, period)), default=period
        )
        return Coverage(
            expected=len(expected),
            reporting=len([figure for figure in figures.values() if figure]),
            covered=sum(covered.values()),
            owed=sum(owed.values()),
            status="A" if expected and final and begins == period else "P",
            states={agency: self._state(agency, indicator, frequency, period) for agency in expected},
            counted_from=begins if begins > period else None,
        )

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

    # --- sliding windows ----------------------------------------------------------------------------------------------

    def window(self, indicator: int, name: str) -> Window | None:
        """The published numbers of a window's parts added up: until the first hour or day that is not public."""
        frequency, days = WINDOWS[name]
        ended = self.ended_periods(indicator, frequency)
        waiting = [period for period in ended if (indicator, frequency, period) not in self.frozen]
        published = [period for period in ended if period < min([*waiting, self.now])]
        if not published:
            return None
        end = end_of(frequency, published[-1])
        start = end - days * DAY
        parts = self._parts_of_window(indicator, name, start, end)
        needed = [*parts, (frequency, published[-1])]

        @cache
        def has_window(country: int) -> bool:
            """There is none of a country if one of its parts, or its newest period, is withheld."""
            return not any(self.is_withheld(indicator, *one, (country, ALL_NETWORKS)) for one in needed)

        values: dict[int, int] = defaultdict(int)
        known = [part for part in parts if self.coverage(indicator, *part).reporting]
        for part in known:
            for (country, network), value in self.published(indicator, *part).items():
                if network == ALL_NETWORKS and has_window(country):
                    values[country] += value
        return Window(start, end, dict(values), self._window_coverage(indicator, start, parts))

    def _parts_of_window(self, indicator: int, name: str, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
        """Hours or days; in a year, a whole month that is published stands for its days."""
        frequency, _ = WINDOWS[name]
        months = []
        if name == "P365D":
            published = self.public_periods(indicator, "M")
            months = [month for month in published if start <= month and end_of("M", month) <= end]
        parts = [("M", month) for month in months]
        period = start
        while period < end:
            if not any(month <= period < end_of("M", month) for month in months):
                parts.append((frequency, period))
            period = end_of(frequency, period)
        return parts

    def _window_coverage(self, indicator: int, start: datetime, parts: Sequence[tuple[str, datetime]]) -> Coverage:
        """The coverage of the parts put together: an agency is in it that is expected in any of them."""
        found = [(part, self.coverage(indicator, *part)) for part in parts]
        reporting = {agency for part, one in found for agency in one.states if self.figure(agency, indicator, *part)}
        expecting = [one for _, one in found if one.expected]
        begins = min((one.counted_from or part[1] for part, one in found if one.expected), default=start)
        return Coverage(
            expected=len({agency for one in expecting for agency in one.states}),
            reporting=len(reporting),
            covered=sum(one.covered for one in expecting),
            owed=sum(one.owed for one in expecting),
            status="A" if expecting and begins == start and all(one.status == "A" for one in expecting) else "P",
            states={},
            counted_from=begins if begins > start else None,
        )
