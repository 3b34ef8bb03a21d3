"""Which report is current, for any order of arrival, and which reports make work."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from federation import intake
from federation.models.submissions import Report
from federation.models.worklist import Work
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said

HOUR = datetime(2026, 11, 25, 9, tzinfo=UTC)
FIVE, SIX = {(578, 1): 5}, {(578, 1): 6}


def said(cells=FIVE, **more):
    return Said("H", HOUR, cells, **more)


WITHDRAWN = Said("H", HOUR, withdrawn=True)


def outcome_of(receipt):
    [outcome] = receipt.outcomes
    return outcome


def current():
    return Report.objects.get(state="current")


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (said(), said(SIX), "current"),
        (said(), said(), "unchanged"),
        (said({}), said({(578, 1): 0}), "unchanged"),
        (said(), said(status="P"), "current"),
        (said(), said({(578, 2): 5}), "current"),
        (said(), WITHDRAWN, "withdrawn"),
        (said({}), WITHDRAWN, "withdrawn"),
        (WITHDRAWN, WITHDRAWN, "unchanged"),
        (WITHDRAWN, said({}), "current"),
    ],
)
def test_what_becomes_of_a_later_report(federation, first, second, outcome):
    federation.submit(0, first, minutes_ago=10)
    assert outcome_of(federation.submit(0, second)) == outcome
    assert Report.objects.filter(state="current").count() == 1


def test_an_older_report_that_comes_late_is_superseded(federation):
    federation.submit(0, said(), minutes_ago=10)
    assert outcome_of(federation.submit(0, said(SIX), minutes_ago=20)) == "superseded"
    assert current().values == [5]


def test_of_two_prepared_at_once_the_one_received_later_is_current(federation):
    federation.submit(0, said(), minutes_ago=10)
    federation.now += timedelta(seconds=1)
    prepared = timedelta(minutes=10, seconds=1)
    receipt = federation.memory.submit(
        federation.agencies[0], [said(SIX)], prepared=federation.now - prepared, received=federation.now
    )
    assert outcome_of(receipt) == "current"


@pytest.mark.parametrize(("first", "second", "outcome"), [(1, 2, "current"), (2, 1, "superseded")])
def test_of_two_prepared_and_received_at_once_the_higher_id_is_current(federation, monkeypatch, first, second, outcome):
    ids = iter([UUID(int=first), UUID(int=second)])
    monkeypatch.setattr(intake, "uuid4", lambda: next(ids))
    federation.submit(0, said())
    assert outcome_of(federation.submit(0, said(SIX))) == outcome
    federation.settle()
    assert_agrees(federation.oracle())


def test_an_unchanged_report_takes_its_place_in_the_order(federation):
    federation.submit(0, said(), minutes_ago=30)
    federation.submit(0, said(), minutes_ago=10)
    assert outcome_of(federation.submit(0, said(SIX), minutes_ago=20)) == "superseded"
    assert current().prepared == federation.now - timedelta(minutes=10)


def test_unchanged_reports_point_to_the_one_that_holds_the_cells(federation):
    federation.submit(0, said(), minutes_ago=30)
    original = current()
    for minutes_ago in (20, 10):
        federation.submit(0, said(), minutes_ago=minutes_ago)
        assert (current().equals_id, current().values, current().total) == (original.pk, [], 5)
    federation.settle()
    assert_agrees(federation.oracle())


@pytest.mark.parametrize(("second", "minutes_ago"), [(said(), 0), (said(SIX), 20)], ids=["unchanged", "superseded"])
def test_what_changes_nothing_makes_no_work(federation, second, minutes_ago):
    federation.submit(0, said(), minutes_ago=10)
    federation.settle()
    federation.submit(0, second, minutes_ago=minutes_ago)
    assert not Work.objects.exists()


def test_reports_of_one_submission_each_have_their_outcome(federation):
    other = Said("H", HOUR - timedelta(hours=1), SIX)
    federation.submit(0, said(), other, minutes_ago=10)
    assert federation.submit(0, said(SIX), other).outcomes == {"current": 1, "unchanged": 1}
