"""Days in a row of which the same can be said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from api.site import coverage
from api.site.coverage import CoverageDay
from api.site.readings import Period
from federation.rules.coverage import STATES

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
WHOLE = Period(FIRST, FIRST, "", 2, 2, 1.0, provisional=False, counted_from=None, awaited=0, awaited_until=None)
PART = replace(WHOLE, reporting=1, time_coverage=0.5)
LATE = [("late", ["Ruritania"])]


def test_pages_show_each_state_once():
    assert sorted(coverage.SHOWN_STATES) == sorted(STATES)


def day(number, period=WHOLE, others=()):
    start = FIRST + timedelta(days=number - 1)
    return CoverageDay(replace(period, start=start, end=start + timedelta(days=1)), list(others))


def spans(*calendar):
    return [(run.first.day, run.period.start.day) for run in coverage.runs(calendar)]


def test_days_with_the_same_coverage_are_one_row():
    assert spans(day(4), day(3), day(2), day(1)) == [(1, 4)]
    assert spans(day(5), day(4, PART, LATE), day(3, PART, LATE), day(2), day(1)) == [(5, 5), (3, 4), (1, 2)]


def test_days_of_which_something_else_is_said_are_apart():
    held = [("held", ["Ruritania"])]
    assert spans(day(2, PART, LATE), day(1, PART, held)) == [(2, 2), (1, 1)]
    for change in (
        {"provisional": True},
        {"counted_from": FIRST},
        {"time_coverage": 0.9},
        {"awaited_until": FIRST, "awaited": 1},
    ):
        assert spans(day(2), day(1, replace(WHOLE, **change))) == [(2, 2), (1, 1)], change
    # Between them is a day of which nothing is known.
    assert spans(day(3), day(1)) == [(3, 3), (1, 1)]
