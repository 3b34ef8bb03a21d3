"""The passage of a section that a search shows."""

import pytest

from api.site.docs.excerpts import CLOSE, OPEN, Piece, excerpt
from api.site.docs.markdown import ROW

FILLER = "Nothing is said here about it, at all. " * 10


def marked(text):
    return text.replace("[", OPEN).replace("]", CLOSE)


def shown(text):
    return "".join(f"[{piece.text}]" if piece.found else piece.text for piece in excerpt(marked(text)))


def test_short_text_is_shown_whole():
    assert shown("An [agency] reports.") == "An [agency] reports."
    assert shown("An agency reports.") == "An agency reports."
    assert excerpt("") == []


def test_pieces_say_what_was_found():
    assert excerpt(marked("A ([late] one).")) == [Piece("A (", False), Piece("late", True), Piece(" one).", False)]


def test_passage_with_the_whole_question_is_shown_with_its_sentence():
    text = f"A [report] comes. It is not [late]. {FILLER}{FILLER}A [late report] counts too. {FILLER}"
    assert shown(text).startswith("…A [late report] counts too. Nothing")


def test_passage_with_more_of_the_question_is_shown():
    text = f"A [report] comes. {FILLER}Some [reports] are [late]. {FILLER}[Reported] once."
    assert shown(text).startswith("…Some [reports] are [late]. ")


def test_first_of_equal_passages_is_shown():
    assert shown(f"One [report]. {FILLER}Another [report].").startswith("One [report]. ")


def test_excerpt_ends_with_a_sentence_or_says_that_it_goes_on():
    assert shown(f"A [report]. {FILLER}").endswith("at all.")
    assert shown("a [report] " + "and on " * 50).endswith("and on…")
    assert len(shown("a [report] " + "and on " * 50).split()) == 40


@pytest.mark.parametrize("before", ["and so ", "and so\n"])
def test_long_sentence_begins_shortly_before_what_was_found(before):
    text = shown(before * 50 + "a [report]")
    assert text.endswith("a [report]")
    assert len(text.split()) < 20


def test_excerpt_does_not_go_on_in_the_next_row_of_a_table():
    rows = [
        "report the numbers of a period",
        "[late] a [report] is [late] after its deadline",
        "to owe to have no report",
    ]
    assert shown(ROW.join(rows)) == "…[late] a [report] is [late] after its deadline"


def test_paragraph_begins_like_a_sentence():
    assert shown("one two three\nA [report]" + " and so" * 50).startswith("…A [report]")
