"""Reads a JSON submission member by member and finds all faults.

Objects are opened one level at a time. So a payload of any shape takes little more memory than its own size.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Raw

from p2p_core.payloads import checks
from p2p_core.payloads.cells import Head, cell_of
from p2p_core.payloads.draft import Draft, refuse_too_many_reports
from p2p_core.payloads.faults import Advice, BrokenRuleError
from p2p_core.payloads.json_object import JsonObject

_ENVELOPE: Final = ("indicator", "reports", "prepared")
_REPORT: Final = ("frequency", "period", "status", "withdrawn", "observations")
_OBSERVATION: Final = ("country", "network", "value")
_BOOLEAN: Final = Advice("Expected here: true or false, without quotes.")


class Envelope(NamedTuple):
    """A submission without its reports. ``indicator`` is None if it had a fault.

    ``quotes`` has the number of quotes in each report, if they were counted.
    """

    indicator: int | None
    prepared: datetime
    reports: list[Raw]
    quotes: Sequence[int] = ()


def walk_envelope(body: bytes | bytearray, draft: Draft) -> Envelope:
    """Read the envelope, and note its faults in the draft."""
    sent = JsonObject(bytes(body), "", _ENVELOPE, draft.faults)
    if not sent.is_object:
        return Envelope(None, draft.received, [])
    indicator = sent.text("indicator", checks.indicator, draft.indicators)
    prepared = sent.text("prepared", checks.prepared, draft.received) if "prepared" in sent else None
    reports = sent.items("reports")
    if reports == []:
        draft.faults.add("/reports", "no_reports")
    refuse_too_many_reports(len(reports or []))
    return Envelope(indicator, prepared or draft.received, reports or [])


def walk_report(raw: Raw, pointer: str, indicator: int | None, draft: Draft) -> None:
    """Add a report to the draft, or add its faults."""
    before = draft.faults.count
    sent = JsonObject(bytes(raw), pointer, _REPORT, draft.faults)
    if not sent.is_object:
        return
    frequency = sent.text("frequency", checks.frequency)
    # If the frequency is not known, nothing can be checked except whether there is a period.
    start = sent.text("period", *((checks.period, frequency, draft.received) if frequency else (str,)))
    status = sent.text("status", checks.status) if "status" in sent else "A"
    withdrawn = sent.read("withdrawn", _boolean) if "withdrawn" in sent else False
    cells = _cells(sent, draft) if "observations" in sent or withdrawn is False else {}
    if withdrawn and "observations" in sent:
        draft.faults.add(f"{pointer}/observations", "withdrawn_with_observations")
    if frequency is None or start is None:
        return
    if not draft.name((indicator, frequency, start)):
        draft.faults.add(pointer, "duplicate_report")
    if draft.faults.count == before and indicator is not None:
        head = Head(indicator, frequency, start, status or "", bool(withdrawn))
        draft.add(head, list(cells), list(cells.values()))


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise BrokenRuleError("wrong_type", _BOOLEAN)
    return value


def _cells(report: JsonObject, draft: Draft) -> dict[int, int]:
    """The values of a report by cell."""
    items = report.items("observations") or []
    draft.count(len(items))
    cells: dict[int, int] = {}
    for position, raw in enumerate(items):
        place = f"{report.pointer}/observations/{position}"
        sent = JsonObject(bytes(raw), place, _OBSERVATION, draft.faults)
        if not sent.is_object:
            continue
        country = sent.text("country", checks.country)
        network = sent.text("network", checks.network)
        value = sent.read("value", checks.value)
        if country is not None and network is not None:
            cell = cell_of(country, network)
            if cell in cells:
                draft.faults.add(place, "duplicate_cell")
            cells[cell] = value or 0
    return cells
