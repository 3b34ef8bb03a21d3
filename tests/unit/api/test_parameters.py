"""Query parameters: known, given once, and present."""

import pytest
from django.test import RequestFactory

from api import parameters
from api.problems import Problem


def read(query):
    return parameters.read(RequestFactory().get(f"/?{query}"), required=("a",), optional=("b",))


@pytest.mark.parametrize(
    ("query", "found"), [("a=1", {"a": "1"}), ("a=1&b=2", {"a": "1", "b": "2"}), ("b=&a=%2A", {"a": "*"})]
)
def test_parameters_are_read(query, found):
    assert read(query) == found


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "missing_parameter"),
        ("a=", "missing_parameter"),
        ("a=1&a=1", "repeated_parameter"),
        ("a=1&b=1&b=", "repeated_parameter"),
        ("a=1&A=1", "unknown_parameter"),
    ],
)
def test_parameters_are_refused(query, code):
    with pytest.raises(Problem, match=code):
        read(query)


def test_unknown_parameter_says_which_are_known():
    with pytest.raises(Problem) as caught:
        read("c=1")
    assert caught.value.detail == "Expected: a, b."
    with pytest.raises(Problem) as caught:
        parameters.read(RequestFactory().get("/?c=1"))
    assert caught.value.detail == "This address has no query parameters. Leave them out."


def test_question_has_one_form():
    one = parameters.question({"a": "1", "b": "*", "cursor": "x"})
    assert one == parameters.question({"b": "*", "a": "1"})
    assert one != parameters.question({"a": "1", "b": "2"})
