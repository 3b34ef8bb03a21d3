"""Reads an agency's answer to a finding. Its remark is the only free text that an agency can send.

A remark must not contain a trace of a person. A refused remark is neither stored nor repeated.
"""

from typing import Final, NamedTuple

from p2p_core.payloads.faults import BrokenRuleError, Faults, PayloadError
from p2p_core.payloads.json_object import JsonObject
from p2p_core.traces import control_character, looks_like_trace

#: The answers, and what each of them means.
ANSWERS: Final = {
    "confirmed": "the numbers are right",
    "will_resubmit": "right numbers will follow",
    "cannot_fix": "the numbers are wrong, and there are no others",
}
LONGEST_REMARK: Final = 1000
#: Bytes. A body with the longest remark is smaller, even if each of its characters is escaped.
LIMIT: Final = 32 * 1024

_MEMBERS: Final = ("answer", "remark")


class Said(NamedTuple):
    """``answer`` is one of ``ANSWERS``; ``remark`` may be empty."""

    answer: str
    remark: str


def read(body: bytes | bytearray) -> Said:
    """Raises a :class:`PayloadError` that lists the faults."""
    if b"\0" in body:
        raise PayloadError("nul_character")
    faults = Faults()
    sent = JsonObject(bytes(body), "", _MEMBERS, faults)
    answer = sent.text("answer", _answer) if sent.is_object else None
    remark = sent.text("remark", _remark) if "remark" in sent else None
    faults.refuse_any()
    return Said(answer or "", remark or "")


def _answer(text: str) -> str:
    if text not in ANSWERS:
        raise BrokenRuleError("unknown_answer")
    return text


def _remark(text: str) -> str:
    if "\0" in text:
        raise BrokenRuleError("nul_character")
    if not text.strip():
        raise BrokenRuleError("empty_remark")
    if len(text) > LONGEST_REMARK:
        raise BrokenRuleError("remark_too_long")
    if control_character(text):
        raise BrokenRuleError("control_character")
    if looks_like_trace(text):
        raise BrokenRuleError("personal_trace")
    return text
