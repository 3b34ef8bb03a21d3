"""Reads a JSON submission. Each report is decoded by itself, so only one report at a time is in memory as objects.

``json_walk`` reads what does not have the plain form, and finds all faults in it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.payloads import checks, json_walk
from p2p_core.payloads.cells import Head, cell_of
from p2p_core.payloads.draft import Draft, refuse_too_many_reports
from p2p_core.payloads.faults import BrokenRuleError


def _codes(name: str, numbers: Mapping[str, int]) -> Any:
    """Make an enumeration of codes whose members carry a number: decoding a code looks its number up on the way."""
    enumeration: Any = Enum
    members = enumeration(name, {code: code for code in numbers})
    for member in members:
        member.number = numbers[member.value]
    return members


Country: Any = _codes("Country", {code: cell_of(number, 0) for code, number in COUNTRIES.items()})
Network: Any = _codes("Network", NETWORKS)


class _Observation(Struct, forbid_unknown_fields=True, gc=False):
    country: Country
    network: Network
    value: Annotated[int, Meta(ge=0, le=checks.MAX_VALUE)]


class _Report(Struct, forbid_unknown_fields=True):
    frequency: Literal["N", "H", "D", "M"]
    period: str
    status: Literal["A", "P"] | UnsetType = UNSET
    withdrawn: bool | UnsetType = UNSET
    observations: list[_Observation] | UnsetType = UNSET

    def quotes(self) -> int:
        """How many quotes the text has if no member is named twice."""
        optional = 4 * (self.status is not UNSET) + 2 * (self.withdrawn is not UNSET)
        return 8 + optional + (0 if self.observations is UNSET else 2 + 10 * len(self.observations))


class _Envelope(Struct, forbid_unknown_fields=True):
    indicator: str
    reports: Annotated[list[Raw], Meta(min_length=1)]
    prepared: str | UnsetType = UNSET


_decode_envelope: Final = msgspec.json.Decoder(_Envelope).decode
_decode_report: Final = msgspec.json.Decoder(_Report).decode
_NOT_PLAIN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, BrokenRuleError)


def read(body: bytes | bytearray, draft: Draft) -> datetime:
    """Add the reports to the draft, or their faults, and return when the submission was prepared."""
    draft.check_commas(body.count(b","))
    envelope = _plain_envelope(body, draft) or json_walk.walk_envelope(body, draft)
    for position, raw in enumerate(envelope.reports):
        quotes = envelope.quotes[position] if envelope.quotes else bytes(raw).count(b'"')
        if not _add_plain(raw, quotes, envelope.indicator, draft):
            json_walk.walk_report(raw, f"/reports/{position}", envelope.indicator, draft)
    return envelope.prepared


def _plain_envelope(body: bytes | bytearray, draft: Draft) -> json_walk.Envelope | None:
    try:
        sent = _decode_envelope(body)
        indicator = checks.indicator(sent.indicator, draft.indicators)
        prepared = draft.received if sent.prepared is UNSET else checks.prepared(sent.prepared, draft.received)
    except _NOT_PLAIN:
        return None
    refuse_too_many_reports(len(sent.reports))
    # The decoder does not say if a member is named twice. But such a member adds at least two quotes.
    quotes = [bytes(raw).count(b'"') for raw in sent.reports]
    named_once = body.count(b'"') - sum(quotes) == (6 if sent.prepared is UNSET else 10)
    return json_walk.Envelope(indicator, prepared, sent.reports, quotes) if named_once else None


def _add_plain(raw: Raw, quotes: int, indicator: int | None, draft: Draft) -> bool:
    """Add a report if it is plain, and return whether it was. Its text contains this number of quotes."""
    try:
        report = _decode_report(raw)
        start = checks.period(report.period, report.frequency, draft.received)
    except _NOT_PLAIN:
        return False
    observations = [] if report.observations is UNSET else report.observations
    cells = [observation.country.number + observation.network.number for observation in observations]
    withdrawn = report.withdrawn is True
    plain = withdrawn == (report.observations is UNSET) and quotes == report.quotes() and len(set(cells)) == len(cells)
    if not plain or not draft.name((indicator, report.frequency, start)):
        return False
    draft.count(len(cells))
    if indicator is not None:
        status = "A" if report.status is UNSET else report.status
        head = Head(indicator, report.frequency, start, status, withdrawn)
        draft.add(head, cells, [observation.value for observation in observations])
    return True
