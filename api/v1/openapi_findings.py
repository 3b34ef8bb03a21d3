"""The operations on findings in the OpenAPI document, each with an example."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

from api.openapi import Schema, parameter
from api.v1 import documents, forms
from api.v1.openapi_agency import answer, operation
from api.v1.openapi_public import CURSOR, EACH_FREQUENCY
from api.v1.openapi_submissions import FINDING, STORED
from federation.findings import finding_queries
from p2p_core import periods
from p2p_core.payloads.answers import ANSWERS, LONGEST_REMARK
from p2p_core.rules import rulebook

_CONTROL: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff"
ANSWER: Final[Schema] = {
    "type": "object",
    "required": ["answer"],
    "additionalProperties": False,
    "properties": {
        "answer": {
            "enum": list(ANSWERS),
            "description": "; ".join(f"{code}: {meaning}" for code, meaning in ANSWERS.items()),
        },
        "remark": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_REMARK,
            # At least one visible character, and no control characters except tabs and ends of lines.
            "pattern": rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$",
            "description": "For the coordinator. Without any address, hash or e-mail",
        },
    },
}
ANSWER_EXAMPLE: Final = {"answer": "confirmed", "remark": "A campaign began on Monday; four more computers."}

_FINDING: Final[dict[str, Any]] = {
    **FINDING,
    "url": "https://federation.example.org/api/v1/findings/7341/",
    "resolution": None,
    "reason": None,
    "submission": None,
    "pointer": None,
    "held": 1,
    "opened": "2026-11-24T10:16:03.481Z",
    "changed": "2026-11-24T10:16:03.481Z",
    "resolved": None,
}
_HOLD: Final = {
    "period": "2026-11-24T09:00",
    "submission": STORED["url"],
    "pointer": "/reports/0",
    "since": "2026-11-24T10:16:03.481Z",
    "decision": None,
    "decided": None,
    "reason": None,
}
_ANSWERED: Final = {
    **_FINDING,
    "state": "answered",
    "changed": "2026-11-24T11:02:40.007Z",
    "answers": [{"at": "2026-11-24T11:02:40.007Z", **ANSWER_EXAMPLE}],
    "holds": [_HOLD],
}

list_findings: Final = operation(
    "list_findings",
    "The findings about the agency's own numbers, newest first",
    takes=(
        parameter(
            "state",
            f"With commas between: {', '.join(finding_queries.STATES)}",
            example="open,answered",
            form=forms.code_list(finding_queries.STATES),
        ),
        parameter("rule", "Ids with commas between, as in /api/v1/rules/", form=forms.RULES),
        parameter(
            "severity", f"With commas between: {', '.join(rulebook.Severity)}", form=forms.code_list(rulebook.Severity)
        ),
        parameter("indicator", "What is counted", form=forms.INDICATOR),
        parameter(
            "frequency",
            EACH_FREQUENCY,
            among=[str(frequency) for frequency in periods.Frequency],
        ),
        parameter("since", "Opened, extended, answered or resolved at this instant or later", form=forms.INSTANT),
        CURSOR,
    ),
    responses={200: answer(documents.Findings, {"findings": [_FINDING], "next": None}, "A page of findings")},
)

get_finding: Final = operation(
    "get_finding",
    "A finding with its answers and the reports that it held",
    takes=(),
    responses={200: answer(documents.FindingInFull, _ANSWERED, "The finding")},
)

answer_finding: Final = operation(
    "answer_finding",
    "Answer a finding. The newest answer counts, and all are kept",
    takes=(),
    request={"application/json": ANSWER},
    examples=[OpenApiExample("json", value=ANSWER_EXAMPLE, request_only=True, media_type="application/json")],
    responses={200: answer(documents.FindingInFull, _ANSWERED, "The finding in its new state")},
)
