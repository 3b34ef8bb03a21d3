"""R401: whether the published numbers of a country fit its finest step."""

import pytest

from p2p_core.rules import rulebook
from p2p_core.rules.detail import PublishedLevel
from p2p_core.rules.rulebook import Subject
from tests.unit.core.test_sentences import MONTH

LIMITS = rulebook.limits(rulebook.DEFAULTS)
DAYS = 90


def proposed(step, total):
    level = PublishedLevel("NO", step, total, months=3, days=DAYS)
    found = [facts["proposed_frequency"] for _, facts in rulebook.judge(Subject.DETAIL, LIMITS, level)]
    return found[0] if found else None


@pytest.mark.parametrize(
    ("step", "total", "proposal"),
    [
        # Days of 5 on average stay; of a little less, they do not.
        ("D", 5 * DAYS, None), ("D", 5 * DAYS - 1, "W"), ("D", 64, "M"), ("D", 1, "M"), ("D", 0, None),
        # Days are proposed from 20 on average on, and one step at a time.
        ("W", 20 * DAYS, "D"), ("W", 20 * DAYS - 1, None), ("W", 10**9, "D"), ("M", 10**9, "W"), ("M", 0, None),
        ("H", 20 * DAYS * 1440, "N"), ("N", 5 * DAYS * 1440, None), ("N", 5 * DAYS * 1440 - 1, "H"), ("N", 1, "M"),
        ("N", 10**12, None), ("M", 258, "W"), ("M", 257, None),
    ],
)  # fmt: skip
def test_step_and_the_one_proposed(step, total, proposal):
    assert proposed(step, total) == proposal


@pytest.mark.parametrize("step", "NHDWM")
@pytest.mark.parametrize("total", [0, 40, 449, 450, 1799, 1800, 10**4, 10**6, 10**8])
def test_proposal_that_is_followed_is_not_taken_back(step, total):
    last = proposed(step, total)
    seen = [step]
    while last:
        assert last not in seen
        seen.append(last)
        last = proposed(last, total)


def test_sentence_names_country_step_and_proposal():
    facts = rulebook.RULES["R401"].judge(PublishedLevel("IS", "D", 270, 3, DAYS), least=5, finer=20)
    assert rulebook.say("R401", "M", MONTH, MONTH, facts) == (
        "Months November 2026 to November 2026: Iceland has 3.0 events in an average day, 21.0 in an average week. "
        "Publish its weeks and nothing finer, from a later month on."
    )
