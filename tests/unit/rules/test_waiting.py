"""When a period is first published: whom it waits for, and who is silent, against examples made by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from federation.rules.coverage import AgencySchedule
from federation.rules.waiting import Wait, silent_without_figure_since, wait_for

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
END = NOON + HOUR
LIMIT = 3 * HOUR


def schedule(frequency="H", *, deadline=HOUR, first=date(2026, 1, 1), last=date.max):
    return AgencySchedule(1, frequency, first, last, deadline)


def wait(incomplete, *, frequency="H", start=NOON, limit=LIMIT, now=END):
    return wait_for(frequency, start, incomplete, limit, now=now)


def test_a_period_whose_agencies_are_all_complete_waits_for_nobody():
    assert wait({}) is None


def test_a_period_waits_until_the_last_deadline_of_the_agencies_that_are_missing():
    schedules = {1: [schedule(deadline=HOUR)], 2: [schedule(deadline=HOUR), schedule("D"), schedule(deadline=2 * HOUR)]}
    assert wait(schedules) == Wait(frozenset({1, 2}), END + 2 * HOUR)
    assert wait(schedules, now=END + HOUR) == Wait(frozenset({2}), END + 2 * HOUR)
    assert wait(schedules, now=END + 2 * HOUR) is None


def test_no_period_waits_longer_than_its_limit():
    late = {1: [schedule(deadline=30 * DAY)]}
    assert wait(late, now=END + LIMIT - timedelta(microseconds=1)) == Wait(frozenset({1}), END + LIMIT)
    assert wait(late, now=END + LIMIT) is None


def test_an_agency_that_no_schedule_expects_is_not_waited_for():
    """It owes the period because it once reported, or it is silent, or its schedule is of other days."""
    assert wait({1: []}) is None
    assert wait({1: [schedule(last=date(2026, 11, 23))], 2: [schedule("D")], 3: [schedule("M")]}) is None


def test_longer_periods_wait_for_the_schedules_of_shorter_ones():
    day = datetime(2026, 11, 24, tzinfo=UTC)
    found = wait({1: [schedule("N")]}, frequency="D", start=day, limit=3 * DAY, now=day + DAY)
    assert found == Wait(frozenset({1}), day + DAY + HOUR)


def test_a_minute_waits_for_everybody_whatever_the_deadlines():
    minute = timedelta(minutes=1)
    everybody = {1: [schedule("N")], 2: []}
    found = wait(everybody, frequency="N", limit=minute, now=NOON + minute)
    assert found == Wait(frozenset({1, 2}), NOON + 2 * minute)
    assert wait(everybody, frequency="N", limit=minute, now=NOON + 2 * minute) is None


@pytest.mark.parametrize(
    ("frequency", "now", "since"),
    [
        # The deadline of 12:00 passes at 14:00; those of 10:00 and 11:00 have passed.
        ("H", END + HOUR, NOON - 2 * HOUR),
        ("H", END + HOUR - timedelta(microseconds=1), NOON - 3 * HOUR),
        # Minutes are judged by the hour.
        ("N", END + HOUR, NOON - 2 * HOUR),
        ("D", NOON, datetime(2026, 11, 21, tzinfo=UTC)),
        ("M", NOON, datetime(2026, 8, 1, tzinfo=UTC)),
    ],
)
def test_three_expected_periods_without_a_figure_are_a_silence(frequency, now, since):
    assert silent_without_figure_since(schedule(frequency), 3, now=now) == since


def test_only_periods_of_the_schedule_count():
    now = END + HOUR
    assert silent_without_figure_since(schedule(first=NOON.date()), 13, now=now) == datetime(2026, 11, 24, tzinfo=UTC)
    assert silent_without_figure_since(schedule(first=NOON.date()), 14, now=now) is None
    assert silent_without_figure_since(schedule(first=date(2026, 11, 25)), 2, now=now) is None
    ended = schedule(last=date(2026, 11, 20))
    assert silent_without_figure_since(ended, 3, now=now) == datetime(2026, 11, 20, 21, tzinfo=UTC)
    assert silent_without_figure_since(ended, 3, now=datetime(2026, 11, 20, 23, tzinfo=UTC)) == datetime(
        2026, 11, 20, 19, tzinfo=UTC
    )
