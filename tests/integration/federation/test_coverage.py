"""Coverage if schedules and reports each cover a part of a period."""

from datetime import UTC, date, datetime, timedelta

import pytest

from federation.models.published import PublishedCoverage
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said, world


@pytest.fixture
def federation(db, monkeypatch):
    """A world in the second week of a month that began on a Monday."""
    with world(monkeypatch, now=datetime(2026, 6, 9, 12, tzinfo=UTC)) as made:
        yield made


#: The week of 2026-06-01, a Monday and the first of a month.
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


def hours(first, count):
    return [Said("H", first + timedelta(hours=number), {(578, 1): 5}) for number in range(count)]


def coverage(federation, frequency, start=MONDAY):
    federation.settle()
    assert_agrees(federation.oracle())
    return PublishedCoverage.objects.get(frequency=frequency, period=start, version_to=None)


@pytest.mark.verify
def test_hours_before_a_schedule_are_owed_beside_its_days(federation):
    federation.schedule(0, "D", date(2026, 6, 5), date(2026, 6, 7))
    federation.submit(0, *hours(MONDAY, 5), *hours(MONDAY + timedelta(days=4), 6))
    week = coverage(federation, "W")
    assert (sum(week.covered), sum(week.owed)) == (11 * HOUR, 5 * HOUR + 3 * DAY)
    assert week.states == ["partial"]


def test_a_month_is_no_part_of_a_week(federation):
    federation.schedule(0, "D", date(2026, 6, 5), date(2026, 6, 7))
    federation.submit(0, Said("M", MONDAY, {(578, 1): 100}), *hours(MONDAY, 5))
    assert sum(coverage(federation, "W").owed) == 5 * HOUR + 3 * DAY


@pytest.mark.verify
def test_a_month_that_was_reported_is_owed_in_its_year_whole(db, monkeypatch):
    with world(monkeypatch, now=datetime(2026, 1, 1, 12, tzinfo=UTC)) as federation:
        federation.schedule(0, "D", date(2025, 10, 31), date(2025, 11, 2))
        year = datetime(2025, 1, 1, tzinfo=UTC)
        month, day = year.replace(month=11), year.replace(month=12, day=1)
        federation.submit(0, Said("M", month), Said("D", day), *hours(year.replace(month=12, day=30), 2))
        found = coverage(federation, "A", year)
    assert sum(found.covered) == 30 * DAY + DAY + 2 * HOUR
    assert sum(found.owed) == DAY + 30 * DAY + DAY + 2 * HOUR


@pytest.mark.verify
def test_a_withdrawal_does_not_raise_coverage(federation):
    federation.submit(0, *hours(MONDAY, 4))
    assert coverage(federation, "D").status == "A"
    federation.wait(minutes=1)
    federation.submit(0, Said("H", MONDAY, withdrawn=True))
    day = coverage(federation, "D")
    assert (sum(day.covered), sum(day.owed), day.status, day.states) == (3 * HOUR, 4 * HOUR, "P", ["partial"])
    assert coverage(federation, "H").states == ["withdrawn"]


def test_a_silent_agency_lowers_coverage_and_no_number(federation):
    for agency in (0, 1):
        federation.schedule(agency, "H", date(2026, 6, 1), date(2026, 6, 1))
    federation.submit(0, *hours(MONDAY, 24))
    day = coverage(federation, "D")
    assert (day.agencies_expected, day.agencies_reporting) == (2, 1)
    assert (sum(day.covered), sum(day.owed), day.status) == (DAY, 2 * DAY, "P")


def test_a_period_says_from_when_it_counts(federation):
    federation.schedule(0, "D", date(2026, 6, 3), date(2026, 6, 9))
    federation.submit(0, *(Said("D", MONDAY + timedelta(days=number), {(578, 1): 5}) for number in range(2, 7)))
    week = coverage(federation, "W")
    assert (sum(week.covered), sum(week.owed), week.states) == (5 * DAY, 5 * DAY, ["reported"])
    assert (week.counted_from, week.status) == (MONDAY + timedelta(days=2), "P")
    assert coverage(federation, "D", week.counted_from).counted_from is None
    assert coverage(federation, "D", week.counted_from).status == "A"


def days(first, count):
    return [Said("D", first + timedelta(days=number), {(578, 1): 5}) for number in range(count)]


@pytest.mark.verify
def test_a_period_in_which_an_agency_joins_says_from_when_all_count(federation):
    federation.submit(0, *days(MONDAY, 7))
    federation.schedule(1, "D", date(2026, 6, 3), date(2026, 6, 7))
    federation.submit(1, *days(MONDAY + timedelta(days=2), 5))
    week = coverage(federation, "W")
    assert (sum(week.covered), sum(week.owed), week.states) == (12 * DAY, 12 * DAY, ["reported", "reported"])
    assert (week.counted_from, week.status) == (MONDAY + timedelta(days=2), "P")
    for number in range(7):
        day = coverage(federation, "D", MONDAY + timedelta(days=number))
        assert (day.counted_from, day.status) == (None, "A")


def test_the_latest_beginning_counts_and_for_each_agency_its_earliest_duty(federation):
    federation.submit(0, *hours(MONDAY + timedelta(days=1, hours=9), 15), *days(MONDAY + timedelta(days=2), 5))
    federation.schedule(1, "D", date(2026, 6, 5), date(2026, 6, 7))
    federation.submit(1, *days(MONDAY + timedelta(days=3), 4))
    assert coverage(federation, "W").counted_from == MONDAY + timedelta(days=3)
    assert coverage(federation, "D", MONDAY + timedelta(days=1)).counted_from == MONDAY + timedelta(days=1, hours=9)


def test_an_agency_that_is_silent_from_its_first_day_began_on_that_day(federation):
    federation.submit(0, *days(MONDAY, 7))
    federation.schedule(1, "D", date(2026, 6, 5), date(2026, 6, 7))
    week = coverage(federation, "W")
    assert (week.counted_from, week.status, week.agencies_reporting) == (MONDAY + timedelta(days=4), "P", 1)


def test_an_agency_that_leaves_begins_nothing(federation):
    federation.schedule(0, "D", date(2026, 6, 1), date(2026, 6, 7))
    federation.schedule(1, "D", date(2026, 6, 1), date(2026, 6, 3))
    federation.submit(0, *days(MONDAY, 7))
    federation.submit(1, *days(MONDAY, 3))
    week = coverage(federation, "W")
    assert (week.counted_from, week.status, week.agencies_expected) == (None, "A", 2)


def test_without_a_schedule_counting_begins_with_the_hour_of_the_first_report(federation):
    """Readers do not learn its minute."""
    start = MONDAY + timedelta(days=1, hours=9, minutes=30)
    federation.submit(0, *(Said("N", start + timedelta(minutes=number)) for number in range(30)))
    hour = start.replace(minute=0)
    for frequency, period, expected in (
        ("H", hour, None),
        ("D", MONDAY + timedelta(days=1), hour),
        ("W", MONDAY, hour),
    ):
        found = coverage(federation, frequency, period)
        assert (found.counted_from, found.status) == (expected, "P")


def test_a_report_without_a_schedule_begins_nothing_beside_one_with_a_schedule(federation):
    federation.schedule(0, "D", date(2026, 6, 1), date(2026, 6, 7))
    federation.submit(0, *days(MONDAY, 7))
    federation.submit(1, *days(MONDAY + timedelta(days=3), 1))
    week = coverage(federation, "W")
    assert (week.counted_from, week.status, week.agencies_expected) == (None, "A", 2)


@pytest.mark.verify
def test_an_earlier_report_moves_the_beginning(federation):
    federation.submit(0, *hours(MONDAY + timedelta(days=1), 5))
    assert coverage(federation, "W").counted_from == MONDAY + timedelta(days=1)
    federation.submit(0, Said("D", MONDAY))
    assert coverage(federation, "W").counted_from is None
    rows = PublishedCoverage.objects.filter(frequency="W", period=MONDAY).order_by("version_from")
    assert rows.first().counted_from == MONDAY + timedelta(days=1)
