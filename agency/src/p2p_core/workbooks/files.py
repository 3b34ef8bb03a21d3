"""Reads a file of any kind that agencies have: a workbook, CSV from a program or a spreadsheet, or JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from p2p_core.payloads import submissions
from p2p_core.payloads.faults import Advice, PayloadError
from p2p_core.periods import Frequency
from p2p_core.workbooks import reading, sheets
from p2p_core.workbooks.reading import Reading, WorkbookError
from p2p_core.workbooks.values import Clock

#: The names of workbooks end with these.
WORKBOOKS: Final = (".xlsx", ".ods")
_DAYS: Final = Advice("The days and months of this file were read as those of UTC, as the API reads them in CSV.")


def kind_of(content: bytes) -> str:
    """``json``, ``csv`` or ``workbook``. The content decides, not the name of the file."""
    if sheets.is_workbook(content):
        return "workbook"
    return "json" if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"


def is_misnamed(name: str, content: bytes) -> bool:
    """Whether a file is named as a workbook, and is none.

    Such a file must be refused: people expect that its times are local, and CSV may have times in UTC.
    """
    return name.lower().endswith(WORKBOOKS) and kind_of(content) != "workbook"


def read(
    content: bytes, *, received: datetime, indicators: Mapping[str, int], agency: str, clock: Clock
) -> tuple[str, Reading]:
    """The kind of a file and what is in it. Raises a :class:`PayloadError`, which may be a :class:`WorkbookError`.

    The kind is ``json`` or ``csv`` if the API reads the content as it is, and ``workbook`` if it needs this reader.
    """
    kind = kind_of(content)
    known: dict[str, Any] = {"received": received, "indicators": indicators, "agency": agency}
    if kind == "workbook":
        return kind, reading.read_workbook(content, clock=clock, **known)
    try:
        sent = submissions.read(content, kind, **known)
    # No variable keeps an error after its block: it would keep its traceback, and so the content, in a cycle.
    except PayloadError as strict:
        if kind == "json":
            raise
        try:
            return "workbook", reading.read_csv(content, clock=clock, **known)
        except PayloadError as refused:
            # If both readers find a row that is no CSV, the error of this reader says more.
            is_same = refused.code == "not_csv" and refused.faults == strict.faults
            if is_same or _is_of_a_spreadsheet(refused, strict):
                raise
        raise
    days = {Frequency.DAY.value, Frequency.MONTH.value} & {report.frequency for report in sent.reports}
    return kind, Reading(sent, notes=[_DAYS] if days and kind == "csv" and clock.zone != UTC else [])


def _is_of_a_spreadsheet(refused: PayloadError, strict: PayloadError) -> bool:
    """Whether a CSV file has something that only a spreadsheet writes. Other files get the verdict of the API."""
    if not isinstance(refused, WorkbookError):
        return False
    return bool(refused.adapted or (refused.rows and strict.code != "invalid_payload"))
