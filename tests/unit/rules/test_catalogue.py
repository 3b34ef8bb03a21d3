"""The list of rules: each id once, each with its sentence and its thresholds."""

from federation.rules import sentences
from federation.rules.catalogue import RULES


def test_rules_are_listed_by_their_ids():
    assert list(RULES) == ["R101", "R102", "R103", "R104", "R105", "R106", "R201", "R202", "R301"]
    assert all(rule.id == named for named, rule in RULES.items())


def test_every_rule_has_a_sentence():
    assert sentences._SENTENCES.keys() == RULES.keys()


def test_one_rule_holds_and_only_silence_is_an_error():
    assert [named for named, rule in RULES.items() if rule.holds] == ["R102"]
    assert [named for named, rule in RULES.items() if rule.severity == "error"] == ["R202"]


def test_levels_are_those_of_the_statistical_system():
    assert {rule.level for rule in RULES.values()} <= set(range(6))


def test_every_rule_says_when_it_speaks_and_how_it_is_mended():
    assert all(rule.name and rule.when.endswith(".") and rule.mend.endswith(".") for rule in RULES.values())
