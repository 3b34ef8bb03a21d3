"""Implausible levels (R102): at the limit, against exact fractions, in sequence, with breaks, rarely in the demo."""

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
from p2p_core.rules.levels import Judge, Level, implausible, usual_of
from p2p_core.rules.sums import Sums
from tests.oracles import rules as oracle
from tests.unit.core.levels import BORDER, TUESDAY, TWO, USUAL, WEEK, judge, judged, weeks_before

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
