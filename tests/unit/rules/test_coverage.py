"""Coverage: owed time compared with a count of single moments, and states compared with the rule's words."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from federation.rules import coverage
from federation.rules.coverage import AgencySchedule, Standing
from p2p_core import periods

COARSENESS = "NHDWMA"
#: Periods near the turn of a week, a month and a year; schedules begin and end around it.
PERIODS = {
    "N": datetime(2026, 2, 1, 0, 0, tzinfo=UTC),
    "H": datetime(2026, 2, 1, 23, tzinfo=UTC),
    "D": datetime(2026, 2, 1, tzinfo=UTC),
    "W": datetime(2026, 1, 26, tzinfo=UTC),
    "M": datetime(2026, 2, 1, tzinfo=UTC),
    "A": datetime(2026, 1, 1, tzinfo=UTC),
}
#: The stretch that is looked at as a whole when time is counted: small enough for each period, few for a year.
UNIT = {"N": 60, "H": 60, "D": 60, "W": 3600, "M": 3600, "A": 3600}


def schedule(frequency="H", first=date(2026, 1, 30), last=date(2026, 2, 10), deadline=60):
    return AgencySchedule(1, frequency, first, last, timedelta(minutes=deadline))


@st.composite
def schedules(draw):
    first = date(2025, 12, 20) + timedelta(days=draw(st.integers(0, 80)))
    last = first + timedelta(days=draw(st.integers(0, 12)))
    return schedule(draw(st.sampled_from("NHDM")), first, last, draw(st.integers(0, 3000)))


@st.composite
def periods_in_part_reported(draw):
    """A period, and which of its units were ever reported."""
    frequency = draw(st.sampled_from(COARSENESS))
    units = periods.seconds(frequency, PERIODS[frequency]) // UNIT[frequency]
    stretches = draw(st.lists(st.tuples(st.integers(0, units), st.integers(0, 200)), max_size=4))
    return frequency, {unit for first, length in stretches for unit in range(first, min(first + length, units))}


def names_day(one, frequency, day):
    """Whether a schedule expects anything at this frequency on a day."""
    return COARSENESS.index(one.frequency) <= COARSENESS.index(frequency) and one.valid_from <= day <= one.valid_to


def moments(frequency):
    """The number and day of each unit of a period."""
    start, unit = PERIODS[frequency], UNIT[frequency]
    for number in range(periods.seconds(frequency, start) // unit):
        yield number, (start + timedelta(seconds=number * unit)).date()


def reported_by_day(frequency, reported):
    days = np.zeros(-(-periods.seconds(frequency, PERIODS[frequency]) // 86_400), np.int64)
    for number in reported:
        days[number * UNIT[frequency] // 86_400] += UNIT[frequency]
    return days


@given(periods_in_part_reported(), st.lists(schedules(), max_size=3))
def test_time_owed_is_counted_moment_by_moment(period, some):
    frequency, reported = period
    owed = coverage.owed_seconds(
        frequency,
        PERIODS[frequency],
        some,
        reported=len(reported) * UNIT[frequency],
        reported_by_day=reported_by_day(frequency, reported),
    )
    named = {number for number, day in moments(frequency) if any(names_day(one, frequency, day) for one in some)}
    assert owed == UNIT[frequency] * len(named | reported)


@given(st.sampled_from(COARSENESS), schedules())
def test_an_agency_is_expected_where_its_schedule_names_a_moment(frequency, one):
    named = any(names_day(one, frequency, day) for _, day in moments(frequency))
    assert one.expects(frequency, PERIODS[frequency]) == named


@given(st.sampled_from(COARSENESS), st.lists(schedules(), max_size=3))
def test_scheduled_days_are_those_that_a_schedule_names(frequency, some):
    days = coverage.scheduled_days(frequency, PERIODS[frequency], some)
    named = {day for _, day in moments(frequency) if any(names_day(one, frequency, day) for one in some)}
    first = PERIODS[frequency].date()
    assert {first + timedelta(days=int(number)) for number in np.flatnonzero(days)} == named


def test_a_schedule_over_all_of_a_period_owes_all_of_it():
    one = schedule(first=date(2026, 1, 1), last=date(2026, 3, 1))
    assert coverage.owed_seconds("M", PERIODS["M"], [one], reported=7200) == 28 * 86_400


def test_without_schedules_and_reports_nothing_is_owed():
    assert coverage.owed_seconds("D", PERIODS["D"], [], reported=0) == 0


def test_without_the_days_of_reports_the_scheduled_days_are_owed():
    one = schedule(first=date(2026, 2, 3), last=date(2026, 2, 4))
    assert coverage.owed_seconds("M", PERIODS["M"], [one], reported=3600) == 2 * 86_400


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [("N", "NHDWMA"), ("H", "HDWMA"), ("D", "DWMA"), ("M", "MA")],
)
def test_agencies_are_expected_at_their_own_frequency_and_coarser(frequency, expected):
    one = schedule(frequency, first=date(2026, 1, 1), last=date(2026, 12, 31))
    assert [name for name, start in PERIODS.items() if one.expects(name, start)] == list(expected)


def test_a_schedule_holds_on_both_of_its_days_to_the_last_second():
    one = schedule(first=date(2026, 2, 1), last=date(2026, 2, 1))
    hours = [datetime(2026, 1, 31, 23, tzinfo=UTC) + timedelta(hours=number) for number in range(26)]
    assert [one.expects("H", hour) for hour in hours] == [False, *[True] * 24, False]


DAY_ENDS = datetime(2026, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after_end", "late"),
    [(timedelta(minutes=59, seconds=59), False), (timedelta(minutes=60), True), (timedelta(days=3), True)],
)
def test_a_period_is_late_from_its_deadline_on(after_end, late):
    assert coverage.is_late("D", PERIODS["D"], [schedule()], now=DAY_ENDS + after_end) is late


def test_the_last_deadline_counts_of_those_that_expect_the_agency():
    early, slow, elsewhere = schedule(), schedule("D", deadline=600), schedule("M", deadline=6000)
    some = [early, slow, elsewhere]
    assert not coverage.is_late("D", PERIODS["D"], some, now=DAY_ENDS + timedelta(minutes=599))
    assert coverage.is_late("D", PERIODS["D"], some, now=DAY_ENDS + timedelta(minutes=600))


def test_who_is_not_expected_is_neither_late_nor_awaited():
    some, now = [schedule("M")], DAY_ENDS + timedelta(days=100)
    assert not coverage.is_late("D", PERIODS["D"], some, now=now)
    assert not coverage.is_awaited("D", PERIODS["D"], some, now=DAY_ENDS)


@given(st.sampled_from(COARSENESS), st.lists(schedules(), max_size=3), st.integers(-60, 4000))
def test_who_is_expected_is_either_awaited_or_late(frequency, some, minutes):
    start = PERIODS[frequency]
    now = periods.end(frequency, start) + timedelta(minutes=minutes)
    expected = any(one.expects(frequency, start) for one in some)
    ways = coverage.is_awaited(frequency, start, some, now=now) + coverage.is_late(frequency, start, some, now=now)
    assert ways == expected


AWAITED = Standing(agency=1, owed=60, covered=0, has_figure=False, final=False, held=False, withdrawn=False, late=False)
WORDS = ["held", "withdrawn", "reported", "partial", "late", "awaited"]


def facts_of(standing):
    """Which words of the rule fit, each judged for itself."""
    return {
        "held": standing.held,
        "withdrawn": standing.withdrawn,
        "reported": standing.has_figure and standing.covered >= standing.owed,
        "partial": standing.has_figure and standing.covered < standing.owed,
        "late": standing.late and not standing.has_figure,
        "awaited": True,
    }


@st.composite
def standings(draw, agency=1):
    has_figure = draw(st.booleans())
    return Standing(
        agency=agency,
        owed=draw(st.sampled_from([60, 120])),
        covered=draw(st.sampled_from([60, 120])) if has_figure else 0,
        has_figure=has_figure,
        final=has_figure and draw(st.booleans()),
        held=draw(st.booleans()),
        withdrawn=draw(st.booleans()),
        late=draw(st.booleans()),
    )


@given(standings())
def test_the_state_is_the_first_word_that_fits(standing):
    assert standing.state == next(word for word in WORDS if facts_of(standing)[word])


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"held": True, "withdrawn": True}, "held"),
        ({"withdrawn": True, "late": True}, "withdrawn"),
        ({"has_figure": True, "covered": 60}, "reported"),
        ({"has_figure": True, "covered": 59, "late": True}, "partial"),
        ({"late": True}, "late"),
        ({}, "awaited"),
    ],
)
def test_each_state(change, state):
    assert replace(AWAITED, **change).state == state


@st.composite
def expected_agencies(draw):
    return [draw(standings(agency)) for agency in draw(st.permutations(range(1, draw(st.integers(1, 5)))))]


@given(expected_agencies())
@example([])
def test_a_summary_counts_the_expected_agencies(some):
    summary = coverage.summarise(some, PERIODS["D"])
    by_agency = {standing.agency: standing for standing in some}
    assert summary.agencies == tuple(sorted(by_agency))
    assert summary.states == tuple(by_agency[agency].state for agency in summary.agencies)
    assert summary.agencies_expected == len(some)
    assert summary.agencies_reporting == len([one for one in some if one.has_figure])
    covered, owed = (sum(getattr(one, name) for one in some) for name in ("covered", "owed"))
    assert summary.share == (math.floor(Fraction(covered, owed) * 10_000) if owed else -1)


FINAL = replace(AWAITED, has_figure=True, covered=60, final=True)


@pytest.mark.parametrize(
    ("some", "status"),
    [
        ([], "P"),
        ([FINAL], "A"),
        ([FINAL, replace(FINAL, agency=2)], "A"),
        ([FINAL, replace(FINAL, agency=2, final=False)], "P"),
        ([FINAL, replace(FINAL, agency=2, covered=59)], "P"),
        ([FINAL, replace(AWAITED, agency=2)], "P"),
    ],
)
def test_a_period_is_normal_once_all_are_complete_and_final(some, status):
    assert coverage.summarise(some, PERIODS["D"]).status == status
