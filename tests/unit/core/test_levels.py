"""Implausible levels (R102): at the limit, against exact fractions, in sequence, with breaks, rarely in the demo."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.management.demo import counts as invented
from federation.management.demo.agencies import AGENCIES, HELP_VISITS, HISTORY
from p2p_core import periods
from p2p_core.codes import COUNTRIES, GROUP_MEMBERS
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.levels import BeyondReachError, Judge, Level, implausible, is_explained, usual_of
from p2p_core.rules.sums import NOTHING, Count, Sums
from tests.oracles import rules as oracle
from tests.oracles.desk import Desk
from tests.oracles.federation import Report

USUAL = rulebook.limits(rulebook.DEFAULTS)["R102"]
TUESDAY = datetime(2026, 11, 3, tzinfo=UTC)
TWO = TUESDAY.replace(hour=14)
WEEK = timedelta(weeks=1)
BORDER = {"distance": 12, "difference": 50, "values": 4}


def weeks_before(period, totals):
    """What stands for the same place of the weeks before, the last one last."""
    return {period - (len(totals) - number) * WEEK: total for number, total in enumerate(totals)}


def sums_of(standing):
    """Figures, of the totals of reports by frequency and period."""
    reports, minutes = {}, {}
    for (frequency, period), total in standing.items():
        count = Count(total, periods.seconds(frequency, period))
        if frequency == "N":
            hour = periods.start_of("H", period)
            minutes[hour] = minutes.get(hour, NOTHING).plus(count)
        reports[frequency, period] = count
    return Sums(reports, minutes)


def judge(frequency, standing, some, *, breaks=()):
    """Judge levels of one frequency, and bring up to date what stands."""
    sums = sums_of({(frequency, period): total for period, total in standing.items()})
    found = Judge(sums, Frequency.MONTH, list(breaks), USUAL).judge(some)
    standing.clear()
    standing.update({period: count.total for (_, period), count in sums.reports.items()})
    return {period: facts for (_, period), facts in found.items()}


def judged(value, totals, *, frequency="H", period=TWO, breaks=()):
    level = Level(frequency, period, value, judged=True)
    return judge(frequency, weeks_before(period, totals), [level], breaks=breaks)


# --- the border -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "usual", "noticed"),
    [
        (220, [100] * 8, False),  # 120 / √100 is 12, not over it
        (221, [100] * 8, True),
        (50, [0] * 8, True),
        (49, [0] * 8, False),  # far, but not by 50
        (50, [1] * 8, False),
        (51, [1] * 8, True),
        (0, [144] * 8, False),  # exactly twelve roots below
        (0, [145] * 8, True),
        (277, [90, 90, 90, 90, 110, 110, 110, 110], False),  # twelve deviations are 12 · 1.4826 · 10
        (278, [90, 90, 90, 90, 110, 110, 110, 110], True),
        (88_956 + 100_000, [95_000] * 4 + [105_000] * 4, False),  # exactly twelve deviations
        (88_957 + 100_000, [95_000] * 4 + [105_000] * 4, True),
    ],
)
def test_a_level_at_its_border(value, usual, noticed):
    assert bool(implausible(value, usual, **USUAL)) == noticed == oracle.is_implausible(value, usual, **BORDER)


@pytest.mark.parametrize(("count", "noticed"), [(3, False), (4, True), (8, True)])
def test_four_values_make_a_level_usual(count, noticed):
    assert bool(judged(5_000, [100] * count)) == noticed


def test_a_level_that_strays_says_how_far():
    assert implausible(1_204, [90, 92, 94, 96, 96, 98, 100, 102], **USUAL) == {
        "value": 1_204,
        "usual": 96.0,
        "deviation": 9.798,
        "distance": 113.08,
        "values": [90, 92, 94, 96, 96, 98, 100, 102],
    }


totals = st.integers(0, 300) | st.integers(0, 10**6)


@given(totals, st.lists(totals, max_size=8))
def test_levels_that_stray_are_those_of_the_fractions(value, usual):
    found = implausible(value, usual, **USUAL)
    assert bool(found) == oracle.is_implausible(value, usual, **BORDER)
    if found:
        deviation = max(1.4826 * np.median(np.abs(np.array(usual) - np.median(usual))), np.median(usual) ** 0.5, 1)
        assert found["usual"] == np.median(usual)
        assert found["deviation"] == pytest.approx(deviation, abs=1e-3)
        assert found["distance"] == pytest.approx(abs(value - np.median(usual)) / deviation, abs=1e-2)


@given(st.lists(st.integers(0, 2_000), min_size=4, max_size=8), st.integers(-1, 1))
def test_levels_right_at_the_border_are_those_of_the_fractions(usual, beside):
    middle = np.median(usual)
    deviation = max(1.4826 * np.median(np.abs(np.array(usual) - middle)), middle**0.5, 1)
    value = int(middle + max(12 * deviation, 50)) + beside
    assert bool(implausible(value, usual, **USUAL)) == oracle.is_implausible(value, usual, **BORDER)


# --- what it is compared with -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency", ["H", "D"])
def test_only_the_same_place_of_the_week_is_compared_with(frequency):
    period = TWO if frequency == "H" else TUESDAY
    others = {period - timedelta(hours=number): 1_000 for number in range(1, 9 * 168) if number % 168}
    assert usual_of(frequency, period, others, breaks=[]) == []


def test_the_eight_weeks_before_are_compared_with_and_none_older():
    standing = weeks_before(TWO, [7, *range(8)])
    assert usual_of("H", TWO, standing, breaks=[]) == list(range(8))


@given(
    st.sampled_from("HD"),
    st.lists(st.integers(0, 9), max_size=10),
    st.lists(st.sampled_from([timedelta(hours=h) for h in (-1, 0, 1, 23, 24)]), max_size=2),
    st.lists(st.integers(-1, 9), min_size=2, max_size=2),
)
def test_values_before_a_break_do_not_count(frequency, standing, offsets, weeks):
    period = TWO if frequency == "H" else TUESDAY
    there = weeks_before(period, standing)
    breaks = [period - week * WEEK + offset for week, offset in zip(weeks, offsets, strict=False)]
    assert usual_of(frequency, period, there, breaks=breaks) == oracle.usual_for(frequency, period, there, breaks)


@pytest.mark.parametrize(
    ("mark", "noticed"),
    [
        (TWO - 8 * WEEK, True),
        (TWO - 4 * WEEK, True),  # four values are left
        (TWO - 4 * WEEK + timedelta(seconds=1), False),
        (TWO, False),
        (TWO + timedelta(minutes=59), False),
        (TWO + timedelta(hours=1), True),  # afterwards
    ],
)
def test_a_break_leaves_too_little_to_compare_with(mark, noticed):
    assert bool(judged(5_000, [100] * 8, breaks=[mark])) == noticed


# --- in sequence ------------------------------------------------------------------------------------------------------


@st.composite
def histories(draw):
    """Totals that stand, and levels of some of the weeks after, several places of the week mixed."""
    frequency = draw(st.sampled_from("HD"))
    begin = TWO if frequency == "H" else TUESDAY
    step = timedelta(hours=1) if frequency == "H" else timedelta(days=1)
    places = [begin + week * WEEK + place * step for week in range(14) for place in (0, 1)]
    values = st.sampled_from([90, 95, 100, 105, 110]) | st.sampled_from([0, 400, 5_000])
    standing = {place: draw(values) for place in places[:16] if draw(st.integers(0, 5))}
    some = [
        Level(frequency, place, draw(st.none() | values | values), judged=bool(draw(st.integers(0, 4))))
        for place in places[8:]
        if draw(st.integers(0, 4))
    ]
    breaks = draw(st.lists(st.sampled_from(places), max_size=1))
    return frequency, standing, some, breaks


@given(histories(), st.randoms(use_true_random=False))
def test_weeks_sent_at_once_are_judged_as_if_sent_one_by_one(history, random):
    frequency, standing, some, breaks = history
    one_by_one, apart = dict(standing), {}
    for level in sorted(some, key=lambda level: level.period):
        apart |= judge(frequency, one_by_one, [level], breaks=breaks)
    together = dict(standing)
    shuffled = random.sample(some, len(some))
    assert judge(frequency, together, shuffled, breaks=breaks) == apart
    assert together == one_by_one


@given(histories())
def test_a_sequence_is_judged_as_its_words_say(history):
    frequency, standing, some, breaks = history
    stands, expected = dict(standing), set()
    for level in sorted(some, key=lambda level: level.period):
        usual = oracle.usual_for(frequency, level.period, stands, breaks)
        if level.total is None:
            stands.pop(level.period, None)
        elif level.judged and oracle.is_implausible(level.total, usual, **BORDER):
            expected.add(level.period)
        else:
            stands[level.period] = level.total
    assert set(judge(frequency, dict(standing), some, breaks=breaks)) == expected


def test_what_strays_does_not_become_usual():
    found = judge(
        "D",
        weeks_before(TUESDAY, [100] * 8),
        [Level("D", TUESDAY + week * WEEK, 5_000, judged=True) for week in range(5)],
        breaks=[],
    )
    # The fifth is still judged against the four that are left of the usual ones.
    assert list(found) == [TUESDAY + week * WEEK for week in range(5)]


def test_what_was_released_becomes_usual():
    standing = weeks_before(TUESDAY, [100] * 8)
    released = [Level("D", TUESDAY + week * WEEK, 5_000, judged=False) for week in range(5)]
    next_one = Level("D", TUESDAY + 5 * WEEK, 5_100, judged=True)
    assert judge("D", standing, [*released, next_one], breaks=[]) == {}


def test_what_is_withdrawn_is_compared_with_no_more():
    standing = weeks_before(TUESDAY, [100] * 4)
    withdrawn = Level("D", TUESDAY - WEEK, None, judged=True)
    assert judge("D", standing, [withdrawn, Level("D", TUESDAY, 5_000, judged=True)], breaks=[]) == {}


# --- all frequencies --------------------------------------------------------------------------------------------------

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


# --- histories --------------------------------------------------------------------------------------------------------


def test_a_sudden_tenfold_is_noticed_and_growth_season_and_noise_are_not():
    weeks = np.arange(60)
    totals = np.random.default_rng(1).poisson(900 * np.exp(weeks / 52) * (1 + 0.2 * np.sin(weeks / 8)))
    days = [Level("D", TUESDAY + week * WEEK, int(total), judged=True) for week, total in enumerate(totals)]
    assert judge("D", {}, days, breaks=[]) == {}
    tenfold = Level("D", TUESDAY + 60 * WEEK, int(totals[-1]) * 10, judged=True)
    assert list(judge("D", {}, [*days, tenfold], breaks=[])) == [tenfold.period]


def test_a_sensor_that_breaks_down_is_noticed():
    assert judged(0, [900, 950, 910, 940, 925, 930, 945, 915])


PEOPLE = {code: 1 + sum(code.encode()) for code in COUNTRIES if code != "_U"}
STARTS = [datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2027, 6, 30, 23, tzinfo=UTC)]


def totals_of(stream, steps, *, seed):
    """Totals of what the demo sends in these periods, as its senders invent them."""
    rng = np.random.default_rng(seed)
    starts, ends = [start for _, start in steps], [periods.end(*step) for step in steps]
    shares = invented.VISIT_SHARES if stream.indicator == HELP_VISITS else invented.NETWORK_SHARES
    mixture = invented.draw_mixture(
        PEOPLE, near=GROUP_MEMBERS["EUROPE"], home=stream.agency.country, networks=shares, rng=rng
    )
    expected = invented.expected_counts(starts, ends, level=stream.level, utc_offset=stream.agency.utc_offset)
    return invented.draw_counts(expected, mixture.shares, rng=rng).sum(axis=1).tolist()


@pytest.mark.parametrize("now", STARTS, ids=str)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.verify) for seed in (1, 2))])
@pytest.mark.parametrize("unit", AGENCIES, ids=lambda unit: unit.country)
def test_ordinary_history_of_the_demo_is_held_once_a_year_at_most(unit, seed, now):
    first_day = periods.start_of("D", now)
    holds = Counter()
    for stream in unit.streams:
        since = periods.start_of(stream.finest, first_day - HISTORY)
        steps = list(stream.due(since, now=now, first_day=first_day))
        totals = totals_of(stream, steps, seed=[seed, len(unit.name)])
        some = [Level(*step, total, judged=True) for step, total in zip(steps, totals, strict=True)]
        found = Judge(Sums({}, {}), Frequency.MONTH, [], USUAL).judge(some)
        holds.update(period.year for _, period in found)
    assert all(count <= 1 for count in holds.values()), holds
