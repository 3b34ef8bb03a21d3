"""A rebuild finds what is stored otherwise than the reports give it, and nothing else."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from federation import clock, dispatch, rebuilding, reconciliation
from federation.models.figures import Figure
from federation.models.published import PublishedCell, PublishedCoverage, PublishedWindow
from federation.rules import periods
from federation.worklist import Stage
from tests import factories
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Memory, Said

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def settled(federation):
    """Two days of hours."""
    for agency in (0, 1):
        hours = (MIDNIGHT + timedelta(hours=hour) for hour in range(30))
        federation.submit(agency, *(Said("H", hour, {(578, 1): 7, (276, 2): 5}) for hour in hours))
    federation.settle()
    return federation


def found():
    return {(thing.stage, thing.frequency) for thing in rebuilding.differences()}


def test_minutes_expected_before_the_kept_ones_are_no_difference(federation):
    federation.schedule(0, "N", date(2026, 11, 1), date(2026, 11, 3))
    federation.settle()
    assert_agrees(federation.oracle())


def test_minutes_since_the_day_before_yesterday_are_published_for_a_new_schedule(federation):
    federation.schedule(0, "N", date(2026, 11, 1))
    federation.settle()
    assert list(rebuilding.differences()) == []


def test_what_is_about_to_be_computed_is_no_difference(settled):
    minutes = (MIDNIGHT + timedelta(hours=31, minutes=minute) for minute in range(3))
    settled.submit(0, Said("H", MIDNIGHT, withdrawn=True), *(Said("N", minute, {(578, 1): 1}) for minute in minutes))
    assert found() == set()


SPOILT = {
    "figure": (Figure, {"values": [1, 1]}, ("H", MIDNIGHT), (Stage.FIGURE, "H")),
    "key": (Figure, {"keys": [1, 1]}, ("D", MIDNIGHT), (Stage.FIGURE, "D")),
    "figure's time": (Figure, {"covered_seconds": 1}, ("D", MIDNIGHT), (Stage.FIGURE, "D")),
    "cell": (PublishedCell, {"value": 1000}, ("D", MIDNIGHT), (Stage.PUBLISH, "D")),
    "coverage": (PublishedCoverage, {"owed_seconds": 1}, ("D", MIDNIGHT), (Stage.PUBLISH, "D")),
    "states": (PublishedCoverage, {"states": ["late", "late"]}, ("H", MIDNIGHT), (Stage.PUBLISH, "H")),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_spoilt_is_found_and_mended(settled, what):
    model, change, (frequency, period), expected = SPOILT[what]
    assert model.objects.filter(frequency=frequency, period=period).update(**change)
    assert expected in found()
    rebuilding.enqueue()
    settled.settle()
    assert_agrees(settled.oracle())


@pytest.mark.parametrize("model", [Figure, PublishedCell, PublishedCoverage, PublishedWindow])
def test_what_is_gone_is_found_and_mended(settled, model):
    model.objects.all().delete()
    assert found()
    rebuilding.enqueue()
    settled.settle()
    assert_agrees(settled.oracle())


def test_what_should_not_be_there_is_found_and_mended(settled):
    other = settled.agencies[2]
    Figure.objects.filter(agency=settled.agencies[0], frequency="H", period=MIDNIGHT).update(agency=other)
    assert found()
    rebuilding.enqueue()
    settled.settle()
    assert_agrees(settled.oracle())


@pytest.fixture
def working_at_once(transactional_db, monkeypatch):
    """Work is done as soon as somebody is woken for it."""
    monkeypatch.setattr(dispatch, "wake", reconciliation.work_through)
    factories.IndicatorFactory.create(number=1)
    agency, now = factories.AgencyFactory.create(), clock.now()
    hour = periods.start_of("H", now) - timedelta(hours=30)
    Memory().submit(agency, [Said("H", hour, {(578, 1): 10})], prepared=now, received=now)


def test_check_finds_nothing_where_all_is_well(working_at_once, capsys):
    call_command("rebuild", check=True)
    assert capsys.readouterr().out == "all as the reports give it\n"


def test_check_names_what_differs_and_changes_nothing(working_at_once, capsys):
    PublishedCell.objects.filter(frequency="H").update(value=1000)
    with pytest.raises(CommandError, match=r"^1 differ"):
        call_command("rebuild", check=True)
    assert capsys.readouterr().err.startswith("differs: publish H ")
    assert set(PublishedCell.objects.filter(frequency="H").values_list("value", flat=True)) == {1000}


def test_rebuild_mends_with_a_new_vintage_and_leaves_closed_ones_alone(working_at_once):
    PublishedCell.objects.filter(frequency="H", country=578).update(value=1000)
    call_command("rebuild")
    call_command("rebuild", check=True)
    first, second = PublishedCell.objects.filter(frequency="H", country=578).order_by("version_from")
    assert (first.value, first.version_to) == (1000, second.version_from)
    assert (second.value, second.version_to) == (10, None)
