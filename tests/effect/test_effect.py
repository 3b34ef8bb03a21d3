"""The promises of the estimator of effects, in invented worlds."""

import numpy as np
import pytest

from federation.rules.effect_result import Reason, Word
from tests.effect.results import CASES, EFFECT, judge, run
from tests.effect.worlds import Case


def test_few_worlds_are_judged_as_they_should_be() -> None:
    """The chance of five false findings in 40 worlds, if 2.5 % are right, is under 0.4 %. The worlds never change."""
    none = [judge(CASES[0].scaled(1.0), seed) for seed in range(40)]
    real = [judge(CASES[0].scaled(EFFECT), seed) for seed in range(40)]
    assert sum(one.word == Word.FOUND for one in none) < 5
    assert sum(one.word == Word.FOUND for one in real) >= 32
    assert np.mean([one.covers for one in none + real]) >= 0.9


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Case("everybody", treated=30), Reason.NO_COMPARISON),
        (Case("19 others", countries=20), Reason.FEW_COMPARISONS),
        (Case("nearly nothing", level=-1.0), Reason.SMALL_COUNTS),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_nothing_is_told_without_a_comparison(case: Case, reason: Reason) -> None:
    said = judge(case.scaled(0.5), seed=1)
    assert (said.word, said.reason) == (Word.CANNOT_BE_TOLD, reason)


@pytest.mark.verify
def test_the_promises_hold_in_a_thousand_worlds_of_each_case() -> None:
    rows = list(run(1000))
    assert [one for row in rows for one in row.broken] == []
    assert sum(row.told > 0 for row in rows) == len(CASES) - 2
