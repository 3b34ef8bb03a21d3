"""A refused table that comes back coloured: nothing of it is accepted unless it is corrected, and nothing changes."""

import re
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as some

from p2p_core.payloads.faults import PayloadError
from p2p_core.workbooks import sheets, writing
from p2p_core.workbooks.reading import WorkbookError
from p2p_core.workbooks.values import Clock
from tests.unit.core.workbook_files import (
    COLUMNS,
    LOCAL_DAYS,
    NINE,
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
)

#: What the header and a row of CSV begin with.
BEGIN = f"{';'.join(COLUMNS)}\nDOWNLOADS;H;"
ALL = (*COLUMNS, "OBS_STATUS", "ACTION")
#: Formulas: one with an error, and one that no program has computed.
ERROR, FORMULA = ("=NA()", "#N/A"), ("=1+1", "")
HOURS = [local(2026, 11, 20, 9), local(2026, 11, 20, 10), local(2026, 7, 3, 23)]
TRACES = ["192.0.2.7", "a@example.org"]
DAY, DURATION = "yyyy-mm-dd", "[h]:mm"


def mostly(*usual, odd=()):
    """One of the usual values, and now and then an odd one."""
    return some.sampled_from([*usual * (1 + 6 // len(usual)), ERROR, FORMULA, "", *TRACES, *odd])


PERIODS = [
    "2026-11-20T09:00", "2026-11-20T10:00Z", "2026-11-20T11:00:00+00:00", "2026-11-20T09:00+01:00", "2026-11-20 09:00",
    "20.11.2026 09:00", "2026-11-20T09:30", "2026-11-20T09:00:29", "2026-10-25 02:00", "2026-11-20", "2026-11",
    "2026-M11", "11/12/2026", "2026-11-20 09:00-10:00", "TIME_PERIOD",
    date(2026, 11, 20), (date(2026, 11, 20), DAY), (46_000.5, DURATION), (0.5, "hh:mm"), (1, DAY), 46_000,
    local(2026, 11, 20, 9, 0, 0, 499_600), local(2026, 11, 20, 9, 0, 29),
]  # fmt: skip
COUNTS = ["1.000", "1 000", "-1", -1, 1.5, 16.999999999999996, 1e15, 0.1, True, (46_000, DAY), "_T", "many", "NaN"]
ROWS = some.tuples(
    mostly("DOWNLOADS", "DOWNLOADS: Downloads", odd=["UPLOADS"]),
    mostly("H", "H", "H", "D", odd=["M", "d", 5]),
    some.one_of(mostly(*HOURS), some.sampled_from(PERIODS)),
    mostly("NO", "SE: Sweden", "DE", "_U", odd=["no", "_T", "EU"]),
    mostly("ARES", "EDONKEY", "BITTORRENT: BitTorrent", odd=["_T"]),
    mostly(17, "5", 0, odd=COUNTS),
    mostly("", "A", odd=["P", "P: provisional", "X"]),
    mostly("", "", odd=["D", "M"]),
    # Beside the table.
    some.sampled_from([""] * 8 + ["a note", "192.0.2.9"]),
)
TABLES = some.lists(ROWS, min_size=1, max_size=5)
#: A column, and the first and the last row of cells that are merged.
MERGES = some.none() | some.tuples(some.integers(0, 7), some.just(1), some.integers(2, 4))


def book_of(rows, merged=None):
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("Reports")
        if merged:
            column, first, last = merged
            sheet.merge_range(first, column, last, column, "")
        sheet.write_row(0, 0, ALL)
        for at, cells in enumerate(rows, 1):
            for column, value in enumerate(cells):
                if value in (ERROR, FORMULA):
                    sheet.write_formula(at, column, value[0], None, value[1])
                elif isinstance(value, tuple):
                    sheet.write(at, column, value[0], book.add_format({"num_format": value[1]}))
                else:
                    sheet.write(at, column, value)
    return content.getvalue()


def csv_of(rows):
    texts = [[str(value[0] if isinstance(value, tuple) else value) for value in cells] for cells in rows]
    return "\n".join(";".join(cells) for cells in [(*ALL, ""), *texts]).encode()


def without(content, rows):
    """The same file in which these rows (from 1) are empty, and no cells are merged."""
    if not sheets.is_workbook(content):
        return b"\n".join(b"" if at in rows else line for at, line in enumerate(content.split(b"\n"), 1))
    changed = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(changed, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            member = before.read(name).decode()
            if "worksheets/sheet" in name:
                member = re.sub(r"<mergeCells.*?</mergeCells>", "", member)
                numbers = "|".join(map(str, rows))
                member = re.sub(rf'<row r="({numbers})"[^>]*?(/>|>.*?</row>)', "", member)
            after.writestr(name, member)
    return changed.getvalue()


def verdict(content, clock):
    """The reports, or the places of the faults without their sheet."""
    try:
        found = read(content, clock).submission.reports
    except WorkbookError as error:
        return [(cell.place.row, cell.place.column) for cell in error.cells]
    return [
        (
            one.indicator, one.frequency, one.period, one.status, one.withdrawn,
            one.countries.tolist(), one.networks.tolist(), one.values.tolist(),
        )
        for one in found
    ]  # fmt: skip


def judge(content, clock):
    try:
        read(content, clock)
    except PayloadError as error:
        if writing.has_wrong_cells(error):
            judge_refused(content, error, clock)


def judge_refused(content, refused, clock):
    copy = writing.refused(content, refused)
    again = {(cell.place.row, cell.place.column) for cell in refusal(copy, clock).cells}
    rows = {at for at, _ in again}
    for cell in refused.cells:
        at, column = cell.place.row, cell.place.column
        # A row that is no report has one fault only.
        assert (at, column) in again or (at, "") in again or (not column and at in rows), (cell, again)
    wrong = {cell.place.row for cell in refused.cells} - {1}
    assert verdict(without(copy, wrong), clock) == verdict(without(content, wrong), clock)


@given(TABLES, MERGES, some.sampled_from([OSLO, LOCAL_DAYS, Clock()]))
def test_coloured_workbook_has_the_same_faults_and_reports_as_the_workbook(rows, merged, clock):
    judge(book_of(rows, merged), clock)


@given(TABLES, some.sampled_from([LOCAL_DAYS, Clock()]))
def test_coloured_workbook_has_the_same_faults_and_reports_as_the_csv(rows, clock):
    judge(csv_of(rows), clock)


def corrected(book, old, new):
    """The workbook after somebody has corrected one text."""
    content = BytesIO()
    with ZipFile(BytesIO(book)) as before, ZipFile(content, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(f">{old}<".encode(), f">{new}<".encode()))
    return content.getvalue()


@pytest.mark.parametrize("column", ["COUNTRY", "NETWORK", "OBS_STATUS", "ACTION"])
def test_trace_after_a_right_code_is_refused_again_and_not_repeated(column):
    code = {"COUNTRY": "NO", "NETWORK": "ARES", "OBS_STATUS": "P", "ACTION": "R"}[column]
    cells = dict(zip(ALL, (*row(), "", ""), strict=True)) | {column: f"{code}: a@example.org"}
    book = book_of([tuple(cells.values())])
    copy = writing.refused(book, refusal(book))
    assert faults(copy) == faults(book) == [(f"Reports!{'ABCDEFGH'[ALL.index(column)]}2", "personal_trace")]
    assert [*sheets.open_workbook(copy)[0].rows][1][ALL.index(column)] == "removed@A"


def test_hours_of_csv_in_utc_stay_in_utc():
    table = f"{BEGIN}2026-11-20T09:00;NO;ARES;17\nDOWNLOADS;H;2026-11-20T10:00;NO;ARES;1.000\n".encode()
    copy = writing.refused(table, refusal(table))
    assert faults(copy) == [("Reports!F3", "fractional_value")]
    assert reports(corrected(copy, "1.000", "1000")) == [("H", "2026-11-20T09:00", 17), ("H", "2026-11-20T10:00", 1000)]


def test_days_of_csv_in_utc_are_not_read_as_local_ones():
    table = f"{';'.join(COLUMNS)}\nDOWNLOADS;D;2026-11-20;NO;ARES;1.000\n".encode()
    copy = corrected(writing.refused(table, refusal(table)), "1.000", "1000")
    assert faults(copy) == [("Reports!C2", "not_utc")]
    assert reports(copy, LOCAL_DAYS) == [("D", "2026-11-20T00:00", 1000)]


@pytest.mark.parametrize("written", ["1899-12-30", "1800-01-01T09:00:00", "9999-12-31"])
def test_dates_that_excel_has_not_come_back_as_texts(written):
    cell = f'<table:table-cell office:value-type="date" office:date-value="{written}"/>'
    cells = "".join(cell if value == NINE else ods_cell(value) for value in row())
    content = ods(("Reports", ods_row(*COLUMNS) + f"<table:table-row>{cells}</table:table-row>"))
    copy = writing.refused(content, refusal(content))
    assert [*sheets.open_workbook(copy)[0].rows][1][2] == written.replace("T", " ")
    assert faults(copy) == faults(content)


@pytest.mark.verify
@pytest.mark.parametrize(
    "table",
    [
        f"{BEGIN}2026-11-20 09:00;NO;ARES;many{';' * 17_000}a note\n",
        f"{BEGIN}2026-11-20 09:00;NO;ARES;many\n{chr(10) * (1 << 20)}DOWNLOADS;H;2026-11-20 10:00;NO;ARES;5\n",
    ],
    ids=["columns", "rows"],
)
def test_no_workbook_comes_back_if_excel_has_too_few_rows_or_columns(table):
    """The rows that fit would be other reports."""
    with pytest.raises(PayloadError, match="body_too_large"):
        writing.refused(table.encode(), refusal(table.encode()))


def test_long_texts_and_long_comments_are_cut():
    book = ods(("Reports", ods_row(*COLUMNS) + ods_row(*row(f"{'x' * 40_000} 09:00-10:00"))))
    copy = writing.refused(book, refusal(book))
    assert len([*sheets.open_workbook(copy)[0].rows][1][2]) == 32_767
    with ZipFile(BytesIO(copy)) as archive:
        comment = re.search(r"<t[^>]*>([^<]*)</t>", archive.read("xl/comments1.xml").decode())
    assert len(comment[1]) == 32_767
