"""The documents of findings: with the reports of a submission, in a list, and in full."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from api.v1 import documents
from countries.reference import Reference
from federation.findings import finding_queries
from federation.findings.finding_queries import FindingRow, ReportFinding
from p2p_core import periods
from p2p_core.rules import rulebook

#: How many answers and held reports a finding shows at most.
ANSWERS: Final = 100
HOLDS: Final = 1000


def pointer(position: int) -> str:
    """The JSON pointer of a report in the body, if that was JSON."""
    return f"/reports/{position}"


def submission_address(request: HttpRequest, id: UUID) -> str:  # noqa: A002
    return request.build_absolute_uri(reverse("v1:submission", args=[id]))


def about_reports(found: Iterable[ReportFinding]) -> list[documents.ReportFindingDocument]:
    codes = Reference.current().indicator_codes
    return [
        documents.ReportFindingDocument(
            id=one.id,
            **_rule(one.rule),
            state=one.state,
            message=rulebook.say(one.rule, one.frequency, one.period, one.last_period, one.facts),
            facts=one.facts,
            pointer=pointer(one.position),
            indicator=codes[one.indicator],
            **_periods(one),
        )
        for one in found
    ]


def finding_list(request: HttpRequest, rows: Iterable[FindingRow]) -> list[documents.FindingDocument]:
    codes = Reference.current().indicator_codes
    return [documents.FindingDocument(**_members(request, row, codes)) for row in rows]


def in_full(request: HttpRequest, row: FindingRow) -> documents.FindingInFull:
    given = finding_queries.answers(finding=row.id, limit=ANSWERS)
    held = finding_queries.holds(finding=row.id, limit=HOLDS)
    return documents.FindingInFull(
        **_members(request, row, Reference.current().indicator_codes),
        answers=[documents.FindingAnswer(one.at, one.answer, one.remark or None) for one in given],
        holds=[
            documents.HeldReport(
                period=periods.label(row.frequency, one.period),
                submission=submission_address(request, one.report.submission),
                pointer=pointer(one.report.position),
                since=one.since,
                decision=one.decision or None,
                decided=one.decided,
                reason=one.reason or None,
            )
            for one in held
        ],
    )


def _members(request: HttpRequest, row: FindingRow, codes: dict[int, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "url": request.build_absolute_uri(reverse("v1:finding", args=[row.id])),
        **_rule(row.rule),
        "state": row.state,
        "resolution": row.resolution or None,
        "reason": row.reason or None,
        "message": row.message,
        "facts": row.facts,
        "indicator": codes[row.indicator],
        **_periods(row),
        "submission": submission_address(request, row.report.submission) if row.report else None,
        "pointer": pointer(row.report.position) if row.report else None,
        "held": row.held,
        "opened": row.opened,
        "changed": row.changed,
        "resolved": row.resolved,
    }


def _rule(id: str) -> dict[str, Any]:  # noqa: A002
    rule = rulebook.RULES[id]
    return {"rule": id, "name": rule.name, "severity": str(rule.severity), "level": rule.level}


def _periods(found: ReportFinding | FindingRow) -> dict[str, Any]:
    return {
        "frequency": found.frequency,
        "period": periods.label(found.frequency, found.period),
        "last_period": periods.label(found.frequency, found.last_period),
    }
