"""Opens workbooks and CSV files as spreadsheets save them: sheets of values, and which cells cannot be read."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from io import StringIO
from typing import Final

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from p2p_core.payloads.faults import Advice, PayloadError
from p2p_core.traces import looks_like_trace
from p2p_core.workbooks.marks import MAX_CELLS, TOO_MANY, Mark, Position
from p2p_core.workbooks.scan import scan
from p2p_core.workbooks.unpacking import NOT_A_WORKBOOK, pack, unpack, unreadable

Value = str | float | bool | date | time | timedelta
Row = list[Value]

#: The first line of a CSV file for Excel, which names the separator. Excel does not show it.
_SEPARATOR: Final = re.compile(r"\s*\"?sep=([^\"\r\n])\"?\s*\Z", re.IGNORECASE)
#: The header is looked for in so many rows. Titles may be above it.
TOP: Final = 50
#: The sheets of the template that have no reports.
NOTES, CODES = "Notes", "Codes"
_MARKS: Final = ",;\t"
_QUOTE: Final = Advice(
    "A quote in this row is not closed, or text follows it. Save the file again, or correct the quote in a text editor."
)
_TOO_LARGE: Final = Advice(
    "A CSV file from a spreadsheet program may have {limit} cells. Delete empty rows below the table, or divide the "
    "file. The program p2p-agency reads larger files.",
    limit=MAX_CELLS,
)
_BLANK: Final = " \t\r\n\u00a0\u2007\u202f\u200b\ufeff"


@dataclass(slots=True)
class Sheet:
    """A sheet. Its rows begin with row 1 and column A, and can be read several times. CSV has one sheet without a name.

    No other sheet of the workbook has the same name. The name leads to no person. ``days`` has for each column, by row,
    whether its cell shows no hours.
    """

    name: str
    rows: Iterable[Row]
    hidden: bool = False
    marks: dict[Position, Mark] = field(default_factory=dict)
    days: dict[int, bytearray] = field(default_factory=dict)
    is_csv: bool = False

    def shows_day(self, row: int, column: int) -> bool:
        """Whether a cell with a date shows no hours."""
        rows = self.days.get(column, b"")
        return row < len(rows) and bool(rows[row])


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a sheet of a workbook."""

    book: CalamineWorkbook
    stored_name: str
    shown_name: str

    def __iter__(self) -> Iterator[Row]:
        read = 0

        def strange() -> Advice:
            return Advice(
                'A date or a time in row {row} of the sheet "{sheet}" cannot be read. Correct it, or delete what is '
                "in the cell.",
                row=read + 1, sheet=self.shown_name,
            )  # fmt: skip

        # A cell can have a number that is no date in any calendar, and the format of a date.
        with _refuse_unreadable(strange):
            sheet = self.book.get_sheet_by_name(self.stored_name)
            # The library gives the empty rows above the first value, and not the empty columns before it.
            left: Row = [""] * (sheet.start or (0, 0))[1]
            for read, row in enumerate(sheet.iter_rows(), 1):  # noqa: B007  it counts for the advice
                yield left + row


def is_workbook(content: bytes) -> bool:
    """Whether it is a zip file, or a workbook in the old format of Excel, which is also that of locked workbooks."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def open_workbook(content: bytes) -> list[Sheet]:
    """The worksheets of a workbook, in order. Raises a :class:`PayloadError`."""
    members = unpack(content)
    scanned = scan(members)
    with _refuse_unreadable(lambda: NOT_A_WORKBOOK):
        book = CalamineWorkbook.from_filelike(pack(members))
        stored = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        names = [one.name for one in stored]
        for name in names:
            book.get_sheet_by_name(name)
    # The library would return the rows of the first sheet for both.
    if len(set(names)) < len(names):
        raise unreadable()
    return [
        Sheet(shown, _Rows(book, one.name, shown), one.visible != SheetVisibleEnum.Visible, marks.cells, marks.days)
        for shown, one, marks in zip(_shown(names), stored, map(scanned.marks, names), strict=True)
    ]


@contextmanager
def _refuse_unreadable(advice: Callable[[], Advice]) -> Iterator[None]:
    """Refuse the workbook with this advice if the library cannot read something in it."""
    try:
        yield
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  the library raises several kinds
        raise unreadable(advice()) from None
    except BaseException as error:
        # If the library meets something that it did not expect, its exception is no ordinary one.
        if type(error).__name__ == "PanicException":
            raise unreadable(advice()) from None
        raise


def _shown(names: list[str]) -> list[str]:
    """The names of sheets, with the number of the sheet instead of a name that could lead to a person."""
    numbers = [f"(sheet {number})" for number in range(1, len(names) + 1)]
    shown = [number if looks_like_trace(name) else name for number, name in zip(numbers, names, strict=True)]
    return shown if len(set(shown)) == len(shown) else numbers


def open_csv(content: bytes) -> Sheet:
    """The rows of a CSV file: in UTF-8, UTF-16 with a byte order mark, or else in Windows-1252."""
    text = decode(content)
    if "\0" in text:
        raise PayloadError("nul_character")
    delimiter, is_named = delimiter_of(text)
    if is_named:
        text = text.partition("\n")[2]
    rows: list[Row] = []
    room = MAX_CELLS
    try:
        # The reader is strict. Otherwise the rows after a quote that is not closed would become one text.
        for row in csv.reader(StringIO(text, newline=""), strict=True, delimiter=delimiter):
            # An empty row takes memory too.
            room -= len(row) + 1
            if room < 0:
                raise PayloadError(TOO_MANY, detail=_TOO_LARGE)
            rows.append(list(row))
    except csv.Error:
        # The line that names the separator is a row of the file.
        above = len(rows) + is_named
        pointer = f"/rows/{above - 1}" if above else "/header"
        raise PayloadError.at(pointer, "not_csv", _QUOTE) from None
    return Sheet("", [[], *rows] if is_named else rows, is_csv=True)


def delimiter_of(text: str) -> tuple[str, bool]:
    """The separator of the columns, and whether the first line is there only to name it."""
    if named := _SEPARATOR.match(text.partition("\n")[0]):
        return named[1], True
    lines = [line for line in text.split("\n", TOP)[:TOP] if line.strip(_BLANK + _MARKS)]
    header = next((line for line in lines if "OBS_VALUE" in line.upper()), (lines or [""])[0])
    return max(_MARKS, key=header.count), False


def decode(content: bytes) -> str:
    """The text of a CSV file. Raises a :class:`PayloadError`."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        raise PayloadError("not_utf8") from None
