"""Rates have the digits that they deserve, and only zero is written as zero."""

from dataclasses import replace

import numpy as np
import pytest
from django.utils import translation

from api.site.templatetags import cldr
from federation.rules.coverage import Coverage
from federation.rules.view import Series, Table

_ONE = np.array([1], np.int64)
_FEW = np.array([1], np.int16)
_NONE = np.array([0], np.int16)
COVERAGE = Coverage(
    periods=_ONE * 20_393 * 86_400, agencies_expected=_FEW, agencies_reporting=_FEW, share=_FEW,
    status=np.array(["A"]), is_break=_ONE == 0, counted_from=_ONE * 0, agencies_awaited=_NONE,
    awaited_until=_ONE * 0, version_from=_ONE * 0,
)  # fmt: skip


def rates_of(people, values):
    table = Table("D", [Series(578, 0)], COVERAGE, np.array([[0]], np.int64))
    found = [replace(table, values=np.array([[value]], np.int64)).rates(lambda *_: people, 5) for value in values]
    return [rate.item() for rate in found]


@pytest.mark.parametrize(
    ("people", "rates"),
    [
        (1_408_975_000, [0, 0.0004, 0.0018]),
        (84_000_000, [0, 0.006, 0.03]),
        (5_600_000, [0, 0.09, 0.45]),
        (390_000, [0, 1, 6]),
    ],
)
def test_decimals_of_a_rate_depend_on_the_inhabitants(people, rates):
    assert rates_of(people, [0, 5, 25]) == rates


@pytest.mark.parametrize(("people", "decimals"), [(390_000, 0), (5_600_000, 2), (84_000_000, 3), (None, 0)])
def test_decimals_are_those_of_the_inhabitants_also_if_a_rate_ends_in_zeros(people, decimals):
    table = Table("D", [Series(578, 0)], COVERAGE, np.array([[0]], np.int64))
    assert table.decimals(lambda *_: people, 5) == [decimals]


@pytest.mark.parametrize("people", [1, 999, 100_000, 500_000, 500_001, 9_999_999, 10_000_001, 8_000_000_000])
def test_each_value_has_a_rate_of_its_own(people):
    values = [*range(0, 200, 5), 10_000, 10_005]
    assert len(set(rates_of(people, values))) == len(values)


# web/tests/words.test.js has the same list.
WRITTEN = [
    (0, 4, "0"), (0.0018, 4, "0.0018"), (0.04, 2, "0.04"), (0.853, 3, "0.853"), (4.85, 2, "4.85"), (4.8534, 4, "4.85"),
    (16.0, 0, "16"), (20.01, 2, "20.0"), (21.0, 2, "21.0"), (6.0, 0, "6"), (52.25, 2, "52.3"), (99.987, 3, "100"),
    (9.996, 3, "10.0"), (952.38, 2, "952"), (12345.6, 1, "12,346"),
]  # fmt: skip


@pytest.mark.parametrize(("rate", "own", "text"), WRITTEN)
def test_pages_write_at_most_three_digits_after_leading_zeros(rate, own, text):
    assert cldr.rate(rate, own) == text
    assert "".join(cldr.rate_parts(rate, own)) == text


@pytest.mark.parametrize(
    ("own", "rates", "written"),
    [
        (2, [20.01, 21.8, 21.0, 0, None], ["20.0", "21.8", "21.0", "0.0", None]),
        (3, [99.987, 100.34], ["100", "100"]),
        (3, [9.5, 100.34], ["9.50", "100.34"]),
        (0, [6, 17], ["6", "17"]),
        (2, [0, None], ["0", None]),
    ],
)
def test_all_rates_of_a_column_have_as_many_decimals(own, rates, written):
    decimals = cldr.rate_decimals(own, rates)
    assert [None if rate is None else cldr.on_scale(rate, "head", decimals) for rate in rates] == written


def test_decimals_follow_the_mark_of_the_language():
    with translation.override("de"):
        assert cldr.rate(23.4, 1) == "23,4"
        assert cldr.rate_parts(23.4, 1) == ("23", ",4")
        assert cldr.rate_parts(23.0, 0) == ("23", "")
