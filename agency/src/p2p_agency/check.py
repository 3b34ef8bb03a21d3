"""The verdict of `p2p-agency check`: what a dry run of the federation would say about a file, as far as it can.

The faults are the same as those of the federation, because the same code reads the file. The verdict has only the
findings that need no earlier reports and no other agency.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from p2p_agency import explanations, files, large_csv
from p2p_agency.files import Context
from p2p_agency.words import amount
from p2p_core import periods, verdict
from p2p_core.payloads.faults import Fault, PayloadError
from p2p_core.payloads.payload_codes import EXPLAINED, PAYLOAD_CODES
from p2p_core.rules.rulebook import RULES
from p2p_core.workbooks import sentences
from p2p_core.workbooks.reading import CellFault, Place, Reading, WorkbookError, in_table

Document = dict[str, Any]


def check(content: bytes, known: Context, now: datetime, address: str = "") -> tuple[Document, PayloadError | None]:
    """The verdict about a file, and why it is refused. Its members have the names of the federation's answers.

    ``address`` is that of the federation, whose site explains the faults.
    """
    try:
        return accepted(*files.find(content, known, now), known.indicators), None
    except PayloadError as refusal:
        return refused(refusal, address), refusal


def accepted(kind: str, found: Reading, indicators: Mapping[str, int]) -> Document:
    """The verdict about a file without faults."""
    codes = {number: code for code, number in indicators.items()}
    reports = found.submission.reports
    places = [str(place) for place in found.places] or [""] * len(reports)
    return {
        "accepted": True,
        "kind": kind,
        "report_count": len(reports),
        "observation_count": found.submission.observations,
        "preview": [
            {
                "pointer": f"/reports/{position}",
                "place": place,
                "indicator": codes[report.indicator],
                "frequency": report.frequency,
                "period": periods.label(report.frequency, report.period),
                "total": report.total,
            }
            for position, (report, place) in enumerate(zip(reports, places, strict=True))
        ],
        "findings": [
            {
                "rule": one.rule,
                "name": RULES[one.rule].name,
                "severity": RULES[one.rule].severity.value,
                "level": RULES[one.rule].level,
                "message": one.message(),
                "facts": one.facts,
                "pointer": f"/reports/{one.position}",
                "place": places[one.position],
                "indicator": codes[one.indicator],
                "frequency": one.frequency,
                "period": periods.label(one.frequency, one.period),
                "last_period": periods.label(one.frequency, one.last_period),
            }
            for one in verdict.findings(reports)
        ],
        "notes": list(found.notes),
    }


def refused(error: PayloadError, address: str = "") -> Document:
    """The verdict about a file with faults."""
    code = PAYLOAD_CODES[error.code]
    document: Document = {
        "accepted": False,
        "type": f"{address}{EXPLAINED}#{error.code}",
        "code": error.code,
        "title": code.title,
        "status": code.status,
        "detail": error.detail or code.advice,
        "errors": [fault.document() for fault in error.faults],
        "error_count": error.fault_count,
    }
    if isinstance(error, WorkbookError):
        for fault, cell in zip(document["errors"], error.cells, strict=True):
            place = cell.place
            fault |= {"title": sentences.title(cell.code), "detail": cell.detail}
            fault |= {"sheet": place.sheet, "row": place.row, "column": place.column}
        return document
    for fault in document["errors"]:
        if fault["pointer"] in error.earlier:
            fault["earlier_row"] = error.earlier[fault["pointer"]]
    return document


def write_marked(file: Path, content: bytes, refusal: PayloadError | None) -> str:
    """Write the workbook in which the faulty cells are coloured, if there are any. Returns what became of it."""
    from p2p_core.workbooks import writing

    if refusal is None:
        return f"{files.shown(file)} was not written, because the file has no faults."
    if not writing.has_wrong_cells(refusal):
        return (
            f"{files.shown(file)} was not written, because there is no faulty cell to colour in it. "
            "The text above says what is wrong, and where."
        )
    try:
        coloured = writing.refused(content, refusal)
    except PayloadError as unopened:
        # A large CSV file is checked in parts. It cannot always be opened, or written, as a whole.
        if unopened.code in {*large_csv.TOO_MUCH, "body_too_large"}:
            reason = "the file is too large for a workbook. Divide it, and check each part."
        else:
            reason = "a later part of the file cannot be read. Correct the faults above, and check the file again."
        return f"{files.shown(file)} was not written, because {reason}"
    files.write_new(file, coloured)
    return f"{files.shown(file)} has the coloured cells."


def lines(document: Document) -> Iterator[str]:
    """Yield the verdict in words. Names of sheets come from the file, and may have any characters."""
    return map(files.shown, _lines(document))


def _lines(document: Document) -> Iterator[str]:
    if document["accepted"]:
        yield from _lines_of_accepted(document)
        return
    yield from _lines_of_refused(document)
    yield from explanations.links(document)


def _lines_of_refused(document: Document) -> Iterator[str]:
    if not document["errors"]:
        yield f"Refused: {document['title']}. {document['detail']} [{document['code']}]"
        return
    yield f"Refused: {amount(document['error_count'], 'fault')}. Nothing is stored."
    if document["code"] == "invalid_payload" and document["detail"] != PAYLOAD_CODES["invalid_payload"].advice:
        yield f"  {document['detail']}"
    for fault in document["errors"]:
        yield f"  {_told(fault)} [{fault['code']}]"
    if document["error_count"] > len(document["errors"]):
        yield f"  And {amount(document['error_count'] - len(document['errors']), 'more fault')}."


def _lines_of_accepted(document: Document) -> Iterator[str]:
    reports = amount(document["report_count"], "report")
    yield f"No faults: {reports}, {amount(document['observation_count'], 'observation')}. The periods in UTC:"
    spans: dict[tuple[str, str], list[str]] = {}
    for report in document["preview"]:
        spans.setdefault((report["indicator"], report["frequency"]), []).append(report["period"])
    for (indicator, frequency), some in spans.items():
        yield f"  {indicator} {frequency}: {len(some):,}, from {min(some)} to {max(some)}"
    for note in document["notes"]:
        yield f"  {note}"
    for one in document["findings"]:
        yield f"  {one['place'] or one['indicator']}: {one['message']} {RULES[one['rule']].advice} [{one['rule']}]"
    yield (
        "The federation also compares the counts with your earlier reports and with other agencies. "
        "To see the result, run: p2p-agency send --dry-run FILE"
    )


def _told(fault: Document) -> str:
    """The place of a fault, what is wrong, and how to fix it: in words of a spreadsheet if the file is a table."""
    code = fault["code"]
    if "row" in fault:
        found: CellFault | None = CellFault(Place(fault["sheet"], fault["row"], fault["column"]), code, fault["detail"])
    else:
        found = in_table(Fault(fault["pointer"], code, fault["detail"]), fault.get("earlier_row"))
    if found is None:
        return f"{fault['pointer'] or '/'}: {PAYLOAD_CODES[code].title}. {fault['detail']}"
    where = ", ".join(f"{name} {value}" for name, value in found.place._asdict().items() if value) or "The file"
    return f"{where}: {sentences.title(code)}. {found.detail}"
