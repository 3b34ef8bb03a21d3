"""The one place that makes errors: as ``application/problem+json`` (RFC 9457), each with a stable code.

A problem says what is wrong and how to fix it, and never repeats what was sent.
"""

import json
import logging
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard
from uuid import uuid4

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import Error, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.response import Response

from api import measures, request_ids
from api.codes import CODES, TOKEN_CODES
from federation.database import writability
from federation.database.writability import BUSY, READ_ONLY
from federation.errors import ClocksDisagreeError, FederationError
from p2p_core.payloads.faults import LISTED, Fault, PayloadError
from p2p_core.payloads.payload_codes import EXPLAINED

MEDIA_TYPE: Final = "application/problem+json"
#: The database does not answer, or not in time. The same request may succeed later or at another host.
AWAY: Final = (OperationalError, InterfaceError)

log = logging.getLogger(__name__)


class Problem(Exception):  # noqa: N818  the word of RFC 9457
    """An error on its way to the client.

    ``detail`` must be a sentence of ours. Without it, the client reads the advice of the code. ``faults`` are the first
    faults of a payload; ``fault_count`` counts all of them. ``reason`` is for metrics: why this failed now and may
    succeed another time.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str = "",
        faults: Sequence[Fault] = (),
        fault_count: int | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str = "",
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason or MISTAKE
        self.status = CODES[code].status
        self.detail = detail or CODES[code].advice
        self.faults = faults[:LISTED]
        self.fault_count = len(faults) if fault_count is None else fault_count
        self.headers = dict(headers or {})
        self.members = members

    def body(self) -> dict[str, Any]:
        kind = CODES[self.code]
        body = {
            "type": f"{EXPLAINED}#{self.code}",
            "title": kind.title,
            "status": kind.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }
        if self.faults:
            body["errors"] = [fault.document() for fault in self.faults]
            body["error_count"] = self.fault_count
        return body


def token_refusal(error: str, wrong: str = "") -> dict[str, str]:
    """The refusal of /oauth/token/ with a code of RFC 6749, and the address that explains the code.

    ``wrong`` says what is wrong, if it is more exact than the title of the code.
    """
    kind = TOKEN_CODES[error]
    description = f"{(wrong or kind.title).removesuffix('.')}. {kind.advice}"
    return {"error": error, "error_description": description, "error_uri": f"{EXPLAINED}#{error}"}


# The exceptions of DRF and Django themselves, most special first.
_TRANSLATED: Final[tuple[tuple[type[Exception], str], ...]] = (
    (exceptions.NotAuthenticated, "not_authenticated"),
    (exceptions.AuthenticationFailed, "invalid_token"),
    (exceptions.PermissionDenied, "permission_denied"),
    (exceptions.NotFound, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.Throttled, "throttled"),
    (exceptions.ParseError, "bad_request"),
    (exceptions.ValidationError, "invalid_payload"),
    (PermissionDenied, "permission_denied"),
    (Http404, "not_found"),
    (RequestDataTooBig, "body_too_large"),
)


#: Reasons beside those of the database: our own mistake, and clocks that disagree.
MISTAKE: Final = "mistake"
CLOCKS: Final = "clocks"
REASONS: Final = (*writability.REASONS, CLOCKS, MISTAKE)


def problem_of(error: Exception) -> Problem | None:
    """The problem that an exception means; nothing if it is a mistake of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, PayloadError):
        return Problem(error.code, detail=error.detail, faults=error.faults, fault_count=error.fault_count)
    if isinstance(error, FederationError):
        return _of_refusal(error)
    if is_outage(error):
        return _of_outage(error)
    for kind, code in _TRANSLATED:
        if isinstance(error, kind):
            wait, challenge = getattr(error, "wait", None), getattr(error, "auth_header", None)
            headers = {} if wait is None else {"Retry-After": str(math.ceil(wait))}
            if challenge:
                headers["WWW-Authenticate"] = str(challenge)
            return Problem(code, headers=headers)
    return None


def is_outage(error: BaseException | None) -> TypeGuard[Error]:
    """Whether the database is away or takes no writes."""
    return isinstance(error, AWAY) or (isinstance(error, Error) and writability.reason_of(error) == READ_ONLY)


def _of_refusal(error: FederationError) -> Problem:
    if error.retry_after is None:
        # If an error has no members, its code already says what it says.
        members: dict[str, Any] = dict(error.members)
        return Problem(error.code, detail=str(error) if members else "", **members)
    reason = ""
    if isinstance(error, ClocksDisagreeError):
        log.error("%s", error)
        reason = CLOCKS
    headers = {"Retry-After": str(error.retry_after), "Cache-Control": "no-store"}
    return Problem(error.code, reason=reason, headers=headers)


def _of_outage(error: Exception) -> Problem:
    reason = writability.reason_of(error)
    if reason == BUSY:
        log.warning("the database was given up: %s", type(error.__cause__).__name__)
        return busy()
    log.warning("the database did not answer: %s", type(error.__cause__ or error).__name__)
    return Problem("not_ready", reason=reason, headers={"Retry-After": "1"})


def busy() -> Problem:
    """Too much work for now; the client may ask again soon."""
    return Problem("busy", reason=BUSY, headers={"Retry-After": "5", "Cache-Control": "no-store"})


class PageProblems:
    """Middleware: answers a problem that a page raises. DRF's views answer theirs through :func:`handle`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer; Django calls this for an exception that a view did not answer."""
        return respond(exception) if isinstance(exception, Problem) else None


def handle(error: Exception, _context: dict[str, Any]) -> Response | None:
    """Answer an exception of a DRF view; DRF calls this. If it returns nothing, :func:`server_error` answers."""
    problem = problem_of(error)
    if problem is None:
        return None
    measures.REFUSED.labels(problem.code).inc()
    # DRF has put Allow, which a 405 needs, on every answer of the view already.
    answer = Response(problem.body(), problem.status, headers=problem.headers, content_type=MEDIA_TYPE)
    answer.reason = problem.reason  # type: ignore[attr-defined]
    return answer


def respond(problem: Problem) -> HttpResponse:
    """Answer a problem outside DRF. It may also be outside the middleware that adds the length."""
    if problem.code != "internal_error":
        measures.REFUSED.labels(problem.code).inc()
    body = json.dumps(problem.body()).encode()
    headers = {**problem.headers, "Content-Length": str(len(body))}
    answer = HttpResponse(body, status=problem.status, headers=headers, content_type=MEDIA_TYPE)
    answer.reason = problem.reason  # type: ignore[attr-defined]
    if problem.code in ("not_implemented", "busy"):
        # Django would log these as failures, with the address as it was sent.
        answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 for Django."""
    return respond(problem_of(exception) or Problem("bad_request"))


def permission_denied(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 for Django."""
    return respond(problem_of(exception) or Problem("permission_denied"))


def csrf_failure(_request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django gives it
    """Answer a form without its CSRF token for Django."""
    return respond(Problem("csrf_failed"))


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 for Django."""
    return respond(problem_of(exception) or Problem("not_found"))


def server_error(_request: HttpRequest) -> HttpResponse:
    """Answer 500 for Django, with nothing but the id under which the log has the place of the mistake.

    503 if it is no mistake and only the database is away.
    """
    failure = sys.exc_info()[1]
    known = problem_of(failure) if is_outage(failure) else None
    return respond(known or Problem("internal_error", request_id=log_failure()))


def log_failure() -> str:
    """Log the exception that Django is handling, and return the request id that its line has."""
    request_id = request_ids.current.get() or uuid4().hex
    measures.REFUSED.labels("internal_error").inc()
    log.error("request failed", exc_info=True, extra={"request_id": request_id})  # noqa: LOG014
    return request_id
