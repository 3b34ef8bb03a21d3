"""The finer period to which the change of a longer one belongs."""

import numpy as np
import pytest

from federation.rules.changes import Changes, locate
from federation.rules.tables import AgencyCells

DAYS, WEEK = [101, 102, 103], 200


def cells(*values):
    """One agency's changes in one place, each in a table of its own."""
    one = np.ones(len(values), np.int16)
    return AgencyCells(np.arange(len(values)), one, one, one, np.array(values, np.int64))


@pytest.mark.parametrize(
    ("by_day", "of_week", "lies_in"),
    [
        ([3], 3, DAYS[0]),
        ([0, 3], 3, DAYS[1]),
        # Another amount than the only day's: part of it came without a day.
        ([3], 4, WEEK),
        # Several days changed. That one of them changed by as much as the week locates nothing.
        ([1, 2], 3, WEEK),
        ([3, 5, -5], 3, WEEK),
        ([], 3, WEEK),
    ],
)
def test_a_change_lies_in_the_only_day_that_changed_by_as_much(by_day, of_week, lies_in):
    changed = cells(*by_day)
    days = Changes(changed.where(changed.value != 0), [np.array(DAYS[: len(by_day)])[changed.value != 0]])
    found = locate(cells(of_week), np.array([WEEK]), days, np.zeros(3, np.intp))
    assert found.periods[0].tolist() == [lies_in]
    assert found.periods[-1].tolist() == [WEEK]
