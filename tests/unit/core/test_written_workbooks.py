"""Workbooks that we write: the template, and the refused file with its wrong cells coloured."""

import html
import re
from datetime import date
from functools import partial
from io import BytesIO
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
import python_calamine

from p2p_core.codes import COUNTRIES, NETWORKS, TOTAL
from p2p_core.payloads.faults import PayloadError
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from p2p_core.workbooks import scan, values, writing
from p2p_core.workbooks.values import Clock
from tests.unit.core.workbook_files import (
    COLUMNS,
    LOCAL_DAYS,
    NINE,
    OSLO,
    faults,
    local,
    ods,
    ods_row,
    read,
    refusal,
    reports,
    row,
    xlsx,
)


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
