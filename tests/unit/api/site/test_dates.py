"""Days and instants in the words of a page."""

from datetime import UTC, datetime

import pytest
from django.utils import translation

from api.site.templatetags import cldr

FIRST, ELEVENTH = (datetime(2026, 12, day, 9, 5, tzinfo=UTC) for day in (1, 11))


@pytest.mark.parametrize(
    ("write", "first", "eleventh"),
    [
        (cldr.day, "1er décembre 2026", "11 décembre 2026"),
        (cldr.short_day, "1er déc.", "11 déc."),
        (cldr.moment, "1er décembre 2026, 09:05\N{NO-BREAK SPACE}UTC", "11 décembre 2026, 09:05\N{NO-BREAK SPACE}UTC"),
        (lambda at: cldr.period(at, "D"), "1er décembre 2026", "11 décembre 2026"),
        (lambda at: cldr.period(at, "M"), "décembre 2026", "décembre 2026"),
    ],
)
def test_french_writes_the_first_day_of_a_month_as_an_ordinal(write, first, eleventh):
    with translation.override("fr"):
        assert (write(FIRST), write(ELEVENTH)) == (first, eleventh)


def test_other_languages_write_the_first_day_like_any_other():
    for language, written in (("en", "1 December 2026"), ("de", "1. Dezember 2026"), ("it", "1 dicembre 2026")):
        with translation.override(language):
            assert cldr.day(FIRST) == written


@pytest.mark.parametrize("language", ["en", "da", "fi"])
def test_dash_of_a_range_stands_apart_from_its_dates(language):
    with translation.override(language):
        first, last = cldr.day(FIRST), cldr.day(ELEVENTH)
        assert cldr.interval(first, last) == f"{first}\u2009–\u2009{last}"
        assert cldr.interval(first, first) == first
