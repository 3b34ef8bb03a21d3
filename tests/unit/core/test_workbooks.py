"""Workbooks and CSV of spreadsheets: each thing that a spreadsheet does to a table has one defined answer."""

from datetime import date, time

import pytest

from p2p_core.workbooks import marks, sentences, writing
from p2p_core.workbooks.reading import in_table
from tests.unit.core.workbook_files import (
    COLUMNS,
    HEADER,
    LINE,
    NINE,
    csv,
    faults,
    local,
    ods,
    ods_cell,
    ods_row,
    read,
    refusal,
    reports,
    rewritten,
    row,
    xlsx,
)

ADVICE = "Keep one of the two, or add them up."


# --- tables ----------------------------------------------------------------------------------------------------------


def test_hours_of_a_workbook_are_local_and_named_by_their_first_row():
    book = xlsx(row(), row(value=3, country="DE"), row(local(2026, 11, 24, 8)))
    assert reports(book) == [("H", "2026-11-24T08:00", 20), ("H", "2026-11-24T07:00", 17)]
    assert [str(place) for place in read(book).places] == ["Reports!2:2", "Reports!4:4"]


def test_table_may_begin_anywhere_with_columns_in_any_order_and_names_after_codes():
    header = ("Obs_Value", "COUNTRY: Country", "network", "TIME_PERIOD", "FREQ: Frequency", "INDICATOR", "OBS_STATUS")
    cells = (17, "NO: Norway", "ARES: Ares", NINE, "H: hour", "DOWNLOADS: Downloads", "P: provisional")
    book = xlsx(cells, header=header, top=3, left=2, change=lambda _, sheet: sheet.write(0, 0, "Our reports of 2026"))
    assert reports(book) == [("H", "2026-11-24T08:00", 17)]
    assert read(book).submission.reports[0].status == "P"
    assert faults(xlsx((-1, *cells[1:]), header=header, top=3, left=2)) == [("Reports!C5", "negative_value")]


def test_empty_rows_are_no_rows_and_a_row_of_errors_is_one():
    book = xlsx(row(), ("",) * 6, (" ", "\u00a0"), row(country="DE"), ("",) * 6)
    assert reports(book) == [("H", "2026-11-24T08:00", 34)]

    def errors(_, sheet):
        for column in range(6):
            sheet.write_formula(2, column, "=A99/0", None, "#DIV/0!")

    found = refusal(xlsx(row(), change=errors))
    assert [str(cell.place) for cell in found.cells] == [f"Reports!{letter}3" for letter in "ABDEF"]
    assert {cell.detail for cell in found.cells} == {marks.Mark.ERROR.value}


def test_several_sheets_are_one_submission_and_hidden_ones_are_named():
    def more(book, _):
        second = book.add_worksheet("More")
        second.write_row(0, 0, reversed(COLUMNS))
        second.write_row(1, 0, reversed(row(country="DE")))
        second.write(1, 3, "2026-11-24 09:00")
        for name in ("Old", "Remarks"):
            other = book.add_worksheet(name)
            other.write_row(0, 0, COLUMNS if name == "Old" else ["Nothing here"])
            other.write_row(1, 0, row(value=10**9))
            if name == "Old":
                other.hide()

    found = read(xlsx(row(), change=more))
    assert [report.total for report in found.submission.reports] == [34]
    assert list(found.notes) == [
        'The sheet "Old" is hidden and was not read.',
        'The sheet "Remarks" has no header in its first 50 rows and was not read.',
    ]  # fmt: skip


def test_row_that_comes_twice_names_the_earlier_one():
    def more(book, _):
        second = book.add_worksheet("March 1")
        second.write_row(0, 0, COLUMNS)
        second.write_row(1, 0, row(country="DE: Germany"))
        second.write(1, 2, "2026-11-24 09:00")

    found = refusal(xlsx(row(), row(country="DE"), row("2026-11-24T08:00Z"), row(), change=more))
    assert [(str(cell.place), sentences.title(cell.code), cell.detail) for cell in found.cells] == [
        (place, "Two rows count the same", f"{other} has the same period, country and network. {ADVICE}")
        for place, other in (
            ("Reports!4:4", "Row 2"), ("Reports!5:5", "Row 4"), ("March 1!2:2", 'Row 3 of the sheet "Reports"')
        )
    ]  # fmt: skip


def test_row_that_comes_again_after_a_withdrawal_names_the_last_one():
    lines = [row(), ("DOWNLOADS", "H", NINE, "", "", "", "D"), *[(*row(), "")] * 2]
    [cell] = refusal(xlsx(*lines, header=(*COLUMNS, "ACTION"))).cells
    assert (str(cell.place), cell.detail.partition(" has")[0]) == ("Reports!5:5", "Row 4")


def test_cells_that_cannot_be_read_are_said():
    def change(_, sheet):
        sheet.merge_range(1, 3, 2, 3, "NO")
        sheet.write_formula(3, 5, "=REF", None, "#REF!")

    book = xlsx(row(), row(network="EDONKEY"), row(network="GNUTELLA"), change=change)
    found = refusal(book)
    assert [(fault.pointer, cell.detail) for fault, cell in zip(found.faults, found.cells, strict=True)] == [
        ("Reports!D3", marks.Mark.MERGED.value), ("Reports!F4", marks.Mark.ERROR.value)
    ]  # fmt: skip


def test_formulas_count_by_the_value_that_a_program_computed():
    book = xlsx(row(), change=lambda _, sheet: sheet.write_formula(1, 5, "=8+9", None, 17))
    # The library that writes this file asks programs to compute its formulas.
    assert faults(book) == [("Reports!F2", "not_a_number")]
    assert reports(rewritten(book, b' fullCalcOnLoad="1"', b"")) == [("H", "2026-11-24T08:00", 17)]
    empty = rewritten(rewritten(book, b' fullCalcOnLoad="1"', b""), b"<v>17</v>", b"<v></v>")
    assert refusal(empty).cells[0].detail == marks.Mark.FORMULA.value


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (("Total", "", "", "", "", 34), ("Reports!3:3", "group_not_reportable")),
        (("DOWNLOADS", "", "", "", "", 34), ("Reports!3:3", "group_not_reportable")),
        ((*row(country="DE"), "see e-mail"), ("Reports!G3", "unknown_field")),
        ((*row(country="DE"), "192.0.2.7"), ("Reports!G3", "personal_trace")),
        (row(country="192.0.2.7"), ("Reports!D3", "personal_trace")),
        (row(), ("Reports!3:3", "duplicate_cell")),
        (row(country=""), ("Reports!D3", "missing_field")),
        (row(country="no"), ("Reports!D3", "unknown_country")),
        (row(country=True), ("Reports!D3", "unknown_country")),
        (row(value=17.5, country="DE"), ("Reports!F3", "fractional_value")),
        (row(value="17,5", country="DE"), ("Reports!F3", "fractional_value")),
        (row(value="17,5 g", country="DE"), ("Reports!F3", "not_a_number")),
        (row(value=1e10, country="DE"), ("Reports!F3", "value_too_large")),
        (row(value=date(2026, 11, 1), country="DE"), ("Reports!F3", "not_a_number")),
        (row(time(9), country="DE"), ("Reports!C3", "bad_period")),
        (row(46350.375, country="DE"), ("Reports!C3", "bad_period")),
        (row("11/24/2026", country="DE"), ("Reports!C3", "bad_period")),
        (row(local(2026, 11, 24, 9, 30), country="DE"), ("Reports!C3", "misaligned_period")),
        (row(local(2026, 11, 24, 13), country="DE"), ("Reports!C3", "period_not_ended")),
        (row(NINE, frequency="W"), ("Reports!B3", "frequency_not_reportable")),
    ],
)
def test_row_has_one_fault_with_its_cell(extra, expected):
    assert faults(xlsx(row(), extra)) == [expected]


def test_second_header_is_one_fault():
    words = ("Indicator", "Frequency", "Begin", "Country", "Network", "Number")
    assert faults(xlsx(words, row())) == [("Reports!2:2", "bad_period")]
    assert faults(xlsx(row(), COLUMNS, row(country="DE"))) == [("Reports!3:3", "bad_period")]
    # Above the codes it is a title.
    assert reports(xlsx(COLUMNS, row(), header=words))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (COLUMNS[1:], [("Reports!1:1", "missing_field")]),
        ((*COLUMNS, "REMARK"), [("Reports!G1", "unknown_field")]),
        ((*COLUMNS, "COUNTRY"), [("Reports!1:1", "duplicate_column")]),
        (("A", "B"), [("/header", "missing_field")]),
    ],
)
def test_header(header, expected):
    error = refusal(xlsx(row(), header=header))
    assert [(fault.pointer or "/header", fault.code) for fault in error.faults] == expected
    assert all(cell.detail for cell in error.cells)


ABOVE = "above the row that names the columns. Move it below that row, or delete it."


@pytest.mark.parametrize(
    "above",
    [
        row(), row(value=0), row(date(2026, 11, 24)), row("24.11.2026 09:00", "1 234"), row("2026-11", "17,0"),
        row("11/24/26 9:00 AM"), row("24. Nov 2026", ""), row(value=""), row("", ""), row("bad", "bad", frequency="D"),
        row(country="ZZ", network="Tor", indicator="Letters", frequency="hours"),
        ("DOWNLOADS: Downloads", "H: hour", NINE, "", "", ""), ("", "", "", "NO: Norway", "ARES", 17),
    ],
)  # fmt: skip
def test_row_of_the_table_above_its_header_is_refused(above):
    book = xlsx(("Our reports",), above, COLUMNS, row(local(2026, 11, 24, 8)), header=())
    error = refusal(book)
    assert [fault[:2] for fault in error.faults] == [("Reports!3:3", "not_csv")]
    assert error.cells[0].detail.endswith(ABOVE)
    assert faults(writing.refused(book, error)) == [("Reports!3:3", "not_csv")]


@pytest.mark.parametrize(
    "above",
    [
        ("Report of 2026-11-24",), ("Period: November 2026",), ("2026", 2026.0, "2026", "", "", ""),
        ("", "", "Period: November 2026", "", "", "Counts of 2026"), ("", "", NINE, "", "", "Counts"),
        ("", "", "2026-11-24", "", "Page", "1 of 2"), ("Total", "", "", "", "", 170), ("Contact", "me@example.org"),
        ("Indicator", "Frequency", "Begin", "Country", "Network", "Number"), COLUMNS[:5],
        ("Country", "NO", "", "", "Network", "ARES"),
    ],
)  # fmt: skip
def test_titles_and_other_headers_above_the_header_are_not_read(above):
    assert reports(xlsx(above, COLUMNS, row(), header=("Our reports",))) == [("H", "2026-11-24T08:00", 17)]


def test_rows_that_somebody_sorted_together_with_their_header_are_not_lost():
    hours = [row(local(2026, 11, 24, hour)) for hour in range(11)]
    book = xlsx(*hours[1:], COLUMNS, row(local(2026, 11, 23)), header=hours[0])
    assert faults(book) == [(f"Reports!{at}:{at}", "not_csv") for at in range(1, 12)]
    text = csv(HEADER, LINE.replace("09:", "08:") + "5", header=LINE + "17")
    assert [str(cell.place) for cell in refusal(text).cells] == ["1:1"]


def test_two_tables_of_which_one_has_a_wrong_header_are_refused():
    wrong = [name.replace("COUNTRY", "COUNTY") for name in COLUMNS]
    eight = row(local(2026, 11, 24, 8))
    assert faults(xlsx(row(), (), COLUMNS, eight, header=wrong)) == [("Reports!2:2", "not_csv")]
    assert faults(xlsx(row(), (), wrong, eight)) == [("Reports!4:4", "bad_period")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_header_may_be_in_one_of_the_first_fifty_rows_and_the_fault_says_so(encoding):
    assert reports(xlsx(row(), top=49)) == reports(csv(LINE.replace("T09", " 09") + "17", header="\n" * 49 + HEADER))
    error = refusal(xlsx(row(), top=50))
    assert error.cells[0].detail.startswith(f"None of the first 50 rows names the columns {', '.join(COLUMNS)}. ")
    late = refusal(("\n" * 50 + csv(LINE + "17").decode()).encode(encoding))
    (cell,) = getattr(late, "cells", [in_table(late.faults[0])])
    assert cell.detail == error.cells[0].detail


def test_workbook_without_rows():
    assert faults(xlsx()) == [("Reports!1:1", "no_reports")]


def test_table_whose_rows_all_have_faults_is_not_said_to_be_empty():
    assert faults(xlsx(("Total", "", "", "", "", 34))) == [("Reports!2:2", "group_not_reportable")]


# --- counts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (" 17 ", 17), ("17.0", 17), ("17,0", 17), ("17,00", 17), ("1 234", 1234), ("1\u00a0234", 1234),
        ("1\u202f234\u202f567", 1234567), ("1'234", 1234), ("1’234’567", 1234567), ("1.234.567", 1234567),
        ("1,234,567", 1234567), ("1.234,00", 1234), ("1,234.00", 1234), ("1 234,0", 1234), (17.0, 17),
    ],
)  # fmt: skip
def test_separators_that_are_certain(written, count):
    assert reports(xlsx(row(value=written))) == [("H", "2026-11-24T08:00", count)]
    if isinstance(written, str):
        assert reports(csv(f'{LINE}"{written}"')) == [("H", "2026-11-24T09:00", count)]


@pytest.mark.parametrize("written", ["1.234", "1,234", "1.000", "12,5", "1,23", "12 34", "1.23.456", "17,000", "1e3"])
def test_separators_that_are_not_certain_are_refused(written):
    assert refusal(xlsx(row(value=written))).faults[0].pointer == "Reports!F2"
    assert refusal(csv(f'{LINE}"{written}"')).faults[0].pointer == "/rows/0/OBS_VALUE"


# --- OpenDocument ----------------------------------------------------------------------------------------------------


def test_workbook_of_opendocument():
    rows = ods_row(*COLUMNS) + ods_row(*row()) + ods_row(*row(country="DE"), attributes='table:style-name="ro1"')
    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    assert reports(ods(("Reports", rows + empty))) == [("H", "2026-11-24T08:00", 34)]
    wrong = ods_row(*COLUMNS) + ods_row("", "", "") + ods_row(*row(value=-1))
    assert faults(ods(("Reports", wrong))) == [("Reports!F3", "negative_value")]


def test_repeated_rows_of_opendocument_are_rows():
    rows = ods_row(*COLUMNS) + ods_row(*row(), attributes='table:number-rows-repeated="2"')
    assert faults(ods(("Reports", rows))) == [("Reports!3:3", "duplicate_cell")]


def test_errors_and_merged_cells_of_opendocument():
    error = ods_cell("#REF!", 'office:string-value="" calcext:value-type="error"')
    broken = ods_row(*row()[:5]).replace("</table:table-row>", f"{error}</table:table-row>")
    merged = ods_row(*row(country="DE")[:3]).replace(
        "</table:table-row>", ods_cell("DE", 'table:number-rows-spanned="2"') + ods_cell("ARES") + ods_cell(1)
    )
    covered = ods_row(*row()[:3]).replace(
        "</table:table-row>", "<table:covered-table-cell/>" + ods_cell("EDONKEY") + ods_cell(1)
    )
    rows = ods_row(*COLUMNS) + broken + "".join(f"{one}</table:table-row>" for one in (merged, covered))
    found = refusal(ods(("Reports", rows)))
    assert [(str(cell.place), cell.detail) for cell in found.cells] == [
        ("Reports!F2", marks.Mark.ERROR.value), ("Reports!D4", marks.Mark.MERGED.value)
    ]  # fmt: skip
