"""The list of the rules that notice things: their ids, what each means, and what it does. Ids keep their meaning."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is; what holds a report is said beside it."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``level`` is its validation level in the European Statistical System, 0 to 5.

    0: what was to be delivered is there; 1: within one report; 2: within the reports of one
    agency; 3: between agencies; 4: between subjects; 5: with sources outside.
    """

    id: str
    name: str
    severity: Severity
    level: int
    holds: bool
    when: str
    mend: str


_RULES = (
    Rule(
        "R101", "cross-frequency mismatch", Severity.WARNING, 2, holds=False,
        when="A report for an hour, day or month differs from the sum of the agency's finer figures, all there.",
        mend="Send the coarser report again, or the finer ones that are wrong. The coarser report counts meanwhile.",
    ),
    Rule(
        "R102", "implausible level", Severity.WARNING, 2, holds=True,
        when=(
            "The total of a period lies far from the usual one: the median of the same hour of the week, or the same "
            "weekday, in the eight weeks before, of which at least four are there; for a month, of these weeks. "
            "Minutes are judged by their hour. Values before a break in the series do not count. A report is held; "
            "for a figure that is a sum of finer ones it is a warning."
        ),
        mend="If the numbers are right, answer `confirmed` and a coordinator decides; if not, send the report again.",
    ),
    Rule(
        "R103", "large revision", Severity.WARNING, 2, holds=False,
        when="A revision changes the total of a period that ended over two days ago by more than a quarter.",
        mend="Answer what happened; if the revision is wrong, send the report again.",
    ),
    Rule(
        "R104", "repeated figures", Severity.WARNING, 2, holds=False,
        when="A report equals the report of the period before, cell by cell.",
        mend="Look whether the same numbers were sent twice; if so, send the right ones.",
    ),
    Rule(
        "R105", "unlocated share", Severity.WARNING, 1, holds=False,
        when="A large share of a report could not be located (`_U`).",
        mend="Look whether the IP-to-country database is there and up to date.",
    ),
    Rule(
        "R106", "churn", Severity.WARNING, 2, holds=False,
        when="An agency has revised one period very often after it had ended.",
        mend="Look whether a program sends the same again and again; collect corrections and send them together.",
    ),
    Rule(
        "R201", "late", Severity.WARNING, 0, holds=False,
        when="The deadline has passed and there is no figure. Minutes are judged by the hour.",
        mend="Send the reports that are missing; they count however late they are.",
    ),
    Rule(
        "R202", "silent", Severity.ERROR, 0, holds=False,
        when="Several expected periods in a row are without a figure. Minutes are judged by the hour.",
        mend="Send the reports that are missing; if the agency has left, a coordinator ends its schedule.",
    ),
    Rule(
        "R301", "country mix", Severity.WARNING, 3, holds=False,
        when="The agency's shares of countries in a week stray far from those of all other agencies together.",
        mend="Look whether the IP-to-country database is right, and whether what is offered has changed.",
    ),
)  # fmt: skip

#: All rules by id, in order.
RULES = {rule.id: rule for rule in _RULES}
