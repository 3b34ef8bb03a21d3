"""Real workers over a real broker, several at once, killed or misled: the numbers are the oracle's in the end."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from countries import registry
from countries.models import Schedule
from federation import worklist
from federation.database import clock
from federation.models.published import PublishedCoverage, Version
from federation.models.submissions import Report
from federation.models.worklist import Failure
from federation.runs import reconciliation
from federation.worklist import dispatch
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES
from tests import factories
from tests.integration.federation import workers
from tests.integration.federation.comparison import assert_agrees, stored_frozen
from tests.integration.federation.workers import working
from tests.integration.federation.world import Memory, Said

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PLACES = [(country, network) for country in (578, 276, 196, 840, 999) for network in (1, 9)]


class Bureau:
    """Three agencies that have much to say of the days before today."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.memory = Memory()
        self.now = clock.now()
        # Not one that has just begun, so that the newest hours are not in the days before.
        self.today = periods.start_of("D", self.now - timedelta(hours=4))
        factories.IndicatorFactory.create(number=1)
        # The workers are processes of their own, which withhold what has no detail.
        for number in {country for country, _ in PLACES}:
            factories.DetailFactory.create(country__code=COUNTRY_CODES[number], step="N", network_step="D")
        self.agencies = [factories.AgencyFactory.create(code=f"NO-{number}") for number in range(3)]
        for agency, frequency, deadline in zip(self.agencies, "HHD", (60, 1440, 60), strict=True):
            self.expect(agency, frequency, self.today.date() - timedelta(days=4), deadline)

    def expect(self, agency, frequency, first: date, deadline: int):
        row = Schedule(agency=agency, indicator_id=1, frequency=frequency, valid_from=first, deadline_minutes=deadline)
        registry.save(row, by="test")

    def cells(self):
        return {place: self.random.randrange(12) for place in self.random.sample(PLACES, 4)}

    def hours(self, days):
        """A report for each hour of the days before today, in any order, some of them withdrawals."""
        said = [Said("H", self.today - timedelta(hours=hour + 1), self.cells()) for hour in range(24 * days)]
        gone = {self.random.randrange(len(said)) for _ in range(days)}
        said = [Said("H", one.period, withdrawn=True) if n in gone else one for n, one in enumerate(said)]
        self.random.shuffle(said)
        return said

    def newest_hours(self, *, missing):
        """The last hours, without the newest ones."""
        last = periods.start_of("H", self.now)
        return [Said("H", last - timedelta(hours=ago), self.cells()) for ago in range(1 + missing, 5)]

    def minutes(self, count):
        last = periods.start_of("N", self.now) - timedelta(minutes=1)
        return [Said("N", last - timedelta(minutes=number), self.cells()) for number in range(count)]

    def days(self, count):
        return [Said("D", self.today - timedelta(days=number + 1), self.cells()) for number in range(count)]

    def submit(self, agency, said):
        """Send a part of the truth, as of some time in the last hour."""
        prepared = self.now - timedelta(seconds=self.random.randrange(3600))
        self.memory.submit(self.agencies[agency], said, prepared=prepared, received=clock.now())

    def fill(self, days):
        """Much work at once: hours, minutes and days, all of it revised once."""
        for _ in range(2):
            for agency in (0, 1):
                self.submit(agency, self.hours(days))
            self.submit(0, self.minutes(90))
            self.submit(2, self.days(days))
            # The last two hours wait for the second agency.
            self.submit(0, self.newest_hours(missing=0))
            self.submit(1, self.newest_hours(missing=2))

    def assert_agrees(self):
        workers.settle()
        call_command("settle", timeout=workers.PATIENCE)
        assert not worklist.set_aside()
        assert PublishedCoverage.objects.filter(frequency="H", version_to=None, agencies_awaited__gt=0).exists()
        # What had come when a period was published first depends on chance. Of minutes, it is not kept.
        self.memory.frozen = stored_frozen()
        assert_agrees(self.memory.oracle(now=clock.mark()), "HDWMA")


@pytest.fixture
def log(tmp_path):
    return tmp_path / "workers.log"


@pytest.mark.verify
def test_two_workers_at_once_with_doubled_lost_and_forgotten_messages(log, monkeypatch):
    bureau = Bureau(seed=1)
    with working(log):
        bureau.fill(days=3)
        for _ in range(10):
            dispatch.wake()
        with monkeypatch.context() as patch:
            patch.setattr(dispatch, "wake", lambda: None)
            bureau.submit(0, bureau.hours(days=1))
        workers.flush_broker()
        bureau.submit(1, bureau.hours(days=1))
        workers.flush_broker()
        bureau.assert_agrees()


@pytest.mark.verify
def test_workers_killed_at_any_instant(log):
    bureau = Bureau(seed=2)
    interrupted = 0
    with working(log) as first:
        bureau.fill(days=3)
        workers.until(Version.objects.exists)
        for _ in range(12):
            bureau.submit(0, bureau.hours(days=2))
            bureau.submit(2, bureau.days(count=3))
            dispatch.wake()
            time.sleep(bureau.random.uniform(0, 0.3))
            for one in first.pool():
                one.kill()
            interrupted += worklist.is_pending()
    assert interrupted
    with working(log):
        bureau.assert_agrees()


@pytest.mark.verify
def test_connections_that_are_cut_in_the_midst_of_work(log):
    bureau = Bureau(seed=6)
    with working(log):
        bureau.fill(days=2)
        workers.until(Version.objects.exists)
        for _ in range(8):
            bureau.submit(0, bureau.hours(days=2))
            dispatch.wake()
            time.sleep(bureau.random.uniform(0, 0.2))
            workers.cut_connections()
        bureau.assert_agrees()


@pytest.mark.verify
def test_a_connection_is_kept_from_task_to_task_until_it_is_cut(log):
    bureau = Bureau(seed=7)
    with working(log):
        bureau.fill(days=2)
        workers.until(lambda: not worklist.is_pending())
        kept = workers.connections()
        bureau.submit(0, bureau.hours(days=1))
        workers.until(lambda: not worklist.is_pending())
        assert kept
        assert kept <= workers.connections()
        # If it is cut in the midst of a task, this task fails.
        workers.rest()
        workers.cut_connections()
        bureau.submit(0, bureau.hours(days=1))
        bureau.assert_agrees()
        assert not kept & workers.connections()
    assert "Error" not in log.read_text()


@pytest.mark.verify
def test_what_always_fails_is_set_aside_and_holds_up_nothing_else(log):
    bureau = Bureau(seed=3)
    bureau.fill(days=2)
    hours = Report.objects.filter(agency=bureau.agencies[0], frequency="H", period__lt=bureau.today, state="current")
    spoilt = hours.exclude(withdrawn=True).latest("period")
    hours.filter(pk=spoilt.pk).update(countries=[578], networks=[1], values=[None])
    with working(log):
        workers.until(lambda: _hurried(bool(worklist.set_aside()) and not worklist.is_pending()))
        with pytest.raises(CommandError, match=f"figure H {spoilt.period:%Y-%m-%dT%H:%M}.*ValueError"):
            call_command("settle", timeout=workers.PATIENCE)
        bureau.submit(0, [Said("H", spoilt.period)])
        bureau.now += timedelta(hours=1)
        bureau.submit(0, bureau.hours(days=1))
        bureau.assert_agrees()


def _hurried(answer):
    """Let the time until the next try have passed."""
    Failure.objects.exclude(retry_at=None).update(retry_at=clock.now())
    return answer


@pytest.mark.verify
def test_a_process_with_another_rounding_key_does_no_work(log):
    bureau = Bureau(seed=4)
    bureau.fill(days=1)
    reconciliation.work_through()
    versions = Version.objects.count()
    bureau.submit(0, bureau.hours(days=1))
    waiting = worklist.waiting()
    with working(log, ROUNDING_KEY="f" * 32):
        workers.until(lambda: log.read_text().count("RoundingKeyMismatchError") > 1)
    assert worklist.waiting() == waiting
    assert Version.objects.count() == versions


@pytest.mark.verify
def test_submissions_that_name_the_same_periods_at_the_same_time_are_all_stored():
    bureau = Bureau(seed=5)
    hours = 24 * 60
    mine = [bureau.hours(days=60) for _ in range(4)]
    start = Barrier(4)

    def send(number):
        start.wait()
        try:
            return bureau.memory.submit(
                bureau.agencies[0],
                mine[number],
                prepared=bureau.now + timedelta(seconds=number),
                received=bureau.now,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        receipts = list(threads.map(send, range(4)))
    assert [sum(receipt.outcomes.values()) for receipt in receipts] == [hours] * 4
    current = Report.objects.filter(state="current")
    assert current.count() == hours
    assert set(current.values_list("prepared", flat=True)) == {bureau.now + timedelta(seconds=3)}
