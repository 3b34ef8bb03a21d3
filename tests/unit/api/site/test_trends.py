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


def trend(*periods, values=(), breaks=()):
    series = TrendSeries("NO", "Norway", list(values), [None] * len(values), [""] * len(values))
    return Trend("D", list(periods), [series], None, [FIRST + at * DAY for at in breaks])


def joined(shown):
    return [
        (f"{before}..{after}" if is_partial else f"{before}-{after}") for before, after, is_partial in shown.joins()
    ]


def test_line_goes_on_in_part_across_incomplete_periods_and_not_across_unknown_ones():
    shown = trend(period(0), period(1), period(2, PART), period(3), period(4), period(5, NONE), period(6))
    assert joined(shown) == ["0-1", "1..3", "3-4"]


def test_incomplete_periods_at_an_end_are_joined_with_each_other_if_as_many_agencies_reported():
    few = (2, 1, 0.4)
    shown = [period(0, PART), period(1, PART), period(2), period(3), period(4, PART), period(5, PART), period(6, few)]
    assert joined(trend(*shown)) == ["0..1", "2-3", "4..5"]
    assert joined(trend(period(0, PART), period(1, PART), period(2, few))) == ["0..1"]


def test_periods_with_unpublished_ones_between_are_not_neighbours():
    assert joined(trend(period(0), period(2), period(3))) == ["1-2"]


def test_no_line_crosses_a_break():
    shown = [period(at) for at in range(4)]
    assert joined(trend(*shown, breaks=[2])) == ["0-1", "2-3"]
    # The period in which a break lies belongs to neither side.
    assert joined(trend(*shown, breaks=[1.5])) == ["2-3"]
    assert joined(trend(period(0), period(1, PART), period(2), period(3), breaks=[2])) == ["2-3"]
    assert trend(*shown, breaks=[1.5]).sides() == [0, None, 1, 1]


def test_index_has_a_base_on_each_side_of_a_break():
    shown = [period(at) for at in range(4)]
    found = trend(*shown, values=[10, 30, 100, 300], breaks=[2])
    assert found.on_scale(found.series[0], "index") == [50, 150, 50, 150]
    found = trend(*shown, values=[10, 30, 100, 300], breaks=[1.5])
    assert found.on_scale(found.series[0], "index") == [100, None, 50, 150]
    # A side without a period that can be its base has no index.
    found = trend(period(0), period(1), period(2, PART), values=[10, 30, 5], breaks=[2])
    assert found.on_scale(found.series[0], "index") == [50, 150, None]


def test_all_who_report_a_part_only_are_not_the_whole():
    assert period(0, (2, 2, 0.99)).coverage == "part"
    assert period(0, (2, 2, None)).coverage == "whole"
    assert period(0, (0, 0, None)).coverage == "none"
    assert trend().joins() == []


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
