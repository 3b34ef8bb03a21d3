"""Every window has its words."""

from api.site.templatetags import cldr
from federation import published


def test_each_window_has_its_words():
    assert tuple(cldr.WINDOWS) == published.WINDOWS
