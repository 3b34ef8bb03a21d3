"""Finds the number formats of a workbook that show no hours. A cell with such a format has a date without a time."""

import re
from typing import Final

#: The formats of Excel that have numbers instead of codes, and show hours or minutes.
_TIMES: Final = frozenset({18, 19, 20, 21, 22, 45, 46, 47})
#: Parts of a format that are no codes: a quoted text, a character after a backslash, and colours and languages in
#: brackets.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[(?!h)[^\]]*\]', re.IGNORECASE)
#: A date has at most so many groups of digits. OpenDocument stores the text that a cell shows: with more groups, it has
#: a time.
_OF_A_DATE: Final = 3


class Formats:
    """The formats of a workbook of Excel, in the order in which cells name them."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._of_cells: list[bool] = []
        #: Whether the formats that come now are those of cells.
        self.is_of_cells = False

    def name(self, number: int, code: str) -> None:
        self._codes[number] = code

    def add(self, number: int) -> None:
        if self.is_of_cells:
            code = self._codes.get(number)
            shows_hours = number in _TIMES if code is None else "h" in _LITERAL.sub("", code).lower()
            self._of_cells.append(shows_hours)

    def show_hours(self, place: int) -> bool:
        """Whether cells with the format at this place show hours."""
        return place >= len(self._of_cells) or self._of_cells[place]


def is_date_alone(shown: str) -> bool:
    """Whether a cell of OpenDocument shows a date without a time."""
    return ":" not in shown and len(re.findall(r"\d+", shown)) <= _OF_A_DATE
