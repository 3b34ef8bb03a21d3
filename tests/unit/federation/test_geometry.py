"""The places of a trend: round axes, bars and dots, and lines that join only what they may."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import geometry
from federation.geometry import Canvas

CANVAS = Canvas(1000, 200)
VALUES = st.lists(st.none() | st.integers(0, 10**9), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("highest", "whole", "axis"),
    [
        (0, True, [0, 1]),
        (3, True, [0, 1, 2, 3]),
        (5, True, [0, 2, 4, 6]),
        (9, True, [0, 5, 10]),
        (120, True, [0, 50, 100, 150]),
        (265, True, [0, 100, 200, 300]),
        (8000, True, [0, 2000, 4000, 6000, 8000]),
        (0, False, [0, 0.01]),
        (0.3, False, [0, 0.1, 0.2, 0.3]),
        (27.46, False, [0, 10, 20, 30]),
    ],
)
def test_axis_has_few_round_values_from_zero_up_to_the_highest(highest, whole, axis):
    assert geometry.axis(highest, whole=whole) == axis


@given(highest=st.floats(0, 1e12), whole=st.booleans())
def test_axis_reaches_every_value_in_even_steps(highest, whole):
    found = geometry.axis(highest, whole=whole)
    assert found[0] == 0
    assert found[-1] >= highest * (1 - 1e-9)
    assert 2 <= len(found) <= 5
    steps = [after - before for before, after in pairwise(found)]
    assert min(steps) == pytest.approx(max(steps))
    assert not whole or all(value == int(value) for value in found)


@given(values=VALUES)
def test_bars_stand_side_by_side_on_the_axis_and_what_is_not_known_has_no_height(values):
    top = max((value or 0 for value in values), default=0) or 1
    bars = geometry.bars(values, top, CANVAS)
    assert [bar.height is None for bar in bars] == [value is None for value in values]
    assert all(bar.height is None or bar.y + bar.height == pytest.approx(200) for bar in bars)
    assert all(before.x + before.width < after.x for before, after in pairwise(bars))
    assert bars[-1].x + bars[-1].width <= 1000


def test_bar_is_as_high_as_its_share_of_the_top():
    assert [(bar.y, bar.height) for bar in geometry.bars([0, 50, 100], 100, CANVAS)] == [(200, 0), (100, 100), (0, 200)]


@given(values=VALUES, data=st.data())
def test_line_joins_only_known_values_that_may_be_joined(values, data):
    places = st.integers(0, len(values) - 1)
    joins = data.draw(st.lists(st.tuples(places, places), unique_by=lambda join: join[1])) if values else []
    dots, segments = geometry.line(values, joins, 10**9, CANVAS)
    assert [dot.at for dot in dots] == [at for at, value in enumerate(values) if value is not None]
    may = [join for join in joins if all(values[at] is not None for at in join)]
    assert [segment.at for segment in segments] == [after for _, after in may]
    drawn = {dot.at: (dot.x, dot.y) for dot in dots}
    for segment, (before, after) in zip(segments, may, strict=True):
        assert (segment.x1, segment.y1) == drawn[before]
        assert (segment.x2, segment.y2) == drawn[after]


@given(count=st.integers(1, 500))
def test_few_periods_are_named_always_the_newest_and_never_one_over_the_edge(count):
    ticks = geometry.ticks(count, CANVAS)
    assert ticks[-1].at == count - 1
    assert ticks[-1].always
    assert len(ticks) <= 8
    assert 1 <= sum(tick.always for tick in ticks) <= 3
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)
    anchors = {tick.anchor for tick in ticks if tick.x < 70}, {tick.anchor for tick in ticks if tick.x > 930}
    assert anchors[0] <= {"start"}
    assert anchors[1] <= {"end"}


def test_marks_that_would_lie_on_each_other_are_one():
    flags = geometry.flags([0.1, 0.12, 0.15, 0.5], CANVAS)
    assert [(flag.x, flag.text) for flag in flags] == [(100, "1–3"), (500, "4")]


def test_runs_have_a_first_place_and_a_length():
    assert geometry.runs([True, False, True, True, False]) == [(0, 1), (2, 2)]
    assert geometry.runs([False]) == []
