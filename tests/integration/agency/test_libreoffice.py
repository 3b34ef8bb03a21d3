"""What LibreOffice does to a table in three locales has one defined answer: as it saves workbooks, and as CSV.

A person types a table (a CSV file that is opened with "detect special numbers") or fills in a workbook, and saves it.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from p2p_core.workbooks import marks, writing
from tests.unit.core.workbook_files import (
    COLUMNS,
    INDICATORS,
    OSLO,
    faults,
    local,
    refusal,
    reports,
    row,
    xlsx,
)

pytestmark = [
    pytest.mark.verify,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: libreoffice-calc-nogui"),
]

_LOCALE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop></item></oor:items>
"""
#: How a person in each locale types a date and a time, and a count.
TYPED = {
    "en-US": ("11/24/2026 9:00", "1,234", "17.5"),
    "de-DE": ("24.11.2026 09:00", "1.234", "17,5"),
    "fr-FR": ("24/11/2026 09:00", "1\u202f234", "17,5"),
}
#: Formats as options of the program: separator, quote, character set (76 is UTF-8, 1 is Windows-1252), as shown.
_CSV = "csv:Text - txt - csv (StarCalc):{},34,{},1,,0,false,true,true"


class Office:
    """LibreOffice in one locale."""

    def __init__(self, locale, folder):
        self.locale, self.folder = locale, folder
        (folder / "profile/user").mkdir(parents=True)
        (folder / "profile/user/registrymodifications.xcu").write_text(_LOCALE.format(locale))

    def save(self, content, ending, form, *options):
        """Open a file and save it in another format."""
        source, out = self.folder / f"table.{ending}", self.folder / "out"
        source.write_bytes(content)
        profile = f"-env:UserInstallation=file://{self.folder}/profile"
        subprocess.run(
            ["soffice", profile, "--headless", *options, "--convert-to", form, "--outdir", out, source],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        saved = Path(out / f"table.{form.partition(':')[0]}")
        made = saved.read_bytes()
        saved.unlink()
        return made

    def type(self, *rows, form="xlsx"):
        """What a workbook has after somebody has typed these rows."""
        lines = "\n".join(";".join(cells) for cells in (COLUMNS, *rows))
        return self.save(lines.encode(), "csv", form, "--infilter=Text - txt - csv (StarCalc):59,34,76,1,,0,false,true")


@pytest.fixture(scope="module", params=list(TYPED))
def office(request, tmp_path_factory):
    return Office(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_typed_table(office, form):
    moment, count, fraction = TYPED[office.locale]
    others = ("2026-11-24 10:00", "17"), ("2026-11-24T11:00", "3"), ("2026-11-24T07:00Z", "4")
    saved = office.type(row(moment, count), *(row(*one) for one in others), form=form)
    assert reports(saved) == [
        ("H", "2026-11-24T08:00", 1234), ("H", "2026-11-24T09:00", 17), ("H", "2026-11-24T10:00", 3),
        ("H", "2026-11-24T07:00", 4),
    ]  # fmt: skip
    assert faults(office.type(row(moment, fraction), form=form)) == [("table!F2", "fractional_value")]


def day_of(office):
    """A day that ended, as a person in the locale types it."""
    return TYPED[office.locale][0].split()[0].replace("24", "20", 1)


def test_days_and_months_that_were_typed(office):
    saved = office.type(row(day_of(office), "1", frequency="D"), row("2026-10", "2", frequency="M"))
    assert faults(saved) == [("table!C2", "not_utc"), ("table!C3", "not_utc")]
    assert reports(saved, OSLO._replace(local_days=True)) == [
        ("D", "2026-11-20T00:00", 1),
        ("M", "2026-10-01T00:00", 2),
    ]


def filled(_, sheet):
    """What a person does to a template beside filling it in."""
    sheet.write_row(1, 0, row())
    sheet.write_row(2, 0, row(local(2026, 11, 24, 8), 1234.0))


def thousands(book, sheet):
    sheet.write_number(1, 5, 1234, book.add_format({"num_format": "#,##0"}))


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_workbook_that_is_saved_again(office, form):
    saved = office.save(xlsx(change=filled), "xlsx", form)
    assert reports(saved) == [("H", "2026-11-24T08:00", 17), ("H", "2026-11-24T07:00", 1234)]
    template = writing.template(dict.fromkeys(INDICATORS, "A name"), clock=OSLO, year=2026)
    assert faults(office.save(template, "xlsx", form)) == [("Reports!1:1", "no_reports")]


@pytest.mark.parametrize("form", ["xlsx", "ods"])
def test_merged_cells_errors_hidden_sheets_headers_and_totals(office, form):
    def change(book, sheet):
        sheet.merge_range(1, 3, 2, 3, "NO")
        sheet.write_formula(3, 5, "=NOSUCHNAME", None, "#NAME?")
        sheet.write_formula(4, 5, "=8+9", None, 17)
        sheet.write_formula(5, 5, "=SUM(F2:F3)", None, 34)
        other = book.add_worksheet("Old")
        other.write_row(0, 0, COLUMNS)
        other.write_row(1, 0, row(value=10**9))
        other.hide()

    words = ("Indicator", "Frequency", "Begin", "Country", "Network", "Number")
    rows = row(), row(network="EDONKEY"), row(network="GNUTELLA"), row(local(2026, 11, 24, 8))
    book = xlsx(*rows, change=change)
    saved = office.save(book, "xlsx", form)
    found = refusal(saved)
    assert [(str(cell.place), cell.code) for cell in found.cells] == [
        ("Reports!D3", "unknown_country"), ("Reports!F4", "not_a_number"), ("Reports!6:6", "group_not_reportable"),
    ]  # fmt: skip
    assert [cell.detail for cell in found.cells[:2]] == [marks.Mark.MERGED.value, marks.Mark.ERROR.value]
    assert faults(office.save(xlsx(words, row()), "xlsx", form)) == [("Reports!2:2", "bad_period")]


@pytest.mark.parametrize(("mark", "characters"), [(59, 76), (44, 76), (9, 76), (59, 1), (44, 1), (59, 65535)])
def test_workbook_that_is_saved_as_csv(office, mark, characters):
    named = row(country="AX: Åland")
    saved = office.save(xlsx(row(), named, row(local(2026, 11, 24, 8))), "xlsx", _CSV.format(mark, characters))
    assert reports(saved) == [("H", "2026-11-24T08:00", 34), ("H", "2026-11-24T07:00", 17)]


def test_thousands_in_csv_are_read_if_they_are_certain(office):
    saved = office.save(xlsx(row(), change=thousands), "xlsx", _CSV.format(59, 76))
    if office.locale == "fr-FR":
        assert reports(saved) == [("H", "2026-11-24T08:00", 1234)]
    else:
        assert faults(saved)[0][0] == "/rows/0/OBS_VALUE"
        assert "Write whole numbers without separators" in refusal(saved).cells[0].detail


def test_days_in_csv_are_refused_unless_their_order_is_certain(office):
    """Each locale shows them with two digits of the year, or in an order that only it knows."""
    saved = office.save(office.type(row(day_of(office), "1", frequency="D")), "xlsx", _CSV.format(59, 76))
    assert faults(saved) == [("/rows/0/TIME_PERIOD", "bad_period")]
    assert "The order of day and month is not certain" in refusal(saved).cells[0].detail


@pytest.mark.parametrize("form", ["xlsx", "ods"])
@pytest.mark.parametrize(
    ("number_format", "is_read"),
    [
        ("yyyy-mm-dd hh:mm", True), ("yyyy\\-mm\\-dd\\ hh:mm;@", True), ("[$-809]d mmm yy h AM/PM", True),
        ("yyyy-mm-dd", False), ("yyyy\\-mm\\-dd;@", False), ('"W"ww", "dd.mm.yyyy', False),
    ],
)  # fmt: skip
def test_midnight_is_an_hour_if_the_format_shows_it_whatever_a_comment_says(office, form, number_format, is_read):
    def change(book, sheet):
        formats = book.add_format({"num_format": number_format})
        sheet.set_column(2, 2, 20, formats)
        for at in (1, 2):
            sheet.write_datetime(at, 2, local(2026, 11, 22 + at), formats)
        sheet.write_comment(2, 2, "Sent at 10:30")

    saved = office.save(xlsx(row(), row(), change=change), "xlsx", form)
    if is_read:
        assert reports(saved) == [("H", "2026-11-22T23:00", 17), ("H", "2026-11-23T23:00", 17)]
    else:
        assert faults(saved) == [("Reports!C2", "bad_period"), ("Reports!C3", "bad_period")]


def test_refused_workbook_can_be_opened(office):
    day = local(2026, 11, 24).date()
    book = xlsx(row(), row(value=-1, country="DE"), row(day), change=lambda book, sheet: as_day(book, sheet, 3, day))
    for form in ("ods", "xlsx"):
        back = office.save(writing.refused(book, refusal(book)), "xlsx", form)
        assert faults(back) == [("Reports!F3", "negative_value"), ("Reports!C4", "bad_period")]


def as_day(book, sheet, at, day):
    sheet.write_datetime(at, 2, day, book.add_format({"num_format": "yyyy-mm-dd"}))
