"""Versions and their times follow the order of commits, also when a publisher is slow to commit."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, transaction

from federation import worklist
from federation.database import clock
from federation.models.published import PeriodVersion, PublishedCell, Version
from federation.publication import versions
from federation.runs import reconciliation
from p2p_core import periods
from tests import factories, reporting
from tests.integration.federation.world import Memory, Said
from tests.integration.locks import is_somebody_waiting

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 30


def in_thread(pool, deed, *arguments):
    """Run a deed in a thread with a connection of its own."""

    def run():
        with closing(connection):
            return deed(*arguments)

    return pool.submit(run)


def draw(drawn: threading.Event, may_commit: threading.Event):
    """Publish nothing, and take one's time to commit."""
    with transaction.atomic(), versions.new_version() as version:
        drawn.set()
        assert may_commit.wait(PATIENCE)
    return version


def test_nobody_draws_a_version_before_the_last_one_is_committed():
    slow_drew, quick_drew, slow_may_commit = threading.Event(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        slow = in_thread(pool, draw, slow_drew, slow_may_commit)
        assert slow_drew.wait(PATIENCE)
        quick = in_thread(pool, draw, quick_drew, slow_may_commit)
        while not is_somebody_waiting():
            assert not quick.done()
        assert not quick_drew.is_set()
        assert not Version.objects.exists()
        slow_may_commit.set()
        assert (slow.result(), quick.result()) == (1, 2)
    first, second = Version.objects.order_by("number")
    assert first.known_at < second.known_at


def test_a_version_that_is_not_committed_is_drawn_again():
    def fail():
        with transaction.atomic(), versions.new_version():
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    with transaction.atomic(), versions.new_version() as version:
        pass
    assert version == 1


def test_times_of_versions_are_whole_milliseconds_and_never_the_same():
    for _ in range(20):
        with transaction.atomic(), versions.new_version():
            pass
    times = list(Version.objects.order_by("number").values_list("known_at", flat=True))
    assert times == sorted(set(times))
    assert all(at.microsecond % 1000 == 0 for at in times)


class Reader:
    """Reads what is public, over and over, and remembers what it saw at each version."""

    def __init__(self) -> None:
        self.seen: dict[int, dict[tuple[object, ...], int]] = {}

    def read(self) -> None:
        with transaction.atomic():
            with connection.cursor() as c:
                c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            numbers = sorted(Version.objects.values_list("number", flat=True))
            cells = {row[1:-1]: row[-1] for row in public_now()}
        assert numbers == list(range(1, len(numbers) + 1)), "a version went by and came later"
        assert self.seen.setdefault(len(numbers), cells) == cells, "one version, two contents"


def public_now():
    columns = ("version_from", "frequency", "period", "country", "network", "value")
    return PublishedCell.objects.filter(version_to=None).exclude(frequency="N").values_list(*columns)


def as_of(version):
    then = PublishedCell.objects.filter(version_from__lte=version).exclude(version_to__lte=version)
    columns = ("frequency", "period", "country", "network", "value")
    return {row[:-1]: row[-1] for row in then.exclude(frequency="N").values_list(*columns)}


@pytest.fixture
def slow(monkeypatch):
    """The threads that wait between their last statement and their commit."""
    threads: set[int] = set()
    done = worklist.finish

    def done_slowly(claim):
        done(claim)
        if threading.get_ident() in threads:
            time.sleep(0.02)

    monkeypatch.setattr(worklist, "finish", done_slowly)
    return threads


def revise(agencies):
    """Send 30 reports for a few hours of yesterday, each later than the one before."""
    memory, now = Memory(), clock.now()
    yesterday = periods.start_of("D", now) - timedelta(days=1)
    for number in range(30):
        said = Said("H", yesterday + timedelta(hours=number % 4), {(578, 1): 10 * number + 5, (276, 2): 5 * number})
        prepared = now + timedelta(seconds=number)
        memory.submit(agencies[number % 3], [said], prepared=prepared, received=clock.now())


def test_versions_that_change_known_numbers_are_corrections():
    factories.IndicatorFactory.create(number=1)
    agency, memory, now = factories.AgencyFactory.create(code="NO-1"), Memory(), clock.now()
    yesterday = periods.start_of("D", now) - timedelta(days=1)
    told = [
        # The first publication, the same number as final, another one, a withdrawal, and a number again.
        (Said("D", yesterday, {(578, 1): 50}, "P"), False),
        (Said("D", yesterday, {(578, 1): 50}), False),
        (Said("D", yesterday, {(578, 1): 90}), True),
        (Said("D", yesterday, withdrawn=True), True),
        (Said("D", yesterday, {(578, 1): 90}), True),
    ]
    for number, (said, is_correction) in enumerate(told, start=1):
        memory.submit(agency, [said], prepared=now + timedelta(seconds=number), received=clock.now())
        reporting.settle()
        made = PeriodVersion.objects.filter(frequency="D", period=yesterday).order_by("version")
        assert made.count() == number
        assert made.last().is_correction == is_correction


@pytest.mark.verify
def test_a_reader_never_sees_a_version_go_by_without_its_content(slow):
    factories.IndicatorFactory.create(number=1)
    agencies = [factories.AgencyFactory.create(code=f"NO-{number}") for number in range(3)]
    reader, all_sent = Reader(), threading.Event()

    def until_the_end(deed, *, slowly=False):
        if slowly:
            slow.add(threading.get_ident())
        while not all_sent.is_set() or worklist.is_pending():
            deed()

    with ThreadPoolExecutor(3) as pool:
        deeds = [
            in_thread(pool, until_the_end, reconciliation.work_through),
            in_thread(pool, lambda: until_the_end(reconciliation.work_through, slowly=True)),
            in_thread(pool, until_the_end, reader.read),
        ]
        try:
            revise(agencies)
        finally:
            all_sent.set()
        for deed in deeds:
            deed.result()
    assert len(reader.seen) > 3
    for version, cells in reader.seen.items():
        assert as_of(version) == cells
