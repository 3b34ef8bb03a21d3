"""Looks through the XML of a workbook before a library reads it.

The library makes a full rectangle of each sheet, so one cell far away would take all memory. It also returns an empty
value for three kinds of cells: errors such as #REF!, formulas that were never computed, and cells that are merged with
another one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from p2p_core.payloads.faults import Advice, PayloadError
from p2p_core.workbooks.formats import OF_STYLES, Formats, Styles
from p2p_core.workbooks.marks import MAX_CELLS, Mark, Marks, Position, too_many
from p2p_core.workbooks.unpacking import ambiguous, unreadable

#: The first number limits the bytes of the texts of all cells, for each byte of the members. It is needed because many
#: cells can share one text, and each of them becomes a text of its own. A small workbook may have as many bytes as the
#: second number.
_TEXT: Final = 2
_SMALL_TEXT: Final = 8 << 20
_POSITION: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

#: A workbook has one element for so many bytes. A small workbook may have as many elements as the second number.
_ELEMENT: Final = 8
_FEW_ELEMENTS: Final = 1_000_000

#: Bytes that pyexpat reads at once.
_PIECE: Final = 1 << 20

_EMPTY: Final = Advice("This workbook has too many empty cells. Delete the empty rows and columns, and save it again.")
_LONG: Final = Advice(
    "The texts of this workbook are too long. Divide the workbook, or delete the sheets without reports."
)

Attributes = dict[str, str]


def position_of(name: str) -> Position:
    """The row and column, from 0, of a cell such as F12."""
    found = _POSITION.fullmatch(name.upper())
    if found is None or found[2].strip("0") == "":
        raise unreadable()
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def letters(column: int) -> str:
    """The name of a column, from 0, in a spreadsheet."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


@dataclass(slots=True)
class Scan:
    """What was found in all members. Sheets are by member in workbooks of Excel, by name in those of OpenDocument."""

    sheets: dict[str, Marks] = field(default_factory=dict)
    #: The members of the sheets, by the ids of relations, and these ids by the names of sheets.
    targets: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    formats: Formats = field(default_factory=Formats)
    styles: Styles = field(default_factory=Styles)
    #: Whether no program has computed the formulas.
    computes_on_load: bool = False
    #: The bytes of the texts that cells of Excel share, and of all cells together.
    shared: list[int] = field(default_factory=list)
    text: int = 0
    #: How many more cells and elements the workbook may have.
    room: int = MAX_CELLS
    elements: int = _FEW_ELEMENTS

    def marks(self, sheet: str) -> Marks:
        """What was seen of a sheet."""
        return self.sheets.get(self.targets.get(self.ids.get(sheet, ""), sheet), Marks())


def scan(members: dict[str, bytes]) -> Scan:
    """Look through all members. Raises a :class:`PayloadError` if the workbook is too large to be read."""
    size = sum(map(len, members.values()))
    found = Scan(elements=max(size // _ELEMENT, _FEW_ELEMENTS))
    if sum(map(_has_shared, members)) > 1:
        raise unreadable()
    for name in sorted(members.keys() - {"mimetype"}, key=_turn):
        member = _Member(name, found)
        try:
            for piece in _pieces(members[name]):
                member.parser.Parse(piece)
            member.parser.Parse(b"", True)  # noqa: FBT003  the last piece
        except (expat.ExpatError, ValueError, IndexError):
            raise unreadable() from None
        found.room -= member.marks.area if member.marks else 0
    if found.text > max(_TEXT * size, _SMALL_TEXT):
        raise PayloadError("body_too_large", detail=_LONG)
    budget = MAX_CELLS
    for marks in found.sheets.values():
        budget = marks.cover(budget)
    return found


def _pieces(content: bytes) -> Iterator[bytes]:
    """Pieces that end with an element. What is longer is divided by pyexpat, and then within a number too."""
    start = 0
    while start < len(content):
        end = len(content) if len(content) - start <= _PIECE else content.rfind(b">", start, start + _PIECE) + 1
        end = end or start + _PIECE
        yield content[start:end]
        start = end


def _turn(name: str) -> tuple[bool, bool, bool, str]:
    """Sorts first the workbook itself, which says whether its formulas were computed, then shared texts and formats."""
    return not name.endswith("workbook.xml"), not _has_shared(name), not name.lower().endswith("styles.xml"), name


def _has_shared(name: str) -> bool:
    return name.lower().endswith("sharedstrings.xml")


class _Member:
    """Reads one member. Names of elements and attributes are compared without their prefixes, as the library does."""

    def __init__(self, name: str, scan: Scan) -> None:
        self.name = name
        self.scan = scan
        self.marks: Marks | None = None
        self.row = self.column = -1
        #: How many rows and columns the present cell stands for.
        self.rows = self.columns = 1
        self.inside = ""
        #: Whether the value of the present cell is the number of a shared text, and whether its text repeats with it.
        self.is_shared = self.repeats = False
        #: Whether the sheet has rows so far, whether the present cell has a value, and whether a value that is no text
        #: has a piece.
        self.has_rows = self.has_value = self.is_number = self.has_piece = False
        self.is_extended = False
        #: Whether the present cell of Excel shows no hours if it has a date. And whether the present cell of
        #: OpenDocument has a date and no format, and has not shown a colon so far.
        self.is_day = self.is_date = False
        self.is_in_comment = False
        # There is no buffer. So a text comes in pieces if a comment or a reference divides it.
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.doctype

    def doctype(self, *_: object) -> None:
        """No program writes one into a workbook, and it could define entities that grow."""
        raise unreadable()

    def start(self, name: str, attributes: Attributes) -> None:
        self.inside = name.rpartition(":")[2]
        self.scan.elements -= 1
        if self.scan.elements < 0:
            raise PayloadError("body_too_large", detail=_EMPTY)
        read = _ELEMENTS.get(self.inside)
        if read is not None:
            read(self, attributes)

    def text(self, text: str) -> None:
        length = len(text.encode())
        self.measure(length)
        if self.is_date and not self.is_in_comment and text.strip():
            self.is_date = ":" not in text
            self.note_days(is_day=self.is_date)
        if self.inside == "v" and self.is_number and text.strip():
            # The library reads only the first piece: it reads 1<!-- -->7 as 1.
            if self.has_piece:
                raise ambiguous()
            self.has_piece = True
        if self.is_shared and self.inside == "v" and text.strip():
            self.measure(self.scan.shared[int(text)])
        elif self.scan.shared and _has_shared(self.name):
            self.scan.shared[-1] += length
        if self.inside == "v" and self.marks is not None and not self.scan.computes_on_load:
            here = self.row, self.column
            if self.marks.cells.get(here) == Mark.FORMULA:
                del self.marks.cells[here]

    def measure(self, length: int) -> None:
        """Count the bytes of a text of the present cell."""
        self.scan.text += length * self.rows * self.columns if self.repeats else length

    def begin(self, sheet: str) -> None:
        if self.marks is not None:
            self.scan.room -= self.marks.area
        self.marks = self.scan.sheets[sheet] = Marks()
        self.row, self.rows = -1, 1

    def reach(self) -> None:
        if self.marks is not None:
            self.marks.reach(self.row + self.rows - 1, self.column + self.columns - 1)
            if self.marks.area > self.scan.room:
                raise too_many(self.marks.last[0])

    def mark(self, mark: Mark) -> None:
        if self.marks is not None:
            # This comes first, because it refuses more cells than a workbook may have.
            self.reach()
            for row in range(self.row, self.row + self.rows):
                for column in range(self.column, self.column + self.columns):
                    self.marks.cells[row, column] = mark

    def note_days(self, *, is_day: bool) -> None:
        """Note whether the present cells show no hours."""
        if self.marks is not None:
            for row in range(self.row, self.row + self.rows):
                for column in range(self.column, self.column + self.columns):
                    self.marks.note_day(row, column, is_day=is_day)

    # --- workbooks of Excel ---

    def number_format(self, attributes: Attributes) -> None:
        # Sheets that are charts have no number.
        if "numFmtId" in attributes:
            self.scan.formats.name(int(attributes["numFmtId"]), attributes.get("formatCode", ""))

    def formats_of_styles(self, _: Attributes) -> None:
        self.scan.formats.is_of_cells = False

    def formats_of_cells(self, _: Attributes) -> None:
        self.scan.formats.is_of_cells = True

    def cell_format(self, attributes: Attributes) -> None:
        self.scan.formats.add(int(attributes.get("numFmtId", 0)))

    def relation(self, attributes: Attributes) -> None:
        if self.name.endswith("workbook.xml.rels"):
            # An address from the root of the file, or from the folder of the workbook.
            target = attributes.get("Target", "")
            folder = self.name.partition("_rels/")[0]
            self.scan.targets[attributes.get("Id", "")] = target[1:] if target.startswith("/") else folder + target

    def sheet(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if name.endswith(":id"):
                self.scan.ids[attributes.get("name", "")] = value

    def calculation(self, attributes: Attributes) -> None:
        self.scan.computes_on_load = attributes.get("fullCalcOnLoad") in ("1", "true")

    def properties(self, attributes: Attributes) -> None:
        if attributes.get("date1904", "0") not in ("0", "1", "false", "true"):
            raise ambiguous()

    def worksheet(self, _: Attributes) -> None:
        self.begin(self.name)

    def sheet_data(self, _: Attributes) -> None:
        if self.has_rows:
            raise ambiguous()
        self.has_rows = True

    def line(self, attributes: Attributes) -> None:
        self.row = int(attributes["r"]) - 1 if "r" in attributes else self.row + 1
        self.column = -1
        self.is_extended = False

    def cell(self, attributes: Attributes) -> None:
        if "r" in attributes:
            self.row, self.column = position_of(attributes["r"])
        else:
            self.column += 1
        self.has_value = self.has_piece = False
        # If the value is a text, the library reads all its pieces.
        self.is_number = self.marks is not None and attributes.get("t") != "str"
        self.is_shared = attributes.get("t") == "s"
        self.is_day = not self.scan.formats.show_hours(int(attributes.get("s", 0)))
        if attributes.get("t") == "e":
            self.mark(Mark.ERROR)

    def formula(self, _: Attributes) -> None:
        if self.marks is not None and not self.is_extended and (self.row, self.column) not in self.marks.cells:
            self.mark(Mark.FORMULA)

    def extension(self, _: Attributes) -> None:
        """Formulas from here to the next row are of charts in cells, and not of the last cell."""
        self.is_extended = True

    def value(self, _: Attributes) -> None:
        if self.has_value and self.marks is not None:
            raise ambiguous()
        self.has_value = True
        self.reach()
        if self.is_day and self.is_number and self.marks is not None:
            self.marks.note_day(self.row, self.column)

    def shared_text(self, _: Attributes) -> None:
        if _has_shared(self.name):
            self.scan.shared.append(0)

    def merged(self, attributes: Attributes) -> None:
        if self.marks is not None:
            first, _, last = attributes.get("ref", "").partition(":")
            self.marks.merged.append((position_of(first), position_of(last or first)))

    # --- workbooks of OpenDocument ---

    def table(self, attributes: Attributes) -> None:
        self.begin(attributes.get("table:name", ""))
        self.scan.styles.begin_table()

    def table_column(self, attributes: Attributes) -> None:
        count = _count(attributes, "table:number-columns-repeated")
        self.scan.styles.add_columns(count, attributes.get("table:default-cell-style-name", ""))

    def table_row(self, attributes: Attributes) -> None:
        self.row += self.rows
        self.rows = _count(attributes, "table:number-rows-repeated")
        self.column, self.columns = -1, 1
        self.scan.styles.of_row = attributes.get("table:default-cell-style-name", "")
        self.repeats = self.is_date = False

    def table_cell(self, attributes: Attributes) -> None:
        self.column += self.columns
        self.columns = _count(attributes, "table:number-columns-repeated")
        down = _count(attributes, "table:number-rows-spanned")
        across = _count(attributes, "table:number-columns-spanned")
        if self.marks is not None and down * across > 1:
            last = self.row + down - 1, self.column + across - 1
            self.marks.merged.append(((self.row, self.column), last))
        self.repeats = "office:value-type" in attributes
        self.is_date = attributes.get("office:value-type") == "date"
        if self.repeats:
            self.reach()
            # Values may be in attributes.
            self.measure(sum(map(len, attributes.values())))
        if self.is_date:
            shows_hours = self.scan.styles.show_hours(attributes.get("table:style-name", ""), self.column)
            # If the cell has no format, its text decides. If it has no text either, its value decides.
            self.is_date = shows_hours is None
            has_time = "T" in attributes.get("office:date-value", "")
            self.note_days(is_day=not (has_time if self.is_date else shows_hours))
        if attributes.get("calcext:value-type") == "error":
            self.mark(Mark.ERROR)

    def style(self, attributes: Attributes) -> None:
        self.scan.styles.read(self.inside, attributes, is_common=self.name.endswith("styles.xml"))

    def comment(self, _: Attributes) -> None:
        """A comment has paragraphs too, and they come before those that the cell shows."""
        self.is_in_comment = True
        # Calling a function at the end of each element of a workbook would take long.
        self.parser.EndElementHandler = self.end_of_comment

    def end_of_comment(self, name: str) -> None:
        if name.rpartition(":")[2] == "annotation":
            self.is_in_comment = False
            self.parser.EndElementHandler = None

    def paragraph(self, _: Attributes) -> None:
        self.reach()
        self.repeats = self.marks is not None

    def spaces(self, attributes: Attributes) -> None:
        self.measure(_count(attributes, "text:c"))


def _count(attributes: Attributes, name: str) -> int:
    return max(int(attributes.get(name, 1)), 1)


_ELEMENTS: Final = {
    "Relationship": _Member.relation,
    "sheet": _Member.sheet,
    "workbookPr": _Member.properties,
    "numFmt": _Member.number_format,
    "cellStyleXfs": _Member.formats_of_styles,
    "cellXfs": _Member.formats_of_cells,
    "xf": _Member.cell_format,
    "calcPr": _Member.calculation,
    "worksheet": _Member.worksheet,
    "sheetData": _Member.sheet_data,
    "row": _Member.line,
    "c": _Member.cell,
    "f": _Member.formula,
    "extLst": _Member.extension,
    "v": _Member.value,
    "is": _Member.value,
    "si": _Member.shared_text,
    "mergeCell": _Member.merged,
    **dict.fromkeys(OF_STYLES, _Member.style),
    "table": _Member.table,
    "table-column": _Member.table_column,
    "table-row": _Member.table_row,
    "table-cell": _Member.table_cell,
    "covered-table-cell": _Member.table_cell,
    "annotation": _Member.comment,
    "p": _Member.paragraph,
    "s": _Member.spaces,
}
