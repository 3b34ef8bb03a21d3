"""Reads CSV files that are too large for one submission, such as all hours of ten years, part by part."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from p2p_core.payloads.csv_header import NAMED, delimiter_of
from p2p_core.payloads.faults import PayloadError
from p2p_core.workbooks.reading import Reading, WorkbookError

#: What such a file is refused with if it is read at once.
TOO_MUCH: Final = frozenset({"too_many_observations", "too_many_reports"})
#: Bytes. A part has fewer reports and observations than a submission may have.
_PART: Final = 4 << 20
_OF_REPORT: Final = frozenset({"INDICATOR", "FREQ", "TIME_PERIOD"})
_ROW: Final = re.compile(r"/rows/(\d+)(.*)")
_APART: Final = "Sort the rows: in a file as large as this, the rows of a report must follow one another."


def read(body: bytes, read_part: Callable[[bytes], tuple[str, Reading]]) -> tuple[str, Reading]:
    """The kind of a CSV file and what is in it. Raises a `PayloadError` with the faults of the first faulty part."""
    kinds, found = set(), []
    rows = lines = 0
    for part in _parts(body.rstrip()):
        try:
            kind, reading = read_part(part)
        except PayloadError as refusal:
            raise _moved(refusal, rows, lines) from None
        kinds.add(kind)
        found.append(reading)
        rows += sum(bool(line.strip()) for line in part.splitlines()) - 1
        lines += part.count(b"\n") - 1
    reports = [report for reading in found for report in reading.submission.reports]
    if len({(report.indicator, report.frequency, report.period) for report in reports}) < len(reports):
        raise PayloadError("duplicate_report", detail=_APART)
    observations = sum(reading.submission.observations for reading in found)
    submission = replace(found[0].submission, reports=reports, observations=observations)
    notes = list(dict.fromkeys(note for reading in found for note in reading.notes))
    return max(kinds), Reading(submission, notes=notes)


def _moved(refusal: PayloadError, rows: int, lines: int) -> PayloadError:
    """The faults of a part at their places in the file, which has so many rows and lines before the part."""
    faults = [
        fault._replace(pointer=f"/rows/{int(found[1]) + rows}{found[2]}")
        if (found := _ROW.fullmatch(fault.pointer))
        else fault
        for fault in refusal.faults
    ]
    moved = PayloadError(refusal.code, detail=refusal.detail, faults=faults, fault_count=refusal.fault_count)
    if not isinstance(refusal, WorkbookError):
        return moved
    places = [cell.place for cell in refusal.cells]
    # The header is in row 1 of each part.
    moves = [place._replace(row=place.row + lines) if place.row > 1 else place for place in places]
    cells = [cell._replace(place=place) for cell, place in zip(refusal.cells, moves, strict=True)]
    return WorkbookError(moved, faults, cells)


def _parts(body: bytes) -> Iterator[bytes]:
    """Yield CSV files with the same header, each of whole reports."""
    begin = _next_line(body, 0)
    head = body[:begin]
    separator = delimiter_of(head)
    names = [name.strip('"\ufeff\r\n').partition(NAMED)[0] for name in head.decode("utf-8", "replace").split(separator)]
    places = [place for place, name in enumerate(names) if name in _OF_REPORT]

    def name_at(position: int) -> list[bytes]:
        cells = body[position : _next_line(body, position)].rstrip().split(separator.encode())
        return [cells[place] for place in places if place < len(cells)]

    while begin < len(body):
        end = _next_line(body, begin + _PART)
        name = name_at(end)
        while end < len(body) and name_at(end) == name:
            end = _next_line(body, end)
        yield head + body[begin:end]
        begin = end


def _next_line(body: bytes, position: int) -> int:
    return body.find(b"\n", position) + 1 or len(body)
