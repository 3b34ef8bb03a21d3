"""The places of a series in a chart."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.findings import chart
from federation.findings.series import Before, FindingSeries, Point
from federation.geometry import Canvas

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PAPER = Canvas(868, 266, left=76, top=18)


def point(at, value=None, *, usual=None, unused=None, in_finding=False):
    return Point(FIRST + at * HOUR, value, usual, unused, "held" if unused is not None else "", in_finding)


def draw(*points, breaks=()):
    return chart.draw(FindingSeries("H", points, [], breaks), PAPER)


def said(marks):
    return [((mark.period - FIRST) // HOUR, mark.value) for mark in marks]


def test_line_is_broken_where_nothing_counts():
    drawn = draw(point(0, 5), point(1, 6), point(2, in_finding=True), point(3, 7), point(4, 8))
    assert drawn.line.count("M") == 2
    assert drawn.line.count("L") == 2
    assert drawn.lonely == []
    assert drawn.in_finding == []


def test_value_without_neighbours_is_a_dot():
    drawn = draw(point(0), point(1, 6), point(2, in_finding=True))
    assert said(drawn.lonely) == [(1, 6)]


def test_held_values_are_joined_to_what_counts_beside_them():
    drawn = draw(
        point(0, 5), point(1, unused=90, in_finding=True), point(2, 6, unused=80, in_finding=True), point(3, 7)
    )
    assert (drawn.unused.count("M"), drawn.unused.count("L")) == (1, 3)
    assert said(drawn.held) == [(1, 90), (2, 80)]
    assert said(drawn.in_finding) == [(2, 6)]


def test_held_outlier_of_another_finding_does_not_flatten_the_chart():
    drawn = draw(point(0, 5), point(1, 6, unused=400_000), point(2, 8, unused=7), point(3, 90, in_finding=True))
    assert drawn.rungs[-1].value == 100
    assert (said(drawn.above), said(drawn.held)) == ([(1, 400_000)], [(2, 7)])
    assert drawn.above[0].y == PAPER.top
    own = draw(point(0, 5), point(1, 6, unused=400_000, in_finding=True))
    assert (own.rungs[-1].value, said(own.held), own.above) == (400_000, [(1, 400_000)], [])
    alone = draw(point(0, unused=90), point(1, in_finding=True))
    assert (alone.rungs[-1].value, alone.above) == (100, [])


def test_held_value_alone_is_marked():
    drawn = draw(point(0), point(1, unused=90, in_finding=True), point(2))
    assert len(drawn.held) == 1
    assert drawn.unused.startswith("M")


def test_break_is_drawn_before_the_first_period_after_it():
    drawn = draw(point(0, 1, in_finding=True), point(1, 1), point(2, 1), breaks=[FIRST + HOUR])
    [place] = drawn.breaks
    assert place == pytest.approx(PAPER.width / 3 + PAPER.left, abs=0.1)


def test_band_covers_the_noticed_periods_and_is_never_too_thin():
    many = draw(*(point(at, 1, in_finding=at in (3, 4)) for at in range(10)))
    assert many.band[1] == pytest.approx(2 * PAPER.width / 10, abs=0.2)
    thin = draw(*(point(at, 1, in_finding=at == 3) for at in range(1000)))
    assert thin.band[1] == pytest.approx(6, abs=0.1)


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**12)), min_size=1, max_size=40), st.integers(0, 39))
def test_everything_lies_on_the_paper(values, in_finding):
    points = [point(at, value, in_finding=at == in_finding % len(values)) for at, value in enumerate(values)]
    drawn = draw(*points)
    assert all(PAPER.left <= mark.x <= PAPER.right for mark in [*drawn.in_finding, *drawn.lonely])
    assert all(PAPER.top <= one.y <= PAPER.bottom for one in [*drawn.in_finding, *drawn.lonely, *drawn.rungs])
    ticks = [rung.value for rung in drawn.rungs]
    assert ticks[0] == 0
    assert ticks[-1] >= max((value for value in values if value is not None), default=0)
    assert len({after - before for before, after in pairwise(ticks)}) == 1
    assert 2 <= len(ticks) <= 6


def test_dates_are_few_and_begin_days():
    drawn = draw(*(point(at, 1, in_finding=at == 0) for at in range(168)))
    assert [period for _, period in drawn.dates] == [FIRST + day * DAY for day in range(7)]
    assert [tick.anchor for tick, _ in drawn.dates] == ["start"] + ["middle"] * 6
    # The first would have too little room beside the second.
    assert [tick.always for tick, _ in drawn.dates] == [False, True] * 3 + [False]


def test_bars_compare_with_the_weeks_before():
    before = [Before(FIRST - back * 7 * DAY, 100 if back < 8 else None, back < 3) for back in range(8, 0, -1)]
    drawn = chart.compare(before, point(0, 90, usual=100.0, unused=1000, in_finding=True), PAPER)
    assert [one.kind for one in drawn.bars] == ["broken"] * 6 + ["usual"] * 2 + ["held"]
    assert [one.value for one in drawn.bars][:2] == [None, 100]
    assert drawn.bars[-1].bar.height == pytest.approx(10 * drawn.bars[-2].bar.height, abs=0.5)
    assert drawn.usual == drawn.bars[-2].bar.y


def test_nothing_to_compare_draws_no_bars():
    assert chart.compare([], point(0, 5, in_finding=True), PAPER) is None
    assert chart.compare([Before(FIRST, None, True)], point(0, 5, in_finding=True), PAPER) is None
    assert chart.compare([Before(FIRST, 5, True)], point(0, in_finding=True), PAPER) is None
