"""The rulebook: each entry agrees with its judge, and the settings and the registry of agencies follow it."""

import inspect
import runpy

import pytest

from config import env
from config.env import ROOT
from countries.models import Threshold
from p2p_core.rules import rulebook
from p2p_core.rules.rulebook import RULES


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


def test_thresholds_are_settings(monkeypatch):
    monkeypatch.setenv("R105_SHARE", "0.45")
    assert runpy.run_path(str(ROOT / "config" / "settings.py"))["THRESHOLDS"] == rulebook.DEFAULTS | {
        "R105_SHARE": 0.45
    }
    monkeypatch.setenv("R102_VALUES", "9")
    with pytest.raises(env.BadSetting, match=r"R102_VALUES is out of range\. Give a whole number from 1 to 8"):
        runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_a_new_threshold_of_one_agency_needs_no_migration(settings):
    settings.OWN_THRESHOLDS = {"R107_SHARE": "R107 a new rule: how much"}
    name = Threshold._meta.get_field("name")
    assert list(name.choices) == [("R107_SHARE", "R107 a new rule: how much")]
    assert callable(name.deconstruct()[3]["choices"])
