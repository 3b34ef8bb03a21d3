"""Workbooks and CSV of spreadsheets: each thing that a spreadsheet does to a table has one defined answer."""

import gc
import html
import re
import sys
from datetime import UTC, date, time
from functools import partial
from io import BytesIO
from warnings import catch_warnings, simplefilter
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

import pytest
import python_calamine
from hypothesis import given
from hypothesis import strategies as some

from p2p_core.codes import COUNTRIES, NETWORKS, TOTAL
from p2p_core.payloads.faults import PayloadError
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.workbooks import files, marks, scan, sentences, sheets, unpacking, values, writing
from p2p_core.workbooks.reading import in_table
from p2p_core.workbooks.values import Clock
from tests.unit.core.workbook_files import (
    COLUMNS,
    LOCAL_DAYS,
    NINE,
    NOW,
    OSLO,
    faults,
    local,
    ods,
    ods_cell,
    ods_row,
    read,
    refusal,
    reports,
    row,
    xlsx,
)

UTC_CLOCK = Clock()
LINE = "DOWNLOADS;H;2026-11-24T09:00;NO;ARES;"
HEADER = ";".join(COLUMNS)
ADVICE = "Keep one of the two, or add them up."


def csv(*lines, header=HEADER):
    return "\r\n".join((header, *lines, "")).encode()


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


def rewritten(book, old, new):
    """The workbook with other bytes in all its members."""
    content = BytesIO()
    with ZipFile(BytesIO(book)) as before, ZipFile(content, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(old, new))
    return content.getvalue()


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
    assert [tuple(fault) for fault in error.faults] == [("Reports!3:3", "not_csv")]
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
    (cell,) = getattr(late, "cells", [in_table(late.faults[0], late.detail)])
    assert cell.detail == error.cells[0].detail


def test_workbook_without_rows():
    assert faults(xlsx()) == [("Reports!1:1", "no_reports")]


def test_table_whose_rows_all_have_faults_is_not_said_to_be_empty():
    assert faults(xlsx(("Total", "", "", "", "", 34))) == [("Reports!2:2", "group_not_reportable")]


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "start"),
    [
        (local(2026, 7, 1, 9), "2026-07-01T07:00"),
        ("2026-11-24 09:00", "2026-11-24T08:00"),
        ("2026-11-24T09:00", "2026-11-24T08:00"),
        ("24.11.2026 9:00", "2026-11-24T08:00"),
        ("24. 11. 2026 09:00:00", "2026-11-24T08:00"),
        ("2026-11-24T08:00Z", "2026-11-24T08:00"),
        ("2026-11-24 09:00+01:00", "2026-11-24T08:00"),
        (local(2026, 10, 25, 1), "2026-10-24T23:00"),
        (local(2026, 10, 25, 3), "2026-10-25T02:00"),
        ("2026-10-25T00:00Z", "2026-10-25T00:00"),
        (local(2026, 3, 29, 1), "2026-03-29T00:00"),
        (local(2026, 3, 29, 3), "2026-03-29T01:00"),
    ],
)
def test_local_hours_become_hours_of_utc(written, start):
    assert reports(xlsx(row(written))) == [("H", start, 17)]


@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        ("2026-11-24 00:00", "-01:00"),
        ("24.11.2026 09:00", "-10:00"),
        ("2026-11-24 09:00", " - 10:00"),
        ("2026-11-24 09:00", "\u201310"),
        ("2026-11-24 23:00", "-00:00"),
    ],
)
def test_range_is_refused_with_its_beginning(beginning, rest):
    for content in (xlsx(row(beginning + rest)), csv(f"DOWNLOADS;H;{beginning}{rest};NO;ARES;1")):
        [fault] = refusal(content).cells
        assert fault.code == "bad_period"
        assert fault.detail == f"This looks like a range. Write only the beginning: {beginning}."


@pytest.mark.parametrize("offset", ["+02:00", "+03:00", "+25:00"])
def test_offset_that_the_zone_has_at_another_time_is_refused(offset):
    error = refusal(xlsx(row(f"2026-11-24 09:00{offset}")))
    assert f"Europe/Oslo is not {offset} from UTC" in error.cells[0].detail
    assert faults(xlsx(row("2026-07-01 09:00+01:00"))) == [("Reports!C2", "bad_period")]


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("2026-10-25 02:00+02:00", "2026-10-25T00:00"),
        ("2026-10-25 02:00+01:00", "2026-10-25T01:00"),
        ("2026-11-24 08:00+00:00", "2026-11-24T08:00"),
        ("2026-07-01 09:00+02:00", "2026-07-01T07:00"),
    ],
)
def test_offset_of_the_zone_at_this_time_is_read(written, start):
    assert reports(xlsx(row(written))) == [("H", start, 17)]


def test_hour_that_came_twice_is_refused_with_both_ways_to_write_it():
    error = refusal(xlsx(row(local(2026, 10, 25, 2))))
    assert [tuple(fault) for fault in error.faults] == [("Reports!C2", "not_utc")]
    detail = error.cells[0].detail
    both = [word for word in detail.split() if word.endswith("Z")]
    assert both == ["2026-10-25T00:00Z", "2026-10-25T01:00Z"]
    assert [start for _, start, _ in reports(xlsx(*map(row, both)))] == ["2026-10-25T00:00", "2026-10-25T01:00"]


def test_hour_that_was_not_there_is_refused():
    error = refusal(xlsx(row(local(2026, 3, 29, 2))))
    assert [tuple(fault) for fault in error.faults] == [("Reports!C2", "bad_period")]
    assert "clocks were put forward" in error.cells[0].detail


@given(some.datetimes(local(2020, 1, 1), local(2026, 11, 23)), some.sampled_from(["Europe/Oslo", "Europe/Lisbon"]))
def test_each_hour_of_utc_can_be_written(moment, zone):
    """As the local time that clocks show, unless that is shown twice."""
    start = moment.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    found = values.period(local, "H", Clock(ZoneInfo(zone)))
    assert found.text == f"{start:%Y-%m-%dT%H:%M}" or f"{start:%Y-%m-%dT%H:%MZ}" in found.hint


@pytest.mark.parametrize("written", [date(2026, 11, 20), "2026-11-20", "20.11.2026", local(2026, 11, 20)])
def test_local_days_need_consent(written):
    book = xlsx(row(written, frequency="D"))
    error = refusal(book)
    assert [tuple(fault) for fault in error.faults] == [("Reports!C2", "not_utc")]
    assert "ask a coordinator" in error.cells[0].detail
    assert reports(book, LOCAL_DAYS) == reports(book, UTC_CLOCK) == [("D", "2026-11-20T00:00", 17)]


@pytest.mark.parametrize(
    "form",
    ["yyyy-mm-dd", "dd.mm.yyyy", 14, 17, "[$-809]dd mmmm yyyy", 'd. "hour" mmm yy', "[Red]yyyy\\hmm"],
)
def test_date_without_a_time_is_no_hour(form):
    def change(book, sheet):
        sheet.write_datetime(1, 2, local(2026, 11, 24), book.add_format({"num_format": form}))

    for frequency in "HN":
        book = xlsx(row(frequency=frequency), row(local(2026, 11, 23)), change=change)
        assert faults(book) == [("Reports!C2", "bad_period")]
        assert "has a date without a time. Write both: 2026-11-24 09:00." in refusal(book).cells[0].detail
    assert reports(xlsx(row(frequency="D"), change=change), UTC_CLOCK, local(2026, 11, 26).replace(tzinfo=UTC))


@pytest.mark.parametrize("form", ["yyyy-mm-dd hh:mm", "dd/mm/yyyy H", 22, "d.m.yy h AM/PM", "yyyy-mm-dd [h]:mm"])
def test_midnight_is_an_hour_if_the_cell_shows_it(form):
    def change(book, sheet):
        sheet.write_datetime(1, 2, local(2026, 11, 24), book.add_format({"num_format": form}))

    assert reports(xlsx(row(), change=change)) == [("H", "2026-11-23T23:00", 17)]


@pytest.mark.parametrize("written", ["2026-10", date(2026, 10, 1), "2026-M10", "2026-10-01"])
def test_local_months_need_consent(written):
    book = xlsx(row(written, frequency="M"))
    assert faults(book) == [("Reports!C2", "not_utc")]
    assert reports(book, LOCAL_DAYS) == [("M", "2026-10-01T00:00", 17)]


@pytest.mark.parametrize(
    ("frequency", "form"),
    [("N", "2026-11-24 09:00"), ("H", "2026-11-24 09:00"), ("D", "2026-11-24"), ("M", "2026-11")],
)
def test_advice_for_a_bad_period_has_the_form_of_its_frequency(frequency, form):
    [cell] = refusal(xlsx(row("01/02/2026 09:00", frequency=frequency))).cells
    assert f"Write {form}, or format the cell so." in cell.detail
    [cell] = refusal(xlsx(row(time(9), frequency=frequency))).cells
    assert ("Write both: 2026-11-24 09:00." in cell.detail) == (frequency in "NH")


def test_day_that_is_a_day_of_utc_needs_no_consent():
    lisbon = Clock(ZoneInfo("Europe/Lisbon"))
    assert reports(xlsx(row(date(2026, 11, 20), frequency="D")), lisbon)
    assert faults(xlsx(row(date(2026, 7, 20), frequency="D")), lisbon) == [("Reports!C2", "not_utc")]


@pytest.mark.parametrize("written", [date(2026, 10, 2), local(2026, 10, 1, 9), "2026-10-01 09:00"])
def test_month_is_not_cut_off_silently(written):
    assert faults(xlsx(row(written, frequency="M")), LOCAL_DAYS) == [("Reports!C2", "bad_period")]


@pytest.mark.parametrize("written", ["0001-01-01 00:00", "9999-12-31 23:59", "2026-02-30 09:00", "2026-11-24 25:00"])
def test_times_at_the_ends_of_the_calendar(written):
    for frequency in "NHDM":
        for clock in (OSLO, Clock(ZoneInfo("Pacific/Kiritimati")), Clock(ZoneInfo("America/Lima"))):
            assert refusal(xlsx(row(written, frequency=frequency)), clock).faults


def test_last_half_second_of_the_calendar_is_refused():
    book = rewritten(xlsx(row(NINE)), b"<v>46350.375</v>", b"<v>2958465.9999999</v>")
    assert {code for _, code in faults(book)} <= {"bad_period", "misaligned_period", "period_not_ended"}
    assert faults(book)


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


# --- CSV -------------------------------------------------------------------------------------------------------------


def test_csv_that_the_api_reads_is_left_alone():
    content = csv(f"{LINE}17", "DOWNLOADS;D;2026-11-20;NO;ARES;1")
    kind, found = files.read(content, received=NOW, indicators={"DOWNLOADS": 1}, agency="", clock=OSLO)
    assert (kind, [report.total for report in found.submission.reports]) == ("csv", [17, 1])
    assert ["those of UTC" in note for note in found.notes] == [True]
    assert not read(content, UTC_CLOCK).notes


@pytest.mark.parametrize(
    "content",
    [csv(f"{LINE}many"), csv(f"{LINE}many", header=f"sep=;\n{HEADER}"), xlsx(row(value="many")), b'{"reports": 1}'],
    ids=["CSV in the form of the API", "CSV from a spreadsheet", "a workbook", "JSON"],
)
def test_refused_file_leaves_memory_at_once(content):
    """A server rarely searches for reference cycles, so a file that waits for this would take memory for long."""
    held = sys.getrefcount(content)
    gc.disable()
    try:
        refusal(content)
        assert sys.getrefcount(content) == held
    finally:
        gc.enable()


#: Rows with more cells than a CSV file may have in the next test.
MANY_ROWS = [f"DOWNLOADS;H;2026-11-{day:02}T{hour:02}:00;NO;ARES;1" for day in range(1, 24) for hour in range(24)]


def changed(row, old, new):
    return [*MANY_ROWS[:row], MANY_ROWS[row].replace(old, new), *MANY_ROWS[row + 1 :]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (csv(*MANY_ROWS, header=f"sep=;\n{HEADER}"), []),
        (csv(*MANY_ROWS).decode().encode("utf-16"), []),
        (csv(*MANY_ROWS, *[";;;;;"] * 99), []),
        (csv(*changed(400, ";1", ";1 000")), []),
        (csv(*changed(400, "2026-11-17T16", "17.11.2026 17")), []),
        (csv(*changed(400, ";1", ";many")), [("/rows/400/OBS_VALUE", "not_a_number")]),
        (csv(*changed(400, "T16", "T15")), [("/rows/400", "duplicate_cell")]),
        ((HEADER + ";" * 3000).encode(), []),
    ],
    ids=["sep=", "UTF-16", "empty rows", "a number with a space", "a local time", "a fault", "a row twice", "one row"],
)  # fmt: skip
def test_csv_with_too_many_cells_is_said_to_be_too_large_unless_its_faults_are_those_of_the_api(
    monkeypatch, content, expected
):
    monkeypatch.setattr(sheets, "MAX_CELLS", 2_000)
    error = refusal(content)
    assert [tuple(fault) for fault in error.faults] == expected
    assert error.code == ("invalid_payload" if expected else "too_many_observations")
    assert ("divide the file" in error.detail) is not bool(expected)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_csv_of_spreadsheets(encoding, mark):
    lines = (HEADER, "DOWNLOADS;H;24.11.2026 09:00;AX: Åland;ARES;1 234", ";;;;;", LINE + "17")
    content = "\r\n".join(lines).replace(";", mark).encode(encoding)
    # A time in the form of the API is in UTC, as the API says.
    assert reports(content) == [("H", "2026-11-24T08:00", 1234), ("H", "2026-11-24T09:00", 17)]
    named = f"sep={mark}\r\n".encode(encoding) + content.decode(encoding).encode(encoding)
    assert str(read(named if encoding == "utf-8" else content).places[0]) in ("2:2", "3:3")


@pytest.mark.parametrize("header", [f"sep=;\r\n{HEADER}", f"Our reports\r\n{HEADER}", HEADER.lower(), f"{HEADER};;"])
def test_fault_of_a_row_is_found_below_a_header_of_a_spreadsheet(header):
    assert faults(csv(LINE + "-1" + ";" * header.count(";;"), header=header)) == [
        ("/rows/0/OBS_VALUE", "negative_value")
    ]


def test_csv_with_titles_above_its_header():
    content = csv(LINE + "17", header=f"Our reports, by hour, of 2026\r\n\r\n{HEADER}")
    assert reports(content) == [("H", "2026-11-24T09:00", 17)]


@pytest.mark.parametrize("mark", ['"', "\r"])
def test_line_that_names_no_separator_is_a_title(mark):
    assert reports(csv(LINE + "17", header=f"sep={mark}\r\n{HEADER}")) == [("H", "2026-11-24T09:00", 17)]


def test_faults_of_csv_have_the_pointers_of_the_api_and_the_cells_of_the_spreadsheet():
    content = csv("DOWNLOADS;H;24.11.2026 09:00;NO;ARES;17", "", "DOWNLOADS;H;24.11.2026 09:00;ZZ;ARES;17")
    error = refusal(content)
    assert [tuple(fault) for fault in error.faults] == [("/rows/1/COUNTRY", "unknown_country")]
    assert [(cell.place.row, cell.place.column) for cell in error.cells] == [(4, "D")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("UK", "GB"),
        ("EL", "GR"),
        ("Norway", "NO"),
        (" norway ", "NO"),
        ("UK: United Kingdom", "GB"),
        ("no", "NO"),
        ("ZZ", ""),
    ],
)
def test_the_country_that_was_probably_meant_is_named(written, meant):
    advice = f"Probably {meant} is meant. If so, write this code." if meant else "Choose a country from the list"
    for content in (xlsx(row(country=written)), csv(f"DOWNLOADS;H;24.11.2026 09:00;{written};ARES;17")):
        (found,) = refusal(content).cells
        assert (found.code, found.place.column, found.detail[: len(advice)]) == ("unknown_country", "D", advice)
    if meant:
        # Also where the API reads everything else.
        assert refusal(csv(LINE.replace("NO", written) + "17")).cells[0].detail == advice


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Bittorrent", "BITTORRENT"), ("edonkey (eMule)", "EDONKEY"), (" emule", "EDONKEY"), ("Tor", "")],
)
def test_the_network_that_was_probably_meant_is_named(written, meant):
    advice = f"Probably {meant} is meant. If so, write this code." if meant else "Write one of these: BITTORRENT, "
    for content in (xlsx(row(network=written)), csv(f"DOWNLOADS;H;24.11.2026 09:00;NO;{written};17")):
        (found,) = refusal(content).cells
        assert (found.code, found.place.column, found.detail[: len(advice)]) == ("unknown_network", "E", advice)


def test_csv_without_anything_of_a_spreadsheet_has_the_verdict_of_the_api():
    assert faults(csv(f"{LINE}-1")) == [("/rows/0/OBS_VALUE", "negative_value")]
    assert refusal(b"one line of text").code == "not_csv"
    assert refusal(b"\x00\x01\x02").code == "nul_character"


def test_csv_with_a_quote_that_is_not_closed_loses_no_rows():
    header = HEADER.replace("COUNTRY;NETWORK;OBS_VALUE", "NETWORK;OBS_VALUE;COUNTRY")
    lines = ['DOWNLOADS;H;2026-11-24T08:00;ARES;5;"NO: Norway', "DOWNLOADS;H;2026-11-24T09:00;ARES;9;NO: Norway"]
    error = refusal(csv(*lines, header=header))
    assert (error.code, error.faults[0].pointer) == ("not_csv", "/rows/0")
    assert "quote" in error.detail
    cut = csv(f'{LINE}"1200"', f'{LINE.replace("09:", "08:")}"3456"')[:-5]
    assert refusal(cut).code == "not_csv"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
@pytest.mark.parametrize("titles", ["", "Our reports\r\n", "Our reports;;;;;\r\n\r\n", "sep=;\r\n"])
def test_open_quote_or_wrong_header_of_csv_is_found_in_its_row(titles, mark, encoding):
    top = titles.count("\n")

    def told(header, *lines):
        content = csv(*lines, header=titles + header).decode().replace(";", mark).encode(encoding)
        error = refusal(content)
        cells = getattr(error, "cells", None) or [in_table(fault, error.detail) for fault in error.faults]
        return [(cell.place.row, cell.code) for cell in cells], cells[-1].detail

    where, detail = told(HEADER, f"{LINE}17", LINE.replace("NO", '"NÖ') + "17", f"{LINE}18")
    assert where == [(top + 3, "not_csv")]
    assert detail.startswith("A quote in this row is not closed")
    wrong, _ = told(HEADER.replace("COUNTRY", "LÄNDER"), f"{LINE}17")
    assert wrong == [(top + 1, "unknown_field"), (top + 1, "missing_field")]
    twice, _ = told(HEADER.replace("FREQ", "NETWORK"), f"{LINE}Ö")
    assert twice == [(top + 1, "duplicate_column")]


def test_quote_in_a_header_that_only_this_reader_refuses_has_the_verdict_of_the_api():
    """The API sees two columns, and this reader sees three, with tabs between."""
    error = refusal(b'one,two\t"a"\t"b" c')
    assert error.code == "invalid_payload"
    assert {fault.code for fault in error.faults} == {"unknown_field", "missing_field"}


def test_local_days_of_csv_need_consent_unless_they_are_those_of_the_api():
    assert faults(csv("DOWNLOADS;D;20.11.2026;NO;ARES;17")) == [("/rows/0/TIME_PERIOD", "not_utc")]


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


# --- limits ----------------------------------------------------------------------------------------------------------


def zipped(**members):
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def far(cell):
    """A workbook with a cell far away, written into its XML."""
    return rewritten(xlsx(row()), b"</sheetData>", b'<row><c r="%s"><v>1</v></c></row></sheetData>' % cell)


def shared(text, *, cells, number=0):
    """The members of a workbook of Excel whose cells share a text."""
    cell = f'<c t="s"><v>{number}</v></c>'
    return {
        "xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet><row>{cell * cells}</row></worksheet>",
    }


MANY = "table:number-rows-repeated='500000'"
TEXT = f"office:value-type='string' office:string-value='{'x' * 1000}'"
ERRORS = "calcext:value-type='error' table:number-columns-repeated='9999999'"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (far(b"XFD1048576"), "too_many_observations"),
        (far(b"A9999999"), "too_many_observations"),
        (far(b"AAAA1"), "unsupported_media_type"),
        (far(b"A0"), "unsupported_media_type"),
        (zipped(**{"a.xml": b" " * (unpacking.LIMIT + 1)}), "body_too_large"),
        (zipped(**{f"{number}.xml": "<a/>" for number in range(2001)}), "body_too_large"),
        (zipped(**{"a.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "unsupported_media_type"),
        (zipped(**{"a.xml": "<a>"}), "unsupported_media_type"),
        (zipped(**{"a.xml": "<a/>"}), "unsupported_media_type"),
        (zipped(**{"word/document.xml": "<a/>"}), "unsupported_media_type"),
        (b"PK\x03\x04 no more", "unsupported_media_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unsupported_media_type"),
        (xlsx(row())[:-30], "unsupported_media_type"),
        (
            ods(("A", ods_row("").replace("cell ", f"cell {ERRORS} "))),
            "too_many_observations",
        ),
        (
            ods(("A", ods_row(1, attributes='table:number-rows-repeated="2000001"'))),
            "too_many_observations",
        ),
        (ods(("A", ods_row(1).replace("cell ", 'cell table:number-columns-repeated="3000000" ', 1))),
         "too_many_observations"),
        (ods(*((str(n), ods_row(1, attributes='table:number-rows-repeated="500000"')) for n in range(5))),
         "too_many_observations"),
        (ods(("A", ods_row("x" * 1000, attributes='table:number-rows-repeated="600000"'))), "body_too_large"),
        (ods(("A", f"<table:table-row {MANY}>{ods_cell('', TEXT)}</table:table-row>")), "body_too_large"),
        (ods(("A", ods_row("x").replace("x</text", '<text:s text:c="300000000"/></text'))), "body_too_large"),
        (zipped(**shared("x" * 1000, cells=200_000)), "body_too_large"),
        (zipped(**shared("\U0001f600" * 30_000, cells=100)), "body_too_large"),
        (zipped(**shared("x", cells=1), **{"a/sharedStrings.xml": "<a/>"}), "unsupported_media_type"),
        (zipped(**shared("x", cells=1, number=7)), "unsupported_media_type"),
    ],
    # A zip file has the time at which it was made.
    ids=lambda value: "content" if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_would_take_all_memory_is_refused_before_it_is_read(content, code):
    assert refusal(content).code == code


def with_members(before=(), after=()):
    """A workbook with more members, before or after its own."""
    content = BytesIO()
    with ZipFile(BytesIO(xlsx(row()))) as book, ZipFile(content, "w") as archive, catch_warnings():
        simplefilter("ignore", UserWarning)
        for name, data in (*before, *((name, book.read(name)) for name in book.namelist()), *after):
            archive.writestr(name, data)
    return content.getvalue()


def valued(xml):
    """A workbook whose count is written so into its XML."""
    return rewritten(xlsx(row()), b"<v>17</v>", xml)


@pytest.mark.parametrize(
    "content",
    [
        valued(b"<v>1&#x37;</v>"),
        valued(b"<v>1<!-- x -->7</v>"),
        valued(b"<v>1<?x y?>7</v>"),
        valued(b"<v>17</v><v>18</v>"),
        valued(b"<v>17</v><is><t>99</t></is>"),
        rewritten(xlsx(row()), b"</sheetData>", b"</sheetData><sheetData/>"),
        rewritten(xlsx(row()), b"<workbookPr", b'<workbookPr date1904="on"'),
        with_members(before=[("xl/worksheets/SHEET1.xml", b"<worksheet/>")]),
        with_members(after=[("xl/worksheets/sheet1.xml", b"<worksheet/>")]),
        with_members(before=[("xl\\worksheets\\sheet1.xml", b"<worksheet/>")]),
    ],
    ids=range(10),
)
def test_workbook_in_which_programs_read_different_values_is_refused(content):
    error = refusal(content)
    assert (error.code, "save it again" in error.detail) == ("unsupported_media_type", True)


#: In the format of a date or a duration, the library can read none of these numbers. It panics at the negative ones.
@pytest.mark.parametrize("form", ["[hh]:mm:ss", "yyyy-mm-dd hh:mm"])
@pytest.mark.parametrize("number", [1e9, 1e300, -1e9, -1e12, -1e300])
@pytest.mark.parametrize("hidden", [False, True])
def test_number_that_is_no_date_in_any_calendar_is_refused_at_its_row(form, number, hidden):
    def notes(book, _):
        sheet = book.add_worksheet("My notes")
        sheet.write_string(0, 0, "Notes")
        sheet.write_number(2, 1, number, book.add_format({"num_format": form}))
        if hidden:
            sheet.hide()

    book = xlsx(row(), change=notes)
    if form.startswith("y") and number > -1e12:
        assert reports(book) == [("H", "2026-11-24T08:00", 17)]
        return
    error = refusal(book)
    assert (error.code, error.fault_count) == ("unsupported_media_type", 0)
    assert error.detail.startswith('A date or a time in row 3 of the sheet "My notes" cannot be read. Correct it')
    if not hidden:
        with pytest.raises(PayloadError):
            writing.refused(book, error)


def test_texts_in_pieces_charts_sparklines_and_dates_from_1904_are_read():
    def chart(book, sheet):
        drawn = book.add_chart({"type": "line"})
        drawn.add_series({"values": "=Reports!$F$2:$F$2", "categories": "=Reports!$D$2:$D$2"})
        sheet.insert_chart("J2", drawn)
        sheet.add_sparkline("I2", {"range": "Reports!F2:F3"})

    book = xlsx(row(), row(country="DE"), change=chart)
    assert reports(rewritten(book, b"<t>NO</t>", b"<t>N&#x4f;</t>")) == [("H", "2026-11-24T08:00", 34)]
    early = rewritten(xlsx(row()), b"<workbookPr", b'<workbookPr date1904="true"')
    assert reports(early, now=local(2031, 1, 1).replace(tzinfo=UTC)) == [("H", "2030-11-25T08:00", 17)]


def test_workbook_of_empty_elements_is_refused_before_most_of_them_are_read(monkeypatch):
    monkeypatch.setattr(scan, "_FEW_ELEMENTS", 100)
    empty = rewritten(xlsx(row()), b"</sheetData>", b"<row>" + b"<c/>" * 20_000 + b"</row></sheetData>")
    error = refusal(empty)
    assert (error.code, "empty cells" in error.detail) == ("body_too_large", True)
    assert reports(xlsx(row())) == [("H", "2026-11-24T08:00", 17)]


def test_texts_that_many_cells_share_are_read():
    book = xlsx(*(row(local(2026, 11, day, 8)) for day in range(1, 21)))
    assert len(reports(book)) == 20


@pytest.mark.parametrize("line", [",", ""])
def test_csv_of_a_spreadsheet_may_have_as_many_cells_as_a_workbook(line, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELLS", 1000)
    with pytest.raises(PayloadError) as refused:
        sheets.open_csv(csv(*[line] * 1001))
    assert refused.value.code == "too_many_observations"
    assert sheets.open_csv(csv(*[LINE] * 100)).rows


# --- written ---------------------------------------------------------------------------------------------------------


def test_template_has_lists_and_notes_of_what_is_accepted():
    """Each choice of a list is accepted: `_T` in a row that says that nothing happened, all others in any row."""
    content = writing.template({"DOWNLOADS": "Downloads"}, clock=Clock(), year=2026)
    template = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    lists = template.get_sheet_by_name("Codes").to_python(skip_empty_area=False)
    columns = ([cells[at] for cells in lists if cells[at]] for at in (3, 4))
    countries, networks = ({one.partition(": ")[0]: one for one in column} for column in columns)
    assert (countries.keys(), networks.keys()) == ({*COUNTRIES, TOTAL}, {*NETWORKS, TOTAL})
    nothing = row(local(2026, 11, 23, 9), 0, country=countries.pop(TOTAL), network=networks.pop(TOTAL))
    filled = (row(country=country, network=one) for country in countries.values() for one in networks.values())
    assert reports(xlsx(nothing, *filled)) == [
        ("H", "2026-11-23T08:00", 0), ("H", "2026-11-24T08:00", 17 * len(COUNTRIES) * len(NETWORKS))
    ]  # fmt: skip
    notes = str(template.get_sheet_by_name("Notes").to_python())
    assert ("_U" in notes, "_T" in notes) == (True, True)
    comments = ZipFile(BytesIO(content)).read("xl/comments1.xml").decode()
    assert (comments.count("_U"), comments.count("_T")) == (2, 2)


def test_template_is_read_again_when_it_is_filled_in():
    template = writing.template({"DOWNLOADS": "Downloads", "HELP_VISITS": ""}, clock=OSLO, year=2026)
    assert faults(template) == [("Reports!1:1", "no_reports")]
    with ZipFile(BytesIO(template)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        comments = archive.read("xl/comments1.xml").decode()
        texts = archive.read("xl/sharedStrings.xml").decode()
    assert sheet.count('type="list"') == 6
    assert "Times are those of Europe/Oslo" in comments
    assert "<t>NO: Norway</t>" in texts
    assert "<t>HELP_VISITS</t>" in texts


@pytest.mark.parametrize(
    ("clock", "offered"),
    [
        (Clock(), "NHDM"),
        (Clock(ZoneInfo("Europe/Lisbon")), "NHDM"),
        (OSLO, "NH"),
        (Clock(ZoneInfo("Asia/Kolkata")), "NH"),
        (LOCAL_DAYS, "NHDM"),
    ],
)
def test_template_offers_days_and_months_only_if_some_are_accepted_and_says_why(clock, offered):
    content = writing.template({"DOWNLOADS": ""}, clock=clock, year=2026)
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    lists = book.get_sheet_by_name("Codes").to_python(skip_empty_area=False)
    assert {cells[1][0] for cells in lists if cells[1]} == set(offered)
    days = [values.period(date(2026, month, 1), one, clock) for month in range(1, 13) for one in "DM"]
    assert any(not day.hint for day in days) == ("D" in offered)
    comments = ZipFile(BytesIO(content)).read("xl/comments1.xml").decode()
    says_why = "do not begin and end as in UTC, so they are refused" in str(book.get_sheet_by_name("Notes").to_python())
    assert ("2026-11 for a month" in comments, says_why) == ("D" in offered, "D" not in offered)


def test_own_sheets_of_the_template_are_not_said_to_be_left_out():
    template = python_calamine.CalamineWorkbook.from_filelike(
        BytesIO(writing.template({"DOWNLOADS": ""}, clock=Clock(), year=2026))
    )

    def with_own_sheets(book, _, *, header=()):
        for name in template.sheet_names[1:]:
            other = book.add_worksheet(name)
            other.write_row(0, 0, header)
            for at, cells in enumerate(template.get_sheet_by_name(name).to_python(), 1):
                other.write_row(at, 0, cells)
        other.hide()

    assert list(read(xlsx(row(), change=with_own_sheets)).notes) == []
    with_reports = xlsx(row(), change=partial(with_own_sheets, header=COLUMNS))
    assert [str(cell.place) for cell in refusal(with_reports).cells][:1] == ["Notes!A2"]


def test_columns_are_wide_enough_for_what_is_chosen():
    template = writing.template({"DOWNLOADS": "Downloads of police files"}, clock=Clock(), year=2026)
    name = "DOWNLOADS: Downloads of police files"
    back = xlsx(row(indicator=name, network="BITTORRENT: BitTorrent", value=-1))
    for book in (template, writing.refused(back, refusal(back))):
        with ZipFile(BytesIO(book)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        widths = {
            at: float(width)
            for first, last, width in re.findall(r'<col min="(\d+)" max="(\d+)" width="([\d.]+)"', sheet)
            for at in range(int(first), int(last) + 1)
        }
        # A time, also if the cell is a date, needs 16.
        assert (widths[1] > len(name), widths[3] > 16, widths[5] > len("BITTORRENT: BitTorrent")) == (True,) * 3


def test_refused_workbook_comes_back_with_its_faulty_cells_coloured():
    rows = row(), row(value=-1, country="DE"), row(country="192.0.2.7"), ("Total",)
    book = xlsx(*rows, top=1, change=lambda _, sheet: sheet.write_string(5, 5, "=1+1"))
    error = refusal(book)
    back = writing.refused(book, error)
    opened = python_calamine.CalamineWorkbook.from_filelike(BytesIO(back))
    cells = opened.get_sheet_by_name("Reports").to_python(skip_empty_area=False)
    assert cells[1] == list(COLUMNS)
    assert cells[2] == [*row()[:2], NINE, *row()[3:]]
    assert cells[4][3] == "removed@A"
    assert cells[5][5] == "=1+1"
    with ZipFile(BytesIO(back)) as archive:
        comments = archive.read("xl/comments1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert [f'ref="{cell.place.column or "A"}{cell.place.row}"' in comments for cell in error.cells] == [True] * 3
    said = [html.unescape(one) for one in re.findall(r"<t[^>]*>([^<]*)</t>", comments)]
    # First what is wrong, then what to do, as on the page.
    assert said == [f"{PAYLOAD_CODES[cell.code].title}. {cell.detail}" for cell in error.cells]
    assert "FFFFC7CE" in styles
    assert b"192.0.2.7" not in back


def test_refused_workbook_comes_back_only_if_it_is_small_enough():
    book = xlsx(*[row(value="x" * 200)] * 10)
    error = refusal(book)
    # Six cells in a row, of which one has 200 characters, and the header.
    assert writing.refused(book, error, size=10 * (6 + 2) + 6)
    with pytest.raises(PayloadError, match="body_too_large"):
        writing.refused(book, error, size=10 * (6 + 2) + 5)


def test_refused_workbook_has_some_comments_and_all_its_faulty_cells_coloured(monkeypatch):
    monkeypatch.setattr(writing, "_COMMENTS", 2)
    book = xlsx(*(row(local(2026, 11, day, 8), value=-1) for day in range(1, 6)))
    with ZipFile(BytesIO(writing.refused(book, refusal(book)))) as archive:
        assert archive.read("xl/comments1.xml").count(b"<comment ") == 2
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    styles = [re.search(rf'<c r="F{number}" s="(\d+)"', sheet)[1] for number in range(2, 7)]
    assert len({*styles}) == 1


@pytest.mark.parametrize("name", ["a/b", "x" * 40, "History", "'a'", "me@example.org"])
def test_refused_workbook_has_names_that_excel_opens(name):
    content = ods((name, ods_row(*COLUMNS) + ods_row(*row(value=-1))))
    error = refusal(content)
    assert "example" not in error.faults[0].pointer
    back = python_calamine.CalamineWorkbook.from_filelike(BytesIO(writing.refused(content, error)))
    assert back.sheet_names == ["(sheet 1)" if "@" in name else "Sheet 1"]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a@example.org", "Reports", "b@example.org"], ["(sheet 1)", "(sheet 3)"]),
        (["a@example.org", "Reports", "(sheet 1)"], ["(sheet 1)", "(sheet 3)"]),
    ],
)
def test_faults_are_at_their_sheet_if_names_are_not_repeated(names, shown):
    rows = row(value=-1), row(country="DE"), row(country="ZZ")
    content = ods(*((name, ods_row(*COLUMNS) + ods_row(*cells)) for name, cells in zip(names, rows, strict=True)))
    error = refusal(content)
    assert [str(cell.place) for cell in error.cells] == [f"{shown[0]}!F2", f"{shown[1]}!D2"]
    back = writing.refused(content, error)
    assert commented(back, 1) == ["F2"]
    assert commented(back, 2) == []
    assert commented(back, 3) == ["D2"]


def commented(book, number):
    """The cells of a sheet that have a comment."""
    with ZipFile(BytesIO(book)) as archive:
        relations = f"xl/worksheets/_rels/sheet{number}.xml.rels"
        found = re.search(
            r"comments\d+\.xml", archive.read(relations).decode() if relations in archive.namelist() else ""
        )
        return re.findall(r'<comment ref="(\w+)"', archive.read(f"xl/{found[0]}").decode()) if found else []


def test_workbook_with_two_sheets_of_one_name_is_refused():
    rows = ods_row(*COLUMNS) + ods_row(*row())
    assert refusal(ods(("Reports", ods_row("title")), ("Reports", rows))).code == "unsupported_media_type"


@pytest.mark.parametrize("shift", range(5))
def test_number_at_the_end_of_a_mebibyte_is_one_number(shift):
    head, cell = b"<worksheet><sheetData><row><!--", b"--><c><v>1234</v></c></row></sheetData></worksheet>"
    filling = (1 << 20) - len(head) - cell.index(b"1234") - shift
    sheet = head + b"-a" * (filling // 2) + b"a" * (filling % 2) + cell
    assert sheet.index(b"1234") + shift == 1 << 20
    scan.scan({"xl/worksheets/sheet1.xml": sheet})
