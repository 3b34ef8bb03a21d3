"""Files that are too large for one submission."""

from datetime import UTC, datetime

import pytest

from p2p_agency import files, large_csv, reference
from p2p_core.payloads import draft
from p2p_core.payloads.faults import PayloadError
from p2p_core.workbooks import sheets
from p2p_core.workbooks.reading import WorkbookError

HEAD = "TIME_PERIOD;INDICATOR;FREQ;COUNTRY;NETWORK;OBS_VALUE"
COUNTRIES = ("NO", "SE", "DE")


def rows(days, countries=COUNTRIES):
    return [
        f"2026-{1 + day // 28:02}-{1 + day % 28:02};DOWNLOADS;D;{code};ARES;7" for day in days for code in countries
    ]


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(draft, "MAX_OBSERVATIONS", 20)
    monkeypatch.setattr(large_csv, "_PART", 200)


@pytest.fixture
def read(tmp_path, given, small_limits):
    def read_text(text, encoding="utf-8"):
        path = tmp_path / "history.csv"
        path.write_bytes(text.encode(encoding))
        return files.read(path, files.context_of(reference.load(given), given.agency), datetime.now(UTC)).reports

    return read_text


@pytest.mark.parametrize(
    ("end", "head"),
    [
        ("\n", HEAD),
        ("\r\n", HEAD),
        ("\r", HEAD),
        ("\n\n", HEAD),
        ("\n;;;;;\n \n", HEAD),
        ("\n", f"\ufeff{HEAD}"),
        ("\n", HEAD.replace("FREQ", '"FREQ"')),
    ],
)
def test_history_is_read_whole(read, end, head):
    reports = read(end.join([head, *rows(range(200)), "", ""]))
    assert len({report.period for report in reports}) == len(reports) == 200
    assert {len(report.values) for report in reports} == {3}


HEADS = {
    "sep=": f"sep=;\r\n{HEAD}",
    "a BOM before sep=": f"\ufeffsep=;\r\n{HEAD}",
    "titles": f"Our reports\r\n\r\n{HEAD}",
    "small letters": HEAD.lower(),
    "names after codes": HEAD.replace("FREQ", "FREQ: Frequency"),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_history_of_a_spreadsheet_is_read_whole(read, head, separator, encoding):
    text = "\r\n".join([head, *rows(range(200)), "", ""]).replace(";", separator)
    reports = read(text, encoding)
    assert [len(report.values) for report in reports] == [3] * 200


def test_fault_of_a_spreadsheet_is_named_at_its_row_and_line(read):
    lines = ["sep=;", HEAD, *rows(range(200))]
    lines[2 + 437] = lines[2 + 437].replace(";7", ";seven")
    lines[2] = lines[2].replace("2026-01-01", "01.01.2026")
    with pytest.raises(WorkbookError) as refused:
        read("\n".join(lines))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows/437/OBS_VALUE", "not_a_number")]
    assert [(cell.place.row, cell.place.column) for cell in refused.value.cells] == [(2 + 437 + 1, "F")]


def test_row_that_comes_twice_names_the_line_of_the_earlier_one(read):
    lines = ["sep=;", HEAD, *rows(range(200))]
    lines[2] = lines[2].replace("2026-01-01", "01.01.2026")
    lines.insert(2 + 438, lines[2 + 437])
    with pytest.raises(WorkbookError) as refused:
        read("\n".join(lines))
    [cell] = refused.value.cells
    assert (cell.place.row, cell.detail.partition(" has")[0]) == (2 + 438 + 1, f"Row {2 + 437 + 1}")


@pytest.mark.parametrize(
    ("head", "day"), [(f"sep=;\n{HEAD}", "2026-01-01"), (HEAD, "01.01.2026")], ids=("sep=", "a date of a spreadsheet")
)
def test_file_with_more_cells_than_a_workbook_may_have_is_divided(read, monkeypatch, head, day):
    monkeypatch.setattr(draft, "MAX_OBSERVATIONS", 1_000)
    monkeypatch.setattr(sheets, "MAX_CELLS", 200)
    lines = [line.replace("2026-01-01", day) for line in rows(range(100))]
    assert len(read("\n".join([head, *lines]))) == 100
    lines[250] = lines[250].replace(";7", ";seven")
    with pytest.raises(PayloadError) as refused:
        read("\n".join([head, *lines]))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows/250/OBS_VALUE", "not_a_number")]


def test_empty_rows_at_the_end_do_not_count(read, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELLS", 300)
    empty = [";;;;;"] * 300
    assert len(read("\n".join([HEAD, *rows(range(30)), *empty]))) == 30
    with pytest.raises(PayloadError) as refused:
        read("\n".join([f"sep=;\n{HEAD}", *empty]))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows", "no_reports")]


@pytest.mark.verify
def test_part_never_has_more_cells_than_a_workbook_may_have():
    fullest = b";\n" * (large_csv._PART // 2)
    assert sheets.open_csv(fullest).rows


def test_fault_is_named_at_its_row(read):
    text = "\n".join([HEAD, *rows(range(200))]).split("\n")
    text[1 + 437] = text[1 + 437].replace(";7", ";seven")
    with pytest.raises(PayloadError) as refused:
        read("\n".join(text))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows/437/OBS_VALUE", "not_a_number")]


@pytest.mark.parametrize("head", [f"sep=;\n{HEAD}", HEAD], ids=["of a spreadsheet", "of the API"])
def test_faults_of_all_parts_are_named(read, head):
    lines = rows(range(200))
    for at in (0, 5, 437, 599):
        lines[at] = lines[at].replace(";7", ";seven")
    with pytest.raises(PayloadError) as refused:
        read("\n".join([head, *lines]))
    assert [fault.pointer for fault in refused.value.faults] == [f"/rows/{at}/OBS_VALUE" for at in (0, 5, 437, 599)]
    assert refused.value.fault_count == 4
    if head != HEAD:
        assert [cell.place.row for cell in refused.value.cells] == [at + 3 for at in (0, 5, 437, 599)]


def test_faults_are_named_as_by_the_api_if_only_some_parts_are_of_a_spreadsheet(read):
    lines = rows(range(200))
    lines[3] = lines[3].replace("2026-01-02", "02.01.2026").replace(";7", ";seven")
    lines[437] = lines[437].replace(";7", ";seven")
    with pytest.raises(PayloadError) as refused:
        read("\n".join([HEAD, *lines]))
    assert not isinstance(refused.value, WorkbookError)
    assert [fault[:2] for fault in refused.value.faults] == [
        (f"/rows/{at}/OBS_VALUE", "not_a_number") for at in (3, 437)
    ]


def test_row_that_comes_twice_names_the_earlier_one_in_the_form_of_the_api(read):
    lines = rows(range(200))
    lines.insert(438, lines[437])
    with pytest.raises(PayloadError) as refused:
        read("\n".join([HEAD, *lines]))
    assert [fault[:2] for fault in refused.value.faults] == [("/rows/438", "duplicate_cell")]
    assert refused.value.earlier == {"/rows/438": 437 + 2}


def test_many_faults_are_listed_up_to_the_limits(read, monkeypatch):
    lines = [line.replace(";7", ";seven") for line in rows(range(200))]
    with pytest.raises(PayloadError) as refused:
        read("\n".join([HEAD, *lines]))
    assert (len(refused.value.faults), refused.value.fault_count) == (100, 600)
    monkeypatch.setattr(large_csv, "MOST", 50)
    with pytest.raises(PayloadError, match="invalid_payload") as refused:
        read("\n".join([HEAD, *lines]))
    assert 50 <= refused.value.fault_count < 60
    assert "the rest was not read" in refused.value.detail


def test_report_whose_rows_are_apart_is_refused(read):
    with pytest.raises(PayloadError, match="duplicate_report") as refused:
        read("\n".join([HEAD, *rows(range(50)), *rows([0], ("FI",))]))
    assert "Sort the rows" in refused.value.detail


def test_rows_of_a_report_may_be_quoted_in_different_ways(read):
    lines = rows(range(200))
    for at in range(1, len(lines), 2):
        lines[at] = ";".join(f'"{cell}"' for cell in lines[at].split(";"))
    assert [len(report.values) for report in read("\n".join([HEAD, *lines]))] == [3] * 200


def test_one_report_may_be_longer_than_a_part(read, monkeypatch):
    monkeypatch.setattr(large_csv, "_PART", 10)
    assert len(read("\n".join([HEAD, *rows(range(30))]))) == 30
