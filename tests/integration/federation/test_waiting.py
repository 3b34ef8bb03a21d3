"""A period is first published when it is whole, or when nobody is awaited any more; until then it says so."""

from datetime import UTC, date, datetime, timedelta

import pytest

from federation import database, publication
from federation.errors import ClocksDisagreeError
from federation.models.figures import FrozenSum
from federation.models.published import PublishedCell, PublishedCoverage
from federation.publication import storage, versions
from federation.runs import rebuilding
from federation.worklist import Claim, Stage, WorkItem
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said, chapter

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TODAY = date(2026, 11, 25)
FIVE = {(578, 1): 5}


def hour(number=12, cells=FIVE):
    return Said("H", NOON.replace(hour=0) + number * HOUR, cells)


def row(start=NOON, frequency="H"):
    return PublishedCoverage.objects.get(frequency=frequency, period=start, version_to=None)


def waits(start=NOON, frequency="H"):
    """For whom a period waits, by number, and until when; None if it is public."""
    found = row(start, frequency)
    is_public = FrozenSum.objects.filter(frequency=frequency, period=start).exists()
    assert is_public == (found.status != "O") == (found.awaited_until is None)
    assert found.agencies_awaited == sum(found.awaited)
    if is_public:
        return None
    assert not PublishedCell.objects.filter(frequency=frequency, period=start).exists()
    awaited = {one - 1 for one, is_awaited in zip(found.agencies, found.awaited, strict=True) if is_awaited}
    return awaited, found.awaited_until


@pytest.fixture
def two(federation):
    """Two agencies that have sent each hour of the day, the second with two hours' time."""
    federation.schedule(0, "H", TODAY)
    federation.schedule(1, "H", TODAY, deadline=120)
    for agency in (0, 1):
        federation.submit(agency, *map(hour, range(12)))
    federation.wait(hours=1, minutes=1)
    federation.settle()
    return federation


def test_a_period_waits_and_is_public_with_the_last_agency(two):
    assert waits() == ({0, 1}, NOON + 3 * HOUR)
    first = row()
    two.submit(0, hour())
    two.settle()
    assert waits() == ({1}, NOON + 3 * HOUR)
    assert row().states == ["reported", "awaited"]
    first.refresh_from_db()
    assert first.version_to == row().version_from
    two.submit(1, hour())
    two.settle()
    assert waits() is None
    assert PublishedCell.objects.get(frequency="H", period=NOON, country=578, version_to=None).value == 10
    assert_agrees(two.oracle())


def test_a_period_is_public_once_the_last_deadline_has_passed(two):
    two.submit(0, hour())
    two.wait(hours=1, minutes=58)
    two.settle()
    assert waits() == ({1}, NOON + 3 * HOUR)
    two.wait(minutes=1)
    two.settle()
    assert waits() is None
    assert row().states == ["reported", "late"]
    assert_agrees(two.oracle())


def test_no_period_waits_beyond_its_limit(two):
    two.schedule(2, "H", TODAY, deadline=24 * 60)
    two.settle()
    assert waits() == ({0, 1, 2}, NOON + 4 * HOUR)
    two.wait(hours=2, minutes=58)
    two.settle()
    assert waits() == ({2}, NOON + 4 * HOUR)
    two.wait(minutes=1)
    two.settle()
    assert waits() is None
    assert row().states == ["late", "late", "awaited"]
    assert_agrees(two.oracle())


def test_a_correction_of_a_public_period_follows_at_once(two):
    for agency in (0, 1):
        two.submit(agency, hour())
    two.settle()
    two.submit(1, hour(cells={(578, 1): 10}), minutes_ago=-1)
    two.settle()
    assert PublishedCell.objects.get(frequency="H", period=NOON, country=578, version_to=None).value == 15


def test_a_held_report_is_no_figure(federation):
    federation.schedule(0, "D", date(2026, 9, 1))
    midnight = NOON.replace(hour=0)
    federation.submit(0, *(Said("D", midnight - back * DAY, {(578, 1): 100}) for back in range(1, 64)))
    federation.wait(hours=12, minutes=2)
    assert federation.submit(0, Said("D", midnight, {(578, 1): 9000})).outcomes["held"] == 1
    federation.settle()
    assert waits(midnight, "D") == ({0}, midnight + DAY + HOUR)
    assert row(midnight, "D").states == ["held"]
    federation.wait(hours=1)
    federation.settle()
    assert waits(midnight, "D") is None
    assert_agrees(federation.oracle())


@pytest.mark.verify
def test_a_silent_agency_is_not_waited_for_until_its_next_report(two):
    """The second agency misses three hours; the deadline of the last of them passes at 17:00."""
    for number in (12, 13, 14, 15):
        two.wait(seconds=(NOON.replace(hour=number + 1) + timedelta(minutes=1) - two.now).total_seconds())
        two.submit(0, hour(number))
        two.settle()
    assert waits(NOON + 3 * HOUR) == ({1}, NOON + 6 * HOUR)
    two.wait(seconds=(NOON + 5 * HOUR - two.now).total_seconds())
    two.settle()
    # 14:00 had its deadline; 15:00 and 16:00 wait no longer for an agency that is silent, although it has time.
    assert [waits(NOON + number * HOUR) for number in (2, 3)] == [None, None]
    two.wait(minutes=1)
    two.settle()
    assert waits(NOON + 4 * HOUR) == ({0}, NOON + 6 * HOUR)
    # A report of before the silence does not end it; one within it does.
    two.submit(1, hour(11, {(578, 1): 10}))
    two.settle()
    assert waits(NOON + 4 * HOUR) == ({0}, NOON + 6 * HOUR)
    two.submit(1, hour(13))
    two.settle()
    assert waits(NOON + 4 * HOUR) == ({0, 1}, NOON + 7 * HOUR)
    assert_agrees(two.oracle())


def test_the_day_waits_no_longer_once_an_agency_has_become_silent(federation):
    """Its last hour is that of 19:00. The deadline of the third one after that passes an hour before the day's."""
    midnight = NOON.replace(hour=0)
    for agency, deadline in ((0, 60), (1, 5 * 60)):
        federation.schedule(agency, "H", TODAY, deadline=deadline)
    federation.wait(hours=12, minutes=1)
    for agency, hours in ((0, 24), (1, 20)):
        federation.submit(agency, *map(hour, range(hours)))
    federation.wait(hours=3, minutes=58)
    federation.settle()
    assert waits(midnight, "D") == ({1}, midnight + DAY + 5 * HOUR)
    federation.wait(minutes=1)
    federation.settle()
    assert waits(midnight, "D") is None
    assert row(midnight, "D").states == ["reported", "partial"]
    assert_agrees(federation.oracle())


@pytest.mark.verify
@pytest.mark.parametrize("is_beat_away", [False, True])
def test_an_outage_delays_a_period_and_nothing_else(two, is_beat_away):
    """Workers are away, or beat too: no period is forgotten."""
    two.now += 2 * HOUR
    if not is_beat_away:
        two.tick()
    two.now += 30 * HOUR
    two.tick()
    two.settle()
    assert waits(NOON) is None
    assert waits(NOON + 30 * HOUR) is None
    assert_agrees(two.oracle())


@pytest.mark.verify
@pytest.mark.parametrize("away", ["beat", "workers"])
def test_after_a_week_without_beat_or_workers_the_last_hours_wait(two, away):
    """Reports come in all the time. Of the second agency, the last two hours are missing."""
    for day in range(7):
        two.now += DAY
        for agency in (0, 1):
            missing = 2 if (agency, day) == (1, 6) else 0
            two.submit(agency, *map(hour, range(13 + 24 * day, 37 + 24 * day - missing)))
        if away == "workers":
            two.tick()
        else:
            two.settle()
    two.tick()
    two.settle()
    last = NOON + 7 * DAY
    assert [waits(last - ago * HOUR) for ago in (2, 1, 0)] == [None, ({1}, last + 2 * HOUR), ({1}, last + 3 * HOUR)]
    assert_agrees(two.oracle())


@pytest.mark.verify
@pytest.mark.parametrize("ahead", [1, 24])
def test_clocks_that_ran_ahead_leave_no_wrong_wait(two, ahead):
    """Beat and workers believed them. Now they are right again, and a rebuild puts the mark back."""
    two.wait(hours=ahead)
    two.settle()
    two.now = two.reached = two.now - ahead * HOUR
    with pytest.raises(ClocksDisagreeError):
        two.tick()
    rebuilding.put_mark_back()
    rebuilding.enqueue()
    two.settle()
    # What is public stays public.
    assert waits() == (({0, 1}, NOON + 3 * HOUR) if ahead == 1 else None)
    two.wait(hours=ahead)
    two.settle()
    assert_agrees(two.oracle())


@pytest.mark.verify
def test_a_restored_backup_waits_for_whom_it_waited(two):
    with chapter(two):
        for agency in (0, 1):
            two.submit(agency, hour())
        two.settle()
        assert waits() is None
    versions.leap()
    assert waits() == ({0, 1}, NOON + 3 * HOUR)
    two.wait(minutes=30)
    two.submit(0, hour())
    two.settle()
    assert waits() == ({1}, NOON + 3 * HOUR)
    two.wait(hours=2)
    two.settle()
    assert waits() is None
    assert_agrees(two.oracle())


def test_without_beat_no_deadline_passes(two):
    two.now += 6 * HOUR
    two.submit(0, hour())
    two.settle()
    assert waits() == ({1}, NOON + 3 * HOUR)
    two.tick()
    two.settle()
    assert waits() is None


def test_a_new_schedule_makes_a_waiting_period_wait_for_another_agency(two):
    two.schedule(2, "H", TODAY, deadline=24 * 60)
    two.settle()
    assert waits() == ({0, 1, 2}, NOON + 4 * HOUR)


# --- minutes ----------------------------------------------------------------------------------------------------------


def minute_rows(start=NOON):
    return list(PublishedCoverage.objects.filter(frequency="N", period=start).values_list("states", "version_to"))


def minute(cells=FIVE):
    return Said("N", NOON, cells)


def test_a_minute_is_published_once_and_later_reports_change_the_hour_only(federation):
    for agency in (0, 1):
        federation.schedule(agency, "N", TODAY)
    federation.wait(seconds=61)
    federation.submit(0, minute())
    federation.settle()
    assert minute_rows() == []
    federation.submit(1, minute())
    federation.settle()
    assert minute_rows() == [(["reported", "reported"], None)]
    value = PublishedCell.objects.get(frequency="N", country=578)
    assert value.value == 10
    federation.submit(1, minute({(578, 1): 100}), minutes_ago=-1)
    federation.wait(hours=1)
    federation.settle()
    assert list(PublishedCell.objects.filter(frequency="N", period=NOON, country=578)) == [value]
    federation.wait(hours=1)
    federation.settle()
    assert PublishedCell.objects.get(frequency="H", period=NOON, country=578, version_to=None).value == 105
    assert not FrozenSum.objects.filter(frequency="N").exists()
    assert_agrees(federation.oracle())


def test_a_minute_that_lacks_an_agency_is_public_one_minute_after_its_end(federation):
    for agency in (0, 1):
        federation.schedule(agency, "N", TODAY, deadline=0)
    federation.wait(seconds=61)
    federation.submit(0, minute())
    federation.wait(seconds=58)
    federation.settle()
    assert minute_rows() == []
    federation.wait(seconds=1)
    federation.settle()
    assert minute_rows() == [(["reported", "late"], None)]
    federation.submit(1, minute())
    federation.settle()
    assert minute_rows() == [(["reported", "late"], None)]
    assert_agrees(federation.oracle())


@pytest.mark.verify
def test_a_minute_is_computed_once_and_nothing_that_is_public_is_read_for_it(federation, monkeypatch):
    for agency in (0, 1):
        federation.schedule(agency, "N", TODAY)
        federation.submit(agency, minute())
    federation.wait(seconds=61)
    federation.settle()
    federation.wait(seconds=60)
    second = NOON + timedelta(minutes=1)
    for agency in (0, 1):
        federation.submit(agency, Said("N", second, FIVE))
    with monkeypatch.context() as patch:
        patch.setattr(publication, "publish", lambda *_, **__: publication.Published())
        federation.settle()
    names, found = [], database.statement
    for module in (database, storage):
        monkeypatch.setattr(module, "statement", lambda name: names.append(name) or found(name))
    both = [WorkItem(Stage.PUBLISH, "N", period, 1) for period in (NOON, second)]
    done = publication.publish(Claim(both, [], skipped=False), now=federation.now, mark=federation.now)
    assert list(done.changed) == both[1:]
    assert names == ["publication_coverage", "combination_figures", "publication_series"]


# --- rebuild ----------------------------------------------------------------------------------------------------------


def differences():
    return [str(item) for item in rebuilding.differences()]


@pytest.mark.verify
def test_rebuild_finds_a_ready_period_that_is_not_public(two):
    for agency in (0, 1):
        two.submit(agency, hour())
    two.settle()
    assert differences() == []
    public = row()
    PublishedCoverage.objects.filter(pk=public.pk).update(status="O", agencies_awaited=1, awaited=[True, False])
    assert differences() == ["publish H 2026-11-25T12:00, indicator 1"]


@pytest.mark.verify
def test_rebuild_finds_a_public_row_that_should_wait_and_a_wrong_wait(two):
    waiting = row()
    PublishedCoverage.objects.filter(pk=waiting.pk).update(status="P", agencies_awaited=0, awaited=[])
    assert differences() == ["publish H 2026-11-25T12:00, indicator 1"]
    PublishedCoverage.objects.filter(pk=waiting.pk).update(status="O", agencies_awaited=2, awaited=[True, True])
    assert differences() == []
    PublishedCoverage.objects.filter(pk=waiting.pk).update(awaited_until=NOON + 9 * HOUR)
    assert differences() == ["publish H 2026-11-25T12:00, indicator 1"]


@pytest.mark.verify
def test_rebuild_finds_a_minute_that_is_ready_and_not_public(federation):
    federation.schedule(0, "N", TODAY)
    federation.wait(minutes=2)
    federation.settle()
    assert differences() == []
    PublishedCoverage.objects.filter(frequency="N", period=NOON).delete()
    assert differences() == ["publish N 2026-11-25T12:00, indicator 1"]
