"""The days on which `make calendar` runs the tests."""

from datetime import UTC, date, datetime

import pytest

from tests.calendar import DAYS


@pytest.mark.parametrize(
    ("name", "today", "begin"),
    [
        ("sunday", date(2026, 11, 29), datetime(2026, 12, 6, 23, 56, tzinfo=UTC)),
        ("monday-first", date(2026, 11, 29), datetime(2027, 2, 1, 0, 0, 20, tzinfo=UTC)),
        ("last-of-year", date(2026, 12, 31), datetime(2027, 12, 31, 23, 56, tzinfo=UTC)),
        ("week-53", date(2026, 11, 29), datetime(2027, 1, 1, 0, 0, 20, tzinfo=UTC)),
        ("week-53", date(2027, 1, 1), datetime(2033, 1, 1, 0, 0, 20, tzinfo=UTC)),
        ("leap-day", date(2026, 11, 29), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        ("leap-day", date(2096, 2, 29), datetime(2104, 2, 29, 12, tzinfo=UTC)),
        ("summer-time", date(2026, 11, 29), datetime(2027, 3, 28, 0, 56, tzinfo=UTC)),
        ("winter-time", date(2026, 11, 29), datetime(2027, 10, 31, 0, 56, tzinfo=UTC)),
    ],
    ids=str,
)
def test_next_such_day(name, today, begin):
    assert DAYS[name].after(today) == begin
