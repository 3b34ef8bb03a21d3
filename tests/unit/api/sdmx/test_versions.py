"""Versions as the standard's own table has them, in both generations."""

import pytest

from api.sdmx import versions

#: Of each expression, what it matches of these.
SOME = ("1.0", "2.0", "0.1.0", "1.0.0", "1.2.0", "1.2.3", "2.0.0")
TABLE = {
    "1.0.0": ("1.0.0",),
    "1.0": ("1.0",),
    "1": (),
    "+": ("1.0", "2.0", "1.0.0", "1.2.0", "1.2.3", "2.0.0"),
    "+.0.0": ("1.0.0", "1.2.0", "1.2.3", "2.0.0"),
    "1+.0.0": ("1.0.0", "1.2.0", "1.2.3", "2.0.0"),
    "1.+.0": ("1.0.0", "1.2.0", "1.2.3"),
    "1.2.+": ("1.2.0", "1.2.3"),
    "1+.2.1": ("1.2.3", "2.0.0"),
    "1.1+.0": ("1.2.0", "1.2.3"),
    "1.2.1+": ("1.2.3",),
    "0.1+.0": (),
    "~": SOME,
    "*": SOME,
    "~.0": ("1.0", "2.0"),
    "~.0.0": ("0.1.0", "1.0.0", "1.2.0", "1.2.3", "2.0.0"),
    "1.~": ("1.0",),
    "1.*.0": ("1.0.0", "1.2.0", "1.2.3"),
    "1.2.*": ("1.2.0", "1.2.3"),
    "2~.0": ("2.0",),
    "1*.2.1": ("1.2.3", "2.0.0"),
    "0.0~.0": ("0.1.0",),
    "1.2.3*": ("1.2.3",),
}


@pytest.mark.parametrize("text", TABLE)
def test_expression_matches_what_the_table_says(text):
    wanted = versions.of_the_newer(text)
    assert wanted is not None
    assert tuple(filter(wanted, SOME)) == TABLE[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "latest",
        "all",
        "x",
        "1.",
        ".1",
        "1..0",
        "1.2.3.4",
        "1+.0+.0",
        "++",
        "+.1",
        "+.0",
        "2.3+",
        "1+",
        "1.+.3",
        "1.2.3.+",
        "-1",
        "1 ",
        "1" * 5000,
        "१.0.0",
    ],
)
def test_other_texts_are_no_versions(text):
    assert versions.of_the_newer(text) is None


@pytest.mark.parametrize(
    ("text", "matches"), [("latest", SOME), ("all", SOME), ("1.0", ("1.0",)), ("1.2.3", ("1.2.3",))]
)
def test_older_words(text, matches):
    wanted = versions.of_the_older(text)
    assert wanted is not None
    assert tuple(filter(wanted, SOME)) == matches


@pytest.mark.parametrize("text", ["", "+", "~", "*", "1+.0.0", "newest", "1.2.3.4"])
def test_other_texts_are_no_older_versions(text):
    assert versions.of_the_older(text) is None
