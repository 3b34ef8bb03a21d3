"""A rebuild finds stored rows that do not follow from the reports, and nothing else."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from federation import worklist
from federation.database import clock
from federation.models.figures import Figure, FrozenSum
from federation.models.published import PublishedCell, PublishedCoverage
from federation.models.worklist import Failure
from federation.runs import rebuilding, reconciliation
from federation.worklist import Stage, dispatch
from p2p_core import periods
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
    return {(item.stage, item.frequency) for item in rebuilding.differences()}


@pytest.mark.verify
def test_minutes_expected_before_the_kept_ones_are_no_difference(federation):
    federation.schedule(0, "N", date(2026, 11, 1), date(2026, 11, 3))
    federation.settle()
    assert_agrees(federation.oracle())


@pytest.mark.verify
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
    "figure's time": (Figure, {"covered_seconds": 1}, ("D", MIDNIGHT), (Stage.FIGURE, "D")),
    "cell": (PublishedCell, {"value": 1000}, ("D", MIDNIGHT), (Stage.PUBLISH, "D")),
    "coverage": (PublishedCoverage, {"share": 1}, ("D", MIDNIGHT), (Stage.PUBLISH, "D")),
    "states": (PublishedCoverage, {"states": ["late", "late"]}, ("H", MIDNIGHT), (Stage.PUBLISH, "H")),
}


@pytest.mark.parametrize("what", [pytest.param(what, marks=[pytest.mark.verify] * (what != "cell")) for what in SPOILT])
def test_changed_row_is_found_and_corrected(settled, what):
    model, change, (frequency, period), expected = SPOILT[what]
    assert model.objects.filter(frequency=frequency, period=period).update(**change)
    assert expected in found()
    rebuilding.enqueue()
    settled.settle()
    assert_agrees(settled.oracle())


@pytest.mark.parametrize(
    "model", [PublishedCell, *(pytest.param(model, marks=pytest.mark.verify) for model in (Figure, PublishedCoverage))]
)
def test_missing_row_is_found_and_corrected(settled, model):
    model.objects.all().delete()
    assert found()
    rebuilding.enqueue()
    settled.settle()
    assert_agrees(settled.oracle())


@contextmanager
def without_triggers():
    """As somebody works who may do everything."""
    with connection.cursor() as c:
        c.execute("SET session_replication_role = replica")
        yield
        c.execute("SET session_replication_role = origin")


@pytest.mark.parametrize(
    "altered",
    [
        {"values": [7, 7, 5, 6]},
        {"agencies": [1, 1, 1, 2]},
        {"agencies": [1, 1, 2], "countries": [276, 578, 276], "networks": [2, 1, 2], "values": [5, 7, 5]},
    ],
)
def test_frozen_sum_that_was_altered_is_found(settled, altered):
    row = FrozenSum.objects.filter(frequency="H", period=MIDNIGHT)
    before = row.values(*altered)[0]
    assert altered != before
    with without_triggers():
        row.update(**altered)
    assert (Stage.PUBLISH, "H") in found()
    rebuilding.enqueue()
    settled.settle()
    assert (Stage.PUBLISH, "H") in found(), "what was frozen cannot be computed"
    with without_triggers():
        row.update(**before)
    settled.settle()
    rebuilding.enqueue()
    settled.settle()
    assert found() == set()


def test_frozen_sum_of_another_period_is_found(settled):
    one, other = FrozenSum.objects.filter(frequency="H", period__gte=MIDNIGHT).order_by("period")[:2]
    assert (one.agencies, one.values) == (other.agencies, other.values)
    with without_triggers():
        FrozenSum.objects.filter(pk=one.pk).update(seal=other.seal)
    assert found() == {(Stage.PUBLISH, "H")}


def test_period_whose_frozen_sum_is_gone_is_found_and_not_frozen_again(settled):
    with without_triggers():
        FrozenSum.objects.filter(frequency="H", period=MIDNIGHT).delete()
    assert found() == {(Stage.PUBLISH, "H")}
    rebuilding.enqueue()
    for _ in range(worklist.ATTEMPTS + 1):
        reconciliation.work_through()
        Failure.objects.exclude(retry_at=None).update(retry_at=settled.now)
    assert found() == {(Stage.PUBLISH, "H")}
    assert not FrozenSum.objects.filter(frequency="H", period=MIDNIGHT).exists()
    [failure] = worklist.set_aside()
    assert "Restore the database from a backup." in failure.reason


@pytest.mark.parametrize("deed", ["UPDATE federation_frozensum SET seal = ''", "DELETE FROM federation_frozensum"])
def test_what_was_frozen_is_never_changed_or_removed(settled, deed):
    with pytest.raises(DatabaseError, match="are never changed or removed"), connection.cursor() as c:
        c.execute(deed)


def test_extra_row_is_found_and_corrected(settled):
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
    assert capsys.readouterr().out == "Everything agrees with the reports.\n"


def test_check_names_what_differs_and_changes_nothing(working_at_once, capsys):
    PublishedCell.objects.filter(frequency="H").update(value=1000)
    with pytest.raises(CommandError, match=r"^Items that differ from the reports: 1\."):
        call_command("rebuild", check=True)
    assert capsys.readouterr().err.startswith("Different: publish H ")
    assert set(PublishedCell.objects.filter(frequency="H").values_list("value", flat=True)) == {1000}


def test_rebuild_corrects_in_a_new_version_and_leaves_closed_ones_alone(working_at_once):
    PublishedCell.objects.filter(frequency="H", country=578).update(value=1000)
    call_command("rebuild")
    call_command("rebuild", check=True)
    first, second = PublishedCell.objects.filter(frequency="H", country=578).order_by("version_from")
    assert (first.value, first.version_to) == (1000, second.version_from)
    assert (second.value, second.version_to) == (10, None)
