"""The estimator against a slow one that was written from its description alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from federation.rules import effect
from tests.oracles import effects as oracle

shapes = st.tuples(st.integers(21, 42), st.integers(17, 26))


@st.composite
def worlds(draw):
    """Counts, many of them 0, and the number of weeks before the start."""
    units, weeks = draw(shapes)
    counts = draw(arrays(np.int64, (units, weeks), elements=st.sampled_from([0, 0, 5, 10, 35, 200, 4000])))
    # A column that differs, or nothing would ever change.
    counts[:, 0] += np.arange(units) * 5 + 5
    return counts, draw(st.integers(16, weeks - 1))


def compare(counts, before):
    found, expected = effect.estimate(counts, before), oracle.estimate(counts.tolist(), before)
    for name in ("change", "low", "high", "changes", "usual", "sizes"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9)
    ties = np.isclose(expected.sizes[1:], expected.sizes[0], rtol=1e-9, atol=1e-12).sum()
    assert abs(found.rank - expected.rank) <= ties
    return found


@given(worlds())
def test_estimate_is_that_of_the_oracle(world):
    compare(*world)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.verify) for seed in range(1, 5))])
@pytest.mark.parametrize(("units", "after"), [(21, 4), (30, 26), (41, 12)])
def test_estimate_of_usual_worlds_is_that_of_the_oracle(seed, units, after):
    random = np.random.default_rng(seed)
    level = random.lognormal(5, 1, (units, 1))
    counts = random.poisson(level * (1 + 0.3 * np.sin(np.arange(52 + after) / 8)))
    counts[0, 52:] = counts[0, 52:] * 0.7
    found = compare(counts, 52)
    assert found.rank == oracle.estimate(counts.tolist(), 52).rank
    assert found.low < found.change < found.high


def test_interval_excludes_no_change_exactly_if_the_rank_is_among_the_largest():
    for seed in range(200):
        random = np.random.default_rng(seed)
        counts = random.poisson(random.lognormal(4, 1, (30, 1)) * np.ones((30, 60)))
        counts[0, 40:] = counts[0, 40:] * random.uniform(0.6, 1.4)
        found = effect.estimate(counts, 40)
        assert (found.low > 0 or found.high < 0) == (found.rank <= 30 * 5 // 100)


@pytest.mark.parametrize("after", [4, 26])
@pytest.mark.parametrize("level", [35, 100, 4995])
def test_constant_counts_never_change(level, after):
    """Sums of equal numbers have logarithms that differ in their last bits."""
    for units in range(21, 42):
        counts = np.full((units, 52 + after), level)
        counts *= np.arange(1, units + 1)[:, None]
        found = effect.estimate(counts, 52)
        assert (found.low, found.change, found.high, found.rank) == (0, 0, 0, units)


def test_interval_has_an_end_although_a_steady_country_falls_to_nothing():
    counts = np.full((30, 78), 20_000)
    counts[0] += np.arange(78) % 7 * 1000
    counts[5, 52:] = 0
    found = effect.estimate(counts, 52)
    assert (found.low, found.high) == (-10, 10)


def test_numbers_are_rounded_before_they_are_compared():
    """So another processor, whose logarithms have other last bits, says the same."""
    counts = np.random.default_rng(4).poisson(400, (30, 78))
    found = effect.estimate(counts, 52)
    for numbers in (found.changes, found.usual, found.sizes, effect.lines(counts, 52)):
        assert (numbers == numbers.round(9)).all()
    assert (found.sizes == (np.abs(found.changes) / found.usual).round(9)).all()


def test_intervals_over_time_end_with_the_estimate():
    counts = np.random.default_rng(1).poisson(50, (25, 60))
    found = effect.estimate(counts, 40)
    over_time = effect.over_time(counts, 40)
    assert over_time.shape == (20, 3)
    assert over_time[-1].tolist() == [found.change, found.low, found.high]


def test_size_of_a_country_depends_on_the_weeks_before_the_start_only():
    counts = np.full((3, 10), 5)
    counts[1, 3] = 4
    counts[2, 8] = 0
    assert effect.are_large_enough(counts, 6).tolist() == [True, False, True]
