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
        Period(*span, f"{span[0]:%Y-%m}", 2, 2, 1.0, provisional=False, since=None, awaited=0, until=None)
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
    notes = [note(at(1, year=2020), at(3), kind="outage", is_break=True)]
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


def test_of_many_periods_only_some_have_marks_and_always_those_that_no_line_holds():
    trend = months(100)
    trend.periods[40] = replace(trend.periods[40], reporting=1)
    trend.periods[42] = replace(trend.periods[42], reporting=1)
    (stroke, _) = drawings.draw(Trend("M", trend.periods, trend.series * 2, None), "count", [], Canvas()).strokes
    marked = {dot.at: hollow for dot, hollow in stroke.dots}
    # The one between two that lack an agency is joined to neither.
    assert {at for at, hollow in marked.items() if hollow} == {40, 42}
    assert marked[41] is False
    assert 8 <= len(marked) <= 20
    assert len(stroke.segments) == 99 - 4
