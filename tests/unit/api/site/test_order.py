"""The order of the table beside the map."""

import pytest

from api.site import readings
from api.site.readings import CountryNumbers


def place(code, value, rate):
    return CountryNumbers(code, code, value, rate, 0)


PLACES = [
    place("_U", 900, None), place("US", 7000, 2.1), place("NO", 500, 9.0), place("LI", None, None), place("AX", 0, 0.0),
    place("DE", 6000, 7.0), place("BR", 400, 0.2), place("XK", 20, None), place("AD", 0, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "europe", "others"),
    [
        ("rate", ["NO", "DE", "AD", "AX", "LI", "XK"], ["US", "BR"]),
        ("value", ["DE", "NO", "XK", "AD", "AX", "LI"], ["US", "BR"]),
        ("country", ["AD", "AX", "DE", "LI", "NO", "XK"], ["BR", "US"]),
    ],
)
def test_europe_comes_first_then_the_others_and_what_is_not_located(sort, europe, others):
    found = readings.in_order(PLACES, sort)
    codes = [[one.code for one in group] for group in (found.europe, found.others, found.unlocated)]
    assert codes == [europe, others, ["_U"]]
