"""Tells schemathesis what no schema can say: which values of the right form exist.

Each rule here is listed with its reason in docs/reference/fuzzing.md. It changes only what was drawn as valid; what was
drawn as invalid goes out as it is.
"""

import gzip
import json
import os
from collections.abc import Callable
from random import Random
from typing import Any
from uuid import uuid4

import schemathesis

from p2p_core.traces import is_trace
from tests.fuzz import documents

_ROLE = os.environ.get("FUZZ_ROLE", "nobody")
_FINDING = os.environ.get("FUZZ_FINDING", "1")
_EFFECT = os.environ.get("FUZZ_EFFECT", "1")
_SUBMISSION = os.environ.get("FUZZ_SUBMISSION", "")

_WITH_NAMES = ("xlsx", "jsonstat")
_RANGES = {
    "N": lambda minute: (minute, minute),
    "H": lambda _: ("2026-11-24T09:00", "2026-11-24T10:00"),
    "D": lambda _: ("2026-11-01", "2026-11-30"),
    "W": lambda _: ("2026-W44", "2026-W48"),
    "M": lambda _: ("2025-11", "2026-10"),
    "A": lambda _: ("2020", "2025"),
}


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Replace values of the right form by values that exist."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    settle = _SETTLED.get(f"{case.method} {case.operation.path}")
    if settle is not None:
        settle(case)


def _question(case: Any) -> None:
    """Ask for an indicator that there is, over periods of the frequency asked for, which published tables allow."""
    query = case.query
    _no_cursor(query)
    _named(query)
    query["indicator"] = "DOWNLOADS"
    frequency = query["frequency"]
    query["start"], query["end"] = _RANGES[frequency](os.environ.get("FUZZ_MINUTE", ""))
    if query.get("panel"):
        query |= {"frequency": "M", "start": "2025-11", "end": "2026-10", "network": "_T"}
    elif frequency in ("N", "H") and query.get("network"):
        query["network"] = "_T"
    if query.get("as_of"):
        query["as_of"] = "2026-11-24T10:00:00Z"
        if frequency == "N" and not query.get("panel"):
            del query["as_of"]


def _named(query: dict[str, Any]) -> None:
    """Only files with names have a language."""
    if query.get("language"):
        query["language"] = "nb"
        if query.get("format") not in _WITH_NAMES:
            del query["language"]


def _live(case: Any) -> None:
    _known("indicator")(case)
    _named(case.query)


def _no_cursor(query: dict[str, Any]) -> None:
    """Only values of ``next`` are cursors."""
    if query.get("cursor"):
        del query["cursor"]


def _figures(case: Any) -> None:
    _question(case)
    if _ROLE == "coordinator":
        case.query["agency"] = "NO-KRIPOS" if case.query.get("agency") != "_T" else "_T"


def _known(*names: str) -> Callable[[Any], None]:
    """Return what puts a value that there is in the place of one that may not be."""
    values = {"indicator": "HELP_VISITS", "agency": "NO-KRIPOS", "language": "nb", "rule": "R102,R105",
              "since": "2026-11-01T00:00:00Z", "before": "2026-11-24T00:00:00.5Z", "start": "2026-11-01",
              "end": "2026-11-30", "as_of": "2026-11-24T10:00:00Z"}  # fmt: skip

    def settle(case: Any) -> None:
        _no_cursor(case.query)
        case.query |= {name: values[name] for name in names if case.query.get(name)}

    return settle


def _corrections(case: Any) -> None:
    """Ask for networks only where they are published."""
    _known("indicator", "since")(case)
    if case.query["frequency"] == "H" and case.query.get("network"):
        case.query["network"] = "_T"


def _submission(case: Any) -> None:
    """Send reports of periods that have ended, each period and cell once, under a key that was not used before."""
    for name in ("Signature", "Signature-Input", "Content-Digest"):
        case.headers.pop(name, None)
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid4())
    if case.query.get("prepared"):
        case.query["prepared"] = "2026-11-24T10:16:02Z"
    if case.media_type == "application/json":
        case.query.pop("prepared", None)
        # JSON is written plain by schemathesis; CSV is packed below, and both are by the cases of tests.fuzz.
        case.headers.pop("Content-Encoding", None)
        if isinstance(case.body, dict):
            case.body = _ended(case.body)
    elif not str(case.body).startswith(("INDICATOR,", "STRUCTURE,")):
        # A text of any letters is no CSV: what is drawn as valid is written by the same hand as in tests.fuzz.
        case.body = _csv(Random(repr(case.body)))


def _csv(rng: Random) -> str:
    sent = documents.reports(rng)
    return documents.csv_text(rng, documents.rearranged(rng, documents.csv_table(rng, "DOWNLOADS", sent)))


def _ended(body: dict[str, Any]) -> dict[str, Any]:
    reports = [
        {**report, "period": _PERIODS[report["frequency"]](number), **_distinct(report)}
        for number, report in enumerate(body["reports"])
    ]
    settled = {**body, "indicator": "DOWNLOADS", "reports": reports}
    if "prepared" in body:
        settled["prepared"] = "2026-11-24T10:16:02Z"
    return settled


_PERIODS: dict[str, Callable[[int], str]] = {
    "N": lambda number: f"2026-11-{number // 1440 % 20 + 1:02}T{number // 60 % 24:02}:{number % 60:02}",
    "H": lambda number: f"2026-{number // 600 % 10 + 1:02}-{number // 24 % 25 + 1:02}T{number % 24:02}:00",
    "D": lambda number: f"{2017 + number // 300 % 9}-{number // 25 % 12 + 1:02}-{number % 25 + 1:02}",
    "M": lambda number: f"{2017 + number // 12 % 9}-{number % 12 + 1:02}",
}


def _distinct(report: dict[str, Any]) -> dict[str, Any]:
    if "observations" not in report:
        return {}
    # To JSON Schema 17.0 is an integer too.
    cells = {(one["country"], one["network"]): {**one, "value": int(one["value"])} for one in report["observations"]}
    return {"observations": list(cells.values())}


def _answer(case: Any) -> None:
    """Answer a finding of the agency's own, in words that look like no trace of a person."""
    case.path_parameters["id"] = int(_FINDING)
    if isinstance(case.body, dict) and is_trace(json.dumps(case.body.get("remark", ""))):
        case.body["remark"] = "A campaign began on Monday; four more computers."


def _own_finding(case: Any) -> None:
    case.path_parameters["id"] = int(_FINDING)


def _own_submission(case: Any) -> None:
    _no_cursor(case.query)
    case.path_parameters["id"] = _SUBMISSION


def _effect(case: Any) -> None:
    """Ask for an intervention that there is, at a time when it was registered."""
    _known("as_of")(case)
    case.path_parameters["id"] = int(_EFFECT)


def _token(case: Any) -> None:
    """Use a credential that exists."""
    if isinstance(case.body, dict):
        case.body |= {"client_id": os.environ["FUZZ_CLIENT"], "client_secret": os.environ["FUZZ_SECRET"]}
        if "scope" in case.body:
            case.body["scope"] = "submissions:read"


_SETTLED: dict[str, Callable[[Any], None]] = {
    "POST /oauth/token/": _token,
    "GET /api/v1/aggregates/": _question,
    "GET /api/v1/coverage/": _question,
    "GET /api/v1/figures/": _figures,
    "GET /api/v1/aggregates/live/": _live,
    "GET /api/v1/aggregates/windows/": _known("indicator"),
    "GET /api/v1/corrections/": _corrections,
    "GET /api/v1/effects/": _known("indicator", "as_of"),
    "GET /api/v1/effects/{id}/": _effect,
    "GET /api/v1/annotations/": _known("indicator", "agency", "start", "end"),
    "GET /api/v1/countries/": _known("language"),
    "GET /api/v1/help-services/": _known("language"),
    "GET /api/v1/findings/": _known("indicator", "since", "rule"),
    "GET /api/v1/submissions/": _known("since", "before"),
    "GET /api/v1/submissions/{id}/": _own_submission,
    "GET /api/v1/findings/{id}/": _own_finding,
    "POST /api/v1/findings/{id}/answer/": _answer,
    "POST /api/v1/submissions/": _submission,
}


@schemathesis.serializer("text/csv", "application/vnd.sdmx.data+csv")
def _write_csv(context: Any, value: Any) -> bytes:
    body = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    packed = (context.case.headers or {}).get("Content-Encoding") == "gzip"
    return gzip.compress(body, mtime=0) if packed else body
