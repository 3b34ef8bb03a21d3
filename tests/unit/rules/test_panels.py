"""Panels: the span, the periods wholly inside it, and the agencies, of which no single one may be revealed."""

from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules.panels import choose, periods_inside, start_of_span
from p2p_core import periods
from tests.oracles import panels as oracle

ends = st.builds(datetime, st.integers(2004, 2100), st.integers(1, 12), st.just(1), tzinfo=st.just(UTC))


@pytest.mark.parametrize(
    ("end", "months", "start"),
    [("2026-11", 12, "2025-11"), ("2026-01", 12, "2025-01"), ("2026-03", 24, "2024-03"), ("2026-12", 36, "2023-12")],
)
def test_span_begins_so_many_months_before_its_end(end, months, start):
    assert start_of_span(periods.parse("M", end), months) == periods.parse("M", start)


@given(ends, st.sampled_from([12, 24, 36]))
def test_span_holds_so_many_months(end, months):
    found = list(periods_inside("M", start_of_span(end, months), end))
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
    weeks = list(periods_inside("W", start, end))
    assert all(periods.end("W", one) == other for one, other in pairwise(weeks))
    assert (weeks[0] - start).days < 7
    assert (end - periods.end("W", weeks[-1])).days < 7


# --- the agencies -----------------------------------------------------------------------------------------------------


def chosen(whole, *, last="", joined="", shown=()):
    """Who is in a panel; agencies are letters, and those that ``joined`` report one of its periods."""
    others = map(frozenset, [whole, {*whole, *joined}, *shown])
    return "".join(sorted(choose(frozenset(whole), frozenset(last), others=others)))


def test_panel_has_three_agencies_or_none():
    assert [chosen(whole) for whole in ("", "A", "AB", "ABC")] == ["", "", "", "ABC"]


def test_panel_leaves_out_nobody_or_two():
    assert [chosen("ABC", joined=joined) for joined in ("", "D", "DE", "DEF")] == ["ABC", "", "ABC", "ABC"]


@pytest.mark.parametrize(
    ("last", "found"), [("", ""), ("AB", ""), ("ABC", "ABC"), ("ABCG", ""), ("ABCD", ""), ("ABCDE", "")]
)
def test_panel_that_leaves_out_one_stays_as_it_was_last_if_that_leaves_out_two(last, found):
    assert chosen("ABCDE", joined="F", last=last) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [("ABCD", "ABCD"), ("ABC", ""), ("ABCDE", ""), ("ABCE", "ABCD"), ("AB", "ABCD"), ("ABCDEF", "ABCD"), ("", "ABCD")],
)
def test_panel_differs_by_nobody_or_two_from_what_was_shown(before, found):
    assert chosen("ABCD", shown=[before]) == found


agencies = st.frozensets(st.integers(1, 6), max_size=6)
#: How many months later the next panel ends; seldom earlier, if a deadline is put off.
turns = st.tuples(
    st.sampled_from(oracle.MONTHS),
    st.sampled_from([0, 0, 1, 1, 2, 13, -1]),
    agencies,
    agencies,
    agencies,
)


@given(ends.filter(lambda end: end.year < 2080), st.sampled_from("WM"), st.lists(turns, min_size=1, max_size=12))
def test_any_sequence_of_panels_reveals_no_single_agency(end, frequency, history):
    """Panels of all lengths, one after the other, of agencies that join, leave, fall silent and return."""
    public, number = [], end.year * 12 + end.month - 1
    for months, later, whole, joined, left in history:
        number += later
        until = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        start = start_of_span(until, months)
        inside = list(periods_inside(frequency, start, until))
        # Some agencies were there at first, others came later.
        reporting = {period: whole | (left if period < inside[len(inside) // 2] else joined) for period in inside}
        before = [sorted(one) for length, _, one in public if length == months and one]
        last, span = before[-1] if before else [], set(inside)

        def choice(last=last, span=span, whole=whole, reporting=reporting):
            shown = [one for _, other, one in public if span & other]
            return choose(whole, frozenset(last), others=[*reporting.values(), *shown])

        found, shown = choice(), [(other, one) for _, other, one in public]
        assert sorted(found) == oracle.chosen(sorted(whole), last, reporting, shown)
        public.append((months, span, found))
        # Computed again it is the same, also now that it is public.
        assert choice(last=sorted(found) or last) == found
        assert not any(len(found) and len(everybody - found) == 1 for everybody in reporting.values())
    spanned = [(some, ours) for _, some, ours in public if ours]
    for (some, ours), (others, theirs) in combinations(spanned, 2):
        assert not some & others or len(ours ^ theirs) != 1
    assert all(len(ours) >= 3 for _, ours in spanned)
