"""Results of submissions as lines of plain text, for a terminal or for the file with the result."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from p2p_agency import check, explanations, files
from p2p_agency.client import ProblemError
from p2p_agency.errors import AgencyError
from p2p_agency.outbox import Entry, Outbox
from p2p_agency.words import amount
from p2p_core.payloads.faults import PayloadError

_OUTCOMES: Final = {
    "current": "put into use",
    "unchanged": "the same as before",
    "superseded": "not used, because a report prepared later is in use. To use yours, save and send the file again",
    "held": "held until a coordinator has decided",
    "withdrawn": "withdrawn: no earlier report for the period is used or held any more",
}
SENT_BEFORE: Final = (
    "This was sent before, so nothing was sent now. To send it again, as your newest report, use --again.\n"
    "The result was:"
)
NOT_IN_USE: Final = (
    "No report of this frequency is in use for these periods. If the numbers are sums of shorter periods, withdraw the "
    "reports for the shorter periods. If you sent the reports just now, try again in a minute. If a report is held, "
    "this command cannot withdraw it: send a row for its period with D in the column ACTION, or let your coordinator "
    "decide about it."
)
NOT_NEWEST: Final = (
    "Not all of this was done: for some periods, a report that was prepared later stays in use. Another program of "
    "your agency may send reports for these periods. Run the same command again."
)


class _Report(msgspec.Struct):
    period: str


class _Submission(msgspec.Struct):
    """The members of a submission that say what it is about."""

    indicator: str
    reports: list[_Report]


def of_entries(stored: Sequence[Entry]) -> list[str]:
    """The results of the submissions of a file."""
    accepted = [one.answer for one in stored if one.state == "accepted"]
    waiting = sum(one.state == "waiting" for one in stored)
    lines = list(of_receipts("Accepted", accepted)) if accepted else []
    for one in stored:
        if one.state == "refused":
            lines += of_problem(one.answer)
    if waiting:
        lines.append(f"In the outbox: {waiting} of {amount(len(stored), 'submission')}.")
    return lines


def of_outbox(outbox: Outbox) -> Iterator[str]:
    """Yield how many submissions are in each state, and those that wait or were refused."""
    counts = outbox.count()
    for state in ("accepted", "waiting", "refused"):
        yield f"{state}: {counts.get(state, 0)}"
    for one in outbox.in_state("waiting", "refused"):
        body = outbox.body(one.key)
        if not body:
            continue
        added = time.strftime("%Y-%m-%d %H:%M", time.gmtime(one.added))
        # Attempts that failed because the federation was away are not counted, so 0 would be wrong.
        failed = f", {amount(one.failures, 'failed attempt')}" if one.failures else ""
        yield f"{one.state} since {added} UTC{failed}: {_reports_in(body)} [{one.key[:12]}]"
        if one.state == "refused":
            yield from of_problem(one.answer)


def _reports_in(body: bytes) -> str:
    """The indicator of a submission, how many reports it has, and for which periods."""
    document = msgspec.json.decode(body, type=_Submission)
    labels = [report.period for report in document.reports]
    first, last = min(labels), max(labels)
    span = f"for {first}" if first == last else f"from {first} to {last}"
    return f"{document.indicator}, {amount(len(labels), 'report')} {span}"


def of_receipts(head: str, answers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield how many reports became what, and what the rules found."""
    total = sum(answer["report_count"] for answer in answers)
    yield f"{head}: {amount(total, 'report')}."
    for outcome, words in _OUTCOMES.items():
        count = sum(answer["outcomes"].get(outcome, 0) for answer in answers)
        if count:
            yield f"  {count:>7,} {words}"
    for finding in (finding for answer in answers for finding in answer["findings"]):
        yield of_finding(finding)


def of_finding(finding: Mapping[str, Any]) -> str:
    number = "" if finding["id"] is None else f" {finding['id']}"
    return f"  Finding{number} ({finding['rule']}, {finding['state']}): {finding['message']}"


def of_problem(problem: Mapping[str, Any]) -> list[str]:
    """The problem with which the federation refused a submission."""
    head = f"Refused: {problem['title']} [{problem['code']}]. {problem.get('detail', '')}"
    return [head, *_errors(problem), *explanations.links(problem)]


def of_error(error: AgencyError) -> list[str]:
    """Why a command failed. If the federation refused a request, with each fault and the addresses that explain it."""
    if not isinstance(error, ProblemError):
        return [str(error)]
    return [str(error), *_errors(error.document), *explanations.links(error.document)]


def _errors(problem: Mapping[str, Any]) -> list[str]:
    faults = problem.get("errors", [])
    lines = [f"  {fault['pointer'] or '/'}: {_sentences(fault)} [{fault['code']}]" for fault in faults]
    others = problem.get("error_count", 0) - len(faults)
    return [*lines, f"  and {amount(others, 'more fault')}"] if others > 0 else lines


def _sentences(fault: Mapping[str, Any]) -> str:
    """What is wrong, and how to fix it. Older federations say only the second."""
    return f"{fault['title']}. {fault['detail']}" if "title" in fault else str(fault["detail"])


def of_faults(error: PayloadError, path: Path, address: str) -> list[str]:
    """The faults of a file, which was not sent because of them. ``address`` is that of the federation."""
    return of_file(path, [*check.lines(check.refused(error, address))])


def of_file(path: Path, lines: Sequence[str]) -> list[str]:
    """Lines that begin with the file that they are about."""
    return [f"{files.shown(path)}: {lines[0]}", *lines[1:]]
