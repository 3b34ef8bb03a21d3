"""Late agencies: several schedulers that look at once, and processes that are killed."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from config.processes import bound_to_parent
from countries import registry
from countries.models import Schedule
from federation.database import clock
from federation.findings import lateness
from federation.models.findings import Finding
from federation.models.published import PublishedCoverage, Version
from federation.models.worklist import WatchMark
from federation.runs import schedules
from p2p_core import periods
from tests import factories, reporting
from tests.integration.federation.workers import database_url, until
from tests.integration.federation.world import Memory, Said
from tests.integration.processes import ROOT
from tests.oracles import rules as oracle

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NO = (578, 1)


several = pytest.mark.django_db(transaction=True)

LOOK_FOR_EVER = """
import time
import django
django.setup()
from federation.database import clock
from federation.findings import lateness
print("looking", flush=True)
while True:
    lateness.watch(now=clock.now())
    time.sleep(0.02)
"""


class Scheduler:
    """A process of its own that looks again and again, until it is killed."""

    def __init__(self):
        self.process = subprocess.Popen(
            bound_to_parent([sys.executable, "-c", LOOK_FOR_EVER]),
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url()},
            stdout=subprocess.PIPE,
            text=True,
        )

    def looks(self):
        """Wait until it has begun to look."""
        assert self.process.stdout.readline() == "looking\n"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def schedulers(transactional_db):
    """Starts schedulers, of which none is left when the database is emptied."""
    started = []

    def start():
        started.append(Scheduler())
        return started[-1]

    yield start
    for one in started:
        one.kill()


class Bureau:
    """Two agencies that have owed hours for three days, of which every third one is there."""

    def __init__(self):
        self.memory = Memory()
        self.now = clock.now()
        self.begin = periods.start_of("D", self.now) - 3 * DAY
        factories.IndicatorFactory.create(number=1)
        self.agencies = [factories.AgencyFactory.create(code=f"NO-{number}") for number in range(2)]
        for agency in self.agencies:
            row = Schedule(
                agency=agency, indicator_id=1, frequency="H", valid_from=self.begin.date(), deadline_minutes=60
            )
            registry.save(row, by="test")
        self.settle()

    def settle(self):
        schedules.tick(now=clock.now())
        reporting.settle()

    def report(self, agency, *hours):
        said = [Said("H", self.begin + number * HOUR, {NO: number + 1}) for number in hours]
        self.memory.submit(self.agencies[agency], said, prepared=self.now, received=self.now)
        self.settle()

    def assert_each_run_is_one_story(self):
        """Each late hour that is public lies in exactly one open finding, and each finding is a run."""
        expected = []
        for agency in self.agencies:
            rows = PublishedCoverage.objects.filter(frequency="H", version_to=None)
            late = [row.period for row in rows if dict(zip(row.agencies, row.states, strict=True))[agency.pk] == "late"]
            for run in oracle.stretches("H", late):
                rule = "R202" if len(run) >= 3 else "R201"
                expected.append((rule, agency.pk, run[0], run[-1], {"periods": len(run)}))
        rows = Finding.objects.filter(resolved=None)
        stored = rows.values_list("rule", "agency", "period", "last_period", "facts")
        assert len(expected) > len(self.agencies)
        assert sorted(stored, key=str) == sorted(expected, key=str)


def in_three_threads(work):
    """Do something three times at the same time, each on a connection of its own."""
    start = Barrier(3)

    def alone(_):
        start.wait()
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(alone, range(3)))


@pytest.mark.verify
@several
def test_three_looks_at_once_find_each_run_once():
    bureau = Bureau()
    for hours in ([20, 21, 40], [5, 30], range(50, 56)):
        in_three_threads(lambda: lateness.watch(now=clock.now()))
        bureau.report(0, *hours)
    # The second worker left it to the first. The next look sees all that is new.
    in_three_threads(lambda: lateness.watch(now=clock.now()))
    bureau.assert_each_run_is_one_story()


@several
def test_scheduler_skips_the_look_that_another_one_is_taking():
    Bureau()
    with transaction.atomic():
        WatchMark.objects.select_for_update().get()
        in_three_threads(lambda: lateness.watch(now=clock.now()))
    assert not Finding.objects.exists()
    lateness.watch(now=clock.now())
    assert Finding.objects.count() == 2


@several
@pytest.mark.verify
def test_three_schedulers_that_are_killed_and_restarted_find_each_run_once(schedulers):
    bureau, running = Bureau(), [schedulers() for _ in range(3)]
    for one in running:
        one.looks()
    chance = random.Random(7)
    for turn in range(6):
        bureau.report(turn % 2, *chance.sample(range(60), 6))
        time.sleep(chance.uniform(0, 0.1))
        running.pop(0).kill()
        running.append(schedulers())
    until(lambda: WatchMark.objects.get().version == Version.objects.latest("number").number)
    bureau.assert_each_run_is_one_story()


@pytest.mark.verify
@several
def test_a_look_that_is_killed_in_its_midst_leaves_nothing_and_the_next_finds_all(schedulers):
    bureau = Bureau()
    bureau.report(0, *range(2, 60))
    lateness.watch(now=clock.now())
    before = set(Finding.objects.values_list("id", "rule", "state", "facts__periods"))
    with transaction.atomic():
        # In the way of one that is about to be opened, so that the worker waits with half of its work done.
        first = bureau.begin + 60 * HOUR
        later = {"period": first + 2 * HOUR, "last_period": first + 2 * HOUR}
        factories.FindingFactory.create(
            rule="R202", agency=bureau.agencies[1], indicator_id=1, facts={}, opened=bureau.now, **later
        )
        with ThreadPoolExecutor(1) as other:
            other.submit(on_own_connection(lambda: bureau.report(1, 60, 61))).result()
        looking = schedulers()
        until(is_waiting_for_us)
        looking.kill()
        transaction.set_rollback(True)
    assert set(Finding.objects.values_list("id", "rule", "state", "facts__periods")) == before
    until(lambda: WatchMark.objects.get().version < Version.objects.latest("number").number)
    until(lambda: not is_held_by_another())
    lateness.watch(now=clock.now())
    bureau.assert_each_run_is_one_story()


def on_own_connection(work):
    def alone():
        try:
            work()
        finally:
            connection.close()

    return alone


def is_waiting_for_us():
    """Whether another session waits for a lock that this one holds."""
    with connection.cursor() as c:
        c.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return bool(c.fetchone()[0])


def is_held_by_another():
    """Whether somebody still looks: the server ends a session a little after its client was killed."""
    with transaction.atomic():
        return WatchMark.objects.select_for_update(skip_locked=True).first() is None
