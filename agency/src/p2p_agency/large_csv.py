"""Reads CSV files that are too large for one submission, such as all hours of ten years, part by part."""

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from p2p_core.payloads.faults import LISTED, MOST, Advice, PayloadError, rest_not_read
from p2p_core.workbooks import sheets
from p2p_core.workbooks.reading import LISTED as LISTED_OF_TABLE
from p2p_core.workbooks.reading import CellFault, Reading, WorkbookError, code_of

#: The codes with which a file is refused only because it is too large to be read at once.
TOO_MUCH: Final = frozenset({"too_many_observations", "too_many_reports"})
#: Bytes. A part has fewer reports and observations than a submission may have, and fewer cells than a workbook.
_PART: Final = 1 << 20
_OF_REPORT: Final = frozenset({"INDICATOR", "FREQ", "TIME_PERIOD"})
_ROW: Final = re.compile(r"/rows/(\d+)(.*)")
_APART: Final = "Sort the rows: in a file as large as this, the rows of a report must follow one another."


class _Head(NamedTuple):
    """The lines down to the header, with titles or the line `sep=;` above it.

    ``places`` are those of the columns that name a report.
    """

    text: bytes
    delimiter: str
    places: list[int]

    @property
    def lines(self) -> int:
        return self.text.count(b"\n")


def read(body: bytes, read_part: Callable[[bytes], tuple[str, Reading]]) -> tuple[str, Reading]:
    """The kind of a CSV file and what is in it. Raises a `PayloadError` with the faults of all parts."""
    body = _with_line_feeds(body)
    head = _head_of(body)
    # Spreadsheets can save very many empty rows at the end.
    last = len(body.rstrip(b"\r\n\t " + head.delimiter.encode()))
    body = body[: max(_next_line(body, last), len(head.text))]
    kinds, found = set(), []
    refused: list[PayloadError] = []
    rows = lines = 0
    for part in _parts(body, head):
        try:
            kind, reading = read_part(head.text + part)
            kinds.add(kind)
            found.append(reading)
        except PayloadError as refusal:
            refused.append(_moved(refusal, rows, lines, head.lines))
            if not _is_about_rows(refusal) or sum(one.fault_count for one in refused) >= MOST:
                break
        rows += sum(bool(line.strip()) for line in part.splitlines())
        lines += part.count(b"\n")
    if refused:
        raise _joined(refused)
    reports = [report for reading in found for report in reading.submission.reports]
    if len({(report.indicator, report.frequency, report.period) for report in reports}) < len(reports):
        raise PayloadError("duplicate_report", detail=_APART)
    observations = sum(reading.submission.observations for reading in found)
    submission = replace(found[0].submission, reports=reports, observations=observations)
    notes = list(dict.fromkeys(note for reading in found for note in reading.notes))
    return max(kinds), Reading(submission, notes=notes)


def _with_line_feeds(body: bytes) -> bytes:
    """The body in an encoding that contains ASCII, with LF at the end of each line: the code below looks for it."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = sheets.decode(body).encode()
    if body.count(b"\r") > body.count(b"\r\n"):
        # Some programs end lines with CR alone.
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return body


def _is_about_rows(refusal: PayloadError) -> bool:
    """Whether a part was read to its end, and only its rows have faults. The head is the same in each part."""
    return refusal.code == "invalid_payload" and all(_ROW.fullmatch(fault.pointer) for fault in refusal.faults)


def _joined(refused: list[PayloadError]) -> PayloadError:
    """The first faults of all parts, as many as the reader lists of one file.

    If the last part was not read to its end, the reason is said only if the parts before it have no faults.
    """
    if not _is_about_rows(refused[-1]):
        last = refused.pop()
        if not refused:
            return last
    tables = [one for one in refused if isinstance(one, WorkbookError)]
    # If only some parts need the reader of spreadsheets, all places are those of the API.
    limit = LISTED_OF_TABLE if len(tables) == len(refused) else LISTED
    faults = [fault for one in refused for fault in one.faults][:limit]
    count = sum(one.fault_count for one in refused)
    detail = rest_not_read() if count >= MOST else ""
    joined = PayloadError("invalid_payload", detail=detail, faults=faults, fault_count=count)
    joined.earlier = {pointer: row for one in refused for pointer, row in one.earlier.items()}
    if len(tables) < len(refused):
        return joined
    return WorkbookError(joined, faults, [cell for one in tables for cell in one.cells][:limit])


def _moved(refusal: PayloadError, rows: int, lines: int, top: int) -> PayloadError:
    """The faults of a part at their places in the file, which has so many rows and lines before the part.

    The lines of the head, down to line ``top``, are the same in each part.
    """
    faults = [fault._replace(pointer=_moved_pointer(fault.pointer, rows)) for fault in refusal.faults]
    moved = PayloadError(refusal.code, detail=refusal.detail, faults=faults, fault_count=refusal.fault_count)
    moved.earlier = {_moved_pointer(pointer, rows): row + rows for pointer, row in refusal.earlier.items()}
    if not isinstance(refusal, WorkbookError):
        return moved
    cells = [_moved_cell(cell, lines) if cell.place.row > top else cell for cell in refusal.cells]
    return WorkbookError(moved, faults, cells)


def _moved_pointer(pointer: str, rows: int) -> str:
    found = _ROW.fullmatch(pointer)
    return f"/rows/{int(found[1]) + rows}{found[2]}" if found else pointer


def _moved_cell(cell: CellFault, lines: int) -> CellFault:
    """``lines`` further down. The sentence may name another row of the part."""
    detail = cell.detail
    if isinstance(detail, Advice) and "row" in detail.values:
        detail = Advice(detail.template, **{**detail.values, "row": str(int(detail.values["row"]) + lines)})
    return CellFault(cell.place._replace(row=cell.place.row + lines), cell.code, detail)


def _head_of(body: bytes) -> _Head:
    """If no line names the columns of a report, the first line counts as the header."""
    ends = [0]
    for _ in range(sheets.TOP):
        ends.append(_next_line(body, ends[-1]))
    delimiter, _ = sheets.delimiter_of(body[: ends[-1]].decode("utf-8-sig", "replace"))
    for begin, end in pairwise(ends):
        line = body[begin:end].decode("utf-8-sig", "replace")
        names = [code_of(name.strip().strip('"')) for name in line.split(delimiter)]
        places = [place for place, name in enumerate(names) if name in _OF_REPORT]
        if len(places) == len(_OF_REPORT):
            return _Head(body[:end], delimiter, places)
    return _Head(body[: ends[1]], delimiter, [])


def _parts(body: bytes, head: _Head) -> Iterator[bytes]:
    """Yield the rows below the head in parts of whole reports. If there is no row, there is one empty part."""

    def name_at(position: int) -> list[str]:
        cells = _cells(body[position : _next_line(body, position)], head.delimiter)
        return [code_of(cells[place]) for place in head.places if place < len(cells)]

    begin = len(head.text)
    if begin == len(body):
        yield b""
    while begin < len(body):
        end = _next_line(body, begin + _PART)
        name: list[str] = []
        # An empty line does not end a report.
        while end < len(body) and (not any(row := name_at(end)) or not name or row == name):
            name = row if any(row) else name
            end = _next_line(body, end)
        yield body[begin:end]
        begin = end


def _cells(line: bytes, delimiter: str) -> list[str]:
    """The texts of the cells without their quotes. A line that is no CSV has none: its part is refused for it."""
    try:
        return next(csv.reader([line.decode(errors="replace").strip("\r\n")], delimiter=delimiter))
    except csv.Error:
        return []


def _next_line(body: bytes, position: int) -> int:
    return body.find(b"\n", position) + 1 or len(body)
