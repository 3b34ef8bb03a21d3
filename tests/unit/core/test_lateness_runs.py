"""Late periods in a row are one run, across days, months and years."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_core import periods
from p2p_core.rules import rulebook
from p2p_core.rules.lateness import Run, runs
from p2p_core.rules.rulebook import Subject
from tests.oracles import rules as oracle

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@st.composite
def late_periods(draw):
    frequency = draw(st.sampled_from("HDM"))
    window = list(periods.between(frequency, NEW_YEAR - timedelta(days=400), NEW_YEAR + timedelta(days=40)))[-24:]
    return frequency, draw(st.lists(st.sampled_from(window)))


@given(late_periods())
def test_runs_are_the_stretches_without_a_gap(late):
    frequency, named = late
    expected = [Run(row[0], row[-1], len(row)) for row in oracle.stretches(frequency, named)]
    assert runs(frequency, named) == expected


def test_a_weekend_of_hours_is_one_run():
    hours = [datetime(2026, 11, 28, tzinfo=UTC) + timedelta(hours=number) for number in range(48)]
    assert runs("H", reversed(hours)) == [Run(hours[0], hours[-1], 48)]


def test_months_of_any_length_are_adjacent():
    months = [datetime(2026, 12, 1, tzinfo=UTC), NEW_YEAR, datetime(2027, 2, 1, tzinfo=UTC)]
    assert runs("M", months) == [Run(months[0], months[2], 3)]


@pytest.mark.parametrize(("count", "rule"), [(1, "R201"), (2, "R201"), (3, "R202")])
def test_three_in_a_row_are_a_silence(count, rule):
    run = Run(NEW_YEAR, NEW_YEAR + timedelta(hours=count - 1), count)
    *_, (last, facts) = rulebook.judge(Subject.LATENESS, rulebook.limits(rulebook.DEFAULTS), run)
    assert (last, facts) == (rule, {"periods": count})


def test_nothing_late_makes_no_run():
    assert runs("H", []) == []
