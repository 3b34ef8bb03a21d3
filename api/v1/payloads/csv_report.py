"""The columns by which the rows of a CSV submission say of which report they are, and what of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from api.v1.payloads import checks
from api.v1.payloads.cells import Head
from api.v1.payloads.draft import Draft
from api.v1.payloads.faults import BrokenRuleError

T = TypeVar("T")

#: The dataflow that rows belong to, if they name one.
_STRUCTURE: Final = {"STRUCTURE": "dataflow", "STRUCTURE_ID": "P2PEU:P2P(1.0.0)"}
#: No action, and what SDMX-CSV calls Replace and Information, make a report what its rows say. Merge is refused:
#: a report is whole, and a row that is not there means zero.
_ACTIONS: Final = {"": False, "I": False, "R": False, "D": True}


def read_head(texts: Mapping[str, str], pointer: str, draft: Draft) -> Head | None:
    """Return what the texts by column say of a report, or note their faults."""
    faults = draft.faults
    before = faults.count

    def read(column: str, rule: Callable[..., T], *known: Any) -> T | None:
        return faults.check(f"{pointer}/{column}", rule, texts.get(column, ""), *known)

    for column in _STRUCTURE:
        if column in texts:
            read(column, _structure, _STRUCTURE[column])
    indicator = read("INDICATOR", filled, checks.indicator, draft.indicators)
    frequency = read("FREQ", filled, checks.frequency)
    start = read("TIME_PERIOD", filled, *_period_rule(frequency, draft.received))
    status = read("OBS_STATUS", _status)
    withdrawn = read("ACTION", _action)
    if faults.count > before:
        return None
    return Head(indicator, frequency, start, status, withdrawn)  # type: ignore[arg-type]  # nothing is missing


def filled(text: str, rule: Callable[..., T], *known: Any) -> T:
    """Return what a rule reads from a cell that must not be empty."""
    if not text:
        raise BrokenRuleError("missing_field")
    return rule(text, *known)


def _period_rule(frequency: str | None, received: datetime) -> tuple[Any, ...]:
    # Without its frequency a period can only be there or not.
    return (checks.period, frequency, received) if frequency else (str,)


def _structure(text: str, documented: str) -> None:
    if text != documented:
        raise BrokenRuleError("bad_structure")


def _status(text: str) -> str:
    return checks.status(text or "A")


def _action(text: str) -> bool:
    if text not in _ACTIONS:
        raise BrokenRuleError("bad_action")
    return _ACTIONS[text]
