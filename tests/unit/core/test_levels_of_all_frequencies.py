"""Implausible levels (R102) of reports of all frequencies, each judged beside the others."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules.levels import BeyondReachError, Judge, Level, is_explained
from p2p_core.rules.sums import Count
from tests.oracles.desk import Desk
from tests.oracles.records import Report
from tests.unit.core.levels import USUAL, WEEK, sums_of

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: A Wednesday in July, its afternoon, and a minute of that.
WEDNESDAY = datetime(2026, 7, 8, tzinfo=UTC)
NINE = WEDNESDAY.replace(hour=9)
HUGE = 10**9
FIRST = {"N": NINE + 5 * MINUTE, "H": NINE, "D": WEDNESDAY, "M": JULY}


def every(frequency, first, end, value):
    """The same total for each period from the first one until an end."""
    found = {}
    while first < end:
        found[frequency, first] = value
        first = periods.end(frequency, first)
    return found


#: What an agency reports that sends one frequency only, with some 24 events a day.
ALONE = {
    "N": every("N", NINE - 8 * WEEK, NINE - 8 * WEEK + HOUR, 1)
    | {key: 1 for week in range(1, 8) for key in every("N", NINE - week * WEEK, NINE - week * WEEK + HOUR, 1)},
    "H": every("H", MAY, WEDNESDAY, 1),
    "D": every("D", MAY, WEDNESDAY, 24),
    "M": every("M", datetime(2025, 11, 1, tzinfo=UTC), JULY, 720),
}


def facts_of(frequency, value, standing, *, breaks=(), reach=Frequency.MONTH):
    level = Level(frequency, FIRST[frequency], value, judged=True)
    return Judge(sums_of(standing), reach, list(breaks), USUAL).judge([level]).get((frequency, FIRST[frequency]))


@pytest.mark.parametrize("sent", "NHDM")
@pytest.mark.parametrize("known", "HDM")
def test_no_frequency_is_a_way_around_the_levels_of_another(known, sent):
    assert facts_of(sent, HUGE, ALONE[known])["value"] == HUGE
    assert facts_of(sent, {"N": 1, "H": 1, "D": 24, "M": 744}[sent], ALONE[known]) is None


@pytest.mark.parametrize("sent", "NH")
def test_minutes_make_usual_hours(sent):
    assert facts_of(sent, HUGE, ALONE["N"])["usual"] == 60


def test_a_month_is_compared_with_the_weeks_before_it_at_its_own_length():
    days = every("D", MAY, JULY, 100) | every("D", JULY - WEEK, JULY, 107)
    facts = facts_of("M", 9_000, days)
    assert facts["values_frequency"] == "W"
    # 31 days of a hundred, and the last week, which has seven in a hundred more.
    assert facts["values"] == [3_100] * 7 + [3_317]


def test_a_month_is_compared_with_the_months_before_it_without_weeks():
    facts = facts_of("M", 9_000, every("M", datetime(2025, 1, 1, tzinfo=UTC), JULY, 2_800))
    assert facts["values_frequency"] == "M"
    # November to June: 30, 31, 31, 28, 31, 30, 31 and 30 days.
    assert facts["values"] == [2893, 2800, 2800, 3100, 2800, 2893, 2800, 2893]


def test_days_of_a_month_report_are_no_weeks():
    days = every("D", JULY - 3 * WEEK, JULY, 100)
    assert facts_of("M", HUGE, days | every("M", MAY, JULY, 3_000)) is None


def without(standing, first, length):
    """What stands except a stretch at the same place of each week before some period."""
    gaps = [(first - week * WEEK, first - week * WEEK + length) for week in range(1, 30)]
    return {place: total for place, total in standing.items() if not any(a <= place[1] < b for a, b in gaps)}


@pytest.mark.parametrize("sent", "NHDM")
def test_a_gap_in_each_week_is_no_way_around_the_levels(sent):
    gaps = without(ALONE["H"], NINE, HOUR)
    found = facts_of(sent, HUGE, gaps)
    assert (found["value"], found["usual"], found["values_frequency"]) == (HUGE, 744, "W")
    assert found.get("whole_frequency", sent) == "M"
    # Of what is not there nothing is known, so no month is too little.
    assert facts_of(sent, 0, gaps) is None


@pytest.mark.parametrize(("days", "judged"), [(3, True), (4, False)])
def test_weeks_are_scaled_if_half_of_them_is_there(days, judged):
    assert bool(facts_of("M", HUGE, without(ALONE["D"], JULY, days * DAY))) == judged


def test_whole_weeks_and_reported_months_come_before_weeks_with_gaps():
    days = every("D", MAY, JULY, 100)
    gaps = without({place: total for place, total in days.items() if place[1] < JUNE}, JULY, DAY)
    four_weeks = {place: total for place, total in days.items() if place[1] >= JULY - 4 * WEEK}
    assert facts_of("M", HUGE, gaps | four_weeks)["values"] == [3_100] * 4
    months = every("M", datetime(2026, 2, 1, tzinfo=UTC), JULY, 2_800)
    assert facts_of("M", HUGE, without(days, JULY, DAY) | months)["values_frequency"] == "M"


def test_a_part_can_be_too_much_and_never_too_little():
    days = every("D", MAY, WEDNESDAY, 50_000)
    assert facts_of("H", 0, days) is None
    assert facts_of("N", 0, every("H", MAY, WEDNESDAY, 50_000)) is None
    found = facts_of("H", 90_000, days)
    assert (found["usual"], found["whole_frequency"], "reported" in found) == (50_000, "D", False)


def test_a_minute_is_judged_with_the_other_minutes_of_its_hour():
    hours = every("H", MAY, WEDNESDAY, 100)
    minutes = every("N", NINE + 10 * MINUTE, NINE + 20 * MINUTE, 20)
    assert facts_of("N", 20, hours | minutes) is None
    found = facts_of("N", 21, hours | minutes)
    assert (found["value"], found["reported"], found["usual"], found["whole_frequency"]) == (221, 21, 100, "H")


def test_a_minute_is_judged_also_where_its_hour_was_reported():
    assert facts_of("N", 300, every("H", MAY, NINE + HOUR, 100))["value"] == 300


def test_a_minute_that_does_not_make_its_hour_larger_is_let_through():
    hours = every("H", MAY, WEDNESDAY, 100)
    too_many = every("N", NINE, NINE + 10 * MINUTE, 100)
    assert facts_of("N", 99, hours | too_many) is None
    assert facts_of("N", 100, hours | too_many) is None
    assert facts_of("N", 101, hours | too_many)["value"] == 1_001


def test_a_released_minute_does_not_hold_the_others_of_its_hour():
    hours, sums = every("H", MAY, WEDNESDAY, 100), None
    sums = sums_of(hours | {("N", NINE): HUGE})
    released = Level("N", NINE, HUGE, judged=False, released=True)
    others = [Level("N", NINE + number * MINUTE, 1, judged=True) for number in range(1, 60)]
    judge = Judge(sums, Frequency.HOUR, [], USUAL)
    assert judge.judge([released, *others]) == {}
    again = Level("N", NINE + MINUTE, 400, judged=True)
    assert judge.judge([again])["N", NINE + MINUTE]["value"] == 458


def test_coarser_figures_are_asked_for_only_if_they_are_needed():
    for known in "DM":
        with pytest.raises(BeyondReachError):
            facts_of("H", HUGE, ALONE[known], reach=Frequency.HOUR)
    assert facts_of("H", HUGE, ALONE["H"], reach=Frequency.HOUR)


@pytest.mark.parametrize(
    ("known", "sent", "first"),
    [
        ("H", "H", NINE - 8 * WEEK),
        ("H", "N", NINE - 8 * WEEK),
        ("H", "D", WEDNESDAY - 8 * WEEK),
        ("D", "H", WEDNESDAY - 8 * WEEK),
        ("D", "M", JULY - 8 * WEEK),
        ("M", "M", datetime(2025, 11, 1, tzinfo=UTC)),
        ("M", "N", datetime(2025, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_break_explains_a_level_from_the_first_of_its_usual_values_to_the_end_of_its_period(known, sent, first):
    facts, period = facts_of(sent, HUGE, ALONE[known]), FIRST[sent]
    whole = facts.get("whole_frequency", sent)
    end = periods.end(whole, periods.start_of(whole, period))
    second = timedelta(seconds=1)
    for mark, explains in [(first, False), (first + second, True), (end - second, True), (end, False)]:
        assert is_explained(facts, sent, period, before=[], after=[mark]) == explains
    # One that explains nothing changes no verdict; one just before the period leaves nothing to compare with.
    assert facts_of(sent, HUGE, ALONE[known], breaks=[first, end]) == facts
    assert facts_of(sent, HUGE, ALONE[known], breaks=[end - second]) is None


# --- against the second implementation --------------------------------------------------------------------------------

TOUCHY = {"values": 2, "distance": 3, "difference": 4}
#: What is filled whole: minutes of hours, hours of days, days of weeks and of months, and months.
FILLED = [
    *(("N", NINE - week * WEEK, NINE - week * WEEK + HOUR) for week in range(4)),
    *(("H", WEDNESDAY - week * WEEK, WEDNESDAY - week * WEEK + DAY) for week in range(4)),
    *(("D", JULY - week * WEEK, JULY - (week - 1) * WEEK) for week in range(1, 5)),
    ("D", JUNE, JULY),
    ("M", MAY, JULY),
    ("M", datetime(2026, 2, 1, tzinfo=UTC), JULY),
]
SINGLE = {
    "N": [NINE + number * MINUTE for number in range(4)] + [WEDNESDAY],
    "H": [NINE - week * WEEK for week in range(4)] + [WEDNESDAY - WEEK],
    "D": [WEDNESDAY - week * WEEK for week in range(4)] + [JULY],
    "M": [MAY, JUNE, JULY],
}
A_DAY = {"N": 1_440, "H": 24, "D": 1, "M": 1 / 30}
amounts = st.sampled_from([48, 72, 72, 2_400])


@st.composite
def submissions(draw):
    """Totals, or None for a withdrawal, by frequency and period: a filled stretch, single reports, or both."""
    said = {}
    if draw(st.booleans()):
        frequency, first, end = draw(st.sampled_from(FILLED))
        said |= every(frequency, first, end, round(draw(amounts) / A_DAY[frequency]))
    for frequency in draw(st.text("NHDM", max_size=4)):
        value = draw(st.none() | st.integers(0, 9).map(lambda n: n * 13) | amounts | st.just(HUGE))
        said[frequency, draw(st.sampled_from(SINGLE[frequency]))] = value
    return said


class Book:
    """What stands and what waits, of one agency; kept beside the oracle, for the judge."""

    def __init__(self, breaks):
        self.desk, self.breaks = Desk({f"R102_{name.upper()}": value for name, value in TOUCHY.items()}), breaks
        self.current, self.waiting, self.released = {}, {}, set()
        for mark in breaks:
            self.desk.mark_break(1, mark)

    def take(self, said, number):
        """Judge a submission twice, and keep what became of it."""
        levels = [Level(*place, total, **self._known(place, total)) for place, total in said.items()]
        random.Random(number).shuffle(levels)
        sums = sums_of({place: total for place, (total, _) in self.current.items() if total is not None})
        for place, (total, released) in self.current.items():
            if released:
                self._note_release(sums, place, total)
        held = set(Judge(sums, Frequency.MONTH, self.breaks, TOUCHY).judge(levels))
        assert held == {(one.frequency, one.period) for one in self.desk.receive(self._reports(said, number))}
        for place, total in said.items():
            self.waiting.pop(place, None)
            if place in held:
                self.waiting[place] = total
            else:
                self.current[place] = (total, (place, total) in self.released)

    def _known(self, place, total):
        released = (place, total) in self.released
        same = place in self.current and self.current[place][0] == total
        return {"judged": not released and not same, "released": released}

    def _note_release(self, sums, place, total):
        sums.reports[place] = sums.reports[place]._replace(released=total)
        if place[0] == "N":
            hour = periods.start_of("H", place[1])
            sums.minutes[hour] = sums.minutes[hour].plus(Count(released=total))

    def _reports(self, said, number):
        sent = datetime(2027, 1, 1, tzinfo=UTC) + number * MINUTE
        for (frequency, period), total in said.items():
            cells = {(578, 1): total} if total else {}
            told = {"withdrawn": total is None, "cells": cells, "status": "A", "prepared": sent, "received": sent}
            yield Report(number, 1, 1, frequency, period, **told)

    def release(self, number):
        if self.waiting:
            place = sorted(self.waiting)[number % len(self.waiting)]
            total = self.waiting.pop(place)
            self.current[place] = (total, True)
            self.released.add((place, total))
            self.desk.release((1, 1, *place))


@given(
    st.lists(submissions() | st.integers(0, 9), min_size=2, max_size=10),
    st.lists(st.sampled_from([JULY, JUNE, NINE - WEEK, WEDNESDAY + MINUTE]), max_size=1),
)
def test_reports_of_all_frequencies_are_judged_as_the_words_say(history, breaks):
    book = Book(breaks)
    for number, one in enumerate(history):
        if isinstance(one, dict):
            book.take(one, number)
        else:
            book.release(one)


@given(submissions(), submissions())
def test_reports_of_all_frequencies_sent_at_once_are_judged_as_if_sent_one_by_one(there, said):
    standing = {place: total for place, total in (ALONE["M"] | there).items() if total is not None}
    some = [Level(*place, total, judged=True) for place, total in said.items()]
    at_once = Judge(sums_of(standing), Frequency.MONTH, [], TOUCHY).judge(some)
    one_by_one = {}
    for level in sorted(some, key=lambda level: (level.period, "NHDM".index(level.frequency))):
        found = Judge(sums_of(standing), Frequency.MONTH, [], TOUCHY).judge([level])
        one_by_one |= found
        if not found:
            standing.pop((level.frequency, level.period), None)
            if level.total is not None:
                standing[level.frequency, level.period] = level.total
    assert at_once == one_by_one
