"""What the rows of SDMX-CSV say they belong to: the dataflow, its structure, or the agreement of the agency that sends.

References are taken in full: the format knows no versions left open.
"""

import re
from typing import Final

from api import flow
from api.v1.payloads.csv_header import NAMED
from api.v1.payloads.faults import BrokenRuleError
from p2p_core.traces import looks_like_trace

#: The guide to SDMX-CSV calls the agreement dataprovision, the web service of SDMX provisionagreement.
_AGREEMENTS: Final = ("dataprovision", "provisionagreement")
_ANY_AGREEMENT: Final = re.compile(rf"{flow.AGENCY}:{flow.agreement('[^()]+')}\({re.escape(flow.VERSION)}\)")


def kind(text: str) -> str:
    """Return a kind of structure that rows may belong to."""
    if text not in ("dataflow", "datastructure", *_AGREEMENTS):
        raise BrokenRuleError("bad_structure")
    return text


def check_reference(text: str, kind: str | None, agency: str) -> None:
    """Refuse a reference to what is not ours, or not of the kind that is named beside it."""
    reference, _, name = text.partition(NAMED)
    ours = _ours(agency)
    if looks_like_trace(name):
        raise BrokenRuleError("personal_trace")
    if reference in ([ours[kind]] if kind else ours.values()):
        return
    raise BrokenRuleError("foreign_agreement" if _ANY_AGREEMENT.fullmatch(reference) else "foreign_structure")


def _ours(agency: str) -> dict[str, str]:
    """Return what rows of an agency may belong to, by kind."""
    return {
        "dataflow": flow.reference(flow.FLOW),
        "datastructure": flow.reference(flow.STRUCTURE),
        **dict.fromkeys(_AGREEMENTS, flow.reference(flow.agreement(agency))),
    }
