"""Checks the stored data after all faults: nothing is lost, doubled, incomplete or invented.

Each function returns the differences in words, or nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from http.client import ACCEPTED, UNPROCESSABLE_ENTITY
from io import StringIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import CommandError, call_command

from federation import worklist
from federation.models.findings import Finding
from federation.models.submissions import IdempotencyKey, Report, Submission
from federation.runs import rebuilding
from p2p_core import codes, periods
from tests.chaos.client import Sender
from tests.chaos.load import Sent
from tests.chaos.telling import Said, desk_again, said, told_again
from tests.oracles.findings import RULES, Reviewer

_SHOWN = 10
#: How many submissions are sent again at the end.
_REPLAYED = 10


def submissions(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """Every one that was answered with 202 is there once, no refused one is, and one without an answer at most once."""
    there = defaultdict(list)
    for row in Submission.objects.values_list("agency_id", "body_digest", "id"):
        there[row[0], bytes(row[1])].append(row[2])
    known = set()
    for one in sent:
        key = agencies[one.planned.agency], one.digest
        known.add(key)
        yield from _one(one, there[key])
    yield from (f"stored, and nobody sent it: {ids}" for key, ids in there.items() if key not in known and ids)


def _one(sent: Sent, ids: Sequence[UUID]) -> Iterator[str]:
    name = f"submission {sent.planned.number} ({sent.planned.kind})"
    told = {UUID(receipt["id"]) for receipt in sent.receipts}
    if sent.planned.kind != "good":
        if told or ids:
            yield f"{name}: to be refused, and stored {len(ids)} times"
        return
    if sent.refusals:
        yield f"{name}: refused: {sent.refusals[0].body[:200].decode()}"
    if len(ids) > 1:
        yield f"{name}: doubled, {len(ids)} times there"
    if told - set(ids):
        yield f"{name}: lost, it was answered with {told} and {ids} is there"
    if len(told) > 1:
        yield f"{name}: answered with more than one id"
    if ids and not told and not sent.may_be_there:
        yield f"{name}: stored, and no answer said so"


def contents(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """Each stored submission is complete: it has exactly the reports and cells that were sent."""
    by_digest = {(agencies[one.planned.agency], one.digest): one for one in sent}
    reports = defaultdict(list)
    for report in Report.objects.select_related("equals").order_by("position"):
        reports[report.submission_id].append(report)
    for submission in Submission.objects.all():
        one = by_digest.get((submission.agency_id, bytes(submission.body_digest)))
        rows = reports.pop(submission.id, [])
        counted = sum(submission.outcomes.values()), submission.report_count, len(rows)
        if len(set(counted)) > 1:
            yield f"half there: {submission.id} has {counted} reports"
        elif one is not None and [said(row) for row in rows] != [_meant(report) for report in one.document["reports"]]:
            yield f"other than sent: {submission.id}"
        elif one is not None and submission.observation_count != one.observations:
            yield f"half there: {submission.id} has {submission.observation_count} observations"
    yield from (f"reports without a submission: {id_}" for id_ in reports)


def _meant(report: Mapping[str, Any]) -> Said:
    cells = {
        (codes.COUNTRIES[cell["country"]], codes.NETWORKS[cell["network"]]): cell["value"]
        for cell in report.get("observations", ())
        if cell["value"]
    }
    period = periods.parse(report["frequency"], report["period"])
    return Said(report["frequency"], period, report.get("status", "A"), report.get("withdrawn", False), cells)


def keys(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """An Idempotency-Key leads to the submission that was answered, and none to another."""
    stored = {
        (agency, bytes(key)): submission
        for agency, key, submission in IdempotencyKey.objects.values_list("agency", "key_digest", "submission")
    }
    for one in sent:
        if one.planned.key is None or not one.accepted:
            continue
        digest = sha256(one.planned.key.encode()).digest()
        if stored.get((agencies[one.planned.agency], digest)) != UUID(one.receipts[0]["id"]):
            yield f"submission {one.planned.number}: its key leads elsewhere"


def replays(sent: Sequence[Sent], senders: Sequence[Sender]) -> Iterator[str]:
    """Sent once more with its key, a submission gets its first answer; another one with that key is refused."""
    keyed = [one for one in sent if one.planned.key is not None and one.accepted]
    for one in keyed[:: max(1, len(keyed) // _REPLAYED)]:
        sender = senders[one.planned.agency]
        again = sender.submit(sender.hosts[0], one.body, one.planned.key)
        if again.status != ACCEPTED or again.json()["id"] != one.receipts[0]["id"]:
            yield f"submission {one.planned.number}: sent again it got {again.reason}, and not its first answer"
        other = sender.submit(sender.hosts[0], one.body + b" ", one.planned.key)
        if other.status != UNPROCESSABLE_ENTITY:
            yield f"submission {one.planned.number}: another one with its key got {other.reason}"


def work() -> Iterator[str]:
    """Nothing waits, nothing was set aside, a rebuild would change nothing, and the audit trail is whole."""
    yield from (f"set aside: {worklist.unpack(one.item)}: {one.reason}" for one in worklist.set_aside())
    yield from (f"differs from the reports: {item}" for item in list(rebuilding.differences())[:_SHOWN])
    out = StringIO()
    try:
        call_command("verify_audit", stdout=out, stderr=out)
    except CommandError as broken:
        yield f"audit trail: {broken} {out.getvalue()[:300]}"


def findings() -> Iterator[str]:
    """The findings are those of the second implementation, and nothing is held."""
    desk = desk_again()
    expected = {(rule, *key) for rule, *key in Reviewer(desk, told_again(), settings.THRESHOLDS).noticed()}
    rows = Finding.objects.filter(resolved=None, rule__in=RULES)
    stored = {(row.rule, row.agency_id, row.indicator_id, row.frequency, row.period) for row in rows}
    yield from (f"finding out of nowhere: {key}" for key in sorted(stored - expected, key=str)[:_SHOWN])
    yield from (f"finding that is missing: {key}" for key in sorted(expected - stored, key=str)[:_SHOWN])
    if held := Report.objects.filter(state__in=("held", "rejected")).count():
        yield f"{held} reports are held"
