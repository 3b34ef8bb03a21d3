"""The parts of a drawing and their meaning."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from api.site import drawings
from api.site.readings import Period
from api.site.trends import Trend, TrendSeries
from countries.reference import Annotation
from federation.geometry import Canvas


def months(count, first=(2025, 10)):
    """Return whole months, each with the value of its place."""
    year, month = first
    ends = [divmod(month - 1 + place, 12) for place in range(count + 1)]
    starts = [datetime(year + more, before + 1, 1, tzinfo=UTC) for more, before in ends]
    periods = [
        Period(
            *span, f"{span[0]:%Y-%m}", 2, 2, 1.0, provisional=False, counted_from=None, awaited=0, awaited_until=None
        )
        for span in pairwise(starts)
    ]
    return Trend("M", periods, [TrendSeries("NO", "Norway", list(range(count)), [None] * count, [""] * count)], None)


def note(start, end=None, *, kind="change", is_break=False):
    return Annotation(kind, "Text", start, end, None, None, is_break)


def at(month, day=1, year=2026):
    return datetime(year, month, day, tzinfo=UTC)


@pytest.mark.parametrize("count", range(1, 40))
def test_year_is_written_where_it_changes_with_much_room_and_with_little(count):
    names = drawings.draw(months(count), "count", [], Canvas()).names
    much = [(name.start.year, name.year if not name.again else None) for name in names]
    little = [(name.start.year, name.year) for name in names if name.tick.always]
    for shown in (much, little):
        told = None
        for year, written in shown:
            assert (written is None) == (year == told)
            told = written or told


def test_note_is_marked_where_it_begins_and_drawn_for_as_long_as_it_lasts():
    trend = months(10, (2026, 1))
    drawing = drawings.draw(
        trend,
        "count",
        [note(at(1, year=2020), kind="outage"), note(at(3), at(5), kind="campaign"), note(at(6), is_break=True)],
        Canvas(),
    )
    assert [(flag.x, flag.text) for flag in drawing.flags] == [(0, "1"), (20, "2"), (50, "3")]
    assert drawing.lasting == [(0, 100), (20, 40)]
    assert drawing.breaks == [(50, False)]


def test_break_before_the_periods_shown_is_not_drawn():
    trend = months(10, (2026, 1))
    notes = [note(at(1, year=2020), at(3), kind="other", is_break=True)]
    assert drawings.draw(trend, "count", notes, Canvas()).breaks == []


def test_one_country_is_bars_and_several_are_lines():
    alone = months(3)
    both = Trend("M", alone.periods, alone.series * 2, None)
    drawn = drawings.draw(alone, "count", [], Canvas())
    assert (len(drawn.bars), drawn.strokes) == (3, [])
    drawn = drawings.draw(both, "count", [], Canvas())
    assert (drawn.bars, len(drawn.strokes), len({stroke.colour for stroke in drawn.strokes})) == ([], 2, 2)


def test_index_has_the_line_that_it_stands_on():
    trend = months(3)
    drawn = drawings.draw(trend, "index", [], Canvas())
    assert drawn.baseline == pytest.approx(50)
    assert drawn.rungs[-1].value == 200
    assert drawings.draw(trend, "count", [], Canvas()).baseline is None


def lines(trend, *rows):
    """Draw countries with these values as lines."""
    series = [
        TrendSeries(str(at), str(at), list(row), [None] * len(row), [""] * len(row)) for at, row in enumerate(rows)
    ]
    return drawings.draw(Trend("M", trend.periods, series, None), "count", [], Canvas())


def test_of_many_periods_only_some_have_marks_and_each_segment_says_what_it_is():
    trend = months(100)
    for lacking in (40, 42):
        trend.periods[lacking] = replace(trend.periods[lacking], reporting=1)
    (stroke, _) = lines(trend, range(100), range(100)).strokes
    marked = {dot.at: kind == "hollow" for dot, kind in stroke.dots}
    assert marked[40]
    assert 8 <= len(marked) <= 20
    kinds = {segment.at: kind for segment, kind in stroke.segments}
    # Two segments go on across what is incomplete.
    assert len(kinds) == 99 - 2
    assert {at for at, kind in kinds.items() if kind == "partial"} == {41, 43}


def test_narrow_screens_leave_out_only_marks_that_a_line_shows_too():
    trend = months(12)
    for at in (3, 8):
        trend.periods[at] = replace(trend.periods[at], reporting=1)
    # The last number has no neighbour, so no line shows it.
    row = [*range(9), None, None, 11]
    (stroke, _) = lines(trend, row, [0] * 12).strokes
    kinds = {dot.at: kind for dot, kind in stroke.dots}
    assert [at for at, kind in kinds.items() if kind == "second"] == [1, 5, 7]
    assert (kinds[3], kinds[8], kinds[11]) == ("hollow", "hollow", "")


def test_run_of_incomplete_periods_is_shaded_and_named_if_there_is_room():
    trend = months(20)
    for lacking in (3, 10, 11, 12):
        trend.periods[lacking] = replace(trend.periods[lacking], reporting=1)
    gaps = lines(trend, range(20), range(20)).gaps
    assert [(gap.x, gap.width, gap.word) for gap in gaps] == [(15, 5, ""), (50, 15, "top")]


@pytest.mark.parametrize(
    ("values", "place"),
    [([5], "top"), ([9.5], "bottom"), ([5, 9.5], "bottom"), ([0.5, 5], "top"), ([0.5, 9.5], "")],
)
def test_word_in_the_plot_is_on_no_mark_and_no_line(values, place):
    trend = months(20)
    for lacking in (10, 11, 12):
        trend.periods[lacking] = replace(trend.periods[lacking], reporting=1)
    # The first line is far away from the shaded part, and gives the axis its top.
    rows = [[10] + [None] * 19, *([value] * 20 for value in values)]
    (gap,) = lines(trend, *rows).gaps
    assert gap.word == place
    # Dashes go on across a part whose own numbers are not known.
    unmarked = [[value if at not in (10, 11, 12) else None for at, value in enumerate(row)] for row in rows]
    assert lines(trend, *unmarked).gaps[0].word == place


def test_word_in_the_plot_makes_way_for_a_break():
    trend = months(20)
    for lacking in (10, 11, 12):
        trend.periods[lacking] = replace(trend.periods[lacking], reporting=1)
    both = Trend("M", trend.periods, trend.series * 2, None)
    within = note(trend.periods[11].start, kind="change", is_break=True)
    assert drawings.draw(both, "count", [within], Canvas()).gaps[0].word == ""


def test_lines_carry_their_names_where_they_end_and_no_two_overlap():
    labels = lines(months(3), [1, 1, 10], [1, 1, 10], [1, 5, None], [None] * 3, [0, 0, 0]).labels
    assert [(label.at, label.end) for label in labels] == [(0, 0), (1, 0), (2, 50), (4, 100)]
    places = sorted(label.y for label in labels)
    assert all(after - before >= 8 for before, after in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 100
    assert labels[2].y == 50


def test_years_are_named_by_their_numbers_alone():
    trend = months(3)
    names = drawings.draw(Trend("A", trend.periods, trend.series, None), "count", [], Canvas()).names
    assert [(name.year, name.again) for name in names] == [(None, False)] * 3
