"""Reads the sheets of a workbook, or a CSV file from a spreadsheet, into a submission.

Each sheet with a header row is a table. Its cells become the texts of CSV, and the rules of CSV read these. So a
workbook can have the same faults as CSV. Each fault names its cell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby, islice
from typing import Final, NamedTuple

from p2p_core.codes import COUNTRIES, NETWORKS, TOTAL
from p2p_core.payloads.csv_header import NAMED, REQUIRED, Header, read_header
from p2p_core.payloads.csv_walk import walk_rows
from p2p_core.payloads.draft import Draft
from p2p_core.payloads.faults import Advice, Fault, Faults, PayloadError
from p2p_core.periods import REPORTABLE
from p2p_core.reports import NewSubmission
from p2p_core.traces import looks_like_trace
from p2p_core.workbooks import sentences, sheets, values
from p2p_core.workbooks.scan import letters
from p2p_core.workbooks.sheets import Row, Sheet, Value
from p2p_core.workbooks.values import Clock, Text

#: The most faults in the list. There are many, because a workbook comes back with all of their cells coloured.
LISTED: Final = 10_000
#: A place in CSV, as the API names it. A column has its name or, in the header, its number from 0.
_IN_CSV: Final = re.compile(r"/(?:header|rows/(\d+))(?:/(\w+))?")
#: A row with so many names of columns is a header. A row above it with so many cells of a report is one of the table.
_NAMES: Final = 3
#: Texts that stand for a period or a count, also in forms that are refused. None of them can be an address or a hash.
_PERIOD: Final = re.compile(r"\d{1,4}[./-]\s?M?\d{1,2}([./-]\s?\d{1,4})?([T ][\d:., TZ+-]*)?", re.ASCII)
_COUNT: Final = re.compile(r"-?\d{1,15}([.,]\d{1,15})?", re.ASCII)
#: Columns in which drop-down lists write a name after the code, such as "NO: Norway". In CSV, the header names such
#: columns.
_LABELLED: Final = frozenset({"INDICATOR", "FREQ", "COUNTRY", "NETWORK", "OBS_STATUS", "ACTION"})
#: The columns that say what a row counts.
_COUNTED: Final = ("INDICATOR", "FREQ", "TIME_PERIOD", "COUNTRY", "NETWORK")


class Place(NamedTuple):
    """A cell. Without a column: a row or a sheet. Rows count from 1 and columns are letters, as in spreadsheets."""

    sheet: str
    row: int = 0
    column: str = ""

    def __str__(self) -> str:
        """As spreadsheets write it: Reports!F12, or Reports!12:12 for a row."""
        cell = f"{self.column}{self.row}" if self.column else f"{self.row}:{self.row}"
        where = cell if self.row else ""
        return "!".join(part for part in (self.sheet, where) if part)


def place_in_csv(pointer: str) -> Place | None:
    """The row and the column of a fault of CSV, if it is one. The header is row 1, and empty rows do not count."""
    found = _IN_CSV.fullmatch(pointer)
    if found is None:
        return None
    row, column = found[1], found[2] or ""
    return Place("", 1 if row is None else int(row) + 2, letters(int(column)) if column.isdecimal() else column)


class CellFault(NamedTuple):
    """A fault of a table: where, the code, and how to fix it there."""

    place: Place
    code: str
    detail: str


def in_table(fault: Fault, earlier: int | None = None) -> CellFault | None:
    """A fault of CSV in the form of the API, or None if it is one of JSON.

    ``earlier`` is the row that counts the same, if it is known.
    """
    place = Place("", 1) if fault[:2] == ("/rows", "no_reports") else place_in_csv(fault.pointer)
    words = sentences.of_csv(fault) if earlier is None else sentences.of_double(earlier)
    return place and CellFault(place, fault.code, words)


class WorkbookError(PayloadError):
    """A workbook or a CSV file is refused. ``cells`` has a place for each of ``faults``.

    ``sheets`` are those of the file. ``rows`` is the number of rows that were read. ``adapted`` is the number of cells
    and rows that the API would not read in this way.
    """

    def __init__(self, error: PayloadError, faults: Sequence[Fault], cells: Sequence[CellFault]) -> None:
        super().__init__(error.code, detail=error.detail, faults=faults, fault_count=error.fault_count)
        self.cells = cells
        self.sheets: Sequence[Sheet] = ()
        self.rows = 0
        self.adapted = 0


class Reading(NamedTuple):
    """A submission, and the place of the first row of each of its reports. ``notes`` say what was left out."""

    submission: NewSubmission
    places: Sequence[Place] = ()
    notes: Sequence[Advice] = ()


class _Table(NamedTuple):
    """A sheet with a header in row ``top`` (from 0).

    It has the place of each column by its name, and of columns not read. In the columns that are ``labelled``, a name
    may follow the code.
    """

    sheet: Sheet
    top: int
    columns: Mapping[str, int]
    aside: Sequence[int]
    labelled: frozenset[str]


class _Row(NamedTuple):
    """A row that the rules read: its table, its row in the sheet (from 0), and its number as CSV counts rows."""

    table: _Table
    at: int
    number: int


def read_workbook(
    content: bytes, *, received: datetime, indicators: Mapping[str, int], agency: str, clock: Clock
) -> Reading:
    """The submission in a workbook. Raises a :class:`PayloadError`, for faults in cells a :class:`WorkbookError`."""
    draft = Draft(received=received, indicators=indicators, agency=agency)
    return _Reader(draft, clock).read(sheets.open_workbook(content), content)


def read_csv(
    content: bytes, *, received: datetime, indicators: Mapping[str, int], agency: str, clock: Clock
) -> Reading:
    """The submission in a CSV file as a spreadsheet saves it. The pointers of its faults are those of CSV."""
    draft = Draft(received=received, indicators=indicators, agency=agency)
    return _Reader(draft, clock._replace(is_csv=True)).read([sheets.open_csv(content)], content)


def find_header(sheet: Sheet) -> tuple[int, Row] | None:
    """The row that names the columns, and its number from 0. Titles may be above it."""
    best, found = _NAMES - 1, None
    for at, row in enumerate(islice(sheet.rows, sheets.TOP)):
        names = sum(code_of(values.plain(value).text) in REQUIRED for value in row)
        if names > best:
            best, found = names, (at, row)
    return found


def code_of(text: str) -> str:
    return text.partition(NAMED)[0].strip().upper()


def _is_filled(row: Row) -> bool:
    return any(not isinstance(value, str) or value.strip() for value in row)


class _Reader:
    """Reads tables into a draft, and knows from which cell each text came."""

    def __init__(self, draft: Draft, clock: Clock) -> None:
        self.draft = draft
        self.draft.faults = Faults(LISTED)
        self.clock = clock
        self.adapted = 0
        self.notes: list[Advice] = []
        #: The first header.
        self.top = Place("")
        self.rows: list[_Row] = []
        self.hints: dict[tuple[int, str], Text] = {}
        #: The faults that are not found by the rules, with their pointers in CSV.
        self.own: list[tuple[str, CellFault]] = []

    def read(self, opened: Sequence[Sheet], content: bytes) -> Reading:
        try:
            tables = self._tables(opened)
            self.draft.faults.refuse_any()
            columns = list(dict.fromkeys(name for table in tables for name in table.columns))
            places = {name: at for at, name in enumerate(columns)}
            labelled = [name for name in columns if any(name in table.labelled for table in tables)]
            header = Header(places, len(columns), labelled, {})
            firsts = walk_rows(header, self._texts(tables, columns), self.draft)
            reports = self.draft.reports()
        except PayloadError as error:
            raise self._placed(error, opened) from None
        received = self.draft.received
        submission = NewSubmission(
            reports=reports,
            observations=self.draft.observations,
            prepared=received,
            received=received,
            media="csv",
            digest=sha256(content).digest(),
        )
        return Reading(submission, [self._place(self.rows[first]) for first in firsts], self.notes)

    # --- headers -----------------------------------------------------------------------------------------------------

    def _tables(self, opened: Sequence[Sheet]) -> list[_Table]:
        found = []
        for sheet in opened:
            header = find_header(sheet)
            if header is None and sheet.name in (sheets.NOTES, sheets.CODES):
                continue
            if sheet.hidden:
                self.notes.append(Advice('The sheet "{sheet}" is hidden and was not read.', sheet=sheet.name))
            elif header:
                found.append(self._table(sheet, *header))
            elif any(map(_is_filled, sheet.rows)):
                self.notes.append(sentences.without_header(sheet.name))
        if not found:
            self._add("/header", CellFault(Place(""), "missing_field", sentences.NO_HEADER))
        return found

    def _table(self, sheet: Sheet, top: int, row: Row) -> _Table:
        here = Place(sheet.name, top + 1)
        self.top = self.top if self.top.row else here
        texts = [values.plain(value).text for value in row]
        named = [at for at, text in enumerate(texts) if text]
        written = [texts[at].partition(NAMED) for at in named]
        # Spreadsheets write a capital at the beginning of a word only.
        names = ["".join((code.upper(), *name)) for code, *name in written]
        self.adapted += top > 0 or names != row
        faults = Faults()
        try:
            header = read_header(names, faults)
        except PayloadError as error:
            (fault,) = error.faults
            self._add(fault.pointer, CellFault(here, fault.code, sentences.of_csv(fault)))
            raise PayloadError(error.code, faults=self.draft.faults.listed) from None
        for fault in faults.listed:
            name = fault.pointer.rpartition("/")[2]
            place = here._replace(column=letters(named[int(name)])) if name.isdigit() else here
            self._add(fault.pointer, CellFault(place, fault.code, sentences.of_csv(fault)))
        places = {name: named[at] for name, at in header.columns.items()}
        aside = [at for at in named if at not in places.values()]
        for at, above in enumerate(islice(sheet.rows, top)):
            if self._is_of_table(above, places):
                cell = CellFault(Place(sheet.name, at + 1), "not_csv", sentences.ABOVE_HEADER)
                self._add("/header", cell)
        return _Table(sheet, top, places, aside, _LABELLED | set(header.labelled))

    def _is_of_table(self, row: Row, columns: Mapping[str, int]) -> bool:
        """Whether a row above the header is no title: somebody sorted the rows together with the header, for example.

        A row with a period and a count is one of the table, and also one with several codes.
        """
        cells = {name: row[at] for name, at in columns.items() if at < len(row)}
        codes = {name: code_of(values.plain(value).text) for name, value in cells.items()}
        period, count = cells.get("TIME_PERIOD", ""), cells.get("OBS_VALUE", "")
        is_period = isinstance(period, date) or bool(_PERIOD.fullmatch(codes.get("TIME_PERIOD", "")))
        is_count = isinstance(count, float) or bool(_COUNT.fullmatch(values.count(count).text))
        known = (
            codes.get("INDICATOR") in self.draft.indicators,
            codes.get("FREQ") in REPORTABLE,
            codes.get("COUNTRY") in (*COUNTRIES, TOTAL),
            codes.get("NETWORK") in (*NETWORKS, TOTAL),
        )
        return (is_period and is_count) or sum(known) + is_period + is_count >= _NAMES

    # --- rows --------------------------------------------------------------------------------------------------------

    def _texts(self, tables: Iterable[_Table], columns: Sequence[str]) -> Iterator[list[str]]:
        """Yield the rows of all tables as texts, in the order of these columns."""
        for table in tables:
            number = -1
            for at, row in enumerate(table.sheet.rows):
                if at > table.top:
                    number += bool(row)
                    if _is_filled(row) or any((at, column) in table.sheet.marks for column in table.columns.values()):
                        here = _Row(table, at, number)
                        unusual = self._unusual(here, row)
                        if unusual:
                            self.adapted += 1
                            self._add(f"/rows/{number}", unusual)
                        else:
                            self.rows.append(here)
                            yield [self._text(here, row, name) for name in columns]

    def _unusual(self, here: _Row, row: Row) -> CellFault | None:
        """The one fault of a row that is no report: a note beside the table, a second header, or a total."""
        table, place = here.table, self._place(here)
        read = {name: values.plain(row[at]).text for name, at in table.columns.items() if at < len(row)}
        for at, value in enumerate(row):
            text = "" if at in table.columns.values() else values.plain(value).text
            if text and (at not in table.aside or looks_like_trace(text)):
                code = "personal_trace" if looks_like_trace(text) else "unknown_field"
                return CellFault(place._replace(column=letters(at)), code, sentences.of_cell(code))
        period, value = read.get("TIME_PERIOD", ""), read.get("OBS_VALUE", "")
        words = here.at == table.top + 1 and period and value and not re.search(r"\d", period + value)
        if words or code_of(period) == "TIME_PERIOD":
            return CellFault(place, "bad_period", sentences.SECOND_HEADER)
        if value and not period and not read.get("FREQ"):
            return CellFault(place, "group_not_reportable", sentences.TOTAL_ROW)
        return None

    def _text(self, here: _Row, row: Row, name: str) -> str:
        """The text that the rules read for a column."""
        at = here.table.columns.get(name, len(row))
        value = row[at] if at < len(row) else ""
        mark = here.table.sheet.marks.get((here.at, at))
        if mark:
            text = Text(mark.name, mark.value)
        elif name in here.table.labelled and isinstance(value, str) and NAMED in value:
            code, *label = value.partition(NAMED)
            text = self._converted(here, row, name, code)
            text = text._replace(text="".join((text.text, *label)))
        else:
            text = self._converted(here, row, name, value)
        if text.hint:
            self.hints[len(self.rows) - 1, name] = text
        self.adapted += text.text != value or bool(text.hint)
        return text.text

    def _converted(self, here: _Row, row: Row, name: str, value: Value) -> Text:
        if name == "OBS_VALUE":
            return values.count(value)
        if name == "TIME_PERIOD":
            columns, sheet = here.table.columns, here.table.sheet
            at, shows_day = columns["FREQ"], sheet.shows_day(here.at, columns[name])
            frequency = code_of(values.plain(row[at]).text) if at < len(row) else ""
            return values.period(value, frequency, self.clock, shows_day=shows_day)
        if name == "COUNTRY":
            return values.country(value)
        if name == "NETWORK":
            return values.network(value)
        return values.plain(value)

    # --- faults ------------------------------------------------------------------------------------------------------

    def _add(self, pointer: str, fault: CellFault) -> None:
        self.draft.faults.add(f"/own/{len(self.own)}", fault.code)
        self.own.append((pointer, fault))

    def _place(self, row: _Row, name: str = "") -> Place:
        column = row.table.columns.get(name)
        return Place(row.table.sheet.name, row.at + 1, "" if column is None else letters(column))

    def _placed(self, error: PayloadError, opened: Sequence[Sheet]) -> WorkbookError:
        """The same error with the places of cells."""
        earlier = self._earlier(error.faults)
        found = [self._cell(fault, earlier) for fault in error.faults]
        faults = [Fault(pointer if self.clock.is_csv else str(cell.place), cell.code) for pointer, cell in found]
        placed = WorkbookError(error, faults, [cell for _, cell in found])
        placed.sheets, placed.rows, placed.adapted = opened, len(self.rows), self.adapted
        if self.clock.is_csv:
            placed.earlier = {f"/rows/{self.rows[at].number}": row.number + 2 for at, row in earlier.items()}
        return placed

    def _earlier(self, faults: Iterable[Fault]) -> Mapping[int, _Row]:
        """For each row that counts the same as an earlier one, by its number: the last such row before it."""
        doubles = {int(pointer.rpartition("/")[2]) for pointer, code, _ in faults if code == "duplicate_cell"}
        found, last = {}, dict[int, _Row]()
        # In the rules, this would take memory for each observation of a file without faults.
        for number, (here, row) in enumerate(islice(self._rows_again(), max(doubles, default=-1) + 1)):
            # The names of all rows would take too much memory.
            counted = hash(tuple(self._code(here, row, name) for name in _COUNTED))
            if number in doubles and counted in last:
                found[number] = last[counted]
            last[counted] = here
        return found

    def _rows_again(self) -> Iterator[tuple[_Row, Row]]:
        for _, some in groupby(self.rows, key=lambda here: here.table.sheet.name):
            rows = {here.at: here for here in some}
            table = next(iter(rows.values())).table
            yield from ((rows[at], row) for at, row in enumerate(table.sheet.rows) if at in rows)

    def _code(self, here: _Row, row: Row, name: str) -> str:
        at = here.table.columns[name]
        value = row[at] if at < len(row) else ""
        if name in here.table.labelled and isinstance(value, str):
            value = value.partition(NAMED)[0]
        return self._converted(here, row, name, value).text.removesuffix("Z")

    def _cell(self, fault: Fault, earlier: Mapping[int, _Row]) -> tuple[str, CellFault]:
        _, kind, number, name = (*fault.pointer.split("/"), "", "")[:4]
        if kind == "own":
            return self.own[int(number)]
        if not number:
            return fault.pointer, CellFault(self.top, fault.code, sentences.of_cell(fault.code))
        row = self.rows[int(number)]
        hint = self.hints.get((int(number), name), Text(""))
        code = fault.code if fault.code == "personal_trace" else hint.code or fault.code
        detail = hint.hint if hint.hint and fault.code != "personal_trace" else sentences.of_cell(code)
        if fault.code == "duplicate_cell" and int(number) in earlier:
            other = self._place(earlier[int(number)])
            detail = sentences.of_double(other.row, other.sheet if other.sheet != row.table.sheet.name else "")
        pointer = "/".join(("/rows", str(row.number), *([name] if name else [])))
        return pointer, CellFault(self._place(row, name), code, detail)
