"""Finds the number formats of a workbook that show no hours. A cell with such a format has a date without a time."""

import re
from bisect import bisect_right
from collections.abc import Container, Mapping
from operator import itemgetter
from typing import Final

#: The formats of Excel that have numbers instead of codes, and show hours or minutes.
_TIMES: Final = frozenset({18, 19, 20, 21, 22, 45, 46, 47})
#: Parts of a format that are no codes: a quoted text, a character after a backslash, and colours and languages in
#: brackets.
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[(?!h)[^\]]*\]', re.IGNORECASE)
#: The elements of OpenDocument that define a format, and those in a format that show hours or minutes.
_OF_FORMATS: Final = frozenset({
    "boolean-style", "currency-style", "date-style", "number-style", "percentage-style", "text-style", "time-style",
})  # fmt: skip
_OF_TIMES: Final = frozenset({"hours", "minutes"})
#: All elements of OpenDocument that :class:`Styles` reads.
OF_STYLES: Final = _OF_FORMATS | _OF_TIMES | {"automatic-styles", "map", "style"}

#: A style, and whether it is one of the whole workbook. The styles of single cells can have the same names.
_Style = tuple[bool, str]


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


class Styles:
    """The styles and formats of a workbook of OpenDocument. Cells name a style, and a style names a format."""

    def __init__(self) -> None:
        #: For each style of cells, its format and the style that it is derived from. Each can be empty.
        self._of_cells: dict[_Style, tuple[str, str]] = {}
        #: For each format, whether it shows hours, and the formats that it has instead for some values.
        self._formats: dict[_Style, bool] = {}
        self._instead: dict[_Style, list[str]] = {}
        self._here: _Style | None = None
        self._is_read = True
        #: In the present table: the style of the present row, and the styles of groups of columns, with the number of
        #: the first column behind each.
        self.of_row = ""
        self._of_columns: list[tuple[int, str]] = []

    def read(self, element: str, attributes: Mapping[str, str], *, is_common: bool) -> None:
        """Read the beginning of an element. ``is_common`` says whether it is in the member of common styles."""
        if element == "automatic-styles":
            # Those of the common member are for headers and footers.
            self._is_read = not is_common
        elif element in _OF_FORMATS or element == "style":
            name = is_common, attributes.get("style:name", "")
            self._here = name if self._is_read and element != "style" else None
            if self._here:
                self._formats[name] = False
            elif self._is_read and attributes.get("style:family") == "table-cell":
                parent = attributes.get("style:parent-style-name", "")
                self._of_cells[name] = attributes.get("style:data-style-name", ""), parent
        elif self._here and element == "map":
            self._instead.setdefault(self._here, []).append(attributes.get("style:apply-style-name", ""))
        elif self._here:
            self._formats[self._here] = True

    def begin_table(self) -> None:
        self._of_columns = []

    def add_columns(self, count: int, style: str) -> None:
        first = self._of_columns[-1][0] if self._of_columns else 0
        self._of_columns.append((first + count, style))

    def show_hours(self, name: str, column: int) -> bool | None:
        """Whether a cell of the present row shows hours, or None if it has no format. ``name`` is that of its style.

        If it names no style, it has that of its row, or else of its column.
        """
        at = bisect_right(self._of_columns, column, key=itemgetter(0))
        default = self.of_row or (self._of_columns[at][1] if at < len(self._of_columns) else "")
        style = _find(self._of_cells, (False, name or default))
        seen = set()
        while style and style not in seen:
            seen.add(style)
            number, parent = self._of_cells[style]
            found = _find(self._formats, (style[0], number))
            if found:
                others = (_find(self._formats, (found[0], other)) for other in self._instead.get(found, ()))
                return self._formats[found] or any(self._formats[other] for other in others if other)
            style = _find(self._of_cells, (style[0], parent))
        return None


def _find(known: Container[_Style], style: _Style) -> _Style | None:
    """A style that another one names: in the same member, or else a common one."""
    return next((one for one in (style, (True, style[1])) if one in known), None)
