"""The numbers behind a finding, as rows of words and values."""

from collections.abc import Iterator
from typing import Any

from countries import queries
from federation.admin import words
from federation.rules.periods import Frequency

_LABELS = {
    "value": "total",
    "finer": "sum of the finer figures",
    "finer_frequency": "length of the finer periods",
    "cells": "cells that differ",
    "country": "country of the cell that differs most",
    "network": "network of the cell that differs most",
    "reported": "that cell as reported",
    "summed": "that cell as summed",
    "usual": "usual total (the median)",
    "deviation": "usual deviation",
    "distance": "distance from the usual, in usual deviations",
    "values": "totals that make the usual one",
    "values_frequency": "which come from",
    "whole_frequency": "the usual total is that of a longer period",
    "before": "total before",
    "share": "share",
    "unlocated": "of which not located",
    "revisions": "revisions after the period had ended",
    "periods": "periods without a figure",
    "others": "total of all other agencies",
}
#: What a rule means by a name that another uses too.
_OF_RULE = {
    ("R301", "distance"): "Jensen–Shannon distance, from 0 to 1",
    ("R102", "reported"): "total of the minute as reported",
}


def rows(rule: str, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what each number is, and the number as a person writes it."""
    for name, label in _LABELS.items():
        if name in facts:
            yield _OF_RULE.get((rule, name), label), _written(name, facts[name])
    for one in facts.get("countries", ()):
        shares = f"{one['own']:.0%} of its own, {one['others']:.0%} of all others'"
        yield f"share of {queries.country_name(one['country'])}", shares


def _written(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name.endswith("_frequency"):
        return words.FREQUENCIES[Frequency(value)]
    if name == "share":
        return f"{value:.1%}"
    if name == "country":
        return queries.country_name(value)
    if isinstance(value, list):
        return ", ".join(f"{one:,}" for one in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)
