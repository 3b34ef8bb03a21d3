"""The sliding windows: when a day enters them, and who is expected in them."""

from datetime import UTC, date, datetime, timedelta

from federation.models.published import PublishedWindow
from tests.integration.federation.comparison import assert_agrees
from tests.integration.federation.world import Said

TODAY = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
SINCE = date(2026, 11, 23)


def day(number, value=5):
    """A report of so many days before today."""
    return Said("D", TODAY - number * DAY, {(578, 1): value})


def window(federation, name="P7D"):
    federation.settle()
    assert_agrees(federation.oracle())
    return PublishedWindow.objects.get(window=name)


def test_a_day_enters_when_all_have_reported_it(federation):
    for agency in (0, 1):
        federation.schedule(agency, "D", SINCE, deadline=3 * 24 * 60)
    federation.submit(0, day(1), day(2))
    federation.submit(1, day(2))
    assert window(federation).end == TODAY - DAY
    federation.submit(1, day(1))
    assert window(federation).end == TODAY


def test_a_day_enters_when_its_deadline_has_passed(federation):
    federation.schedule(0, "D", SINCE, deadline=13 * 60)
    federation.submit(0, day(2))
    assert window(federation).end == TODAY - DAY
    federation.wait(hours=1)
    assert window(federation).end == TODAY


def test_a_silent_agency_with_a_short_deadline_is_not_waited_for_as_long_as_others(federation):
    federation.schedule(0, "D", SINCE, deadline=60)
    federation.schedule(1, "D", SINCE, deadline=3 * 24 * 60)
    federation.submit(1, day(1), day(2), day(3))
    assert window(federation).end == TODAY


def test_a_day_does_not_enter_before_the_day_before_it(federation):
    federation.schedule(0, "D", SINCE, deadline=3 * 24 * 60)
    federation.submit(0, day(1), day(3))
    assert window(federation).end == TODAY - 2 * DAY


def test_a_day_that_is_reported_in_part_is_waited_for_until_its_deadline(federation):
    federation.schedule(0, "H", SINCE, deadline=13 * 60)
    federation.submit(0, day(2), Said("H", TODAY - timedelta(hours=1), {(578, 1): 5}))
    assert window(federation).end == TODAY - DAY
    federation.wait(hours=1)
    assert window(federation).end == TODAY


def test_agencies_that_report_by_the_day_are_expected_in_a_day_of_hours(federation):
    federation.schedule(0, "H", SINCE)
    federation.schedule(1, "D", date(2026, 11, 25))
    federation.submit(2, day(1))
    federation.submit(0, *(Said("H", TODAY + timedelta(hours=hour)) for hour in range(11)))
    found = window(federation, "P1D")
    assert found.end == TODAY + timedelta(hours=11)
    assert (found.agencies_expected, found.agencies_reporting) == (3, 1)
    assert (found.covered_seconds, found.owed_seconds) == (11 * 3600, (24 + 11 + 13) * 3600)


def test_a_day_is_not_seen_in_a_day_of_hours_before_it_is_public(federation):
    federation.submit(0, *(Said("H", TODAY + timedelta(hours=hour)) for hour in range(11)))
    federation.wait(hours=12, seconds=30)
    federation.submit(1, Said("D", TODAY, {(578, 1): 5}))
    assert window(federation, "P1D").agencies_expected == 1
    federation.wait(seconds=30)
    assert window(federation, "P1D").agencies_expected == 2


def test_a_schedule_by_the_day_that_begins_today_is_seen_in_a_day_of_hours_at_once(federation):
    federation.submit(0, *(Said("H", TODAY + timedelta(hours=hour)) for hour in range(11)))
    assert window(federation, "P1D").agencies_expected == 1
    federation.schedule(1, "D", date(2026, 11, 25))
    assert window(federation, "P1D").agencies_expected == 2


def test_time_in_which_nobody_was_expected_makes_no_window_provisional(federation):
    federation.submit(0, day(1), day(3))
    found = window(federation)
    assert (found.status, found.covered_seconds, found.owed_seconds) == ("A", 2 * 86_400, 2 * 86_400)
