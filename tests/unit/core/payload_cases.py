"""What the tests of payloads share: a moment, an indicator, and ways to read that can be compared."""

from datetime import UTC, datetime

from p2p_core.payloads import csv_walk, json_walk, submissions
from p2p_core.payloads.draft import Draft
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewSubmission

AGENCY = "NO-KRIPOS"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
INDICATORS = {"DOWNLOADS": 1, "HELP_VISITS": 2}
COLUMNS = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"
STATUS_ACTION = COLUMNS + ",OBS_STATUS,ACTION"
#: The first cells of a row.
NINE = "DOWNLOADS,H,2026-11-24T09:00"


def csv_body(*rows, columns=COLUMNS, end="\n"):
    return end.join([columns, *rows, ""]).encode()


def read_json(body):
    return submissions.read(bytearray(body), "json", received=NOW, indicators=INDICATORS, agency=AGENCY)


def read_csv(body):
    return submissions.read(bytearray(body), "csv", received=NOW, indicators=INDICATORS, agency=AGENCY)


def walk_json(body):
    draft = Draft(received=NOW, indicators=INDICATORS, agency=AGENCY)
    envelope = json_walk.walk_envelope(body, draft)
    for position, raw in enumerate(envelope.reports):
        json_walk.walk_report(raw, f"/reports/{position}", envelope.indicator, draft)
    return NewSubmission(draft.reports(), draft.observations, envelope.prepared, NOW, "json", b"")


def walk_csv(body):
    draft = Draft(received=NOW, indicators=INDICATORS, agency=AGENCY)
    csv_walk.walk(body, draft)
    return NewSubmission(draft.reports(), draft.observations, NOW, NOW, "csv", b"")


def outcome(read, body):
    """Return all that came of reading a body, in a form that can be compared."""
    try:
        payload = read(body)
    except PayloadError as problem:
        return problem.code, problem.fault_count, problem.faults
    return payload.prepared, payload.observations, [plain(report) for report in payload.reports]


def plain(report):
    cells = zip(report.countries.tolist(), report.networks.tolist(), report.values.tolist(), strict=True)
    return report.indicator, report.frequency, report.period, report.status, report.withdrawn, list(cells)


def faults(read, body):
    """Return the code of the refusal and its faults as (pointer, code)."""
    try:
        read(body)
    except PayloadError as problem:
        return problem.code, [fault[:2] for fault in problem.faults]
    return None, []
