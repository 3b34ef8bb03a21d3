"""Work that always fails is tried a few times, set aside with its reason, and delays nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from federation import worklist
from federation.models.figures import Figure
from federation.models.worklist import Failure, Work
from federation.runs import reconciliation
from federation.worklist import ATTEMPTS, Stage, WorkItem
from tests.integration.federation.comparison import assert_agrees, stored_figures
from tests.integration.federation.world import Said

DAY = datetime(2026, 11, 24, tzinfo=UTC)
HOURS = [DAY + timedelta(hours=hour) for hour in range(3)]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def spoilt(federation):
    """An hour is revised whose day can not be summed; and another agency, that nothing is wrong with."""
    for agency in (0, 1):
        federation.submit(agency, *(Said("H", hour, {(578, 1): 7}) for hour in HOURS), minutes_ago=1)
    federation.settle()
    federation.submit(0, Said("H", HOURS[-1], {(578, 1): 9}))
    hours = Figure.objects.filter(agency=federation.agencies[0], frequency="H", period__in=HOURS[:-1])
    hours.update(values=[2**61 + 2**60])
    return federation


def try_again():
    """Do all that can be done now, as if the time until the next try had passed."""
    Failure.objects.exclude(retry_at=None).update(retry_at=LONG_AGO)
    reconciliation.work_through()


def give_up():
    for _ in range(ATTEMPTS + 2):
        try_again()


def test_it_is_set_aside_with_its_reason(spoilt):
    give_up()
    assert not worklist.is_pending()
    failures = {worklist.unpack(failure.item): failure for failure in worklist.set_aside()}
    [(item, failure)] = [found for found in failures.items() if found[0].stage == Stage.FIGURE]
    assert (item.frequency, item.period, item.agency) == ("D", DAY, spoilt.agencies[0].pk)
    assert failure.reason == "OverflowError: a sum of counts does not fit into 64 bits"
    assert failure.attempts == ATTEMPTS


def test_everything_else_is_done(spoilt):
    give_up()
    expected = {key: figure for key, figure in spoilt.oracle().figures().items() if key[0] == spoilt.agencies[1].pk}
    stored = {key: figure for key, figure in stored_figures().items() if key[0] == spoilt.agencies[1].pk}
    assert stored == expected
    assert {key[2] for key in stored} == set("HDWMA")


def test_until_then_it_waits_longer_each_time(spoilt):
    waits = []
    for _ in range(ATTEMPTS - 1):
        try_again()
        [failure] = Failure.objects.all()
        waits.append(failure.retry_at - spoilt.now)
    assert waits == sorted(waits)
    assert waits[0] > timedelta()
    assert worklist.is_pending()


def test_settle_names_it(spoilt):
    give_up()
    with pytest.raises(CommandError, match=r"figure D 2026-11-24, indicator 1, agency \d+: OverflowError"):
        call_command("settle", timeout=1)


def test_a_revision_tries_it_again(spoilt):
    give_up()
    spoilt.wait(minutes=1)
    spoilt.submit(0, *(Said("H", hour, {(578, 1): 8}) for hour in HOURS))
    spoilt.settle()
    assert not worklist.set_aside()
    assert_agrees(spoilt.oracle())


def test_a_change_that_comes_while_it_fails_stays_on_the_list(federation):
    item = WorkItem(Stage.FIGURE, "D", DAY, indicator=1, agency=federation.agencies[0].pk)
    worklist.append([item])
    read = list(Work.objects.values_list("id", flat=True))
    worklist.append([item])
    for _ in range(ATTEMPTS):
        worklist.fail(item, read, reason="a test")
    assert [failure.item for failure in worklist.set_aside()] == [item.pack()]
    assert Work.objects.exclude(id__in=read).exists()
    assert not Work.objects.filter(id__in=read).exists()


def test_what_becomes_stale_again_while_it_is_computed_stays_on_the_list(db):
    item = WorkItem(Stage.FIGURE, "H", DAY, 1, 1)
    worklist.append([item])
    claim = worklist.claim()
    worklist.append([item])
    worklist.finish(claim)
    assert worklist.waiting() == {item}
