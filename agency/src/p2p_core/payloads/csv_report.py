"""Reads the columns of a CSV submission that describe a report: its period, its status, its action."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from p2p_core import flow
from p2p_core.payloads import checks
from p2p_core.payloads.cells import Head
from p2p_core.payloads.csv_header import COMPUTED, NAMED
from p2p_core.payloads.draft import Draft
from p2p_core.payloads.faults import BrokenRuleError
from p2p_core.traces import looks_like_trace

T = TypeVar("T")

#: In SDMX-CSV 2.1, Information and Append are old names of Merge. But a report is always complete: a cell without a row
#: is zero. So both mean Replace here, and so does a row without an action. Merge itself is refused.
_ACTIONS: Final = {"": False, "I": False, "A": False, "R": False, "D": True}
#: In a row that withdraws a report, a dimension with one of these texts means all its values.
OPEN: Final = frozenset({"", "*", "#N/A"})
#: How SDMX-CSV says that a number or a text is missing.
MISSING: Final = frozenset({"NaN", "#N/A"})
#: A row that withdraws may have a dash as value.
UNSAID: Final = MISSING | {"", "-"}

#: A month as a reporting period of SDMX.
_MONTH: Final = re.compile(r"(\d{4})-M(\d\d)", re.ASCII)
#: The guide to SDMX-CSV calls the agreement dataprovision, the web service of SDMX provisionagreement.
_AGREEMENTS: Final = ("dataprovision", "provisionagreement")
_ANY_AGREEMENT: Final = re.compile(rf"{flow.AGENCY}:{flow.agreement('[^()]+')}\({re.escape(flow.VERSION)}\)")


def read_head(texts: Mapping[str, str], pointer: str, draft: Draft) -> Head | None:
    """Read the texts of a row by column. If any is wrong, note the faults and return None."""
    faults = draft.faults
    before = faults.count

    def read(column: str, rule: Callable[..., T], *known: Any) -> T | None:
        return faults.check(f"{pointer}/{column}", rule, texts.get(column, ""), *known)

    if "STRUCTURE" in texts:
        read("STRUCTURE_ID", _check_reference, read("STRUCTURE", _structure), draft.agency)
    if "DATAFLOW" in texts:
        read("DATAFLOW", _check_reference, None, draft.agency)
    withdrawn = read("ACTION", _action)
    one = _one_of_a_withdrawal if withdrawn else filled
    indicator = read("INDICATOR", one, checks.indicator, draft.indicators)
    frequency = read("FREQ", one, checks.frequency)
    # If the frequency is not known, nothing can be checked except whether there is a period.
    start = read("TIME_PERIOD", one, *((_period, frequency, draft.received) if frequency else (str,)))
    unsaid = UNSAID if withdrawn else MISSING | {""}
    said = texts.get("OBS_STATUS", "")
    status = faults.check(f"{pointer}/OBS_STATUS", checks.status, "A" if said in unsaid else said)
    for column, rule in _ATTRIBUTES.items():
        if column in texts:
            read(column, rule, unsaid)
    if faults.count > before:
        return None
    return Head(indicator, frequency, start, status, withdrawn)  # type: ignore[arg-type]  # nothing is missing


def withdraws(texts: Mapping[str, str]) -> bool:
    """Whether a row withdraws a report, even if something else in it is wrong."""
    return _ACTIONS.get(texts.get("ACTION", ""), False)


def filled(text: str, rule: Callable[..., T], *known: Any) -> T:
    """Apply a rule to a cell that must not be empty."""
    if not text:
        raise BrokenRuleError("missing_field")
    return rule(text, *known)


def _one_of_a_withdrawal(text: str, rule: Callable[..., T], *known: Any) -> T:
    if text in OPEN:
        raise BrokenRuleError("open_withdrawal")
    return rule(text, *known)


def _structure(text: str) -> str:
    if text not in ("dataflow", "datastructure", *_AGREEMENTS):
        raise BrokenRuleError("bad_structure")
    return text


def _check_reference(text: str, kind: str | None, agency: str) -> None:
    """Refuse a reference to another structure than ours, or of another kind than the column beside it says.

    A reference names its version in full: the format has no wildcards for versions.
    """
    reference, _, name = text.partition(NAMED)
    if looks_like_trace(name):
        raise BrokenRuleError("personal_trace")
    ours = {
        "dataflow": flow.reference(flow.FLOW),
        "datastructure": flow.reference(flow.STRUCTURE),
        **dict.fromkeys(_AGREEMENTS, flow.reference(flow.agreement(agency))),
    }
    if reference in ([ours[kind]] if kind else ours.values()):
        return
    raise BrokenRuleError("foreign_agreement" if _ANY_AGREEMENT.fullmatch(reference) else "foreign_structure")


def _period(text: str, frequency: str, received: datetime) -> datetime:
    month = _MONTH.fullmatch(text)
    return checks.period(f"{month[1]}-{month[2]}" if month else text, frequency, received)


def _confidentiality(text: str, unsaid: frozenset[str]) -> None:
    if text not in unsaid and text != "F":
        raise BrokenRuleError("confidential_value")


def _computed(text: str, unsaid: frozenset[str]) -> None:
    if text not in unsaid:
        raise BrokenRuleError("computed_attribute")


_ATTRIBUTES: Final = {"CONF_STATUS": _confidentiality, **dict.fromkeys(COMPUTED, _computed)}


def _action(text: str) -> bool:
    if text == "M":
        raise BrokenRuleError("merge_refused")
    if text not in _ACTIONS:
        raise BrokenRuleError("bad_action")
    return _ACTIONS[text]
