"""Reads CSV files that are too large for one submission, such as all hours of ten years, part by part."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from p2p_core.payloads.csv_header import NAMED, delimiter_of
from p2p_core.payloads.faults import Fault, PayloadError
from p2p_core.reports import NewReport

#: What such a file is refused with if it is read at once.
TOO_MUCH: Final = frozenset({"too_many_observations", "too_many_reports"})
#: Bytes. A part has fewer reports and observations than a submission may have.
_PART: Final = 4 << 20
_OF_REPORT: Final = frozenset({"INDICATOR", "FREQ", "TIME_PERIOD"})
_ROW: Final = re.compile(r"/rows/(\d+)(.*)")
_APART: Final = "Sort the rows: in a file as large as this, the rows of a report must follow one another."


def read(body: bytes, read_part: Callable[[bytes], Sequence[NewReport]]) -> list[NewReport]:
    """The reports of a CSV file. Raises a `PayloadError` with the faults of the first part that has any."""
    reports: list[NewReport] = []
    rows = 0
    for part in _parts(body.rstrip()):
        try:
            reports += read_part(part)
        except PayloadError as refusal:
            faults = [_moved(fault, rows) for fault in refusal.faults]
            raise PayloadError(
                refusal.code, detail=refusal.detail, faults=faults, fault_count=refusal.fault_count
            ) from None
        rows += sum(bool(line.strip()) for line in part.splitlines()) - 1
    if len({(report.indicator, report.frequency, report.period) for report in reports}) < len(reports):
        raise PayloadError("duplicate_report", detail=_APART)
    return reports


def _moved(fault: Fault, rows: int) -> Fault:
    """A fault of a part at its place in the file."""
    found = _ROW.fullmatch(fault.pointer)
    return fault._replace(pointer=f"/rows/{int(found[1]) + rows}{found[2]}") if found else fault


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
