"""Which points a line joins, where a moment lies on the axis, and the base of an index."""

from datetime import UTC, datetime, timedelta

from api.site.readings import Period
from api.site.trends import Trend, TrendSeries

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
WHOLE, PART, NONE = (2, 2, 1.0), (2, 1, 0.5), (2, 0, 0.0)


def period(at, covered=WHOLE, *, provisional=False):
    expected, reporting, share = covered
    return Period(
        FIRST + at * DAY, FIRST + (at + 1) * DAY, str(at), expected, reporting, share, provisional, None, 0, None
    )


def trend(*periods, values=()):
    return Trend(
        "D", list(periods), [TrendSeries("NO", "Norway", list(values), [None] * len(values), [""] * len(values))], None
    )


def test_only_whole_neighbours_are_joined():
    shown = trend(period(0), period(1), period(2, PART), period(3), period(4), period(5, NONE), period(6))
    assert shown.joined() == [False, True, False, False, True, False, False]


def test_periods_with_unpublished_ones_between_are_not_neighbours():
    assert trend(period(0), period(2), period(3)).joined() == [False, False, True]


def test_all_who_report_a_part_only_are_not_the_whole():
    assert period(0, (2, 2, 0.99)).coverage == "part"
    assert period(0, (2, 2, None)).coverage == "whole"
    assert period(0, (0, 0, None)).coverage == "none"
    assert trend().joined() == []


def test_moment_lies_along_the_periods():
    shown = trend(period(0), period(1))
    assert [shown.share(FIRST + part * DAY) for part in (-1, 0, 0.5, 1, 1.5, 2, 9)] == [0, 0, 0.25, 0.5, 0.75, 1, 1]
    # Between two periods nothing is drawn, so what lies there stands where the later one begins.
    assert trend(period(0), period(2)).share(FIRST + 1.5 * DAY) == 0.5


def test_index_is_made_of_whole_and_final_periods_only():
    periods = (period(0), period(1), period(2, PART, provisional=True), period(3, provisional=True), period(4, NONE))
    shown = trend(*periods, values=[100, 200, 30, 900, None])
    assert shown.on_scale(shown.series[0], "index") == [66.7, 133.3, 20.0, 600.0, None]


def test_withheld_value_is_no_part_of_the_base_of_an_index():
    shown = trend(period(0), period(1), period(2), values=[None, 0, 100])
    assert shown.on_scale(shown.series[0], "index") == [None, 0, 200]


def test_index_is_not_known_where_nothing_can_be_its_base():
    for shown in (trend(period(0, PART), values=[5]), trend(period(0), values=[0])):
        assert shown.on_scale(shown.series[0], "index") == [None]
