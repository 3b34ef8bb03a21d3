"""The parts of a window cover it exactly, and nothing twice; whole months stand for their days."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules import periods, windows
from federation.rules.periods import Frequency
from federation.rules.windows import WINDOWS, Run, Window

DAY = timedelta(days=1)
#: Sixteen years, so that leap years and the end of a century that has none are among them.
days = st.integers(0, 16 * 365).map(lambda number: datetime(2092, 1, 1, tzinfo=UTC) + number * DAY)
hours = st.builds(lambda day, hour: day + timedelta(hours=hour), days, st.integers(0, 23))


@st.composite
def laid_out(draw):
    """A window of any length, the newest period that is public, and the months that are."""
    frequency = draw(st.sampled_from([Frequency.HOUR, Frequency.DAY]))
    length = draw(st.integers(1, 800)) * timedelta(seconds=periods.seconds(frequency, datetime(2026, 1, 1, tzinfo=UTC)))
    newest = draw(hours if frequency == Frequency.HOUR else days)
    first = newest - timedelta(days=900)
    months = list(periods.between(Frequency.MONTH, first, newest))
    return Window(frequency, length, draw(st.booleans())), newest, draw(st.sets(st.sampled_from(months)))


@given(laid_out())
def test_parts_follow_one_another_from_the_start_to_the_end(layout):
    window, newest, months = layout
    start, end = windows.bounds(window, newest)
    for frequency, period in windows.parts(window, newest, months):
        assert period == start == periods.start_of(frequency, period)
        start = periods.end(frequency, period)
    assert start == end == periods.end(window.frequency, newest)


@given(laid_out())
def test_months_are_those_that_are_public_and_lie_whole_in_the_window(layout):
    window, newest, months = layout
    start, end = windows.bounds(window, newest)
    whole = {month for month in months if start <= month and periods.end(Frequency.MONTH, month) <= end}
    parts = list(windows.parts(window, newest, months))
    assert {period for frequency, period in parts if frequency == "M"} == (whole if window.by_month else set())
    assert {frequency for frequency, _ in parts} <= {window.frequency, Frequency.MONTH}


@given(laid_out())
def test_runs_are_the_parts_in_order(layout):
    parts = list(windows.parts(*layout))
    runs = windows.runs(parts)
    spelt = [(run.frequency, period) for run in runs for period in periods.between(*run)]
    assert spelt == parts
    assert all(one.frequency != other.frequency for one, other in itertools.pairwise(runs))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MONTHS = set(periods.between(Frequency.MONTH, at("2023-01-01"), at("2026-10-31")))


@pytest.mark.parametrize(
    ("name", "newest", "runs"),
    [
        ("P1D", "2026-11-25T09:00", [("H", "2026-11-24T10:00", "2026-11-25T09:00")]),
        ("P7D", "2026-03-02", [("D", "2026-02-24", "2026-03-02")]),
        ("P30D", "2024-03-01", [("D", "2024-02-01", "2024-03-01")]),
        (
            "P365D",
            "2026-11-24",
            [("D", "2025-11-25", "2025-11-30"), ("M", "2025-12-01", "2026-10-01"), ("D", "2026-11-01", "2026-11-24")],
        ),
        ("P365D", "2025-12-31", [("M", "2025-01-01", "2025-12-01")]),
        ("P365D", "2024-12-31", [("D", "2024-01-02", "2024-01-31"), ("M", "2024-02-01", "2024-12-01")]),
        # The newest month that has ended is not public yet.
        ("P365D", "2026-11-30", [("M", "2025-12-01", "2026-10-01"), ("D", "2026-11-01", "2026-11-30")]),
    ],
)
def test_parts_of_the_windows_that_are_public(name, newest, runs):
    parts = windows.parts(WINDOWS[name], at(newest), MONTHS)
    assert windows.runs(parts) == [Run(frequency, at(first), at(last)) for frequency, first, last in runs]


def test_a_gap_in_the_months_is_filled_with_days():
    parts = windows.parts(WINDOWS["P365D"], at("2025-12-31"), MONTHS - {at("2025-03-01")})
    assert windows.runs(parts) == [
        Run(Frequency.MONTH, at("2025-01-01"), at("2025-02-01")),
        Run(Frequency.DAY, at("2025-03-01"), at("2025-03-31")),
        Run(Frequency.MONTH, at("2025-04-01"), at("2025-12-01")),
    ]
