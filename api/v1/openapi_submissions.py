"""What agencies can do with submissions, as the OpenAPI document has it, each operation with an example."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from api import openapi
from api.openapi import Schema, parameter
from api.v1 import documents, forms
from api.v1.openapi_agency import answer, operation
from api.v1.openapi_public import CURSOR
from federation import intake
from p2p_core import flow, periods
from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.payloads import checks
from p2p_core.rules import rulebook

_INDICATOR: Final[Schema] = {
    "type": "string",
    "pattern": forms.INDICATOR,
    "description": "A code from /api/v1/indicators/",
}
_INSTANT: Final[Schema] = {"type": "string", "pattern": forms.INSTANT, "description": "In UTC, with Z"}
_OBSERVATION: Final = openapi.component(
    "SentObservation",
    {
        "type": "object",
        "required": ["country", "network", "value"],
        "additionalProperties": False,
        "properties": {
            "country": {
                "enum": list(COUNTRIES),
                "description": "Where the person was located: ISO 3166-1 alpha-2, XK, or _U if that is not known",
            },
            "network": {"enum": list(NETWORKS), "description": "_U if it is not known"},
            "value": {
                "type": "integer",
                "minimum": 0,
                "maximum": checks.MAX_VALUE,
                "description": "Written without decimal point and exponent",
            },
        },
    },
)
_PERIODS: Final = {
    "N": "A minute that has ended, in UTC: 2026-11-24T10:15",
    "H": "An hour that has ended, in UTC: 2026-11-24T10:00",
    "D": "A day that has ended, in UTC: 2026-11-24",
    "M": "A month that has ended, in UTC: 2026-11",
}
_OBSERVATIONS: Final[Schema] = {
    "type": "array",
    "items": _OBSERVATION,
    "description": "All of them: a cell that is not named is zero. Empty if nothing happened. "
    "No country and network twice",
}


def _report(frequency: str, *, withdrawn: bool) -> Schema:
    """A report at a frequency, or its withdrawal."""
    properties: Schema = {
        "frequency": {"enum": [frequency]},
        "period": {"type": "string", "pattern": forms.reportable_period(frequency), "description": _PERIODS[frequency]},
        "status": {"enum": ["A", "P"], "default": "A", "description": "Final (A) or provisional (P)"},
        "withdrawn": {"type": "boolean", "enum": [withdrawn]},
    }
    if not withdrawn:
        properties["observations"] = _OBSERVATIONS
    return {
        "type": "object",
        "required": ["frequency", "period", "withdrawn" if withdrawn else "observations"],
        "additionalProperties": False,
        "properties": properties,
    }


_REPORT: Final = openapi.component(
    "SentReport",
    {
        "description": "All observations of one period, or its withdrawal. A later report replaces it. "
        "Weeks and years are derived, never sent",
        "oneOf": [
            _report(str(frequency), withdrawn=withdrawn)
            for frequency in periods.REPORTABLE
            for withdrawn in (False, True)
        ],
    },
)
SUBMISSION: Final[Schema] = {
    "type": "object",
    "required": ["indicator", "reports"],
    "additionalProperties": False,
    "properties": {
        "indicator": _INDICATOR,
        "prepared": {
            **_INSTANT,
            "description": "When the numbers were prepared: the latest wins. In UTC, with Z. "
            "The time of receipt if left out, and at most five minutes after it",
        },
        "reports": {
            "type": "array",
            "minItems": 1,
            "items": _REPORT,
            "description": "No frequency and period twice. At most 2,000,000 observations in all",
        },
    },
}
SUBMISSION_EXAMPLE: Final = {
    "indicator": "DOWNLOADS",
    "prepared": "2026-11-24T10:16:02Z",
    "reports": [
        {
            "frequency": "H",
            "period": "2026-11-24T09:00",
            "status": "A",
            "observations": [
                {"country": "NO", "network": "BITTORRENT", "value": 17},
                {"country": "_U", "network": "EDONKEY", "value": 3},
            ],
        },
        {"frequency": "H", "period": "2026-11-24T08:00", "withdrawn": True},
    ],
}
CSV: Final[Schema] = {
    "type": "string",
    "description": (
        "CSV in UTF-8, plain or as SDMX-CSV 1.0, 2.0 and 2.1 have it, with commas or semicolons. The header names "
        "INDICATOR, FREQ, TIME_PERIOD, COUNTRY, NETWORK and OBS_VALUE, and may name OBS_STATUS and ACTION, in any "
        "order. Each row is one observation; the rows of a report may stand anywhere and have one OBS_STATUS. A row "
        "with _T,_T,0 for country, network and value, alone in its report, says that nothing happened. ACTION D, with "
        "these three empty, withdraws a report; with R, I, A and none the rows are the whole report; M is refused. "
        "Rows are read in order. If given, DATAFLOW, or STRUCTURE and STRUCTURE_ID, name P2PEU:P2P(1.0.0), its "
        "structure P2PEU:DSD_P2P(1.0.0) or the agency's own agreement, P2PEU:PA_NO-KRIPOS(1.0.0); CONF_STATUS is "
        "empty or F; COVERAGE, AGENCIES_REPORTING, AGENCIES_EXPECTED, COUNTED_FROM and VALID_FROM are empty; names "
        "(labels) and keys are left out."
    ),
}
SDMX_CSV: Final[Schema] = {
    "type": "string",
    "description": (
        "The same as text/csv. version is 1.0.0, 2.0.0 or 2.1.0, if given; that and the other parameters of the type, "
        "such as labels and keys, change nothing, for the header tells how it is written."
    ),
}
CSV_EXAMPLE: Final = (
    "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE,OBS_STATUS,ACTION\r\n"
    "DOWNLOADS,H,2026-11-24T09:00,NO,BITTORRENT,17,A,\r\n"
    "DOWNLOADS,H,2026-11-24T09:00,_U,EDONKEY,3,A,\r\n"
    "DOWNLOADS,H,2026-11-24T07:00,_T,_T,0,A,\r\n"
    "DOWNLOADS,H,2026-11-24T08:00,,,,,D\r\n"
)
SDMX_CSV_EXAMPLE: Final = (
    "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,INDICATOR,COUNTRY,NETWORK,TIME_PERIOD,OBS_VALUE,OBS_STATUS\r\n"
    "dataflow,P2PEU:P2P(1.0.0),D,H,DOWNLOADS,,,2026-11-24T09:00,,\r\n"
    "dataflow,P2PEU:P2P(1.0.0),R,H,DOWNLOADS,NO,BITTORRENT,2026-11-24T09:00,17,A\r\n"
)

_ID: Final = "0b6c2f0e-8a52-4f0e-9d0c-3f1f6a1c2b7d"
STORED: Final = {
    "id": _ID,
    "url": f"https://federation.example.org/api/v1/submissions/{_ID}/",
    "received": "2026-11-24T10:16:03.481Z",
    "prepared": "2026-11-24T10:16:02Z",
    "report_count": 2,
    "observation_count": 2,
    "outcomes": {"current": 0, "unchanged": 0, "superseded": 0, "held": 1, "withdrawn": 1},
    "signed_by": {
        "keyid": "NO-KRIPOS.34571606cb7a",
        "fingerprint": "34571606cb7a0d71be377e671ddcccae2a169ed7733598214129231cd30c4a3c",
    },
}
_REPORT_NAME: Final = {
    "pointer": "/reports/0",
    "indicator": "DOWNLOADS",
    "frequency": "H",
    "period": "2026-11-24T09:00",
}
_HOUR: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)
_FACTS: Final = {
    "value": 1204,
    "usual": 96.0,
    "deviation": 9.798,
    "distance": 113.08,
    "values": [96, 91, 102, 88, 96, 104, 97, 90],
}
#: A finding about a report.
FINDING: Final = {
    "id": 7341,
    "rule": "R102",
    "name": rulebook.RULES["R102"].name,
    "severity": "warning",
    "level": 2,
    "state": "open",
    "message": rulebook.say("R102", "H", _HOUR, _HOUR, _FACTS),
    "facts": _FACTS,
    **_REPORT_NAME,
    "last_period": "2026-11-24T09:00",
}


def _header(
    name: str, description: str, *, status: Sequence[int] | None = None, form: str | None = None, **more: Any
) -> OpenApiParameter:
    answered = list(status) if status else False
    schema: Schema = {"type": "string", **({"pattern": form} if form else {})}
    return OpenApiParameter(name, schema, OpenApiParameter.HEADER, description=description, response=answered, **more)


submit: Final = operation(
    "submit",
    "Send reports. All of a submission is stored, or nothing of it",
    request={"application/json": SUBMISSION, "text/csv": CSV, flow.SDMX_CSV: SDMX_CSV},
    examples=[
        OpenApiExample("json", value=SUBMISSION_EXAMPLE, request_only=True, media_type="application/json"),
        OpenApiExample("csv", value=CSV_EXAMPLE, request_only=True, media_type="text/csv"),
        OpenApiExample("sdmx", value=SDMX_CSV_EXAMPLE, request_only=True, media_type=flow.SDMX_CSV),
    ],
    takes=(
        parameter("dry_run", "`true` only says what would become of the reports, stores nothing and answers 200",
                  example="true", among=("true", "false")),
        parameter("prepared", "With CSV: what `prepared` is in JSON", form=forms.INSTANT),
        _header("Idempotency-Key",
                f"1 to 255 printable ASCII characters, kept for {intake.KEY_LIFE.days} days: the same body with the "
                "same key is stored once and gets the first answer; another body is refused",
                form=forms.IDEMPOTENCY_KEY),
        _header("Content-Encoding", "`gzip` (or `x-gzip`) if the body is packed, `identity` or nothing if it is not",
                form="^(gzip|x-gzip|identity)?$"),
        _header("Signature-Input", "What a signature covers, and by which key (RFC 9421): `@method`, `@path`, `@query` "
                "if there is one, and each of these headers that is sent, content-type and content-digest at least; "
                "with `created` and `keyid`"),
        _header("Signature", "The Ed25519 signature over that, under the same label. Agencies for which it is required "
                "send it with each submission"),
        _header("Content-Digest", "With a signature: the `sha-256` or `sha-512` of the body as it is sent (RFC 9530)"),
        _header("Location", "Where to read what became of the reports", status=[202]),
        _header("Idempotent-Replayed", "`true` if this is the answer to an earlier request", status=[202]),
    ),
    responses={
        202: answer(documents.ReceiptDocument, {**STORED, "findings": [FINDING]}, "The submission is stored"),
        200: answer(
            documents.PreviewDocument,
            {
                "dry_run": True,
                **{name: value for name, value in STORED.items() if name not in {"id", "url", "signed_by"}},
                "preview": [{**_REPORT_NAME, "outcome": "held"}],
                "findings": [{**FINDING, "id": None}],
                "truncated": False,
            },
            "What would become of the reports, and all findings about them. Nothing is stored",
        ),
    },
)  # fmt: skip

list_submissions: Final = operation(
    "list_submissions",
    "Own submissions, newest first",
    takes=(
        parameter("since", "Received at this instant or later", example="2026-11-01T00:00:00Z", form=forms.INSTANT),
        parameter("before", "Received before this instant", form=forms.INSTANT),
        CURSOR,
    ),
    responses={200: answer(documents.Submissions, {"submissions": [STORED], "next": None}, "A page of submissions")},
)

get_submission: Final = operation(
    "get_submission",
    "What became of a submission's reports, at receipt and since, and the findings about them",
    takes=(CURSOR,),
    responses={
        200: answer(
            documents.SubmissionWithReports,
            {
                **STORED,
                "reports": [
                    {
                        **_REPORT_NAME,
                        "status": "A",
                        "withdrawn": False,
                        "total": 1204,
                        "outcome": "held",
                        "state": "held",
                    }
                ],
                "findings": [FINDING],
                "next": None,
            },
            "The submission and a page of its reports",
        )
    },
)
