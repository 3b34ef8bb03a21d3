"""The rules that notice things, for HTTP and the desk: what each means, what is in force, and how it is said.

The rules themselves stay behind it; what is noticed and why, everybody may know.
"""

from dataclasses import asdict, dataclass

from federation import thresholds
from federation.rules.catalogue import RULES, Rule, Severity
from federation.rules.sentences import say

__all__ = ["RULES", "SEVERITIES", "Rule", "RuleRow", "ThresholdRow", "rules", "say"]

SEVERITIES = tuple(map(str, Severity))

#: What each threshold means. The names are those of the settings.
MEANINGS = {
    "R102_DISTANCE": "How far from the usual total, in usual deviations",
    "R102_DIFFERENCE": "And how far from it at least, in events",
    "R102_VALUES": "How many of the eight weeks before must be there",
    "R103_SHARE": "By how much a revision changes the total, as a part of the value before",
    "R103_DIFFERENCE": "And by how much at least, in events",
    "R103_DAYS": "Of periods that ended more than so many days ago",
    "R104_TOTAL": "From which total on",
    "R105_SHARE": "How much could not be located, as a part of the total",
    "R105_TOTAL": "From which total on",
    "R106_REVISIONS": "How many revisions of one period raise no finding",
    "R202_PERIODS": "After how many periods in a row",
    "R301_DISTANCE": "How far from all others, as a Jensen–Shannon distance from 0 to 1",
    "R301_TOTAL": "From which weekly totals on, of the agency and of the others",
}


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """A threshold as the settings have it; an agency may have its own."""

    name: str
    value: float
    meaning: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule with its thresholds."""

    rule: Rule
    thresholds: tuple[ThresholdRow, ...]


def rules() -> list[RuleRow]:
    """Return all rules in order of their ids, with the thresholds of the settings."""
    in_force = {name.upper(): value for name, value in asdict(thresholds.for_all()).items()}
    return [
        RuleRow(
            rule,
            tuple(
                ThresholdRow(name, value, MEANINGS[name])
                for name, value in in_force.items()
                if name.startswith(f"{rule.id}_")
            ),
        )
        for rule in RULES.values()
    ]
