"""`template`, `check` and `send` of a workbook: what an analyst sees who has nothing but a spreadsheet."""

import json
import os
from datetime import UTC, datetime

import click.testing
import pytest

from p2p_agency import bodies, large_csv, settings
from p2p_agency.cli import main
from p2p_core.payloads import draft
from p2p_core.workbooks import sheets
from tests.unit.agency.conftest import know
from tests.unit.core.workbook_files import COLUMNS, INDICATORS, local, row, xlsx

#: Commands know the time of the machine only.
PAST = local(2025, 11, 25, 9)


@pytest.fixture
def run(tmp_path):
    """Runs a command with settings, and without any federation."""
    path = tmp_path / "settings.toml"
    settings.store(path, {"address": "http://127.0.0.1:1", "client_id": "a", "client_secret": "b"})
    know(tmp_path, indicators=dict.fromkeys(INDICATORS, "Name"), time_zone="Europe/Oslo")

    def run_command(*words):
        done = click.testing.CliRunner().invoke(main, ["--config", str(path), *map(str, words)], catch_exceptions=False)
        return done.exit_code, done.output

    return run_command


def test_template_is_written_once_and_checked(run, tmp_path):
    file = tmp_path / "counts.xlsx"
    code, output = run("template", file)
    assert (code, "in the time of Europe/Oslo" in output) == (0, True)
    assert run("template", file) == (1, f"Error: {file} exists already. Give another name.\n")
    code, output = run("check", file)
    assert (code, output.splitlines()[0]) == (1, f"{file}: Refused: 1 fault. Nothing is stored.")
    assert output.splitlines()[1].startswith(
        "  sheet Reports, row 1: There is no report. There is no row below the header"
    )
    assert run("template", tmp_path / "none" / "a.xlsx")[0] == 5


def test_check_says_sheet_row_and_column_and_gives_the_marked_workbook_back(run, tmp_path):
    file, marked = tmp_path / "counts.xlsx", tmp_path / "marked.xlsx"
    file.write_bytes(xlsx(row(PAST), row(PAST, country="ZZ")))
    code, output = run("check", file, "--marked", marked)
    assert (code, "sheet Reports, row 3, column D: An unknown country." in output) == (1, True)
    assert [sheet.name for sheet in sheets.open_workbook(marked.read_bytes())] == ["Reports"]
    assert f"{marked} has the coloured cells.\n" in output
    assert "\n  Explanation and example: http://127.0.0.1:1/docs/reference/errors/#unknown_country\n" in output
    code, output = run("check", file, "--json")
    told = json.loads(output)
    assert (code, told["accepted"], told["error_count"]) == (1, False, 1)
    assert told["type"] == "http://127.0.0.1:1/docs/reference/errors/#invalid_payload"
    assert told["errors"][0].items() >= {
        "pointer": "Reports!D3", "code": "unknown_country", "sheet": "Reports", "row": 3, "column": "D"
    }.items()  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("a.csv", f"{','.join(COLUMNS)}\nDOWNLOADS,H,2025-11-24T09:00,ZZ,ARES,1\n", "row 2, column COUNTRY: "),
        ("a.json", "{}", "/indicator: "),
        ("a.json", "{", "Refused: The body is not JSON."),
        ("a.csv", f'{",".join(COLUMNS)}\n"', "row 2: "),
        ("a.xlsx", xlsx(header=("Nothing",)), "The file: "),
    ],
    ids=range(5),
)
def test_no_workbook_is_written_without_a_coloured_cell(run, tmp_path, name, content, where):
    file, marked = tmp_path / name, tmp_path / "marked.xlsx"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    code, output = run("check", file, "--marked", marked)
    assert (code, where in output, marked.exists()) == (1, True, False), output
    assert f"{marked} was not written, because there is no faulty cell to colour in it. The text above says" in output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "the file is too large for a workbook. Divide it, and check each part."),
        (['DOWNLOADS,D,2025-01-01,NO,ARES,"1'], "a later part of the file cannot be read. Correct the faults above,"),
    ],
    ids=("cells", "a quote that is not closed"),
)
def test_verdict_about_a_file_that_no_workbook_holds_is_shown(run, tmp_path, monkeypatch, more, words):
    monkeypatch.setattr(large_csv, "_PART", 200)
    monkeypatch.setattr(draft, "MAX_OBSERVATIONS", 10)
    monkeypatch.setattr(sheets, "MAX_CELLS", 10_000 if more else 100)
    file, marked = tmp_path / "history.csv", tmp_path / "marked.xlsx"
    days = [f"DOWNLOADS,D,2025-03-{day:02},NO,ARES,1" for day in range(1, 29)]
    days[5] = days[5].replace(",1", ",1.000")
    file.write_text("\n".join([",".join(COLUMNS), *days, *more]))
    code, output = run("check", file, "--marked", marked)
    assert (code, "row 7, column F: " in output, marked.exists()) == (1, True, False), output
    assert f"{marked} was not written, because {words}" in output


def test_verdict_is_shown_if_the_marked_workbook_cannot_be_written(run, tmp_path):
    file = tmp_path / "counts.xlsx"
    file.write_bytes(xlsx(row(PAST, country="ZZ")))
    code, output = run("check", file, "--marked", file)
    assert (code, "row 2, column D: An unknown country." in output) == (1, True)
    assert f"Error: {file} exists already. Give another name.\n" in output


def test_no_workbook_is_written_for_a_table_with_more_columns_than_excel_has(run, tmp_path):
    file, marked = tmp_path / "wide.csv", tmp_path / "marked.xlsx"
    file.write_text(f"{';'.join(COLUMNS)}\nDOWNLOADS;H;2025-11-24 09:00;NO;ARES;1{';' * 17_000}a note\n")
    code, output = run("check", file, "--marked", marked)
    assert (code, marked.exists()) == (1, False)
    assert f"{marked} was not written, because the file is too large for a workbook." in output


def test_check_of_a_right_file_says_periods_in_utc_and_findings(run, tmp_path):
    file = tmp_path / "counts.xlsx"
    file.write_bytes(xlsx(row(PAST, 100, country="_U")))
    code, output = run("check", file)
    assert (code, output.splitlines()[:2]) == (
        0, ["No faults: 1 report, 1 observation. The periods in UTC:",
            "  DOWNLOADS H: 1, from 2025-11-25T08:00 to 2025-11-25T08:00"],
    )  # fmt: skip
    assert "Reports!2:2: Hour 08:00 on 25 November 2025 has 100 % that could not be located" in output
    assert json.loads(run("check", file, "--json")[1])["findings"][0]["rule"] == "R105"
    marked = tmp_path / "marked.xlsx"
    assert f"{marked} was not written, because the file has no faults.\n" in run("check", file, "--marked", marked)[1]
    assert not marked.exists()


def test_names_forge_no_line_and_need_not_be_text(run, tmp_path):
    file, forged, shown = tmp_path / "a.xlsx", "m\x1b[31m\nNo faults", r"m\x1b[31m\nNo faults"
    file.write_bytes(xlsx(row(PAST, country="ZZ"), name="A\x9b31m\u202eB"))
    output = run("check", file, "--marked", tmp_path / f"{forged}.xlsx")[1]
    assert r"  sheet A\x9b31m\u202eB, row 2, column D: An unknown country." in output
    assert f"{shown}.xlsx has the coloured cells.\n" in output
    assert (
        f"Then run: p2p-agency check {tmp_path}/{shown}.csv.xlsx\n"
        in run("template", tmp_path / f"{forged}.csv.xlsx")[1]
    )
    assert r"\udcff.xlsx" in run("template", tmp_path / os.fsdecode(b"\xff.xlsx"))[1]
    assert (tmp_path / os.fsdecode(b"\xff.xlsx")).exists()


def test_output_may_have_another_encoding(run, tmp_path):
    done = click.testing.CliRunner(charset="cp1252").invoke(
        main, ["--config", str(tmp_path / "settings.toml"), "template", str(tmp_path / "åγ.xlsx")]
    )
    assert (done.exit_code, r"å\u03b3.xlsx" in done.output) == (0, True), done.output


def test_check_of_a_file_that_is_sent_in_pieces_says_what_send_says(run, tmp_path, monkeypatch):
    monkeypatch.setattr(draft, "MAX_OBSERVATIONS", 20)
    monkeypatch.setattr(large_csv, "_PART", 200)
    file = tmp_path / "history.csv"
    days = [f"DOWNLOADS,D,2025-{1 + day // 28:02}-{1 + day % 28:02},{code},ARES,7" for day in range(90) for code in
            ("NO", "SE")]  # fmt: skip
    head = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"
    file.write_text("\n".join([head, *days]))
    code, output = run("check", file)
    assert (code, output.splitlines()[:2]) == (
        0, ["No faults: 90 reports, 180 observations. The periods in UTC:",
            "  DOWNLOADS D: 90, from 2025-01-01 to 2025-04-06"]
    )  # fmt: skip
    # A date of a spreadsheet, and a fault at its row of the file: the header is row 1.
    file.write_text("\n".join([head, *days[:-1], "DOWNLOADS,H,06.04.2025 09:00,ZZ,ARES,7"]))
    code, output = run("check", file)
    assert (code, "row 181, column D: An unknown country." in output) == (1, True)
    assert output.splitlines()[:2] == run("send", file)[1].removeprefix("Error: ").splitlines()[:2]


def test_workbook_is_sent_as_json_in_utc(run, tmp_path):
    file = tmp_path / "counts.xlsx"
    file.write_bytes(xlsx(row(PAST), row(PAST, country="DE"), row(local(2025, 11, 1), frequency="D")))
    given = settings.load(tmp_path / "settings.toml")
    with pytest.raises(Exception, match="invalid_payload"):
        list(bodies.of_file(file, given, lambda: datetime.now(UTC)))
    know(tmp_path, time_zone="Europe/Oslo", local_days=True)
    (body,) = bodies.of_file(file, given, lambda: datetime.now(UTC))
    assert [(one["period"], len(one["observations"])) for one in json.loads(body)["reports"]] == [
        ("2025-11-01", 1), ("2025-11-25T08:00", 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", f"{','.join(COLUMNS)}\nDOWNLOADS,H,2025-11-24T09:00,ZZ,ARES,1\n",
         "\n  row 2, column COUNTRY: An unknown country. "),
        ("a.csv", f"{','.join(COLUMNS)}\n" + "DOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n" * 2,
         "\n  row 3: Two rows count the same. Row 2 has "),
        ("a.csv", f"{','.join(COLUMNS[:-1])},OTHER\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n",
         "\n  row 1, column F: "),
        ("a.csv", f"{','.join(COLUMNS[:-1])},OTHER\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n",
         "\n  row 1, column OBS_VALUE: "),
        ("a.csv", f"{','.join(COLUMNS[:-1])},OTHER\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n",
         "\n  The header row lacks OBS_VALUE. It has unknown columns at these places: 6. Expected: INDICATOR,"),
        ("a.json", "{}", "\n  /indicator: A member, a column or a cell is missing. "),
        ("a.json", "{", "Refused: The body is not JSON. "),
    ],
)  # fmt: skip
def test_faults_of_csv_have_a_row_and_a_column_and_those_of_json_a_pointer(run, tmp_path, name, content, words):
    (tmp_path / name).write_text(content)
    code, output = run("check", tmp_path / name)
    assert (code, words in output) == (1, True), output
    for fault in json.loads(run("check", tmp_path / name, "--json")[1])["errors"]:
        assert fault["pointer"].startswith("/")


def test_unknown_member_gets_the_known_ones(run, tmp_path):
    (tmp_path / "a.json").write_text('{"agency": 1}')
    output = run("check", tmp_path / "a.json")[1]
    assert "\n  /: An unknown member or column. Expected: indicator, reports, prepared. " in output


def test_finding_about_csv_of_the_api_is_about_its_indicator(run, tmp_path):
    (tmp_path / "a.csv").write_text(f"{','.join(COLUMNS)}\nDOWNLOADS,H,2025-11-25T08:00,_U,ARES,100\n")
    assert "\n  DOWNLOADS: Hour 08:00 on 25 November 2025 has 100 % that" in run("check", tmp_path / "a.csv")[1]
