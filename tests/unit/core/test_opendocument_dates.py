"""Whether a date in a cell of OpenDocument is midnight, which only hours in the cell say: by its format or its text."""

import pytest

from p2p_core.workbooks import writing
from tests.unit.core.workbook_files import COLUMNS, faults, ods, ods_cell, ods_row, refusal, reports

MIDNIGHT = [("H", "2026-11-23T23:00", 17)]
NO_TIME = [("Reports!C2", "bad_period")]

DATE = "<number:year/><number:text>-</number:text><number:month/><number:text>-</number:text><number:day/>"
TIME = "<number:hours/><number:text>:</number:text><number:minutes/>"
WEEK = f"<number:text>W</number:text><number:week-of-year/>{DATE}"


def form(name, parts):
    """A format."""
    return f'<number:date-style style:name="{name}">{parts}</number:date-style>'


def style(name, number="", parent=""):
    """A style of cells, with the format of this name."""
    has = f' style:data-style-name="{number}"' if number else ""
    has += f' style:parent-style-name="{parent}"' if parent else ""
    return f'<style:style style:name="{name}" style:family="table-cell"{has}/>'


FORMATS = form("N1", DATE + TIME) + form("N2", DATE)


def book(shown, *, stored="2026-11-24", names="", comment="", columns="", row="", **styles):
    """A table whose period is a date that is shown so. ``names`` is the style that its cell names."""
    noted = f"<office:annotation><text:p>{comment}</text:p></office:annotation>" if comment else ""
    named = f'table:style-name="{names}"' if names else ""
    cell = f'<table:table-cell {named} office:value-type="date" office:date-value="{stored}">{noted}{shown}'
    cells = "".join(map(ods_cell, ("DOWNLOADS", "H"))) + f"{cell}</table:table-cell>"
    cells += "".join(map(ods_cell, ("NO", "ARES", 17)))
    return ods(("Reports", f"{columns}{ods_row(*COLUMNS)}<table:table-row {row}>{cells}</table:table-row>"), **styles)


def text(shown):
    return f"<text:p>{shown}</text:p>"


@pytest.mark.parametrize("comment", ["", "Late count", "Sent at 10:30"])
@pytest.mark.parametrize(
    ("stored", "shown", "is_read"),
    [
        ("2026-11-24", text("24.11.2026 00:00"), True),
        ("2026-11-24", text("24.11.2026<text:s/>00<text:span>:00</text:span>"), True),
        ("2026-11-24", text("24.11.2026"), False),
        ("2026-11-24", text("W48, 24.11.2026"), False),
        ("2026-11-24", "", False),
        ("2026-11-24T00:00:00", text("2026-11-24 00:00"), True),
        ("2026-11-24T00:00:00", text("2026-11-24"), False),
        ("2026-11-24T00:00:00", "", True),
    ],
)
def test_without_a_format_the_text_of_the_cell_decides_and_not_its_comment(stored, shown, comment, is_read):
    content = book(shown, stored=stored, comment=comment)
    assert (reports(content) == MIDNIGHT) if is_read else (faults(content) == NO_TIME)


@pytest.mark.parametrize("comment", ["", "Sent at 10:30", "Late count"])
@pytest.mark.parametrize("stored", ["2026-11-24", "2026-11-24T00:00:00"])
@pytest.mark.parametrize(
    ("parts", "is_read"),
    [(DATE + TIME, True), (DATE + "<number:hours/>", True), (DATE, False), (WEEK, False)],
)
def test_format_decides_and_not_the_text_or_the_comment(parts, stored, comment, is_read):
    for shown in ("24.11.2026", "24.11.2026 0.00", "Day 48, 24.11.26: 5"):
        content = book(
            text(shown), stored=stored, comment=comment, names="ce1", styles=form("N1", parts) + style("ce1", "N1")
        )
        assert (reports(content) == MIDNIGHT) if is_read else (faults(content) == NO_TIME)


def test_format_of_a_cell_may_be_that_of_its_row_its_column_or_another_style():
    shown = text("2026-11-24")
    one, many = ('<table:table-column {}table:default-cell-style-name="{}"/>'.format for _ in range(2))
    columns = one("", "ce2") + many('table:number-columns-repeated="3" ', "ce1") + one("", "ce2")
    hours = FORMATS + style("ce1", "N1") + style("ce2", "N2")
    assert reports(book(shown, columns=columns, styles=hours)) == MIDNIGHT
    assert faults(book(shown, columns=columns, names="ce2", styles=hours)) == NO_TIME
    assert faults(book(shown, columns=columns, row='table:default-cell-style-name="ce2"', styles=hours)) == NO_TIME
    derived = style("ce1", parent="Moment")
    common = f"<office:styles>{FORMATS}{style('Moment', 'N1')}</office:styles>"
    assert reports(book(shown, names="ce1", styles=derived, common=common)) == MIDNIGHT
    # The format of a header or footer.
    pages = f"{common}<office:automatic-styles>{form('N1', DATE)}</office:automatic-styles>"
    assert reports(book(shown, names="ce1", styles=derived, common=pages)) == MIDNIGHT
    # A format of a cell with the name of another one.
    mixed = form("N1", DATE) + style("ce1", "N1")
    assert faults(book(shown, names="ce1", styles=mixed, common=common)) == NO_TIME
    circle = style("ce1", parent="ce2") + style("ce2", parent="ce1")
    assert faults(book(shown, names="ce1", styles=circle)) == NO_TIME


def test_format_may_have_another_one_for_some_values():
    begin, end = '<number:text-style style:name="N3"><number:text-content/>', "</number:text-style>"
    instead = '<style:map style:condition="value()>=0" style:apply-style-name="{}"/>'.format
    for other, is_read in (("N1", True), ("N2", False)):
        styles = f"{FORMATS}{begin}{instead(other)}{end}{style('ce1', 'N3')}"
        content = book(text("2026-11-24 00:00"), names="ce1", styles=styles)
        assert (reports(content) == MIDNIGHT) if is_read else (faults(content) == NO_TIME)


def test_coloured_workbook_of_a_day_with_a_time_of_midnight_is_refused_too():
    wrong = book(text("2026-11-24"), stored="2026-11-24T00:00:00", names="ce1", styles=FORMATS + style("ce1", "N2"))
    assert faults(writing.refused(wrong, refusal(wrong))) == NO_TIME


def test_comment_of_another_cell_changes_nothing():
    note = "<office:annotation><text:p>SE</text:p><text:p>5</text:p></office:annotation>"
    cells = ods_row("DOWNLOADS", "H", "2026-11-24 00:00", "NO", "ARES", 17).replace("<text:p>", f"{note}<text:p>")
    far = f'<table:table-cell table:number-columns-repeated="9"/><table:table-cell>{note}</table:table-cell>'
    rows = ods_row(*COLUMNS) + cells.replace("</table:table-row>", f"{far}</table:table-row>")
    assert reports(ods(("Reports", rows))) == MIDNIGHT
