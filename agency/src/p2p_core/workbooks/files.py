"""Reads a file of any kind that agencies have: a workbook, CSV from a program or a spreadsheet, or JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final

from p2p_core.payloads import submissions
from p2p_core.payloads.faults import Advice, PayloadError
from p2p_core.periods import Frequency
from p2p_core.workbooks import reading, sheets
from p2p_core.workbooks.marks import TOO_MANY
from p2p_core.workbooks.reading import Reading, WorkbookError
from p2p_core.workbooks.values import Clock

#: The names of workbooks end with these.
WORKBOOKS: Final = (".xlsx", ".ods")
#: The API reads only UTF-8, and refuses other encodings with these codes.
OF_ENCODINGS: Final = ("nul_character", "not_utf8")
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
    except PayloadError as strict:
        # No variable keeps an error after its block: it would keep its traceback, and so the content, in a cycle.
        if kind == "json":
            raise
        try:
            return "workbook", reading.read_csv(content, clock=clock, **known)
        except PayloadError as refused:
            if _says_more(refused, strict) or _is_of_a_spreadsheet(refused, strict):
                raise
            if refused.code == TOO_MANY and _has_rows_of_a_spreadsheet(content, strict, clock=clock, **known):
                raise
            # Both readers find the same rows that come twice. Only this one knows what they repeat.
            strict.earlier = refused.earlier
        raise
    days = {Frequency.DAY.value, Frequency.MONTH.value} & {report.frequency for report in sent.reports}
    return kind, Reading(sent, notes=[_DAYS] if days and kind == "csv" and clock.zone != UTC else [])


def _says_more(refused: PayloadError, strict: PayloadError) -> bool:
    """Whether the reason of this reader is better than that of the API, for CSV of programs and of spreadsheets."""
    if strict.code in OF_ENCODINGS:
        return True
    is_of_header = bool(strict.faults) and all(fault.pointer.startswith("/header") for fault in strict.faults)
    if refused.code == "not_csv":
        # The API reads no row below a wrong header. If both find the same row, only this reader says what is wrong.
        is_below = is_of_header and refused.faults[0].pointer != "/header"
        return is_below or _places(refused) == _places(strict)
    # The API may find no header because of tabs between the columns, or a title. This reader has a place in it.
    has_header = isinstance(refused, WorkbookError) and any(cell.place.row for cell in refused.cells)
    return strict.code == "not_csv" and is_of_header and has_header


def _places(refused: PayloadError) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in refused.faults]


def _is_of_a_spreadsheet(refused: PayloadError, strict: PayloadError) -> bool:
    """Whether a CSV file has something that only a spreadsheet writes. Other files get the verdict of the API."""
    if not isinstance(refused, WorkbookError):
        return False
    return bool(refused.adapted or (refused.rows and strict.code != "invalid_payload"))


def _has_rows_of_a_spreadsheet(content: bytes, strict: PayloadError, **known: Any) -> bool:
    """Whether this reader is needed for the rows in which the API finds faults, and for the first rows.

    It cannot read the whole file, because the file is too large.
    """
    if strict.code in OF_ENCODINGS:
        return True
    places = [reading.place_in_csv(fault.pointer) for fault in strict.faults]
    faulty = {place.row for place in places if place}
    lines = (line for line in StringIO(sheets.decode(content), newline=None) if line != "\n")
    some = "".join(line for row, line in enumerate(lines, 1) if row <= sheets.TOP or row in faulty).encode()
    try:
        # In a file of a few rows with very many cells each, these are all rows.
        return len(some) >= len(content) or read(some, **known)[0] == "workbook"
    except PayloadError as refused:
        return isinstance(refused, WorkbookError) or refused.code == TOO_MANY
