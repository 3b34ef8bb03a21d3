"""Every window has its words, and so has each reason for a number that is withheld."""

from api.site.templatetags import cldr
from federation import published


def test_each_window_has_its_words():
    assert tuple(cldr.WINDOWS) == published.WINDOWS


def test_group_is_withheld_for_its_small_members_and_not_because_it_is_small():
    assert cldr.withheld("D", "EU27_2020").endswith("because they would reveal the numbers of small countries.")
    assert cldr.withheld("D", "IS").endswith("because the numbers are small.")
