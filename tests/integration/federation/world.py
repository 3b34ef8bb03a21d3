"""A federation in the database with a clock of the test's own, and the same reports for the oracle."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.db import transaction

from countries import registry
from countries.models import Agency, Detail, Schedule
from federation import worklist
from federation.database import clock
from federation.intake import Receipt
from federation.models.published import PublishedCoverage
from federation.models.worklist import ClockMark
from federation.rules.coverage import WAITING
from federation.runs import reconciliation, schedules
from federation.worklist import Claim, Stage, WorkItem
from p2p_core.reports import NewReport
from tests import factories, reporting
from tests.oracles import federation as oracle
from tests.oracles import records
from tests.oracles.desk import Desk

Cells = dict[tuple[int, int], int]


@dataclass(frozen=True)
class Said:
    """The contents of a report."""

    frequency: str
    period: datetime
    cells: Cells = field(default_factory=dict)
    status: str = "A"
    withdrawn: bool = False
    indicator: int = 1

    @property
    def key(self) -> tuple[int, str, datetime]:
        return self.indicator, self.frequency, self.period

    def as_new(self) -> NewReport:
        return reporting.report(
            self.frequency,
            self.period,
            self.cells,
            self.status,
            indicator=self.indicator,
            withdrawn=self.withdrawn,
        )


class Memory:
    """Every report ever received, with its outcome, for the oracle."""

    def __init__(self) -> None:
        self.desk = Desk(settings.THRESHOLDS)
        self.frozen: oracle.Frozen = {}
        self.minutes: dict[tuple[int, str, datetime], records.Coverage] = {}

    def submit(self, agency: Agency, said: Sequence[Said], *, prepared: datetime, received: datetime) -> Receipt:
        """Send reports to the intake, and remember them."""
        receipt = reporting.submit(agency, [one.as_new() for one in said], prepared, received)
        told = [
            records.Report(
                submission=receipt.submission_id,
                agency=agency.pk,
                indicator=one.indicator,
                frequency=one.frequency,
                period=one.period,
                status=one.status,
                withdrawn=one.withdrawn,
                cells={place: value for place, value in one.cells.items() if value},
                prepared=prepared,
                received=received,
            )
            for one in said
        ]
        assert receipt.outcomes.get("held", 0) == len(self.desk.receive(told))
        return receipt

    def oracle(self, *, now: datetime, mark: datetime | None = None) -> oracle.Federation:
        """The oracle after all reports, with the present schedules."""
        return oracle.Federation(
            self.desk.reports,
            [_told(row) for row in Schedule.objects.all()],
            now=now,
            mark=mark,
            secret=settings.ROUNDING_KEY,
            base=settings.ROUNDING_BASE,
            frozen=self.frozen,
            minutes=self.minutes,
            details=[
                records.Detail(row.country_id, row.indicator_id, row.valid_from, row.step, row.network_step)
                for row in Detail.objects.all()
            ],
        )


def _told(row: Schedule) -> records.Schedule:
    return records.Schedule(
        agency=row.agency_id,
        indicator=row.indicator_id,
        frequency=row.frequency,
        first=row.valid_from,
        last=row.valid_to,
        deadline=timedelta(minutes=row.deadline_minutes),
    )


class World:
    """Some agencies, and clocks that stand still until the test moves them. Agencies are named by number.

    The database's time is ``now``, by which all is done. The host's clock may be ``host_ahead`` of it.
    """

    def __init__(self, now: datetime, agencies: int = 3) -> None:
        self.now = now
        self.host_ahead = timedelta()
        #: Up to when time has made work: not back, if the database's clock goes back.
        self.reached = now
        self.memory = Memory()
        factories.IndicatorFactory.create(number=1, code="NUMBER_1")
        # The same ids in each world, because the numbers of cells depend on them.
        self.agencies = [
            factories.AgencyFactory.create(id=number + 1, code=f"NO-{number}") for number in range(agencies)
        ]

    def submit(self, agency: int, *said: Said, minutes_ago: int = 0) -> Receipt:
        """Send reports that were prepared so many minutes ago."""
        received = clock.agreed()
        prepared = received - timedelta(minutes=minutes_ago)
        return self.memory.submit(self.agencies[agency], said, prepared=prepared, received=received)

    def schedule(
        self, agency: int, frequency: str, first: date, last: date | None = None, *, deadline: int = 60
    ) -> Schedule:
        """Have an agency owe reports of the first indicator; a deadline is in minutes."""
        return registry.save(
            Schedule(
                agency=self.agencies[agency],
                indicator_id=1,
                frequency=frequency,
                valid_from=first,
                valid_to=last,
                deadline_minutes=deadline,
            ),
            by="test",
        )

    def wait(self, **duration: float) -> None:
        """Let time go by until the next tick."""
        self.now += timedelta(**duration)
        self.tick()

    def tick(self) -> None:
        """Do what beat does each second."""
        schedules.tick(now=clock.agreed())
        self.reached = max(self.reached, self.now)

    def jump(self, ahead: timedelta) -> None:
        """Make the database's clock wrong from now on, while the host's stays right; or make it right again."""
        self.now += ahead
        self.host_ahead -= ahead

    def go_to(self, now: datetime) -> None:
        """Set the time and the clock's mark, also to an earlier time."""
        self.now = self.reached = now
        ClockMark.objects.update(at=now)

    def settle(self) -> None:
        """Do all work."""
        reporting.settle()

    def oracle(self) -> oracle.Federation:
        return self.memory.oracle(now=max(self.now, self.reached), mark=self.reached)

    def note_published(self, items: Sequence[WorkItem]) -> None:
        """Tell the oracle which of these periods have just been published first: it freezes their figures.

        Finer periods and figures come first on the work list. So nothing that these figures are made of waits there.
        """
        published = [item for item in items if item.stage == Stage.PUBLISH]
        frozen = self.memory.frozen
        new = [one for one in published if (one.indicator, one.frequency, one.period) not in frozen]
        if new:
            told = self.oracle()
            for period in _public(new):
                assert not told.awaited(*period), f"published while it waits: {period}"
                told.freeze(*period)


def _noted_by(made: World, step: Callable[[], Claim]) -> Callable[[], Claim]:
    def step_and_note() -> Claim:
        claim = step()
        made.note_published(claim.items)
        return claim

    return step_and_note


def _public(items: Sequence[WorkItem]) -> list[tuple[int, str, datetime]]:
    """Of these periods, all of one frequency, those that have ever been public."""
    rows = PublishedCoverage.objects.filter(
        indicator__in={item.indicator for item in items},
        frequency=items[0].frequency,
        period__in=[item.period for item in items],
    ).exclude(status=WAITING)
    return sorted(set(rows.values_list("indicator", "frequency", "period")))


@contextmanager
def world(monkeypatch: pytest.MonkeyPatch, *, now: datetime, agencies: int = 3) -> Iterator[World]:
    """A world that is removed from the database afterwards."""
    with transaction.atomic(), monkeypatch.context() as patch:
        made = World(now, agencies)
        patch.setattr(clock, "now", lambda: made.now)
        patch.setattr(clock, "of_host", lambda: made.now + made.host_ahead)
        patch.setattr(reconciliation, "_step", _noted_by(made, reconciliation._step))
        # Many periods at once, so that days of minutes pass quickly.
        patch.setattr(worklist, "CLAIM", worklist.CLAIM | {"publish": 1000})
        # The clock's mark is at the present.
        ClockMark.objects.update(at=now)
        yield made
        transaction.set_rollback(True)


@contextmanager
def chapter(told: World) -> Iterator[World]:
    """A world that a test may continue. Afterwards it is restored."""
    now, reached, memory = told.now, told.reached, copy.deepcopy(told.memory)
    with transaction.atomic():
        yield told
        transaction.set_rollback(True)
    told.now, told.reached, told.memory = now, reached, memory
