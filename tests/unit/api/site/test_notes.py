"""The notes beside a trend, one line each."""

from datetime import UTC, datetime

import pytest

from api.site.trends import AnnotationText
from countries.reference import Annotation

START = datetime(2026, 9, 11, tzinfo=UTC)


def note(*, end=None, text="A campaign", agency="", kind="campaign", is_break=False):
    return AnnotationText(Annotation(kind, text, START, end, None, None, is_break), agency)


@pytest.mark.parametrize(
    ("end", "when"),
    [
        (None, "11 September 2026"),
        (START, "11 September 2026"),
        (datetime(2026, 9, 11, 15, tzinfo=UTC), "11 September 2026"),
        # What ends at midnight ended with the day before.
        (datetime(2026, 9, 12, tzinfo=UTC), "11 September 2026"),
        (datetime(2026, 9, 18, tzinfo=UTC), "11 September 2026 – 17 September 2026"),
        (datetime(2026, 9, 18, 0, 1, tzinfo=UTC), "11 September 2026 – 18 September 2026"),
    ],
)
def test_note_names_its_first_and_last_day(end, when):
    assert note(end=end).when() == when


def test_note_is_a_sentence_with_one_full_stop():
    assert note(text="A campaign").line() == "11 September 2026, campaign: A campaign."
    assert note(text="A campaign.", agency="Kripos").line() == "11 September 2026, campaign, Kripos: A campaign."
    line = note(kind="change", text="New software", is_break=True).line()
    assert line.endswith("New software. A break: numbers before and after it are not comparable.")
