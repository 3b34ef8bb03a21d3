"""The span of a panel: whole months, and what lies wholly inside them."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules import periods
from federation.rules.panels import periods_inside, start_of_span

ends = st.builds(datetime, st.integers(2004, 2100), st.integers(1, 12), st.just(1), tzinfo=st.just(UTC))


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [("2026-11", 12, "2025-11"), ("2026-01", 12, "2025-01"), ("2026-03", 24, "2024-03"), ("2026-12", 36, "2023-12")],
)
def test_span_begins_so_many_months_before_its_end(end, months, start):
    assert start_of_span(periods.parse("M", end), months) == periods.parse("M", start)


@given(ends, st.sampled_from([12, 24, 36]))
def test_span_holds_so_many_months(end, months):
    found = periods_inside("M", start_of_span(end, months), end)
    assert len(found) == months
    assert periods.end("M", found[-1]) == end


def test_weeks_that_lie_across_an_end_of_the_span_are_left_out():
    start, end = periods.parse("M", "2025-11"), periods.parse("M", "2026-11")
    labels = [periods.label("W", week) for week in periods_inside("W", start, end)]
    # The first of November 2025 is a Saturday, the last of October 2026 too.
    assert (labels[0], labels[-1], len(labels)) == ("2025-W45", "2026-W43", 51)


def test_weeks_that_touch_the_ends_of_the_span_are_in_it():
    start, end = periods.parse("M", "2025-09"), periods.parse("M", "2026-06")
    labels = [periods.label("W", week) for week in periods_inside("W", start, end)]
    assert (labels[0], labels[-1]) == ("2025-W36", "2026-W22")


@given(ends, st.sampled_from([12, 24, 36]))
def test_weeks_follow_one_another(end, months):
    start = start_of_span(end, months)
    weeks = periods_inside("W", start, end)
    assert all(periods.end("W", one) == other for one, other in pairwise(weeks))
    assert (weeks[0] - start).days < 7
    assert (end - periods.end("W", weeks[-1])).days < 7
