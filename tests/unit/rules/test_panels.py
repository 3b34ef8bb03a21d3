"""Panels: the span, what lies wholly inside it, and the agencies, of which none may be told apart."""

from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.rules import periods
from federation.rules.panels import Shown, choose, periods_inside, start_of_span
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

END = datetime(2026, 11, 1, tzinfo=UTC)
START = start_of_span(END, 12)


def chosen(whole, *, last="", joined="", shown=()):
    """Who is in a panel of 12 months; agencies are letters, and those that ``joined`` report its last month."""
    reporting = [frozenset(whole)] * 11 + [frozenset({*whole, *joined})]
    before = [Shown(start, end, frozenset(agencies)) for start, end, agencies in shown]
    found = choose("M", START, END, whole=frozenset(whole), last=frozenset(last), reporting=reporting, shown=before)
    return "".join(sorted(found))


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
    assert chosen("ABCD", shown=[(START, END, before)]) == found


@pytest.mark.parametrize(
    ("frequency", "end", "is_compared"),
    [
        ("M", "2025-11", False),
        ("M", "2025-12", True),
        # The first of November 2025 is a Saturday: the first week of the span ends on the ninth.
        ("W", "2025-11", False),
        ("W", "2025-12", True),
    ],
)
def test_panel_is_compared_with_those_of_the_same_periods_only(frequency, end, is_compared):
    before = Shown(periods.parse("M", "2024-11"), periods.parse("M", end), frozenset("ABC"))
    found = choose(
        frequency, START, END, whole=frozenset("ABCD"), last=frozenset(), reporting=[frozenset("ABCD")], shown=[before]
    )
    assert (found == frozenset()) is is_compared


def test_months_that_hold_no_whole_week_in_common_are_not_compared():
    # A span of weeks ends within a week, and the next one begins in it: on a Saturday.
    before = Shown(periods.parse("M", "2025-11"), periods.parse("M", "2025-11").replace(day=9), frozenset("ABC"))
    given = {"whole": frozenset("ABCD"), "last": frozenset(), "reporting": [frozenset("ABCD")], "shown": [before]}
    assert choose("W", START, END, **given) == frozenset("ABCD")


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
def test_any_sequence_of_panels_tells_no_agency_apart(end, frequency, history):
    """Panels of all lengths, one after the other, of agencies that join, leave, fall silent and return."""
    public, number = [], end.year * 12 + end.month - 1
    for months, later, whole, joined, left in history:
        number += later
        until = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
        start = start_of_span(until, months)
        inside = list(periods_inside(frequency, start, until))
        # Some agencies were there at first, others came later.
        reporting = {period: whole | (left if period < inside[len(inside) // 2] else joined) for period in inside}
        before = [sorted(one.agencies) for length, one in public if length == months and one.agencies]
        last = before[-1] if before else []

        def choice(last=last, until=until, start=start, whole=whole, reporting=reporting):
            given = {"whole": whole, "last": frozenset(last), "reporting": reporting.values()}
            return choose(frequency, start, until, **given, shown=[one for _, one in public])

        shown = [(set(oracle.inside(frequency, one.start, one.end)), one.agencies) for _, one in public]
        found = choice()
        assert sorted(found) == oracle.chosen(sorted(whole), last, reporting, shown)
        public.append((months, Shown(start, until, found)))
        # Computed again it is the same, also now that it is public.
        assert choice(last=sorted(found) or last) == found
        assert not any(len(found) and len(everybody - found) == 1 for everybody in reporting.values())
    spanned = [(set(periods_inside(frequency, one.start, one.end)), one.agencies) for _, one in public if one.agencies]
    for (some, ours), (others, theirs) in combinations(spanned, 2):
        assert not some & others or len(ours ^ theirs) != 1
    assert all(len(ours) >= 3 for _, ours in spanned)
