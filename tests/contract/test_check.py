"""`p2p-agency check` and the federation say the same of any file: codes, places, findings.

The federation says it of JSON and CSV in its dry run, and of workbooks on its page for files.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from random import Random
from typing import Any, NamedTuple

import pytest
import xlsxwriter
from rest_framework.test import APIRequestFactory, force_authenticate

from api.agency import send
from api.agency.send import SHOWN
from api.agency.templatetags.findings import sentence
from api.auth import Caller
from api.v1.submissions import SubmissionsView
from federation.database import clock
from p2p_agency.check import check
from p2p_agency.files import Context
from p2p_core import periods
from p2p_core.codes import COUNTRY_CODES, NETWORK_CODES
from p2p_core.payloads import checks
from p2p_core.payloads.csv_header import REQUIRED
from p2p_core.payloads.faults import LISTED, BrokenRuleError, Fault
from p2p_core.scopes import SUBMIT
from p2p_core.workbooks import files, sentences, values
from p2p_core.workbooks.scan import letters
from p2p_core.workbooks.values import Clock
from tests.contract.agency.conftest import account, drop
from tests.factories import AgencyFactory, IndicatorFactory
from tests.fuzz import bodies, documents, edits, series
from tests.fuzz.documents import AGENCY, INDICATORS, NOW
from tests.fuzz.judging import expect
from tests.second_factor import signed_in

pytestmark = pytest.mark.django_db

MEDIA = {"json": "application/json", "csv": "text/csv"}
#: Neither XML nor a cell can have these.
UNWRITABLE = re.compile(r"[\x00-\x1f\ud800-\udfff]|.{32000}", re.DOTALL)
HOUR = re.compile(r"2\d{3}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d", re.ASCII)
FOUND = (
    "rule",
    "name",
    "severity",
    "level",
    "message",
    "facts",
    "pointer",
    "indicator",
    "frequency",
    "period",
    "last_period",
)
CODES = {number: code for code, number in INDICATORS.items()}
KNOWN = Context(INDICATORS, AGENCY, Clock())


class Federation(NamedTuple):
    """The dry run, which takes a body and its kind, and the page for files, which takes a workbook."""

    dry_run: Callable[[bytes | str, str], tuple[int, Any]]
    page: Callable[[bytes], Any]


@pytest.fixture
def federation(db, client, monkeypatch, settings):
    """It has no reports, and its time stands still."""
    monkeypatch.setattr(clock, "agreed", lambda: NOW)
    settings.RATES = {**settings.RATES, "RATE_SUBMISSIONS_PER_AGENCY": 1_000_000}
    # Counting requests and looking tokens up would take most of the time.
    monkeypatch.setattr(SubmissionsView, "throttle_classes", ())
    for number, code in enumerate(INDICATORS, 1):
        IndicatorFactory.create(code=code, number=number)
    agency = AgencyFactory.create(code=AGENCY)
    caller = Caller("a test", agency, frozenset([SUBMIT]))
    analyst = signed_in(client, account(agency, "ada").user)
    view, requests = SubmissionsView.as_view(), APIRequestFactory()

    def ask(body, media):
        request = requests.generic("POST", "/api/v1/submissions/?dry_run=true", body, MEDIA[media])
        force_authenticate(request, caller, caller)
        answer = view(request)
        return answer.status_code, json.loads(answer.render().content if hasattr(answer, "render") else answer.content)

    return Federation(ask, lambda content: drop(analyst, content).context)


def same_verdict(document, status, answer):
    """Compare the verdict of a file with the answer to it."""
    expect(document["accepted"] == (status == 200), f"{document} by check, {status} {answer} by the federation")
    if status == 200:
        same_findings(document, answer)
        return
    expect((document["code"], document["status"]) == (answer["code"], status), f"{document['code']}, {answer['code']}")
    ours, theirs = ([(one["pointer"], one["code"]) for one in each.get("errors", [])] for each in (document, answer))
    # A workbook has more of its faults listed.
    expect(ours[:LISTED] == theirs, f"{ours} by check, {theirs} by the federation")
    expect(document["error_count"] == answer.get("error_count", 0), "another number of faults")


def same_findings(document, answer):
    for name in ("report_count", "observation_count"):
        expect(document[name] == answer[name], name)
    for ours, theirs in zip(document["preview"], answer["preview"], strict=True):
        expect(all(ours[name] == theirs[name] for name in ("pointer", "indicator", "frequency", "period")), "a report")
    ours, theirs = ([{name: one[name] for name in FOUND} for one in each["findings"]] for each in (document, answer))
    expect(json.loads(json.dumps(ours)) == theirs, f"{ours} by check, {theirs} by the federation")


def same_on_page(document, shown):
    """Compare the verdict of a workbook with the page that came back. The page shows words and no codes."""
    expect(document["accepted"] == bool(shown.get("stamp")), f"{document} by check, {shown.get('refused')} on the page")
    if document["accepted"]:
        expect((document["report_count"], document["notes"]) == (shown["reports"], [*shown["notes"]]), "reports, notes")
        # The federation also compares with others, of which there are none here.
        known = {one["message"] for one in document["findings"][:SHOWN]}
        told = {sentence(one) for one in shown["findings"]}
        expect(known <= told or len(shown["findings"]) == SHOWN, f"{known}, {told}")
        return
    faults = [in_words(one) for one in document["errors"]]
    expect(faults[:LISTED] == shown["faults"], f"{faults} by check, {shown['faults']} on the page")
    expect(len(shown["faults"]) + shown["unlisted"] == document["error_count"], "another number of faults")
    if not faults:
        expect(document["detail"] == shown["refused"], f"{document['detail']}, {shown['refused']}")


def in_words(one):
    """A fault with its place as spreadsheets write it: sheet, column and row. CSV in the form of the API has none."""
    if "row" not in one:
        return send.fault_in_words(Fault(one["pointer"], one["code"], one["detail"]), one.get("earlier_row"))
    cell = f"{one['column']}{one['row']}" if one["column"] else f"{one['row']}:{one['row']}"
    place = "!".join(part for part in (one["sheet"], cell if one["row"] else "") if part)
    # The program names its command, and the page its link.
    detail = one["detail"].replace(
        "a template (p2p-agency template).", "a template: choose “Download an empty template” below."
    )
    return place, sentences.title(one["code"]), detail


# --- the cases -------------------------------------------------------------------------------------------------------


#: So many cases have long series, in which the rules find something.
_SERIES = 0.1


def table_of(rng):
    """A table with names of columns, nearly always with something wrong."""
    if rng.random() < _SERIES:
        return documents.csv_table(rng, "DOWNLOADS", series.reports(rng))
    return documents.csv_table(rng, rng.choice(tuple(INDICATORS)), documents.reports(rng))


def json_case(rng, federation):
    if rng.random() >= _SERIES:
        return body_case(bodies.make_json(rng), federation.dry_run)
    tokens = documents.json_tokens(rng, "DOWNLOADS", series.reports(rng), None)
    return body_case("".join(tokens).encode(), federation.dry_run)


def csv_case(rng, federation):
    if rng.random() >= _SERIES:
        return body_case(bodies.make_csv(rng), federation.dry_run)
    table = documents.csv_table(rng, "DOWNLOADS", series.reports(rng))
    return body_case(documents.csv_text(rng, documents.rearranged(rng, table, AGENCY)).encode(), federation.dry_run)


def body_case(body, dry_run):
    """A file that a program wrote. If something in it is of a spreadsheet, what it becomes is sent."""
    document = check(body, KNOWN, NOW)[0]
    kind = files.kind_of(body)
    status, answer = dry_run(body, "csv" if kind == "workbook" else kind)
    if document["accepted"] and document["kind"] == "workbook":
        expect(status != 200, "a file of the API was read as one of a spreadsheet")
        return "adapted", adapted(body, document, dry_run)
    if not document["accepted"] and any("row" in one for one in document["errors"]):
        expect(status != 200, "refused, and the federation accepts it")
        ours, theirs = ({one["pointer"] for one in each.get("errors", [])} for each in (document, answer))
        if answer["code"] == "invalid_payload" and all(pointer.startswith("/rows/") for pointer in theirs):
            # A row that is no report, such as a total, is one fault. The API finds the others in the same cells.
            cells = {pointer for pointer in ours if pointer.count("/") > 2}
            expect(cells <= theirs, f"{ours} by check, {theirs} by the federation")
        return "of a spreadsheet", None
    ours, theirs = ([one["pointer"] for one in each.get("errors", [])] for each in (document, answer))
    is_quote = document.get("code") == "not_csv" and ours != theirs
    if is_quote and status != 200 and all(pointer.startswith("/header") for pointer in theirs):
        # A quote is not closed. The API has read no row, because of the encoding or the header.
        is_below = ours[0].startswith("/rows/") or answer["code"] in files._OF_ENCODINGS
        expect(is_below, f"{ours} by check, {theirs} by the federation")
        return "of a spreadsheet", None
    same_verdict(document, status, answer)
    return document.get("code", "accepted"), document


def adapted(body, document, dry_run):
    """Send the reports of a file that needs to be rewritten, and compare what is found in them."""
    reports = files.read(body, received=NOW, **KNOWN._asdict())[1].submission.reports
    if len({report.indicator for report in reports}) == 1:
        sent = {"indicator": CODES[reports[0].indicator], "reports": [*map(written, reports)]}
        status, answer = dry_run(json.dumps(sent), "json")
        expect(status == 200, answer)
        same_findings(document | {"observation_count": answer["observation_count"]}, answer)


def written(report):
    head = {
        "frequency": report.frequency,
        "period": periods.label(report.frequency, report.period),
        "status": report.status,
    }
    if report.withdrawn:
        return head | {"withdrawn": True}
    cells = zip(report.countries.tolist(), report.networks.tolist(), report.values.tolist(), strict=True)
    return head | {
        "observations": [
            {"country": COUNTRY_CODES[country], "network": NETWORK_CODES[network], "value": value}
            for country, network, value in cells
        ]
    }


def workbook_case(rng, federation):
    """A workbook. For some, also the same table as CSV: if no cell is adapted, both have the same faults."""
    table = table_of(rng)
    for _ in range(bodies.how_broken(rng)):
        table = edits.cells(rng, table)
    table = [table[0], *(row for row in table[1:] if row)]
    top, left = rng.choice(((0, 0), (0, 0), (3, 2)))
    if any(map(UNWRITABLE.search, (text for row in table for text in row))):
        return "not written", None
    content = book_of(rng, table, top, left)
    is_broken, has_twin = rng.random() < 0.15, rng.random() < 0.25
    content = edits.octets(rng, content) if is_broken else content
    document = check(content, KNOWN, NOW)[0]
    same_on_page(document, federation.page(content))
    if is_broken or not has_twin or is_adapted(table):
        return document.get("code", "accepted"), document
    status, answer = federation.dry_run(documents.csv_text(Random(0), table), "csv")
    for one in answer.get("errors", []):
        one["pointer"] = cell_of(one["pointer"], table[0], top, left)
    same_verdict(document, status, answer)
    return document.get("code", "accepted"), document


def book_of(rng, table, top, left):
    """The table as a workbook: counts and times as texts, or as what a spreadsheet makes of them."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet("Reports")
        for at, row in enumerate(table):
            texts = dict(zip(table[0], row, strict=False)) if at else {}
            for column, text in enumerate(row):
                name = table[0][column] if column < len(table[0]) and rng.random() < 0.6 else ""
                if name == "OBS_VALUE" and re.fullmatch(r"0|[1-9]\d{0,10}", text, re.ASCII):
                    sheet.write_number(top + at, left + column, int(text))
                elif name == "TIME_PERIOD" and HOUR.fullmatch(text) and texts.get("FREQ") in ("N", "H"):
                    sheet.write_datetime(top + at, left + column, datetime.fromisoformat(text))
                else:
                    sheet.write_string(top + at, left + column, text)
    return content.getvalue()


def is_adapted(table):
    """Whether a spreadsheet may have something that CSV may not, or the other way round."""
    header, *rows = table
    if (
        len({*map(len, table)}) > 1
        or len({*header} & {*REQUIRED}) < 3
        or any(name != name.strip().upper() for name in header)
    ):
        return True
    if "" in header or any(": " in name for name in header):
        return True
    return any(_is_adapted_row(at, dict(zip(header, row, strict=True))) for at, row in enumerate(rows))


def _is_adapted_row(at, texts):
    period, value = texts.get("TIME_PERIOD", ""), texts.get("OBS_VALUE", "")
    second_header = not at and period and value and not re.search(r"\d", period + value)
    second_header = second_header or period == "TIME_PERIOD"
    if not any(texts.values()) or second_header or (value and not period and not texts.get("FREQ")):
        return True
    frequency = texts.get("FREQ", "")
    same = of_csv(checks.written_value, value) == of_csv(checks.written_value, values.count(value).text)
    if frequency in periods.REPORTABLE:
        read = values.period(period, frequency, Clock()).text
        same &= of_csv(checks.period, period, frequency, NOW) == of_csv(checks.period, read, frequency, NOW)
    return not same or any(text != text.strip() or ": " in text for text in texts.values())


def of_csv(rule, text, *known):
    try:
        return rule(text, *known)
    except BrokenRuleError as broken:
        return broken.code


def cell_of(pointer, header, top, left):
    """The cell that a pointer into CSV means."""
    _, kind, number, name = (*pointer.split("/"), "", "", "")[:4]
    if kind == "header":
        column = letters(left + int(number)) if number.isdigit() else ""
        row = top + 1
    else:
        column = letters(left + header.index(name)) if name in header else ""
        row = top + 2 + int(number) if number else top + 1
    return f"Reports!{column}{row}" if column else f"Reports!{row}:{row}"


CASES = {"json": json_case, "csv": csv_case, "workbook": workbook_case}


def judge(federation, seed, numbers):
    """Judge cases, and count what became of them."""
    told = Counter()
    for number in numbers:
        kind = tuple(CASES)[number % 3]
        try:
            word, document = CASES[kind](Random(f"{seed} {kind} {number}"), federation)
        except Exception as error:
            error.add_note(f"case {seed} {kind} {number}")
            raise
        told[kind, word] += 1
        told.update(("finding", one["rule"]) for one in (document or {}).get("findings", []))
    return told


@pytest.mark.verify
def test_check_says_what_the_federation_says(federation):
    told = judge(federation, 1, range(90))
    assert {("json", "accepted"), ("csv", "invalid_payload"), ("workbook", "invalid_payload")} <= set(told)


@pytest.mark.verify
@pytest.mark.parametrize("seed", range(4))
def test_check_says_what_the_federation_says_of_ten_thousand_files(federation, seed):
    """In four parts, which two cores share."""
    told = judge(federation, seed, range(2500))
    assert {("finding", rule) for rule in ("R101", "R102", "R104", "R105")} <= set(told)
    assert {(kind, word) for kind in CASES for word in ("accepted", "invalid_payload")} <= set(told)
    assert ("csv", "adapted") in told
