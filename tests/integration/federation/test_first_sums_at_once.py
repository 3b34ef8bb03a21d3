"""What several workers freeze and locate at once is what one of them would."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from threading import Event, get_ident

import pytest
from django.db import connection

from federation import clock, publication, rebuilding, reconciliation
from federation.models.worklist import ClockMark
from tests.integration.federation.world import Said, World
from tests.integration.locks import PATIENCE

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
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
    while reconciliation._step().things:
        pass


def test_change_is_located_in_a_day_that_another_worker_was_publishing_first(told, monkeypatch):
    said = Said("D", DAY, dict.fromkeys(((country, 1) for country in COUNTRIES), 3))
    told.submit(0, said, minutes_ago=10)
    reconciliation._step()
    with held_before(monkeypatch, publication, "_write", reconciliation._step):
        work_beside()
        told.submit(0, Said("D", DAY, dict.fromkeys(said.cells, 6)))
        work_beside()
    told.settle()
    assert [str(thing) for thing in rebuilding.differences()] == []
