"""The rulebook: each entry agrees with its judge."""

import inspect

import pytest

from federation.rules import rulebook
from federation.rules.rulebook import RULES


def test_rules_are_listed_by_their_ids():
    assert list(RULES) == sorted(RULES)
    assert all(rule.id == name for name, rule in RULES.items())


def test_one_rule_holds_and_only_silence_is_an_error():
    assert [name for name, rule in RULES.items() if rule.holds] == ["R102"]
    assert [name for name, rule in RULES.items() if rule.severity == "error"] == ["R202"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_judge_takes_the_thresholds_of_its_rule(rule):
    parameters = inspect.signature(rule.judge).parameters.values()
    taken = [one.name for one in parameters if one.kind == inspect.Parameter.KEYWORD_ONLY]
    assert list(rulebook.limits(rulebook.DEFAULTS)[rule.id]) == taken
    assert all(one.name.startswith(f"{rule.id}_") for one in rule.thresholds)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_rule_says_when_it_applies_and_what_to_do(rule):
    assert rule.when.endswith(".")
    assert rule.advice.endswith(".")
    assert rule.level in range(6)
    assert set(rule.own_facts) <= set(rule.facts)
