"""The combined view as a workbook for people: the numbers with names, their coverage, and a sheet that explains them.

Every text is written as a text, so that no spreadsheet program can take one for a formula or a link.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any, Final

from django.utils.translation import gettext
from msgspec import UNSET, structs
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from api import formats
from api.formats import AnswerPage
from api.formats.cells import Names, cells_of
from api.formats.explanation import Explanation
from p2p_core import instants, periods
from p2p_core.periods import Frequency

#: The most rows of numbers in a workbook. They take some seconds of processor time, and a web process has other readers
#: too.
MAX_ROWS: Final = 100_000
#: Excel refuses longer titles of sheets.
_MAX_TITLE: Final = 31
#: The widths of the columns of each sheet, in characters.
_WIDTHS: Final = {"numbers": (18, 28, 9, 20, 14, 12, 8, 14), "coverage": (18, 8, 12, 12, 12, 26), "about": (26, 110)}
#: How Excel shows the starts of periods. Periods of other frequencies are texts, or whole numbers for years.
_DATE_FORMATS: Final = {
    Frequency.MINUTE: 'yyyy-mm-dd"T"hh:mm',
    Frequency.HOUR: 'yyyy-mm-dd"T"hh:mm',
    Frequency.DAY: "yyyy-mm-dd",
}
#: In Excel, a date is a number of days since the end of 1899. The first of January 1970 is this number.
_DAY_OF_1970: Final = 25_569
_SECONDS_PER_DAY: Final = 86_400

Row = Sequence[str | float | None]


def write(pages: Iterable[AnswerPage], explanation: Explanation, names: Names) -> bytes:
    """Write the pages of one answer, in order. The texts are in the language that is active."""
    content = BytesIO()
    # Each row goes to a file at once, so the memory does not depend on the number of rows.
    with Workbook(content, {"constant_memory": True}) as book:
        # Without a time of creation, equal answers would differ.
        meta = explanation.metadata.meta
        created = instants.parse(meta.known_at) if meta.known_at else periods.EARLIEST
        book.set_properties({"title": explanation.title, "author": explanation.publisher, "created": created})
        bold, wrapped = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"text_wrap": True})
        has_dates = meta.frequency in _DATE_FORMATS
        date = book.add_format({"num_format": _DATE_FORMATS[Frequency(meta.frequency)]}) if has_dates else None
        numbers, coverage, about = (
            _add_sheet(book, title, _WIDTHS[key])
            for key, title in (
                ("numbers", gettext("Numbers")),
                ("coverage", gettext("Coverage")),
                ("about", gettext("About")),
            )
        )
        covered = _write_numbers(numbers, pages, names, bold, date)
        _write_table(coverage, [_coverage_header(), *covered], bold, date)
        for at, (heading, text) in enumerate(explanation.lines()):
            about.write_string(at, 0, heading, bold)
            about.write_string(at, 1, text, wrapped)
    return content.getvalue()


def _add_sheet(book: Workbook, title: str, widths: Sequence[int]) -> Worksheet:
    # A translation may be too long.
    sheet = book.add_worksheet(title[:_MAX_TITLE])
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    return sheet


def _write_numbers(sheet: Worksheet, pages: Iterable[AnswerPage], names: Names, bold: Any, date: Any) -> list[Row]:
    """Write a row for each cell, zeros included. Returns the rows of the coverage."""
    covered: list[Row] = []

    def rows() -> Iterator[Row]:
        for page in pages:
            if not covered:
                yield _header(page)
            covered.extend(_coverage_rows(page))
            yield from _rows(page, names)

    count, width = _write_table(sheet, rows(), bold, date)
    sheet.autofilter(0, 0, max(count - 1, 0), width - 1)
    return covered


def _write_table(sheet: Worksheet, rows: Iterable[Row], bold: Any, date: Any) -> tuple[int, int]:
    """Write a header and rows, and return how many rows and columns there are. Only the first column can have dates."""
    sheet.freeze_panes(1, 0)
    count = width = 0
    for row in rows:
        width = max(width, len(row))
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(count, column, value, bold if count == 0 else None)
            elif value is not None:
                sheet.write_number(count, column, value, None if column else date)
        count += 1
    return count, width


def _header(page: AnswerPage) -> Row:
    found = [
        gettext("Period"),
        gettext("Country"),
        gettext("Country code"),
        gettext("Network"),
        gettext("Network code"),
        gettext("Count"),
        gettext("Status"),
        gettext("Per 100,000 inhabitants"),
    ]
    if page.panel:
        found.append(gettext("Change from a year earlier"))
    return [*found, gettext("Invented")] if page.invented else found


def _rows(page: AnswerPage, names: Names) -> Iterator[Row]:
    """A row for each period and series. A number that is not known or withheld is left out."""
    table, cells = page.content.table, cells_of(page)
    codes = [one.codes for one in table.series]
    places = [(names.country(country), country, names.network(network), network) for country, network in codes]
    grids = [cells.values, cells.statuses, cells.rates, *([cells.changes] if cells.changes is not None else [])]
    last = [gettext("Invented")] if page.invented else []
    for at, period in enumerate(_periods(page)):
        for place, *numbers in zip(places, *(grid[:, at].tolist() for grid in grids), strict=True):
            yield [period, *place, *numbers, *last]


def _coverage_header() -> Row:
    return [
        gettext("Period"),
        gettext("Status"),
        gettext("Agencies expected"),
        gettext("Agencies that have reported"),
        gettext("Covered part of the time"),
        gettext("Counted from"),
        gettext("Agencies awaited"),
        gettext("Awaited until"),
    ]


def _coverage_rows(page: AnswerPage) -> Iterator[Row]:
    for period, one in zip(_periods(page), formats.coverage(page.content.table), strict=True):
        document = {name: None if value is UNSET else value for name, value in structs.asdict(one).items()}
        yield [
            period,
            document["status"],
            document["agencies_expected"],
            document["agencies_reporting"],
            document["time_coverage"],
            document["counted_from"],
            document["agencies_awaited"],
            document["awaited_until"],
        ]


def _periods(page: AnswerPage) -> list[str | float]:
    """The periods of a page as Excel has them: the number of a day, the number of a year, or a name."""
    table = page.content.table
    if table.frequency in _DATE_FORMATS:
        return [second / _SECONDS_PER_DAY + _DAY_OF_1970 for second in table.coverage.periods.tolist()]
    if table.frequency == Frequency.YEAR:
        return [int(label) for label in table.labels]
    return list(table.labels)
