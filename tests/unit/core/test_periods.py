"""Periods: names, bounds and nesting, compared with the calendar of ``datetime``."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from p2p_core import periods
from p2p_core.periods import Frequency, PeriodError
from tests.unit.core.periods_of import frequencies_and_starts, instants


def at(year, month=1, day=1, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


NAMES = [
    ("N", "2026-11-24T10:15", at(2026, 11, 24, 10, 15)),
    ("H", "2026-11-24T10:00", at(2026, 11, 24, 10)),
    ("D", "2026-11-24", at(2026, 11, 24)),
    ("D", "2024-02-29", at(2024, 2, 29)),
    ("W", "2026-W48", at(2026, 11, 23)),
    ("W", "2026-W01", at(2025, 12, 29)),
    ("W", "2026-W53", at(2026, 12, 28)),
    ("W", "2021-W01", at(2021, 1, 4)),
    ("M", "2026-11", at(2026, 11)),
    ("A", "2026", at(2026)),
    ("H", "0999-01-01T05:00", at(999, hour=5)),
    ("D", "0999-01-01", at(999)),
    ("W", "0999-W01", at(998, 12, 31)),
    ("M", "0999-01", at(999)),
    ("A", "0999", at(999)),
]


@pytest.mark.parametrize(("frequency", "name", "start"), NAMES)
def test_name_and_start_are_two_ways_to_say_the_same(frequency, name, start):
    assert periods.parse(frequency, name) == start
    assert periods.label(frequency, start) == name


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-24T10:00:00",
        "2026-11-24T10:00Z",
        "2026-11-24T10:00+00:00",
        "2026-11-24T10:00:00Z",
        "2026-11-24T10:00:00.000Z",
    ],
)
@pytest.mark.parametrize("frequency", ["N", "H"])
def test_parse_takes_whole_seconds_and_utc(frequency, name):
    assert periods.parse(frequency, name) == at(2026, 11, 24, 10)


@pytest.mark.parametrize(
    ("frequency", "name", "code"),
    [
        ("H", "2026-11-24T10:15", "misaligned_period"),
        ("H", "2026-11-24T10:00:01", "misaligned_period"),
        ("N", "2026-11-24T10:15:30", "misaligned_period"),
        ("N", "2026-11-24T10:15:30Z", "misaligned_period"),
        ("N", "2026-11-24T10:15+01:00", "not_utc"),
        ("H", "2026-11-24T10:00:00+0100", "not_utc"),
        ("H", "2026-11-24T10:00+01:00", "not_utc"),
        ("H", "2026-11-24T24:00", "bad_period"),
        ("H", "2026-11-24T10", "bad_period"),
        ("H", "2026-11-24T10:00 ", "bad_period"),
        ("H", "2026-11-24 10:00", "bad_period"),
        ("N", "2026-11-24T10:60", "bad_period"),
        ("N", "2026-11-24T10:15:0", "bad_period"),
        ("D", "2026-02-29", "bad_period"),
        ("D", "2026-11-24Z", "bad_period"),
        ("D", "2026-11-24T00:00", "bad_period"),
        ("D", "2026-11", "bad_period"),
        ("D", "2026-11-24\n", "bad_period"),
        ("W", "2026-W00", "bad_period"),
        ("W", "2026-W54", "bad_period"),
        ("W", "2025-W53", "bad_period"),
        ("W", "2026-W1", "bad_period"),
        ("W", "2026W48", "bad_period"),
        ("W", "2026-11-23", "bad_period"),
        ("M", "2026-13", "bad_period"),
        ("M", "2026-00", "bad_period"),
        ("M", "2026-1", "bad_period"),
        ("A", "26", "bad_period"),
        ("A", "2026-01", "bad_period"),
        ("A", "0000", "bad_period"),
        ("A", "-026", "bad_period"),
        ("A", "٢٠٢٦", "bad_period"),
        ("M", "2026-११", "bad_period"),
        ("N", "", "bad_period"),
    ],
)  # fmt: skip
def test_parse_refuses_and_says_why(frequency, name, code):
    with pytest.raises(PeriodError) as refusal:
        periods.parse(frequency, name)
    assert refusal.value.code == code


@given(frequencies_and_starts)
def test_every_period_can_be_named_and_read_again(period):
    frequency, start = period
    assert periods.parse(frequency, periods.label(frequency, start)) == start


@given(frequencies_and_starts)
def test_names_sort_as_the_periods_do(period):
    frequency, start = period
    following = periods.end(frequency, start)
    assert periods.label(frequency, start) < periods.label(frequency, following)


@given(frequencies_and_starts, instants)
def test_an_instant_lies_in_the_one_period_that_begins_at_its_start(period, instant):
    frequency, _ = period
    start = periods.start_of(frequency, instant)
    assert start <= instant < periods.end(frequency, start)
    assert periods.start_of(frequency, start) == start


@given(frequencies_and_starts)
def test_periods_follow_each_other_without_a_gap(period):
    frequency, start = period
    following = periods.end(frequency, start)
    assert periods.start_of(frequency, following) == following
    assert periods.previous(frequency, following) == start
    assert periods.seconds(frequency, start) == (following - start) // timedelta(seconds=1)


@given(frequencies_and_starts)
def test_a_period_is_made_of_whole_periods_one_level_finer(period):
    frequency, start = period
    if frequency == Frequency.MINUTE:
        return
    finer = periods.FINER[frequency]
    last = periods.end(frequency, start) - timedelta(seconds=1)
    parts = list(periods.between(finer, start, last))
    assert parts[0] == start
    assert periods.end(finer, parts[-1]) == periods.end(frequency, start)
    assert all(periods.start_of(frequency, part) == start for part in parts)
    assert frequency in periods.coarser(finer)


@given(instants)
def test_weeks_are_iso_weeks(instant):
    start = periods.start_of("W", instant)
    assert start.isocalendar()[:2] == instant.isocalendar()[:2]
    assert (start.weekday(), periods.seconds("W", start)) == (0, 7 * 86_400)


@pytest.mark.parametrize(
    ("frequency", "start", "seconds"),
    [
        ("N", at(2026, 3, 29, 1), 60),
        ("H", at(2026, 3, 29, 1), 3600),
        ("D", at(2026, 3, 29), 86_400),
        ("M", at(2026, 2), 28 * 86_400),
        ("M", at(2024, 2), 29 * 86_400),
        ("M", at(2026, 12), 31 * 86_400),
        ("A", at(2026), 365 * 86_400),
        ("A", at(2024), 366 * 86_400),
    ],
)
def test_lengths_know_leap_years_and_no_summer_time(frequency, start, seconds):
    assert periods.seconds(frequency, start) == seconds


def test_between_takes_in_the_periods_of_both_ends():
    assert list(periods.between("M", at(2026, 10, 31, 23), at(2026, 12, 1))) == [
        at(2026, 10),
        at(2026, 11),
        at(2026, 12),
    ]
    assert list(periods.between("D", at(2026, 10, 31, 23), at(2026, 10, 31, 23))) == [at(2026, 10, 31)]
    assert list(periods.between("D", at(2026, 11, 2), at(2026, 10, 31))) == []


def test_a_year_is_summed_from_months_only_so_that_no_sum_holds_a_record_twice():
    assert [periods.coarser(frequency) for frequency in "NHDWMA"] == [("H",), ("D",), ("W", "M"), (), ("A",), ()]
