"""The words of the desk for work items and times."""

from datetime import UTC, datetime, timedelta

import pytest

from federation.desk.screens import words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "0 minutes"),
        (timedelta(seconds=-1), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=1200), "1,200 days"),
    ],
)
def test_age_is_written_in_one_unit(span, said):
    assert words.age(span) == said


def test_silence_names_the_day_of_days_and_the_time_of_hours():
    day, hour = datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert words.silent("IE-DEMO", "D", day, now=NOW) == "IE-DEMO has been silent since 15 November (9 days)"
    assert words.silent("IE-DEMO", "H", hour, now=NOW) == "IE-DEMO has been silent since 09:00 on 24 November (3 hours)"


def test_day_of_another_year_is_written_with_its_year():
    assert words.day(datetime(2025, 12, 31, tzinfo=UTC), now=NOW) == "31 December 2025"


def test_names_are_listed():
    assert words.listed(["A"]) == "A"
    assert words.listed(["A", "B", "C"]) == "A, B and C"
