"""What a download is, a second time: the whole history is read again for each minute, in fractions."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

Cell = tuple[int, int]


class Line(NamedTuple):
    """Blocks that were sent to a peer in a minute, and whether it was seen complete then."""

    minute: int
    cell: Cell
    peer: str
    blocks: int
    sent: frozenset[int]
    complete: bool


def shares(lines: Sequence[Line], known: int) -> dict[Cell, Fraction]:
    """The sum of the shares of all downloads; a peer that was silent for so many minutes is another one."""
    found: dict[Cell, Fraction] = {}
    for line in {(line.peer, line.blocks): line for line in lines}.values():
        for download in _downloads([one for one in lines if (one.peer, one.blocks) == (line.peer, line.blocks)], known):
            if any(one.complete for one in download):
                sent = frozenset[int]().union(*(one.sent for one in download))
                share = Fraction(len(sent) * 10**12 // line.blocks, 10**12)
                found[line.cell] = found.get(line.cell, Fraction(0)) + share
    return found


def _downloads(lines: Sequence[Line], known: int) -> list[list[Line]]:
    """The lines of one peer, cut where it was silent for long enough to be forgotten."""
    found = [[lines[0]]]
    for before, line in pairwise(lines):
        # At the end of a minute, what had its last line so many minutes before is forgotten.
        if line.minute - before.minute > known:
            found.append([])
        found[-1].append(line)
    return found


def reports(lines: Sequence[Line], minutes: int, first: Mapping[Cell, Fraction], known: int) -> list[dict[Cell, int]]:
    """The report of each minute: by how much the whole part of shares and first remainder has grown."""
    found, before = [], dict[Cell, int]()
    for minute in range(minutes):
        so_far = shares([line for line in lines if line.minute <= minute], known)
        whole = {cell: (share + first[cell]) // 1 for cell, share in so_far.items() if share}
        found.append({cell: n - before.get(cell, 0) for cell, n in whole.items() if n > before.get(cell, 0)})
        before = whole
    return found
