"""Cursors: opaque, checked, and bound to their question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import pagination
from api.problems import Problem

PLACES = st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1, max_size=4)


@given(st.text(), PLACES)
def test_cursor_leads_back_to_its_place(question, place):
    cursor = pagination.encode(question, *place)
    assert pagination.decode(question, cursor, length=len(place)) == tuple(place)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text(), st.text(), PLACES)
def test_cursor_is_of_one_question(question, other, place):
    if question != other:
        with pytest.raises(Problem, match="bad_cursor"):
            pagination.decode(other, pagination.encode(question, *place), length=len(place))


@given(st.text())
def test_anything_else_is_refused(cursor):
    with pytest.raises(Problem, match="bad_cursor"):
        pagination.decode("", cursor, length=1)


@given(PLACES)
def test_place_has_the_length_expected(place):
    with pytest.raises(Problem, match="bad_cursor"):
        pagination.decode("", pagination.encode("", *place), length=len(place) + 1)
