"""While the database's clock is wrong nothing is accepted or computed, and a rebuild corrects what happened before."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command

from countries import registry
from countries.models import Annotation, Detail, Schedule
from countries.registry import Refused
from federation import worklist
from federation.database import clock
from federation.errors import ClocksDisagreeError
from federation.models.audit import AuditEvent
from federation.models.figures import Figure
from federation.models.published import PeriodVersion, PublishedCell, PublishedCoverage
from federation.models.submissions import Report
from federation.models.worklist import ClockMark, Failure, Work
from federation.rules import precedence
from federation.runs import rebuilding, reconciliation, schedules, tasks
from federation.worklist import dispatch
from tests import factories
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.conftest import NOON
from tests.integration.federation.world import Said

MIDNIGHT = NOON.replace(hour=0)
DAY = timedelta(days=1)


def mark():
    return ClockMark.objects.get().at


class TestWhatContradicts:
    @pytest.mark.parametrize("host_ahead", [-60, -1, 0, 60])
    def test_clocks_within_the_tolerance_agree(self, federation, host_ahead):
        federation.host_ahead = timedelta(seconds=host_ahead)
        assert clock.agreed() == federation.now

    @pytest.mark.parametrize("host_ahead", [-86_400, -60.001, 60.001, 86_400])
    def test_a_host_whose_clock_differs_contradicts(self, federation, host_ahead):
        federation.host_ahead = timedelta(seconds=host_ahead)
        with pytest.raises(ClocksDisagreeError, match=f"host's clock is {host_ahead:.1f} s ahead"):
            clock.agreed()

    def test_a_mark_that_is_ahead_contradicts(self, federation):
        ClockMark.objects.update(at=federation.now + timedelta(seconds=60))
        clock.agreed()
        ClockMark.objects.update(at=federation.now + timedelta(seconds=61))
        with pytest.raises(ClocksDisagreeError, match=r"the clock.s mark is 61\.0 s ahead"):
            clock.agreed()

    def test_a_mark_that_is_behind_contradicts_nothing(self, federation):
        ClockMark.objects.update(at=federation.now - timedelta(days=400))
        assert clock.agreed() == federation.now

    def test_the_time_that_asking_took_is_no_difference(self, federation, monkeypatch):
        answers = iter([federation.now - timedelta(seconds=100), federation.now + timedelta(seconds=20)])
        with monkeypatch.context() as patch:
            patch.setattr(clock, "of_host", lambda: next(answers))
            assert clock.skew() == timedelta()

    def test_the_tolerance_is_a_setting(self, federation, settings):
        settings.CLOCK_TOLERANCE = timedelta(seconds=5)
        federation.host_ahead = timedelta(seconds=6)
        with pytest.raises(ClocksDisagreeError):
            clock.agreed()


class TestWhileClocksDisagree:
    @pytest.fixture
    def pending(self, federation):
        federation.schedule(0, "H", date(2026, 11, 23))
        federation.settle()
        federation.submit(0, Said("H", MIDNIGHT, {(578, 1): 5}))
        return federation

    @pytest.mark.parametrize("ahead", [DAY, -DAY])
    def test_nothing_is_done_and_all_of_it_afterwards(self, pending, ahead):
        before = mark(), set(Work.objects.values_list("pk", flat=True)), PeriodVersion.objects.count()
        pending.jump(ahead)
        for task in (tasks.tick, tasks.reconcile, tasks.seal, tasks.watch, tasks.prune):
            task()
        with pytest.raises(ClocksDisagreeError):
            reconciliation.work_through()
        assert (mark(), set(Work.objects.values_list("pk", flat=True)), PeriodVersion.objects.count()) == before
        assert not Failure.objects.exists()
        pending.jump(-ahead)
        pending.wait(minutes=1)
        pending.settle()
        assert_agrees(pending.oracle())

    def test_a_version_that_was_stamped_by_a_wrong_clock_is_taken_back(self, pending, monkeypatch):
        compute = reconciliation.publication.compute

        def jump_meanwhile(*given, **named):
            pending.jump(DAY)
            return compute(*given, **named)

        before = PeriodVersion.objects.count()
        monkeypatch.setattr(reconciliation.publication, "compute", jump_meanwhile)
        with pytest.raises(ClocksDisagreeError):
            pending.settle()
        assert PeriodVersion.objects.count() == before

    @pytest.mark.parametrize("ahead", [DAY, -DAY])
    def test_no_break_and_no_schedule_is_taken(self, pending, ahead):
        pending.jump(ahead)
        with pytest.raises(Refused, match="clocks disagree"):
            pending.schedule(1, "H", date(2026, 11, 23))
        with pytest.raises(Refused, match="clocks disagree"):
            registry.save(Annotation(kind="change", text="Computers", start=MIDNIGHT, is_break=True), by="ada")
        assert not Schedule.objects.filter(agency=pending.agencies[1]).exists()
        assert not Annotation.objects.exists()

    @pytest.mark.parametrize("ahead", [3 * DAY, -3 * DAY])
    def test_no_detail_is_taken(self, pending, ahead, monkeypatch):
        monkeypatch.setattr("countries.models.reference.timezone.now", lambda: pending.now + ahead)
        pending.jump(ahead)
        detail = Detail(
            country=factories.CountryFactory.create(),
            indicator_id=1,
            valid_from=date(2027, 1, 1),
            step="W",
            network_step="M",
        )
        with pytest.raises(Refused, match="clocks disagree"):
            registry.save(detail, by="ada", reason="noise")
        assert not Detail.objects.exists()

    def test_what_does_not_depend_on_the_time_is_taken(self, pending):
        pending.jump(DAY)
        registry.save(Annotation(kind="campaign", text="A campaign", start=MIDNIGHT), by="ada")
        assert Annotation.objects.exists()

    def test_commands_say_so(self, pending):
        pending.jump(DAY)
        for command in ("settle", "rebuild"):
            with pytest.raises(CommandError, match="clocks disagree"):
                call_command(command)


class TestStepBack:
    """A clock that steps back a little, between what beat appends and what a worker does."""

    @pytest.mark.parametrize("back", [timedelta(microseconds=1), timedelta(milliseconds=200), timedelta(seconds=59)])
    def test_no_period_stays_unpublished(self, federation, back):
        federation.schedule(0, "N", date(2026, 11, 25))
        federation.settle()
        federation.wait(minutes=62)
        federation.now -= back
        federation.settle()
        for frequency, period in (("N", NOON + timedelta(minutes=60)), ("H", NOON)):
            assert PublishedCoverage.objects.filter(frequency=frequency, period=period, version_to=None).exists()

    def test_the_mark_does_not_go_back(self, federation):
        before = mark()
        schedules.tick(now=federation.now - timedelta(milliseconds=200))
        assert mark() == before


class TestRepair:
    """What a clock that ran a day ahead left behind, before anybody compared it with others."""

    @pytest.fixture
    def jumped(self, federation, settings, monkeypatch):
        """A day that has published 1970 events while its clock ran ahead, and then 990 more in its later hours.

        Its first hour was corrected three times: before, during and after the jump.
        """
        tolerance = settings.CLOCK_TOLERANCE
        settings.CLOCK_TOLERANCE = timedelta(days=100)
        with monkeypatch.context() as patch:
            patch.setattr(precedence, "CONTRADICTION", timedelta(days=100))
            patch.setattr(reconciliation.publication, "_too_early", lambda _: [])
            federation.schedule(0, "H", date(2026, 11, 24))
            federation.submit(0, Said("H", MIDNIGHT, {(578, 1): 970}), Said("H", MIDNIGHT + DAY / 24, {(578, 1): 1000}))
            federation.settle()
            federation.jump(DAY)
            schedules.tick(now=federation.now)
            federation.submit(0, Said("H", MIDNIGHT, {(578, 1): 500}))
            federation.settle()
            federation.jump(-DAY)
            federation.now += timedelta(minutes=1)
            federation.submit(0, Said("H", MIDNIGHT, {(578, 1): 970}), Said("H", MIDNIGHT + DAY / 12, {(578, 1): 990}))
            federation.settle()
        settings.CLOCK_TOLERANCE = tolerance
        return federation

    def rebuild(self, federation):
        rebuilding.put_mark_back()
        rebuilding.make_right_reports_current()
        rebuilding.enqueue()
        federation.settle()

    def of_day(self):
        return sum(Figure.objects.get(frequency="D", period=MIDNIGHT, agency=1).values)

    def test_a_rebuild_makes_all_of_it_right(self, jumped):
        assert self.of_day() == 500 + 1000 + 990
        assert list(rebuilding.differences())
        self.rebuild(jumped)
        assert mark() == jumped.now
        assert self.of_day() == 2960
        assert list(rebuilding.differences()) == []
        assert Report.objects.get(frequency="H", period=MIDNIGHT, state="current").total == 970
        actions = set(AuditEvent.objects.filter(actor=rebuilding.BY).values_list("action", flat=True))
        assert actions == {"clock.put_back", "report.made_current"}

    @pytest.mark.verify
    def test_a_second_rebuild_changes_nothing(self, jumped):
        self.rebuild(jumped)
        before = PeriodVersion.objects.count(), AuditEvent.objects.count()
        self.rebuild(jumped)
        assert (PeriodVersion.objects.count(), AuditEvent.objects.count()) == before

    @pytest.mark.verify
    def test_what_is_public_too_early_is_kept_up_to_date(self, jumped):
        def published():
            cells = PublishedCell.objects.filter(frequency="D", period=MIDNIGHT, country=578, network=1)
            return cells.get(version_to=None).value

        self.rebuild(jumped)
        assert published() in (2955, 2960, 2965)
        jumped.submit(0, Said("H", MIDNIGHT + DAY / 8, {(578, 1): 10_000}))
        jumped.settle()
        assert published() in (12_955, 12_960, 12_965)
        jumped.wait(days=2)
        jumped.settle()
        assert list(rebuilding.differences()) == []

    def test_the_next_report_is_not_displaced_by_one_of_a_time_to_come(self, jumped):
        rebuilding.put_mark_back()
        jumped.submit(0, Said("H", MIDNIGHT, {(578, 1): 1}))
        assert Report.objects.get(frequency="H", period=MIDNIGHT, state="current").total == 1

    @pytest.mark.verify
    def test_an_agency_s_own_order_stays(self, jumped):
        """A file that was prepared before is older, also if the one that came first was received a day ahead."""
        rebuilding.put_mark_back()
        hour = MIDNIGHT + DAY / 4
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "of_host", clock.now)
            jumped.now += DAY
            jumped.submit(0, Said("H", hour, {(578, 1): 2}), minutes_ago=24 * 60)
            jumped.now -= DAY
        jumped.submit(0, Said("H", hour, {(578, 1): 1}), minutes_ago=5)
        assert Report.objects.get(frequency="H", period=hour, state="current").total == 2
        self.rebuild(jumped)
        assert Report.objects.get(frequency="H", period=hour, state="current").total == 2

    @pytest.mark.usefixtures("transactional_db")
    def test_rebuild_and_its_check_agree(self, monkeypatch, capsys):
        monkeypatch.setattr(dispatch, "wake", reconciliation.work_through)
        factories.IndicatorFactory.create(number=1)
        ClockMark.objects.update(at=clock.now() + DAY)
        with pytest.raises(CommandError, match=r"run manage\.py rebuild"):
            call_command("rebuild", check=True)
        call_command("rebuild")
        call_command("rebuild", check=True)
        assert "ahead of the clocks. It is put back." in capsys.readouterr().out


@pytest.mark.parametrize("period", [NOON.replace(year=1969), NOON.replace(year=1)])
def test_what_no_worker_could_take_is_not_put_on_the_list(db, period):
    with pytest.raises(ValueError, match="cannot be put on the work list"):
        worklist.append([worklist.WorkItem(worklist.Stage.PUBLISH, "D", period, 1)])


def test_a_long_schedule_is_put_on_the_list_a_part_at_a_time(federation, monkeypatch):
    monkeypatch.setattr(worklist, "APPENDED", 1_000)
    federation.schedule(0, "H", date(2026, 1, 1))
    # Rows are added at the time of their statement.
    sizes = Counter(Work.objects.values_list("added", flat=True)).values()
    assert sum(sizes) > 7_000
    assert max(sizes) <= 1_000
