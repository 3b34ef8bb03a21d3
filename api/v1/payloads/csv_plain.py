"""Reads a CSV submission whose rows are all plain, with array operations, a block of rows at a time.

Plain is: no quotes, no names behind codes, no keys, each row as long as the header, and nothing wrong. Anything else is
left to ``csv_walk``, and so is a report that is withdrawn and given anew.
The different texts in a block are few, which report and which cell; each is read once, by the rules.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from api.v1.payloads import checks
from api.v1.payloads.cells import DuplicateCellError, Head, build, cell_of
from api.v1.payloads.csv_block import Block, NotPlainError, Numbers
from api.v1.payloads.csv_header import BOM, OF_REPORT, Columns, delimiter_of, read_header
from api.v1.payloads.csv_report import OPEN, read_head
from api.v1.payloads.draft import Draft, Key, refuse_too_many_reports
from api.v1.payloads.faults import BrokenRuleError
from p2p_core.codes import TOTAL
from p2p_core.reports import NewReport

_BLOCK: Final = 1 << 22

#: In place of a cell: the row withdraws a report, or says that nothing happened.
_WITHDRAWAL: Final = -1
_NOTHING: Final = -2


def read(body: bytes | bytearray, draft: Draft) -> list[NewReport]:
    """Return the reports in the body; raise NotPlainError."""
    start = body.find(b"\n") + 1
    line = bytes(body[:start]).removeprefix(BOM).rstrip(b"\r\n")
    # Where lines end with CR alone, more than the header stands before the first LF.
    if b"\r" in line or not line.isascii():
        raise NotPlainError
    delimiter = delimiter_of(body)
    header = read_header(line.decode("ascii").split(delimiter), draft.faults)
    if draft.faults.count or not header.is_plain:
        raise NotPlainError
    reading = _Reading(header.columns, draft)
    for rows in _blocks(body, start):
        reading.read(Block(rows, header.width, delimiter))
    return reading.reports()


def _blocks(body: bytes | bytearray, start: int) -> Iterator[bytes]:
    """Yield the rows in blocks that end with a row."""
    while start < len(body):
        end = body.rfind(b"\n", start, start + _BLOCK) + 1 or len(body)
        if end - start > _BLOCK:
            raise NotPlainError
        yield bytes(body[start:end])
        start = end


class _Reading:
    """The reports found so far, and of each row its report, cell and value."""

    def __init__(self, columns: Columns, draft: Draft) -> None:
        self.draft = draft
        self.columns = columns
        self.of_report = [name for name in OF_REPORT if name in columns]
        self.heads: list[Head] = []
        self.keys: dict[Key, int] = {}
        self.numbers: dict[tuple[str, ...], int] = {}
        self.cells: dict[tuple[str, ...], int] = {}
        self.parts: list[tuple[Numbers, Numbers, Numbers]] = []

    def read(self, block: Block) -> None:
        names, name = block.distinct([self.columns[column] for column in self.of_report])
        places, place = block.distinct([self.columns["COUNTRY"], self.columns["NETWORK"]])
        report = np.array([self._number(texts) for texts in names])[name]
        cell = np.array([self._cell(texts) for texts in places])[place]
        value = block.values(self.columns["OBS_VALUE"])
        if value.max() > checks.MAX_VALUE or ((value < 0) != (cell == _WITHDRAWAL)).any():
            raise NotPlainError
        self.draft.count(int(np.count_nonzero(cell >= 0)))
        self.parts.append((report.astype(np.int32), cell.astype(np.int16), value.astype(np.int32)))

    def _number(self, texts: tuple[str, ...]) -> int:
        """Return the number of the report that these texts name."""
        if texts not in self.numbers:
            head = read_head(dict(zip(self.of_report, texts, strict=True)), "", self.draft)
            if head is None:
                raise NotPlainError
            number = self.keys.setdefault(head[:3], len(self.heads))
            if number == len(self.heads):
                self.heads.append(head)
            if self.heads[number] != head:
                raise NotPlainError
            self.numbers[texts] = number
            refuse_too_many_reports(len(self.heads), len(self.numbers))
        return self.numbers[texts]

    def _cell(self, texts: tuple[str, ...]) -> int:
        if texts not in self.cells:
            self.cells[texts] = _read_cell(*texts)
        return self.cells[texts]

    def reports(self) -> list[NewReport]:
        """Return the reports, canonical."""
        if not self.parts:
            raise NotPlainError
        report, cell, value = (np.concatenate(part).astype(np.int64) for part in zip(*self.parts, strict=True))
        self._check_specials(report, cell, value)
        single = cell >= 0
        try:
            return build(self.heads, report[single], cell[single], value[single])
        except DuplicateCellError:
            raise NotPlainError from None

    def _check_specials(self, report: Numbers, cell: Numbers, value: Numbers) -> None:
        """Check that withdrawals and reports in which nothing happened have one row."""
        withdrawn = np.array([head.withdrawn for head in self.heads])
        rows = np.bincount(report, minlength=len(self.heads))
        special = cell < 0
        if (
            (withdrawn[report] != (cell == _WITHDRAWAL)).any()
            or (rows[report[special]] > 1).any()
            or (value[cell == _NOTHING] > 0).any()
        ):
            raise NotPlainError


def _read_cell(country: str, network: str) -> int:
    if country in OPEN and network in OPEN:
        return _WITHDRAWAL
    if country == network == TOTAL:
        return _NOTHING
    try:
        return cell_of(checks.country(country), checks.network(network))
    except BrokenRuleError:
        raise NotPlainError from None
