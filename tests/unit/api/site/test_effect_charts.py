"""The charts of an effect as places, and how changes are written."""

import math
from datetime import date
from itertools import pairwise

import pytest
from django.utils import translation

from api.site import effect_charts, effect_words
from api.site.templatetags import cldr
from federation.rules.effect_result import Interval

START = date(2026, 1, 5)


def points(path):
    return [tuple(map(int, point.split(","))) for point in path.removeprefix("M").removesuffix("Z").split()]


def test_point_stands_at_the_end_of_its_four_weeks():
    drawn = effect_charts.fan([[0.0] * 7, [0.1] * 7], 6, START)
    assert [x for x, _ in points(drawn.treated)] == [400, 500, 600, 700, 800, 900, 1000]
    assert drawn.start == 60


def test_a_half_and_a_double_are_equally_far_from_no_change():
    drawn = effect_charts.fan([[math.log(2), 0, -math.log(2)], [0.0] * 3], 3, START)
    (_, double), (_, nothing), (_, half) = points(drawn.treated)
    assert abs((nothing - double) - (half - nothing)) <= 1


@pytest.mark.parametrize(("other", "is_cut"), [(1.0, False), (3.0, True), (-3.0, True)])
def test_rare_line_does_not_flatten_all_others(other, is_cut):
    drawn = effect_charts.fan([[-0.2] * 3, [other] * 3], 3, START)
    assert drawn.is_cut is is_cut
    assert all(0 < y < effect_charts.SIDE for _, y in points(drawn.treated))


def test_treated_line_is_always_whole():
    drawn = effect_charts.fan([[3.0, -3.0, 0.0], [0.1] * 3], 3, START)
    assert not drawn.is_cut
    assert all(0 <= y <= effect_charts.SIDE for _, y in points(drawn.treated))


@pytest.mark.parametrize("farthest", [0.001, 0.05, 0.1, 0.3, 0.7, 1.4, 3.0, 6.0])
def test_axis_names_no_change_and_a_few_round_values(farthest):
    drawn = effect_charts.fan([[farthest, -farthest, 0.0]], 3, START)
    values = [rung.value for rung in drawn.rungs]
    assert 0 in values
    assert 2 <= len(values) <= 7
    for value in values:
        assert math.isclose(round(math.expm1(value), 2), math.expm1(value), abs_tol=1e-9)


@pytest.mark.parametrize("before", [26, 52, 53, 104])
@pytest.mark.parametrize("after", [1, 4, 13, 26, 43])
def test_names_of_weeks_do_not_overlap_and_the_start_is_named(before, after):
    drawn = effect_charts.fan([[0.0] * (before + after - 3)], before, START)
    for ticks, least in ((drawn.ticks, 9), ([one for one in drawn.ticks if not one.spare], 24)):
        assert all(b.x - a.x >= least - 0.01 for a, b in pairwise(ticks))
    start = next(one for one in drawn.ticks if one.week == 0)
    assert (start.day, start.spare) == (START, False)


def test_interval_is_drawn_up_to_its_week_on_an_axis_of_all_weeks():
    drawn = effect_charts.course([Interval(-0.1, -0.4, 0.2), Interval(-0.1, -0.3, 0.1)], 8, START)
    assert [x for x, _ in points(drawn.line)] == [125, 250]
    assert [x for x, _ in points(drawn.band)] == [125, 250, 250, 125]
    assert (drawn.x, drawn.high < drawn.y < drawn.low) == (25, True)
    assert drawn.ticks[-1].week == 8


@pytest.mark.parametrize(
    ("change", "written"),
    [(-0.27, "27%"), (0.5, "50%"), (-0.0961, "10%"), (0.0044, "0.4%"), (-0.00042, "0.04%"), (0, "0%")],
)
def test_change_in_a_sentence_is_whole_unless_it_is_small(change, written):
    assert cldr.ratio(math.log1p(change)) == written


@pytest.mark.parametrize(
    ("change", "written"), [(-0.27, "\N{MINUS SIGN}27%"), (0.051, "+5%"), (-0.004, "0%"), (2.5, "+250%")]
)
def test_change_in_a_table_is_whole_and_has_a_sign(change, written):
    assert cldr.signed_ratio(math.log1p(change)) == written


def test_changes_are_written_as_the_language_writes_them():
    with translation.override("de"):
        assert cldr.ratio(math.log1p(0.0044)) == "0,4\N{NO-BREAK SPACE}%"


def test_interval_names_the_end_nearer_to_no_change_first():
    named = {
        (-0.3, -0.1): "between 10% fewer and 26% fewer",
        (0.1, 0.3): "between 11% more and 35% more",
        (-0.1, 0.1): "between 10% fewer and 11% more",
    }
    for (low, high), words in named.items():
        assert effect_words.short(Interval(0, low, high)) == words
