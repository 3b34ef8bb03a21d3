"""Several workers freeze and locate sums, and end a silence, at once, with the result of one worker."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, get_ident

import pytest
from django.db import connection, transaction

from federation import publication, worklist
from federation.database import clock
from federation.models.published import PublishedCell, PublishedCoverage
from federation.models.worklist import ClockMark
from federation.runs import rebuilding, reconciliation
from federation.worklist import Stage, WorkItem
from tests.integration.federation.comparison import stored_frozen
from tests.integration.federation.world import Said, World
from tests.integration.locks import PATIENCE

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MONTH = datetime(2026, 10, 1, tzinfo=UTC)
DAY = datetime(2026, 10, 20, tzinfo=UTC)
COUNTRIES = (578, 276, 196, 840, 40, 56, 100, 203)


@pytest.fixture
def told(transactional_db, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "of_host", lambda: NOW)
    ClockMark.objects.update(at=NOW)
    return World(NOW, agencies=2)


@contextmanager
def held_before(monkeypatch, module, name, step):
    """Another worker has done a step up to where it calls a function, and goes on when the block is left."""
    reached, go_on, holder, function = Event(), Event(), [], getattr(module, name)

    def wait_and_call(*given, **named):
        if get_ident() in holder:
            reached.set()
            assert go_on.wait(PATIENCE)
        return function(*given, **named)

    def work():
        with closing(connection):
            holder.append(get_ident())
            step()

    monkeypatch.setattr(module, name, wait_and_call)
    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(work)
        try:
            assert reached.wait(PATIENCE)
            yield
        finally:
            go_on.set()
        working.result()


def work_beside():
    """Do all work that no other worker holds."""
    while reconciliation._step().items:
        pass


def figure(agency, frequency, period):
    def compute():
        with transaction.atomic():
            reconciliation._do(worklist.claim_alone(WorkItem(Stage.FIGURE, frequency, period, 1, agency)), 0)

    return compute


def frozen_figures():
    """What is frozen of periods in which somebody counted something."""
    return {period: figures for period, figures in stored_frozen().items() if figures}


def test_period_waits_for_figures_that_another_worker_computes(told, monkeypatch):
    for sender in (0, 1):
        told.submit(sender, Said("D", DAY, {(578, 1): 3 + sender}))
    with held_before(monkeypatch, worklist, "finish", figure(1, "D", DAY)):
        work_beside()
        assert stored_frozen() == {}
    told.settle()
    assert {frequency for _, frequency, _ in frozen_figures()} == set("DWM")
    assert all(figures == {1: {(578, 1): 3}, 2: {(578, 1): 4}} for figures in frozen_figures().values())


def numbers_of_month():
    """What is public of October, by country."""
    cells = PublishedCell.objects.filter(frequency="M", country__in=COUNTRIES, network=0, version_to=None)
    return dict(cells.values_list("country", "value"))


def two_late_events(told):
    """Two days of October are public, with the first of two late events; return a function that sends the second."""
    before, later = (dict.fromkeys(((country, 1) for country in COUNTRIES), value) for value in (5, 8))
    other = DAY + timedelta(days=3)
    told.submit(0, Said("D", DAY, before), Said("D", other, before), minutes_ago=10)
    told.settle()
    told.submit(0, Said("D", DAY, later), minutes_ago=5)
    told.settle()
    return lambda: told.submit(0, Said("D", other, later))


@pytest.mark.verify
def test_change_is_located_by_days_and_months_of_one_state(told, monkeypatch):
    """After a second late event no number is public that the first one had by another location."""
    send_second = two_late_events(told)
    first = numbers_of_month()
    send_second()
    reconciliation._step()
    with held_before(monkeypatch, worklist, "finish", figure(1, "M", MONTH)):
        work_beside()
        assert numbers_of_month() == first
    told.settle()
    assert numbers_of_month() != first


@pytest.mark.verify
@pytest.mark.parametrize("steps", [1, 2], ids=["day", "day and month"])
def test_change_is_not_located_by_days_that_changed_after_their_month_was_read(told, monkeypatch, steps):
    send_second = two_late_events(told)
    first = numbers_of_month()
    worklist.append([WorkItem(Stage.PUBLISH, "M", MONTH, 1)])
    with held_before(monkeypatch, publication.frozen, "figures_of", reconciliation._step):
        send_second()
        reconciliation._step()
        if steps == 2:
            figure(1, "M", MONTH)()
    assert numbers_of_month() == first
    told.settle()
    assert numbers_of_month() != first
    assert [str(item) for item in rebuilding.differences()] == []


def test_other_periods_do_not_wait(told, monkeypatch):
    told.submit(0, Said("D", DAY, {(578, 1): 3}))
    told.submit(1, Said("D", DAY + timedelta(days=1), {(578, 1): 4}))
    with held_before(monkeypatch, worklist, "finish", figure(1, "D", DAY)):
        work_beside()
        assert frozen_figures() == {(1, "D", DAY + timedelta(days=1)): {2: {(578, 1): 4}}}
        assert worklist.is_pending()


@pytest.mark.verify
def test_change_is_located_in_a_day_that_another_worker_was_publishing_first(told, monkeypatch):
    said = Said("D", DAY, dict.fromkeys(((country, 1) for country in COUNTRIES), 3))
    told.submit(0, said, minutes_ago=10)
    reconciliation._step()
    with held_before(monkeypatch, publication.storage, "write", reconciliation._step):
        work_beside()
        told.submit(0, Said("D", DAY, dict.fromkeys(said.cells, 6)))
        work_beside()
    told.settle()
    assert [str(item) for item in rebuilding.differences()] == []


@pytest.mark.verify
def test_two_workers_withdraw_the_last_figures_of_an_agency_at_once(told, monkeypatch):
    """Each still sees the figure that the other one removes. The agency is silent after both."""
    six, seven, ten = (NOW.replace(hour=number) for number in (6, 7, 10))
    for agency, deadline in ((0, 120), (1, 150)):
        told.schedule(agency, "H", NOW.date(), deadline=deadline)
        told.submit(agency, Said("H", six), Said("H", seven), minutes_ago=5)
    told.settle()
    told.submit(1, Said("H", six, withdrawn=True), Said("H", seven, withdrawn=True))
    with held_before(monkeypatch, worklist, "finish", figure(2, "H", six)):
        work_beside()
    told.settle()
    row = PublishedCoverage.objects.get(frequency="H", period=ten, version_to=None)
    assert (row.states, row.awaited) == (["awaited", "awaited"], [True, False])
    assert [str(item) for item in rebuilding.differences()] == []
