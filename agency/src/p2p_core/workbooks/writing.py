"""Writes workbooks for people: an empty template, and a refused workbook with its faults."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from io import BytesIO
from itertools import accumulate, islice
from math import isfinite
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from p2p_core.codes import COUNTRIES, COUNTRY_NAMES, NETWORK_NAMES, NETWORKS, TOTAL, UNKNOWN
from p2p_core.payloads.checks import MAX_VALUE
from p2p_core.payloads.csv_header import NAMED
from p2p_core.payloads.faults import Advice, PayloadError
from p2p_core.periods import NOUNS, REPORTABLE, Frequency
from p2p_core.traces import looks_like_trace
from p2p_core.workbooks import sentences, sheets, values
from p2p_core.workbooks.reading import CellFault, WorkbookError, code_of, find_header
from p2p_core.workbooks.scan import letters, position_of
from p2p_core.workbooks.sheets import Row, Sheet, Value
from p2p_core.workbooks.values import Clock

#: The number of rows in which the template checks what is typed.
_ROWS: Final = 10_000
_FREQUENCIES: Final = {one.value: NOUNS[one] for one in REPORTABLE}
_STATUSES: Final = {"A": "final", "P": "provisional"}
_ACTIONS: Final = {"D": "withdraw the report"}
_NOTHING: Final = {TOTAL: "nothing happened"}
_DATE_FORMAT: Final = "yyyy-mm-dd hh:mm"
_EXAMPLE: Final = "2026-11-24 09:00"
_MOMENT: Final = {"num_format": _DATE_FORMAT}
#: A cell with this format has a date without a time.
_DAY: Final = {"num_format": "yyyy-mm-dd"}
#: Widths in characters. The names of columns fit into the narrowest column.
_NARROWEST, _WIDEST = 12, 40
_WRONG: Final = {"bg_color": "#FFC7CE", "border": 2, "border_color": "#9C0006"}
#: How many cells of a sheet have a comment, and how many faults a comment lists. Spreadsheet programs need seconds to
#: open thousands of comments.
_COMMENTS: Final = 1000
_DETAILS: Final = 20
TOO_LARGE: Final = Advice(
    "This file is too large to come back with its wrong cells coloured. Divide it, and check each part."
)
#: What Excel can have: rows and columns of a sheet, and characters of a text.
_MOST_ROWS, _MOST_COLUMNS, _LONGEST_TEXT = 1 << 20, 1 << 14, 32_767
#: With how many digits a number is written.
_DIGITS: Final = 16
#: The names of sheets that Excel opens.
_ALLOWED: Final = re.compile(r"(?!')[^\[\]:*?/\\]{1,31}(?<!')")

_DAYS: Final = (Frequency.DAY, Frequency.MONTH)
_TIMES_OF_DAYS: Final = ", 2026-11-24 for a day, 2026-11 for a month"
_NO_DAYS: Final = (
    "Report hours or minutes. Days and months in {zone} do not begin and end as in UTC, so they are refused. A "
    "coordinator can allow them in the set-up of your agency."
)
#: What a comment on the name of each column says.
_NOTES: Final = {
    "INDICATOR": "What was counted.",
    "FREQ": "How long the period is.",
    "TIME_PERIOD": (
        f"When the period begins: {_EXAMPLE} for a minute or an hour{{days}}. "
        "Times are those of {zone}. A time in UTC ends with Z: 2026-11-24T08:00Z."
    ),
    "COUNTRY": "One country. Choose _U if it is not known, or _T if nothing happened in the period.",
    "NETWORK": "One network. Choose _U if it is not known, or _T if nothing happened in the period.",
    "OBS_VALUE": "The count: a whole number. A country and network without a row has a count of 0.",
    "OBS_STATUS": "Empty or A if the count is final, P if it is provisional. The same in all rows of a period.",
    "ACTION": "Empty, or D in one row of a period to withdraw its report. Leave country, network and value empty then.",
}
_HOW: Final = (
    "Fill in one row for each period, country and network of the sheet Reports. Rows may be in any order.",
    "If a country or a network is not known, choose _U.",
    "If nothing happened in a period, write one row with _T as country and network, and 0.",
    f"Example: DOWNLOADS, H, {_EXAMPLE}, NO: Norway, BITTORRENT: BitTorrent, 17",
    "The template reads times as those of {zone}, also on days when the clocks change.",
    "Counts only: write no addresses, hashes, names or e-mail addresses anywhere.",
)


def template(indicators: Mapping[str, str], *, clock: Clock, year: int) -> bytes:
    """An empty workbook with lists to choose from, for a year. ``indicators`` has the names by code.

    It offers days and months only if the clock accepts some of them.
    """
    zone, has_days = str(clock.zone), values.accepts_days(clock, year)
    frequencies = [code for code in _FREQUENCIES if has_days or code not in _DAYS]
    known: dict[str, Iterable[str]] = {
        "INDICATOR": _labels(indicators, indicators),
        "FREQ": _labels(frequencies, _FREQUENCIES),
        "COUNTRY": _labels(dict.fromkeys((UNKNOWN, TOTAL, *COUNTRIES)), COUNTRY_NAMES | _NOTHING),
        "NETWORK": _labels([*NETWORKS, TOTAL], NETWORK_NAMES | _NOTHING),
        "OBS_STATUS": _labels(_STATUSES, _STATUSES),
        "ACTION": _labels(_ACTIONS, _ACTIONS),
    }
    content = BytesIO()
    with Workbook(content, {"in_memory": True}) as book:
        reports, notes, codes = (book.add_worksheet(name) for name in ("Reports", sheets.NOTES, sheets.CODES))
        codes.hide()
        bold, moment = book.add_format({"bold": True}), book.add_format(_MOMENT)
        for at, (name, note) in enumerate(_NOTES.items()):
            reports.write_string(0, at, name, bold)
            reports.write_comment(
                0, at, note.format(zone=zone, days=_TIMES_OF_DAYS if has_days else ""), {"x_scale": 2}
            )
            choices = list(known.get(name, ()))
            reports.set_column(at, at, _width(choices or [_EXAMPLE]), moment if name == "TIME_PERIOD" else None)
            _check(reports, at, name, codes, choices)
        reports.freeze_panes(1, 0)
        notes.set_column(0, 0, 110)
        for row, line in enumerate(_HOW if has_days else (*_HOW, _NO_DAYS)):
            notes.write_string(row, 0, line.format(zone=zone))
    return content.getvalue()


def _width(texts: Iterable[str]) -> int:
    """Of a column with these texts, in characters."""
    return min(max([_NARROWEST, *(len(text) + 2 for text in texts)]), _WIDEST)


def _labels(codes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return [f"{code}{NAMED}{names[code]}" if names[code] else code for code in codes]


def _check(reports: Worksheet, at: int, name: str, codes: Worksheet, known: list[str]) -> None:
    """Let the program check what is typed into a column, with a list to choose from if there is one."""
    rule: dict[str, Any] = {}
    if known:
        codes.write_column(0, at, known)
        column = chr(ord("A") + at)
        rule = {"validate": "list", "source": f"={sheets.CODES}!${column}$1:${column}${len(known)}"}
        # The code alone may be typed too.
        rule |= {"error_type": "warning", "error_message": "Choose from the list, or write the code alone."}
    elif name == "OBS_VALUE":
        rule = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": MAX_VALUE}
        rule |= {"error_message": "Write a whole number, without separators."}
    elif name == "TIME_PERIOD":
        rule = {"validate": "any", "input_title": "For example", "input_message": _EXAMPLE}
    if rule:
        reports.data_validation(1, at, _ROWS, at, rule)


def has_wrong_cells(error: PayloadError) -> bool:
    """Whether :func:`refused` would colour a cell. A workbook without a header row has a fault, and no wrong cell."""
    return isinstance(error, WorkbookError) and any(cell.place.row for cell in error.cells)


def can_colour(error: WorkbookError, size: int) -> bool:
    """Whether :func:`refused` would colour a cell, and would not refuse the file for its size."""
    return has_wrong_cells(error) and _fit(_shown(error.sheets), size)


def refused(
    content: bytes, error: PayloadError, *, size: int | None = None, translate: Callable[[str], str] = str
) -> bytes:
    """A workbook of the values that were read, its faulty cells coloured. Comments say what is wrong and what to do.

    ``content`` is the workbook or CSV file that was refused with ``error``. If nobody corrects the new workbook, it is
    refused too, with a fault in each coloured cell. Texts that could lead to a person are replaced. Raises a
    :class:`PayloadError` if the sheets are larger than those of Excel, or if a ``size`` is given and they have more: a
    cell has a size of 1, and of 1 more for each hundred characters. Comments are English unless there is a function to
    ``translate`` them.
    """
    faults: dict[str, list[CellFault]] = defaultdict(list)
    for cell in error.cells if isinstance(error, WorkbookError) else ():
        faults[cell.place.sheet].append(cell)
    opened = sheets.open_workbook(content) if sheets.is_workbook(content) else [sheets.open_csv(content)]
    shown = _shown(opened)
    if not _fit(shown, size):
        raise PayloadError("body_too_large", detail=TOO_LARGE)
    result = BytesIO()
    with Workbook(result, {"in_memory": True, "strings_to_urls": False}) as book:
        formats = {
            (wrong, kind): book.add_format((_WRONG if wrong else {}) | form)
            for wrong in (False, True)
            for kind, form in (("", {}), ("moment", _MOMENT), ("day", _DAY))
        }
        for sheet, name in zip(shown, _names(shown), strict=True):
            _copy(book.add_worksheet(name), sheet, faults[sheet.name], formats, translate)
    return result.getvalue()


def _shown(opened: Iterable[Sheet]) -> list[Sheet]:
    return [sheet for sheet in opened if not sheet.hidden]


def _fit(shown: Iterable[Sheet], size: int | None) -> bool:
    """Whether they are not larger than this size, and each sheet fits into one of Excel."""
    sizes = (_size(row) for sheet in shown for row in sheet.rows)
    is_too_large = size is not None and any(total > size for total in accumulate(sizes))
    return not is_too_large and all(map(_fits, shown))


def _size(row: Row) -> int:
    return sum(1 + len(value) // 100 if isinstance(value, str) else 1 for value in row)


def _fits(sheet: Sheet) -> bool:
    """Whether Excel has all its rows and columns. If some were left out, the rest would be another report."""
    return all(at < _MOST_ROWS and len(row) <= _MOST_COLUMNS for at, row in enumerate(sheet.rows))


def _names(shown: list[Sheet]) -> list[str]:
    """The names of the sheets or, if Excel does not allow one of them, their numbers."""
    names = [sheet.name or "Reports" for sheet in shown]
    distinct = len({name.casefold() for name in names}) == len(names)
    if distinct and all(_ALLOWED.fullmatch(name) and name.casefold() != "history" for name in names):
        return names
    return [f"Sheet {number}" for number in range(1, len(names) + 1)]


def _copy(
    written: Worksheet,
    sheet: Sheet,
    faults: list[CellFault],
    formats: Mapping[tuple[bool, str], Any],
    translate: Callable[[str], str],
) -> None:
    wrong: dict[tuple[int, int], list[str]] = defaultdict(list)
    for fault in faults:
        # A fault of a row is shown at its first cell.
        place = position_of(f"{fault.place.column or 'A'}{max(fault.place.row, 1)}")
        wrong[place].append(f"{translate(sentences.title(fault.code))}. {translate(fault.detail)}")
    for at, column in wrong:
        written.write_blank(at, column, None, formats[True, ""])
    longest: dict[int, str] = defaultdict(str)
    for at, column, value, kind in _cells(sheet):
        longest[column] = max(longest[column], value if isinstance(value, str) else _EXAMPLE, key=len)
        _write(written, at, column, value, formats[(at, column) in wrong, kind])
    for (at, column), details in islice(wrong.items(), _COMMENTS):
        text = "\n".join(details[:_DETAILS])[:_LONGEST_TEXT]
        written.write_comment(at, column, text, {"x_scale": 3, "y_scale": 1.5})
    for column, text in longest.items():
        written.set_column(column, column, _width([text]))


def _cells(sheet: Sheet) -> Iterator[tuple[int, int, Value, str]]:
    """Yield the place, the value and the format of each cell of the copy.

    Each value is read, or refused, as that of the sheet was. So no refused value may become empty or another value.
    """
    top, header = find_header(sheet) or (sheets.TOP, [])
    names = {column: code_of(text) for column, cell in enumerate(header) if (text := values.plain(cell).text)}
    is_trace = cache(looks_like_trace)
    removed: dict[str, str] = {}
    for at, row in enumerate(sheet.rows):
        # Only in these cells, the reader refuses what has a mark.
        marked = {column: sheet.marks.get((at, column)) for column in names} if at > top else {}
        for column in {*range(len(row)), *names}:
            value = row[column] if column < len(row) else ""
            if mark := marked.get(column):
                value = f"{values.REFUSED}{mark.name}"
            elif sheet.is_csv and at > top and names.get(column) == "TIME_PERIOD" and isinstance(value, str):
                value = values.period_of_csv(value)
            text = values.plain(value).text
            if is_trace(text):
                # The new text looks like an address too. It has no digit, because a row without digits may be a header.
                value = removed.setdefault(text, f"removed@{letters(len(removed))}")
            yield at, column, _as_excel_has_it(value), _kind(value, shows_day=sheet.shows_day(at, column))


def _kind(value: Value, *, shows_day: bool) -> str:
    if not isinstance(value, date):
        return ""
    return "day" if values.is_day_alone(value, shows_day=shows_day) else "moment"


def _as_excel_has_it(value: Value) -> Value:
    """The value or, if it would be read as another one from a workbook of Excel, its text."""
    if isinstance(value, str):
        return value[:_LONGEST_TEXT]
    if isinstance(value, float):
        is_exact = isfinite(value) and float(f"{value:.{_DIGITS}g}") == value
    else:
        # Excel has no dates before 1900, and a day too many in that year. It makes dates of durations.
        is_exact = isinstance(value, bool) or (isinstance(value, date) and 1900 < value.year < 9999)
    if not is_exact:
        return values.plain(value).text
    return values.rounded(value) if isinstance(value, datetime) else value


def _write(written: Worksheet, at: int, column: int, value: Value, form: Any) -> None:
    """Write a value as what it is, so that no text becomes a formula or a link."""
    if isinstance(value, bool):
        written.write_boolean(at, column, value, form)
    elif isinstance(value, date):
        written.write_datetime(at, column, value, form)
    elif isinstance(value, float):
        written.write_number(at, column, value, form)
    elif value:
        written.write_string(at, column, str(value), form)
