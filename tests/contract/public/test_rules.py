"""The rules, as everybody can read them: over HTTP and in docs/reference/rules.md."""

import json
import re
from pathlib import Path

import pytest

from api import caching
from p2p_core import periods
from p2p_core.rules import rulebook
from p2p_core.rules.rulebook import RULES

TEXT = (Path(__file__).parents[3] / "docs" / "reference" / "rules.md").read_text()

pytestmark = pytest.mark.django_db


def test_all_rules_are_listed_with_their_explanation(read):
    rows = read("rules").json()["rules"]
    assert [row["id"] for row in rows] == list(RULES)
    for row in rows:
        rule = RULES[row["id"]]
        assert {name: value for name, value in row.items() if name != "thresholds"} == {
            "id": rule.id,
            "name": rule.name,
            "severity": str(rule.severity),
            "level": rule.level,
            "holds": rule.holds,
            "when": rule.when,
            "advice": rule.advice,
        }


def test_thresholds_are_those_of_the_settings_in_force(read, settings):
    settings.THRESHOLDS = {**settings.THRESHOLDS, "R105_SHARE": 0.45}
    rows = {row["id"]: row["thresholds"] for row in read("rules").json()["rules"]}
    told = {one["name"]: one["value"] for row in rows.values() for one in row}
    assert told == settings.THRESHOLDS
    assert all(one["name"].startswith(id_) and one["meaning"] for id_, row in rows.items() for one in row)


def test_rules_are_for_everyone_and_for_caches(read):
    answer = read("rules")
    assert answer["Cache-Control"] == caching.REFERENCE
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Vary"] == "Accept, Accept-Encoding"
    again = read("rules", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert read("rules", method="options").status_code == 204
    assert read("rules", method="post").json()["code"] == "method_not_allowed"


def test_etag_is_another_once_a_threshold_is(read, settings, monkeypatch):
    first = read("rules")
    settings.THRESHOLDS = {**settings.THRESHOLDS, "R102_DISTANCE": 9}
    monkeypatch.setattr(caching, "monotonic", lambda: float("inf"))
    second = read("rules", headers={"if-none-match": first["ETag"]})
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]


def test_rules_take_no_parameter_and_are_json_only(read):
    assert read("rules", rule="R102").json()["code"] == "unknown_parameter"
    assert read("rules", headers={"accept": "text/csv"}).json()["code"] == "not_acceptable"


def test_rules_ask_the_database_for_nothing(read, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert read("rules").status_code == 200


def test_documented_rules_are_the_rules():
    table = re.findall(r"^\| \[`(R\d+)`\]\(#\w+\) \| (.+) \| (\w+) \| (\d) \| (yes|no) \|$", TEXT, re.MULTILINE)
    documented = [(id_, name, severity, int(level), holds == "yes") for id_, name, severity, level, holds in table]
    assert documented == [(rule.id, rule.name, str(rule.severity), rule.level, rule.holds) for rule in RULES.values()]


def test_each_rule_has_a_chapter_with_its_thresholds_and_facts():
    chapters = dict(re.findall(r"^## (R\d+)\n(.+?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
    assert list(chapters) == list(RULES)
    for rule in RULES.values():
        assert set(re.findall(r"`(R\d+_\w+)`", chapters[rule.id])) == {one.name for one in rule.thresholds}


def test_documented_thresholds_are_the_thresholds():
    rows = []
    for _, one in rulebook.THRESHOLDS:
        limits = ", {} to {}".format(*one.whole) if one.whole else ""
        rows.append(f"| `{one.name}`{' *' * one.own} | `{one.default:g}` | {one.meaning}{limits} |")
    assert re.findall(r"^\| `R\d+_.*$", TEXT, re.MULTILINE) == rows


def test_sentences_of_documented_examples_are_those_that_are_said():
    examples = [json.loads(text) for text in re.findall(r"```json\n(.+?)```", TEXT, re.DOTALL)]
    assert [one["rule"] for one in examples] == list(RULES)
    for one in examples:
        assert set(one["facts"]) <= {*RULES[one["rule"]].facts, "countries"}
        first, last = (periods.parse(one["frequency"], one[name]) for name in ("period", "last_period"))
        assert one["message"] == rulebook.say(one["rule"], one["frequency"], first, last, one["facts"])
