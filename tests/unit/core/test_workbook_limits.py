"""Workbooks that would take too much, or that programs read differently, are refused."""

from datetime import UTC
from io import BytesIO
from warnings import catch_warnings, simplefilter
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from p2p_core.payloads.faults import PayloadError
from p2p_core.workbooks import scan, sheets, unpacking, writing
from tests.unit.core.workbook_files import (
    LINE,
    csv,
    local,
    ods,
    ods_cell,
    ods_row,
    refusal,
    reports,
    rewritten,
    row,
    xlsx,
)


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
