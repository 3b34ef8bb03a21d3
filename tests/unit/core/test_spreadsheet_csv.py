"""CSV of spreadsheets: separators, titles above the header, and faults with their cells."""

import gc
import sys

import pytest

from p2p_core.workbooks import files, sheets
from p2p_core.workbooks.reading import in_table
from tests.unit.core.workbook_files import (
    HEADER,
    LINE,
    NOW,
    OSLO,
    UTC_CLOCK,
    csv,
    faults,
    read,
    refusal,
    reports,
    row,
    xlsx,
)


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
    assert [fault[:2] for fault in error.faults] == expected
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
    assert [fault[:2] for fault in error.faults] == [("/rows/1/COUNTRY", "unknown_country")]
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
        cells = getattr(error, "cells", None) or [in_table(fault) for fault in error.faults]
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
