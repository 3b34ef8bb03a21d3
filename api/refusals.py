"""The refusals in the OpenAPI document: statuses, headers, and the structure of a problem.

An operation can be refused for each kind of input that it has: parameters, a body, a name in its address.
"""

from typing import Any, Final

import msgspec

from api import problems
from api.problems import Problem

Schema = dict[str, Any]


class FaultDetails(msgspec.Struct):
    """One thing that is wrong with a payload: where, what, and how to fix it."""

    pointer: str
    code: str
    title: str
    detail: str


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """An error, as in RFC 9457. Codes are stable; `type` is the address, on this host, that explains the code."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    parameter: str = ""
    errors: list[FaultDetails] = []
    error_count: int = 0
    request_id: str = ""


HEADERS: Final[dict[str, Schema]] = {
    "ETag": {
        "description": "A tag of this version of the answer, for If-None-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^W/"[!-~]+"$'},
    },
    "Cache-Control": {
        "description": "How long the answer lasts",
        "required": True,
        "schema": {"type": "string"},
    },
    "Vary": {
        "description": "What the answer varies by",
        "required": True,
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate, and the scope that is lacking",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer "},
    },
    "Accept": {
        "description": "The media types that are taken; not there if it is the content encoding that is not",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "After how many seconds to try again",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}


def _header(name: str) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"}}


OF_PUBLIC_ANSWERS: Final = _header("ETag") | _header("Cache-Control") | _header("Vary")

#: Status or range of statuses: name, meaning, code of the example, headers.
_KINDS: Final[dict[str, tuple[str, str, str, dict[str, Schema]]]] = {
    "400": ("Unreadable", "The request cannot be read", "unknown_parameter", {}),
    "401": ("NotAuthenticated", "No valid authentication was sent", "not_authenticated", _header("WWW-Authenticate")),
    "403": ("NotAllowed", "You may not do this", "permission_denied", {}),
    "404": ("NotFound", "Not found, or not visible to you", "not_found", {}),
    "406": ("NotAcceptable", "No form of the answer fits Accept", "not_acceptable", {}),
    "409": ("Resolved", "There is nothing to answer any more", "finding_resolved", {}),
    "413": ("TooLarge", "There is too much in the body", "body_too_large", {}),
    "415": ("Unsupported", "The body has a type or an encoding that is not taken", "unsupported_media_type",
            _header("Accept")),
    "422": ("BreaksRule", "What was asked or sent breaks a rule", "invalid_payload", {}),
    "429": ("TooMany", "Too many requests", "throttled", _header("Retry-After")),
    "5XX": ("Failed", "Something went wrong here; `request_id` names it", "internal_error", {}),
}  # fmt: skip

RESPONSES: Final = {
    name: {
        "description": meaning,
        **({"headers": headers} if headers else {}),
        "content": {
            problems.MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                "example": Problem(code).body(),
            }
        },
    }
    for name, meaning, code, headers in _KINDS.values()
}

#: Parameters with rules that their pattern does not contain.
_RULED: Final = frozenset(
    ("indicator", "frequency", "start", "end", "country", "network", "panel", "as_of", "agency", "window", "language")
)


def reference(status: int | str) -> Schema:
    """Refer to the response for a status."""
    return {"$ref": f"#/components/responses/{_KINDS[str(status)][0]}"}


def of_operation(path: str, operation: Schema) -> dict[str, Schema]:
    named = {parameter["name"] for parameter in operation.get("parameters", ())}
    statuses = ["400", "406", "429", "5XX"]
    if any(operation.get("security", [{}])):
        statuses += ["401", "403"]
    if "{" in path:
        statuses += ["404"]
    if "requestBody" in operation:
        statuses += ["413", "415"]
    if "requestBody" in operation or named & _RULED:
        statuses += ["422"]
    if path.endswith("/answer/"):
        statuses += ["409"]
    return {status: reference(status) for status in sorted(statuses)}
