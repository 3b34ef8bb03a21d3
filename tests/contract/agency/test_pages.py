"""The pages on which an agency sends: a file is checked, confirmed and followed."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter

from api.agency import send
from countries import reference
from countries.models import Agency
from federation.models.submissions import IdempotencyKey, Report, Submission
from p2p_agency import check
from p2p_agency import files as agency_files
from p2p_agency.errors import RefusedError
from p2p_agency.files import Context
from p2p_core import periods
from p2p_core.workbooks import sheets
from p2p_core.workbooks.values import Clock
from tests import factories, pictures
from tests.contract.agency.conftest import account, drop, figure, rows, text_of
from tests.contract.callers import COLUMNS, day
from tests.second_factor import signed_in


def test_file_is_checked_confirmed_and_followed(analyst, agency):
    checked = drop(analyst, rows(("NO", 12345), ("SE", 5)))
    assert "Reports: 1 · used: 1" in text_of(checked)
    assert "12,350" in text_of(checked)
    assert "Local times" not in text_of(checked)
    assert "The periods are in UTC." in text_of(checked)
    assert not Submission.objects.exists()
    stored = drop(analyst, rows(("NO", 12345), ("SE", 5)), stamp=checked.context["stamp"])
    row = Submission.objects.get()
    assert (row.agency, row.media, stored["Location"]) == (agency, "csv", f"/agency/submissions/{row.pk}/")
    followed = text_of(analyst.get(stored["Location"]))
    assert "12,350 used" in followed
    assert str(row.pk) in followed
    assert "used: 1" in text_of(analyst.get("/agency/submissions/"))


def test_json_is_read_too(analyst):
    body = f'{{"indicator": "DOWNLOADS", "reports": [{{"frequency": "D", "period": "{day()}", "observations": []}}]}}'
    checked = drop(analyst, body.encode())
    assert drop(analyst, body.encode(), stamp=checked.context["stamp"]).status_code == 302
    assert Submission.objects.get().media == "json"


def test_form_that_is_sent_twice_is_one_submission(analyst):
    stamp = drop(analyst, rows(("NO", 5))).context["stamp"]
    first, second = (drop(analyst, rows(("NO", 5)), stamp=stamp) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert (Submission.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_stamp_confirms_only_what_was_checked(client, analyst, agency, other, monkeypatch):
    """Another file, person, agency or time zone, half an hour later, or a stamp that somebody made up."""
    content = rows(("NO", 5))
    stamp = drop(analyst, content).context["stamp"]
    colleague = signed_in(type(client)(), account(agency, "bo").user)
    stranger = signed_in(type(client)(), account(other, "cleo").user)
    refused = [
        drop(analyst, rows(("NO", 6)), stamp=stamp),
        drop(colleague, content, stamp=stamp),
        drop(stranger, content, stamp=stamp),
        drop(analyst, content, stamp=stamp.replace("csv", "json")),
        drop(analyst, content, stamp="made up"),
    ]
    monkeypatch.setattr(send, "CONFIRMED_WITHIN", timedelta(seconds=-1))
    refused.append(drop(analyst, content, stamp=stamp))
    monkeypatch.undo()
    reference.snapshots.clear()
    # With another time zone, a workbook has other hours than the user saw.
    factories.SetupFactory.create(agency=agency, time_zone="Europe/Oslo", valid_from=date(2026, 1, 1))
    refused.append(drop(analyst, content, stamp=stamp))
    for answer in refused:
        assert "nothing was stored" in text_of(answer)
    assert not Submission.objects.exists()


def test_refused_file_names_the_rows_what_is_wrong_and_what_to_do(analyst):
    answer = drop(analyst, rows(("NO", 5), ("ZZ", 5), ("SE", "many")))
    assert answer.status_code == 422
    assert [place for place, _, _ in answer.context["faults"]] == ["Row 3, column COUNTRY", "Row 4, column OBS_VALUE"]
    assert all(advice for _, _, advice in answer.context["faults"])
    assert "An unknown country. Use an ISO 3166-1" in text_of(answer)
    assert "many" not in text_of(answer).partition("What to do")[2].partition("File")[0].replace("too many", "")


NO_NETWORK = COLUMNS.replace("NETWORK", "NET")
#: CSV with a fault, and how the page tells it.
FAULTS_OF_CSV = {
    "two names of columns": (
        f"{NO_NETWORK}\nDOWNLOADS,H,2026-06-01T09:00,NO,ARES,1\n",
        (
            "Row 1, column E This cell does not belong in the table. No column has this name. Expected: INDICATOR, "
            "FREQ, TIME_PERIOD, COUNTRY, NETWORK, OBS_VALUE, OBS_STATUS, CONF_STATUS, ACTION, DATAFLOW, STRUCTURE, "
            "STRUCTURE_ID. Correct the name, or delete the column."
        ),
        "Row 1, column NETWORK Something is missing. The column NETWORK is missing. Add it.",
    ),
    "a quote": (
        f'{COLUMNS}\nDOWNLOADS,H,2026-06-01T09:00,NO,"ARES,1\n',
        (
            "Row 2 This row cannot be read. A quote in this row is not closed, or text follows it. Save the file "
            "again, or correct the quote in a text editor."
        ),
    ),
    "an empty cell": (
        f"{COLUMNS}\nDOWNLOADS,H,2026-06-01T09:00,,ARES,1\n",
        "Row 2, column COUNTRY Something is missing. This cell is empty. Fill it in, or delete the whole row.",
    ),
    "a row twice": (
        f"{COLUMNS}\n\nDOWNLOADS,H,2026-06-01T09:00,NO,ARES,1\n\nDOWNLOADS,H,2026-06-01T09:00,NO,ARES,2\n",
        (
            "Row 3 Two rows count the same. Row 2 has the same period, country and network. Keep one of the two, or "
            "add them up."
        ),
    ),
    "no rows": (
        f"{COLUMNS}\n",
        "Row 1 There is no report. There is no row below the header. Add one for each count.",
    ),
}


@pytest.mark.parametrize(
    ("content", "words"), [(one, {*words}) for one, *words in FAULTS_OF_CSV.values()], ids=FAULTS_OF_CSV
)
def test_faults_of_csv_are_told_in_words_of_a_spreadsheet_as_by_the_program(analyst, agency, content, words):
    faults = drop(analyst, content.encode()).context["faults"]
    assert {f"{place} {title}. {what}" for place, title, what in faults} == words
    known = Context({"DOWNLOADS": 1}, agency.code, Clock())
    said = " ".join(check.lines(check.check(content.encode(), known, datetime.now(UTC))[0]))
    assert all(f": {title}. {what} [" in said for _, title, what in faults)


def headless():
    book = BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as written:
        written.add_worksheet().write(0, 0, "Nothing here")
    return book.getvalue()


@pytest.mark.parametrize(("content", "place"), [(b"nothing", "Row 1"), (headless(), "")], ids=["csv", "workbook"])
def test_file_without_a_header_leads_to_the_template_of_the_page_or_of_the_program(analyst, agency, content, place):
    answer = drop(analyst, content)
    [(where, _, what)] = answer.context["faults"]
    assert what.endswith("OBS_VALUE. Put your counts into a template: choose “Download an empty template” below.")
    assert ">Download an empty template</a>" in answer.content.decode()
    assert (where, "<code>" in answer.content.decode(), ">Place<" in answer.content.decode()) == (
        place,
        *[bool(place)] * 2,
    )
    known = Context({"DOWNLOADS": 1}, agency.code, Clock())
    said = " ".join(check.lines(check.check(content, known, datetime.now(UTC))[0]))
    assert "Put your counts into a template (p2p-agency template)." in said


def workbook(value="17", period="2026-06-01 09:00"):
    book = BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as written:
        # Or each second would give another file.
        written.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
        sheet = written.add_worksheet("Reports")
        sheet.write_row(0, 0, COLUMNS.split(","))
        sheet.write_row(1, 0, ["DOWNLOADS", "H", period, "NO", "BITTORRENT", value])
    return book.getvalue()


def test_workbook_is_read_in_the_time_zone_of_the_set_up(analyst, agency):
    factories.SetupFactory.create(agency=agency, time_zone="Europe/Oslo", valid_from=date(2026, 1, 1))
    checked = drop(analyst, workbook())
    assert "Local times in this file were read as those of Europe/Oslo. The periods are in UTC." in text_of(checked)
    assert drop(analyst, workbook(), stamp=checked.context["stamp"]).status_code == 302
    assert Report.objects.get().period == datetime(2026, 6, 1, 7, tzinfo=UTC)


def test_refused_workbook_names_cells_and_comes_back_with_them_coloured(analyst):
    answer = drop(analyst, workbook(value="many"))
    assert [place for place, _, _ in answer.context["faults"]] == ["Reports!F2"]
    assert 'name="coloured"' in answer.content.decode()
    assert "data:" not in answer.content.decode().partition("<main")[2]
    coloured = drop(analyst, workbook(value="many"), coloured="1")
    assert coloured["Content-Disposition"] == 'attachment; filename="NO-KRIPOS-coloured.xlsx"'
    assert coloured["Cache-Control"] == "no-store"
    assert coloured.content.startswith(b"PK")
    assert not Submission.objects.exists()


def test_file_without_wrong_cells_does_not_come_back(analyst):
    """One that is accepted gets its dry run, and one that has no cells its faults."""
    assert drop(analyst, rows(("NO", 5)), coloured="1").context["stamp"]
    for content, more in (
        (b'{"indicator": "DOWNLOADS"}', {"coloured": "1"}),
        (headless(), {}),
        (headless(), {"coloured": "1"}),
    ):
        refused = drop(analyst, content, **more)
        assert (refused.status_code, 'name="coloured"' in refused.content.decode()) == (422, False)
        assert "coloured" not in text_of(refused)
    assert not Submission.objects.exists()


def test_worst_workbooks_are_refused_before_they_are_read(analyst, monkeypatch):
    """What others wait for meanwhile is limited: the bytes when it is unpacked, and the cells that come back."""
    large = BytesIO()
    with ZipFile(large, "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b" " * (send.UNPACKED + 1))
    answer = drop(analyst, large.getvalue())
    assert answer.status_code == 413
    assert "may have 16 MiB, unpacked" in text_of(answer)
    monkeypatch.setattr(send, "COLOURED", 11)
    answer = drop(analyst, workbook(value="many"), coloured="1")
    assert answer.status_code == 413
    assert "too large to come back" in text_of(answer)


@pytest.mark.parametrize("content", [workbook(value="many"), rows(("NO", "1.000"))], ids=["workbook", "csv"])
def test_coloured_workbook_is_offered_only_if_it_will_come(analyst, monkeypatch, content):
    for size in (12, 11):
        monkeypatch.setattr(send, "COLOURED", size)
        offered = 'name="coloured"' in drop(analyst, content).content.decode()
        assert (offered, drop(analyst, content, coloured="1").status_code) == (
            (True, 200) if size > 11 else (False, 413)
        )


def test_large_file_of_a_spreadsheet_is_said_to_be_too_large(analyst, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_CELLS", 20)
    answer = drop(analyst, rows(*[("NO", "1 000")] * 3))
    assert (answer.status_code, answer.context["faults"]) == (413, [])
    assert "divide the file. The program p2p-agency reads larger files." in text_of(answer)


def test_template_of_the_agency_is_accepted_once_filled_in(analyst):
    answer = analyst.get("/agency/send/template.xlsx")
    assert 'filename="NO-KRIPOS.xlsx"' in answer["Content-Disposition"]
    assert drop(analyst, answer.content).context["refused"]
    row = ("2026-06-01 09:00", "NO: Norway", "BITTORRENT: BitTorrent", 17)
    filled = pictures.fill_in(answer.content, [row])
    assert drop(analyst, filled, stamp=drop(analyst, filled).context["stamp"]).status_code == 302
    assert Report.objects.get().total == 17


@pytest.mark.parametrize("allowed", [True, False])
def test_set_up_and_template_say_whether_local_days_are_allowed(analyst, agency, allowed):
    factories.SetupFactory.create(
        agency=agency, time_zone="Europe/Oslo", local_days=allowed, valid_from=date(2026, 1, 1)
    )
    shown = text_of(analyst.get("/agency/set-up/"))
    assert ("Its days may begin at midnight in this time zone" in shown) is allowed
    assert ("Its days and months must begin at midnight UTC." in shown) is not allowed
    template = ZipFile(BytesIO(analyst.get("/agency/send/template.xlsx").content))
    assert (b"D: day" in template.read("xl/sharedStrings.xml")) is allowed


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\x89PNG\r\n\x81\x8d"])
def test_file_that_is_no_table_is_refused_in_words_of_files(analyst, content):
    answer = drop(analyst, content)
    assert answer.status_code == 400
    assert "This is neither a workbook (xlsx, ods) nor a table as CSV." in text_of(answer)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_fault_of_a_csv_file_in_another_encoding_than_utf_8_has_its_place(analyst, encoding):
    wrong = rows(("NO", 5)).decode().replace("COUNTRY", "LÄNDER")
    answer = drop(analyst, wrong.encode(encoding))
    assert [place for place, *_ in answer.context["faults"]] == ["D1", "1:1"]
    assert "The column COUNTRY is missing. Add it." in text_of(answer)
    opened = rows(("NO", 5)).decode().replace("NO", '"NÖ')
    assert [place for place, *_ in drop(analyst, opened.encode(encoding)).context["faults"]] == ["Row 2"]


@pytest.mark.parametrize("name", ["numbers.xlsx", "NUMBERS.ODS"])
def test_file_that_is_named_as_a_workbook_and_is_none_is_refused_as_by_the_program(analyst, tmp_path, name):
    answer = drop(analyst, rows(("NO", 5)), name)
    assert answer.status_code == 415
    assert "This is not a workbook that can be read. Save it as .xlsx or .ods" in text_of(answer)
    (tmp_path / name).write_bytes(rows(("NO", 5)))
    with pytest.raises(RefusedError, match="is not a workbook"):
        agency_files.load(tmp_path / name)
    assert drop(analyst, workbook(), name).context["stamp"]


def test_trace_of_a_person_is_refused_and_not_repeated(analyst):
    answer = drop(analyst, rows(("192.0.2.17", 5)))
    assert answer.status_code == 422
    assert "192.0.2.17" not in answer.content.decode()


def test_file_that_is_too_large_is_not_kept(analyst, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 200
    answer = drop(analyst, rows(*[("NO", 5)] * 20))
    assert answer.status_code == 422
    assert "No file came" in text_of(answer)


def test_agency_that_must_sign_cannot_send_from_here(analyst, agency):
    stamp = drop(analyst, rows(("NO", 5))).context["stamp"]
    Agency.objects.update(signature_required=True)
    for more in ({}, {"stamp": stamp}):
        assert "signs what it sends" in text_of(drop(analyst, rows(("NO", 5)), **more))
    assert not Submission.objects.exists()


def test_pages_share_the_limit_of_the_agency(analyst, agency, settings):
    settings.RATES = {**settings.RATES, "RATE_SUBMISSIONS_PER_AGENCY": 1}
    drop(analyst, rows(("NO", 5)))
    answer = drop(analyst, rows(("NO", 5)))
    assert (answer.status_code, bool(answer["Retry-After"])) == (429, True)


def test_dry_run_shows_the_count_that_the_file_replaces(analyst, agency, other):
    """The count of the same agency, frequency and period that is in use; a withdrawn one is none."""
    start = periods.start_of("H", datetime.now(UTC)) - timedelta(hours=2)
    figure(agency, start, 4321, frequency="H")
    figure(agency, start, 777, frequency="D")
    figure(other, start, 98765, frequency="H")
    figure(agency, start - timedelta(hours=1), 0, frequency="H", source="none")
    lines = [rows(("NO", 5), ago=ago) for ago in (2, 3, 4)]
    checked = drop(analyst, b"\n".join([lines[0], *(one.split(b"\n")[1] for one in lines[1:])]))
    assert [total for _, _, total, _ in checked.context["previewed"]] == [4321, None, None]
    assert "In use now Your count" in text_of(checked)
    assert "4,321 5 used" in text_of(checked)
    assert "– 5 used" in text_of(checked)
