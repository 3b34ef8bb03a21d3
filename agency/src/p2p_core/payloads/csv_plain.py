"""Reads a CSV submission whose rows are all plain, with array operations, a block of rows at a time.

A plain body has no quotes, no names behind codes, no keys and no faults. Each row has as many cells as the header.
``csv_walk`` reads all other bodies, including those in which a report is withdrawn and sent again. In a block, few
different texts name a report or a cell, and the rules read each of these texts once. Texts are compared as 64-bit
words, so no row needs a Python object.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from p2p_core.codes import TOTAL
from p2p_core.payloads import checks
from p2p_core.payloads.cells import DuplicateCellError, Head, Numbers, build, cell_of
from p2p_core.payloads.csv_header import BOM, OF_REPORT, Columns, delimiter_of, read_header
from p2p_core.payloads.csv_report import OPEN, read_head
from p2p_core.payloads.draft import Draft, Key, refuse_too_many_reports
from p2p_core.payloads.faults import BrokenRuleError
from p2p_core.reports import NewReport

Words = NDArray[np.uint64]
Positions = NDArray[np.intp]

#: No valid text of a cell is longer.
_LONGEST_TEXT: Final = 32
_MASKS: Final = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)

_BLOCK: Final = 1 << 22

#: Numbers in place of that of a cell. They mean that the row withdraws a report, or reports zero events.
_WITHDRAWAL: Final = -1
_NOTHING: Final = -2


class NotPlainError(Exception):
    """The body has names, keys or quotes, so ``csv_walk`` has to read it."""


class Block:
    """A block of rows: where each of their texts begins and ends."""

    def __init__(self, text: bytes, width: int, delimiter: str) -> None:
        self.text = text if text.endswith(b"\n") else text + b"\n"
        self.octets = np.frombuffer(self.text + bytes(_LONGEST_TEXT + 8), np.uint8)
        marks = np.flatnonzero((self.octets == ord(delimiter)) | (self.octets == ord("\n")))
        if len(marks) % width:
            raise NotPlainError
        self.ends = marks.reshape(-1, width)
        newlines = self.octets[self.ends] == ord("\n")
        if newlines[:, :-1].any() or not newlines[:, -1].all():
            raise NotPlainError
        self.starts = np.append(0, marks[:-1] + 1).reshape(-1, width)
        self.ends[:, -1] -= self.octets[self.ends[:, -1] - 1] == ord("\r")
        self.words = np.ndarray((len(self.octets) - 7,), "<u8", buffer=self.octets, strides=(1,))

    def packed(self, column: int) -> Iterator[Words]:
        """Yield the texts of a column, eight octets at a time; beyond its end a text is zeros."""
        starts = self.starts[:, column]
        lengths = self.ends[:, column] - starts
        longest = int(lengths.max())
        if longest > _LONGEST_TEXT:
            raise NotPlainError
        for offset in range(0, longest, 8):
            yield self.words[starts + offset] & _MASKS[np.clip(lengths - offset, 0, 8)]

    def distinct(self, columns: list[int]) -> tuple[list[tuple[str, ...]], Positions]:
        """The different texts of these columns in order of appearance, and each row's position among them."""
        words = [word for column in columns for word in self.packed(column)]
        mixed = np.zeros(len(self.starts), np.uint64)
        for word in words:
            mixed = (mixed ^ word) * _SPREAD
            mixed ^= mixed >> np.uint64(32)
        _, firsts, which = np.unique(mixed, return_index=True, return_inverse=True)
        representative = firsts[which]
        if any((word != word[representative]).any() for word in words):
            raise NotPlainError
        order = np.argsort(firsts)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        rows = firsts[order]
        starts = self.starts[rows][:, columns].tolist()
        ends = self.ends[rows][:, columns].tolist()
        texts = [
            tuple([self.text[start:end].decode("ascii", "replace") for start, end in zip(*spans, strict=True)])
            for spans in zip(starts, ends, strict=True)
        ]
        return texts, rank[which]

    def values(self, column: int) -> Numbers:
        """The numbers of a column; an empty text is -1."""
        starts = self.starts[:, column]
        lengths = self.ends[:, column] - starts
        if lengths.max() > 10:
            raise NotPlainError
        values = np.where(lengths == 0, -1, 0)
        for place in range(int(lengths.max())):
            inside = place < lengths
            digits = self.octets[starts + place] - np.uint8(ord("0"))
            if (inside & (digits > 9)).any():
                raise NotPlainError
            values = np.where(inside, values * 10 + digits, values)
        return values


def read(body: bytes | bytearray, draft: Draft) -> list[NewReport]:
    """The reports in the body. Raises :class:`NotPlainError`."""
    if b'"' in body:
        raise NotPlainError
    start = body.find(b"\n") + 1
    line = bytes(body[:start]).removeprefix(BOM).rstrip(b"\r\n")
    # If lines end with CR alone, the text before the first LF is more than the header.
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
    """The reports found so far, and the report, cell and value of each row."""

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
        for texts in places:
            if texts not in self.cells:
                self.cells[texts] = _read_cell(*texts)
        cell = np.array([self.cells[texts] for texts in places])[place]
        value = block.values(self.columns["OBS_VALUE"])
        if value.max() > checks.MAX_VALUE or ((value < 0) != (cell == _WITHDRAWAL)).any():
            raise NotPlainError
        self.draft.count(int(np.count_nonzero(cell >= 0)))
        self.parts.append((report.astype(np.int32), cell.astype(np.int16), value.astype(np.int32)))

    def _number(self, texts: tuple[str, ...]) -> int:
        """The number of the report that these texts name."""
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

    def reports(self) -> list[NewReport]:
        """The canonical reports."""
        if not self.parts:
            raise NotPlainError
        report, cell, value = (np.concatenate(part).astype(np.int64) for part in zip(*self.parts, strict=True))
        withdrawn = np.array([head.withdrawn for head in self.heads])
        rows = np.bincount(report, minlength=len(self.heads))
        single = cell >= 0
        # A withdrawal has exactly one row, and so does a report of zero events.
        if (
            (withdrawn[report] != (cell == _WITHDRAWAL)).any()
            or (rows[report[~single]] > 1).any()
            or (value[cell == _NOTHING] > 0).any()
        ):
            raise NotPlainError
        try:
            return build(self.heads, report[single], cell[single], value[single])
        except DuplicateCellError:
            raise NotPlainError from None


def _read_cell(country: str, network: str) -> int:
    if country in OPEN and network in OPEN:
        return _WITHDRAWAL
    if country == network == TOTAL:
        return _NOTHING
    try:
        return cell_of(checks.country(country), checks.network(network))
    except BrokenRuleError:
        raise NotPlainError from None
