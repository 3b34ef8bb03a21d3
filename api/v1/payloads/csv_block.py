"""A block of plain CSV rows as arrays: where their texts are, which of them are equal, and what numbers they hold.

Texts are compared packed into 64-bit words, so that no Python object is made for a row.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
Positions = NDArray[np.intp]

#: No text that may stand in a cell is longer.
_LONGEST: Final = 32
_MASKS: Final = np.array([(1 << 8 * length) - 1 for length in range(9)], np.uint64)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)


class NotPlainError(Exception):
    """The body is for the thorough path."""


class Block:
    """Some rows: where each of their texts begins and ends."""

    def __init__(self, text: bytes, width: int, delimiter: str) -> None:
        self.text = text if text.endswith(b"\n") else text + b"\n"
        self.octets = np.frombuffer(self.text + bytes(_LONGEST + 8), np.uint8)
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
        if longest > _LONGEST:
            raise NotPlainError
        for offset in range(0, longest, 8):
            yield self.words[starts + offset] & _MASKS[np.clip(lengths - offset, 0, 8)]

    def distinct(self, columns: list[int]) -> tuple[list[tuple[str, ...]], Positions]:
        """Return the different texts of these columns in order of appearance, and for each row which it has."""
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
        return self._texts(firsts[order], columns), rank[which]

    def _texts(self, rows: Positions, columns: list[int]) -> list[tuple[str, ...]]:
        starts = self.starts[rows][:, columns].tolist()
        ends = self.ends[rows][:, columns].tolist()
        return [
            tuple([self.text[start:end].decode("ascii", "replace") for start, end in zip(*spans, strict=True)])
            for spans in zip(starts, ends, strict=True)
        ]

    def values(self, column: int) -> Numbers:
        """Return the numbers of a column; an empty text is -1."""
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
