"""Time makes work too: hours end, deadlines pass, minutes are pruned, whether or not anybody reports."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Min
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import get_access_token_model

from federation import publication, worklist
from federation.database import clock
from federation.models.figures import Figure
from federation.models.published import PublishedCell, PublishedCoverage
from federation.models.worklist import ClockMark, Work
from federation.runs import rebuilding, schedules
from federation.worklist import Claim, Stage, WorkItem
from p2p_core import periods
from p2p_core.periods import Frequency
from tests import factories
from tests.integration import locks
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.test_review import at_the_same_time
from tests.integration.federation.world import Said
from tests.integration.processes import eventually

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SINCE = date(2026, 11, 23)


def coverage(start, frequency="H"):
    return PublishedCoverage.objects.get(frequency=frequency, period=start, version_to=None)


def states(start):
    return coverage(start).states


def test_an_hour_in_which_nobody_reports_has_its_coverage_published(federation):
    federation.schedule(0, "H", SINCE, deadline=30)
    federation.settle()
    federation.wait(hours=1, seconds=60)
    federation.settle()
    found = coverage(NOON)
    assert (found.agencies_expected, found.agencies_reporting, found.owed) == (1, 0, [3600])
    assert (found.status, found.states) == ("P", ["awaited"])
    assert_agrees(federation.oracle())


def test_an_hour_is_not_published_before_a_minute_has_passed_for_its_last_reports(federation):
    federation.schedule(0, "H", SINCE)
    federation.wait(minutes=60)
    federation.submit(0, Said("H", NOON, {(578, 1): 5}))
    federation.wait(seconds=59)
    federation.settle()
    assert not PublishedCoverage.objects.filter(frequency="H", period=NOON).exists()
    federation.wait(seconds=1)
    federation.settle()
    assert states(NOON) == ["reported"]


def test_a_deadline_that_passes_makes_an_agency_late(federation):
    federation.schedule(0, "H", SINCE, deadline=30)
    federation.wait(minutes=89)
    federation.settle()
    assert states(NOON) == ["awaited"]
    federation.wait(minutes=1)
    federation.settle()
    assert states(NOON) == ["late"]


def test_hours_without_a_tick_are_made_up_for(federation):
    federation.schedule(0, "H", SINCE)
    federation.settle()
    federation.wait(hours=3, minutes=1)
    federation.settle()
    assert [states(NOON + timedelta(hours=hour)) for hour in range(3)] == [["late"], ["late"], ["awaited"]]
    assert_agrees(federation.oracle())


def test_a_tick_looks_at_a_deadline_once_however_many_agencies_have_it(federation, monkeypatch):
    ends, looked = schedules._ended, []
    monkeypatch.setattr(schedules, "_ended", lambda *asked: looked.append(asked) or ends(*asked))
    for agency, deadline in enumerate((30, 30, 90)):
        federation.schedule(agency, "H", SINCE, deadline=deadline)
    federation.wait(seconds=1)
    # For a deadline: hours, all that is longer, and hours again, for silence. Besides, each frequency of the indicator:
    # when it may be published, and when it must be.
    assert len(looked) == 2 * (len(periods.EXPECTED_AT[Frequency.HOUR]) + 1) + 2 * len(Frequency)


def test_looking_at_a_minute_that_waits_reads_the_schedules_once(federation):
    federation.schedule(0, "N", SINCE)
    federation.wait(minutes=1)
    federation.settle()
    minute = WorkItem(Stage.PUBLISH, "N", NOON, 1)
    with CaptureQueriesContext(connection) as asked:
        publication.publish(Claim([minute], [], skipped=False), now=federation.now, mark=federation.now)
    assert sum('FROM "countries_schedule"' in one["sql"] for one in asked) == 1


def test_periods_of_many_schedules_are_put_on_the_list_once_after_a_long_time(federation, monkeypatch):
    put = []
    monkeypatch.setattr(worklist, "append", put.extend)
    for agency, deadline in enumerate((30, 60, 90)):
        federation.schedule(agency, "H", SINCE, deadline=deadline)
    put.clear()
    federation.wait(days=60)
    hours = [item for item in put if item.frequency == "H"]
    # With two that ended before: one has a deadline, and one waits no longer.
    assert len(hours) == len(set(hours)) == 60 * 24 + 2


def test_a_tick_that_comes_twice_makes_work_once(federation):
    federation.wait(hours=2)
    federation.settle()
    schedules.tick(now=federation.now)
    schedules.tick(now=federation.now - timedelta(minutes=5))
    assert not Work.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_make_work_once(monkeypatch):
    factories.IndicatorFactory.create(number=1)
    now = clock.now()
    ClockMark.objects.update(at=now - timedelta(hours=3))
    come_due, begun = schedules._come_due, []

    def come_due_together(*given):
        begun.append(given)
        assert eventually(lambda: len(begun) == 2 or locks.is_somebody_waiting() or ClockMark.objects.get().at == now)
        return come_due(*given)

    monkeypatch.setattr(schedules, "_come_due", come_due_together)
    at_the_same_time(*[lambda: schedules.tick(now=now)] * 2)
    made = list(Work.objects.values_list("item", flat=True))
    assert len(made) == len(set(made)) > 180
    assert ClockMark.objects.get().at == now


MINUTES = [NOON - timedelta(minutes=60 - number) for number in range(4)]


@pytest.fixture
def pruned(federation):
    """An hour of minutes that one agency reported whole as well, three days ago; its minutes are gone."""
    federation.schedule(0, "H", SINCE)
    federation.submit(0, *(Said("N", minute, {(578, 1): 3}) for minute in MINUTES), minutes_ago=3)
    federation.submit(1, *(Said("N", minute, {(276, 2): 4}) for minute in MINUTES), minutes_ago=3)
    federation.submit(1, Said("H", MINUTES[0], {(276, 2): 100}), minutes_ago=3)
    federation.settle()
    federation.now += timedelta(days=3)
    schedules.prune(now=federation.now)
    federation.wait(seconds=0)
    federation.settle()
    return federation


def test_minutes_are_pruned_after_two_days(federation):
    for minute in MINUTES[:2]:
        federation.submit(0, Said("N", minute, {(578, 1): 5}))
    federation.settle()
    federation.now = MINUTES[1] + timedelta(days=2)
    schedules.prune(now=federation.now)
    for model in (Figure, PublishedCell, PublishedCoverage):
        assert model.objects.filter(frequency="N").aggregate(oldest=Min("period")) == {"oldest": MINUTES[1]}


@pytest.mark.parametrize(
    "revision",
    [
        {"cells": {(578, 1): 9}},
        pytest.param({"withdrawn": True}, marks=pytest.mark.verify),
        pytest.param({"cells": {}, "status": "P"}, marks=pytest.mark.verify),
    ],
)
def test_a_minute_revised_after_pruning_gives_the_hour_that_it_would_have_given(pruned, revision):
    pruned.submit(0, Said("N", MINUTES[1], **revision))
    pruned.settle()
    assert not Figure.objects.filter(frequency="N", period=MINUTES[1]).exists()
    assert_agrees(pruned.oracle())


@pytest.mark.verify
def test_an_hour_withdrawn_after_pruning_is_the_sum_of_its_minutes(pruned):
    pruned.submit(1, Said("H", MINUTES[0], withdrawn=True))
    pruned.settle()
    hour = Figure.objects.get(frequency="H", period=MINUTES[0], agency=pruned.agencies[1])
    assert (hour.source, hour.values, hour.covered_seconds) == ("derived", [16], 240)
    assert_agrees(pruned.oracle())


@pytest.mark.verify
def test_a_pruned_hour_is_rebuilt_as_it_was(pruned):
    Figure.objects.filter(frequency__in=["H", "D"]).update(values=[1], countries=[578], networks=[1])
    rebuilding.enqueue()
    pruned.settle()
    assert_agrees(pruned.oracle())


@pytest.mark.django_db
def test_tokens_are_deleted_after_they_have_expired():
    tokens, credential = get_access_token_model(), factories.CredentialFactory()
    for name, minutes in (("expired", -1), ("valid", 1)):
        tokens.objects.create(token=name, application=credential, scope="", expires=NOON + timedelta(minutes=minutes))
    schedules.prune(now=NOON)
    assert list(tokens.objects.values_list("expires", flat=True)) == [NOON + timedelta(minutes=1)]
