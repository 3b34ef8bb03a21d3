"""The numbers behind a finding, as rows of words and values."""

from collections.abc import Iterator
from typing import Any

from countries import queries
from federation.desk.screens import words
from p2p_core.periods import Frequency
from p2p_core.rules.rulebook import RULES


def rows(rule: str, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what each number is, and the number as a person writes it."""
    for name, label in RULES[rule].facts.items():
        if name in facts:
            yield label, _written(name, facts[name])
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
