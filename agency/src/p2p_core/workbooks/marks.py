"""What was found in a sheet before a library reads it: how far its cells reach, and which cells cannot be read."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from p2p_core.payloads.faults import Advice, PayloadError

#: The most cells of all sheets together, including empty cells between others.
MAX_CELLS: Final = 2_000_000
#: The code of the error if there are more.
TOO_MANY: Final = "too_many_observations"

Position = tuple[int, int]


class Mark(Enum):
    """Why a cell has no value that can be read."""

    ERROR = Advice("The formula of this cell has no value. Correct it, or write the value instead.")
    FORMULA = Advice("This formula was never computed. Open the workbook in a spreadsheet program and save it there.")
    MERGED = Advice("This cell is merged with others. Unmerge them, and write the value in each row.")


@dataclass(slots=True)
class Marks:
    """What was found in a sheet: its last row and column with a value, and the cells that cannot be read.

    ``days`` has for each column, by row, whether its cell shows no hours.
    """

    last: Position = (-1, -1)
    cells: dict[Position, Mark] = field(default_factory=dict)
    merged: list[tuple[Position, Position]] = field(default_factory=list)
    days: dict[int, bytearray] = field(default_factory=dict)

    def reach(self, row: int, column: int) -> None:
        """Note a cell that has a value."""
        self.last = max(self.last[0], row), max(self.last[1], column)

    def note_day(self, row: int, column: int, *, is_day: bool = True) -> None:
        rows = self.days.setdefault(column, bytearray())
        rows.extend(bytes(max(row + 1 - len(rows), 0)))
        rows[row] = is_day

    @property
    def area(self) -> int:
        return (self.last[0] + 1) * (self.last[1] + 1)

    def cover(self, budget: int) -> int:
        """Mark the cells behind merged ones, and return how many of the budget are left."""
        for (top, left), (lowest, furthest) in self.merged:
            bottom, right = min(lowest, self.last[0]), min(furthest, self.last[1])
            budget -= max(bottom - top + 1, 0) * max(right - left + 1, 0)
            if budget < 0:
                raise too_many()
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    if (row, column) != (top, left):
                        self.cells[row, column] = Mark.MERGED
        return budget


def too_many(row: int = 0) -> PayloadError:
    detail = Advice("A workbook may have {limit} cells. Divide the workbook, or send CSV.", limit=MAX_CELLS)
    if row:
        detail = Advice(
            "A workbook may have {limit} cells. Perhaps the cell in row {row} is far from the others: delete it. "
            "Divide the workbook, or send CSV.",
            limit=MAX_CELLS, row=row + 1,
        )  # fmt: skip
    return PayloadError(TOO_MANY, detail=detail)
