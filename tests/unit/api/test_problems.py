"""Errors: each code is documented, each exception is a problem, and none repeats the input."""

import ast
import json
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import Error, InterfaceError, OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from api import problems
from api.codes import CODES, TOKEN_CODES
from federation import errors

ROOT = Path(__file__).parents[3]
#: What the server and the desk meet, and no client does.
INSIDE = {"federation_error", "rounding_key_mismatch", "reason_missing"}


def test_no_code_is_in_two_tables():
    modules = (ROOT / "api/codes.py", ROOT / "agency/src/p2p_core/payloads/payload_codes.py")
    trees = [ast.parse(module.read_text()) for module in modules]
    keys = [key.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    assert len(keys) == len(set(keys)) == len(CODES | TOKEN_CODES)


def test_codes_raised_anywhere_in_the_api_are_listed():
    raised = set()
    for path in [*(ROOT / "api").rglob("*.py"), *(ROOT / "agency").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in {"Problem", "PayloadError", "BrokenRuleError"}:
                    raised.add(node.args[0].value)
    assert raised
    assert raised <= set(CODES)


def test_domain_errors_have_codes():
    kinds = errors.FederationError.__subclasses__()
    assert {kind.code for kind in kinds} - INSIDE <= set(CODES)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.NotAuthenticated(), "not_authenticated"),
        (exceptions.AuthenticationFailed(), "invalid_token"),
        (exceptions.PermissionDenied(), "permission_denied"),
        (exceptions.NotFound(), "not_found"),
        (exceptions.MethodNotAllowed("PUT"), "method_not_allowed"),
        (exceptions.NotAcceptable(), "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/html"), "unsupported_media_type"),
        (exceptions.Throttled(wait=3.2), "throttled"),
        (exceptions.ParseError(), "bad_request"),
        (exceptions.ValidationError("no"), "invalid_payload"),
        (PermissionDenied(), "permission_denied"),
        (Http404(), "not_found"),
        (errors.IdempotencyKeyReusedError(), "idempotency_key_reused"),
        (errors.NotStoredError(), "not_stored"),
        (errors.FindingNotFoundError(), "finding_not_found"),
        (errors.FindingResolvedError(), "finding_resolved"),
    ],
)
def test_exception_becomes_problem(error, code):
    response = problems.handle(error, {})
    assert response.status_code == CODES[code].status
    assert response.content_type == "application/problem+json"
    assert response.data["code"] == code


def test_throttled_problem_says_when_to_come_back():
    assert problems.handle(exceptions.Throttled(wait=3.2), {}).headers["Retry-After"] == "4"


@pytest.mark.parametrize("failure", [OperationalError("192.0.2.7"), InterfaceError("192.0.2.7")])
def test_database_that_is_away_is_no_mistake_of_ours(failure):
    response = problems.handle(failure, {})
    assert (response.status_code, response.data["code"], response.headers["Retry-After"]) == (503, "not_ready", "1")
    try:
        raise failure
    except Error:
        response = problems.server_error(RequestFactory().get("/"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert b"192.0.2.7" not in response.content


def test_mistake_of_ours_is_left_to_the_server_error():
    assert problems.handle(ValueError("secret"), {}) is None


def test_server_error_says_a_request_id_only(caplog):
    try:
        raise ValueError("192.0.2.7")
    except ValueError:
        body = json.loads(problems.server_error(RequestFactory().get("/")).content)
    assert set(body) == {"type", "title", "status", "code", "detail", "request_id"}
    assert body["request_id"] == caplog.records[0].request_id
    assert "192.0.2.7" not in str(body)


def test_refused_host_becomes_problem_without_the_host():
    response = problems.bad_request(RequestFactory().get("/"), SuspiciousOperation("evil.example"))
    assert response.status_code == 400
    assert b"evil" not in response.content


def test_refused_permission_of_a_plain_view_is_a_problem():
    assert problems.permission_denied(RequestFactory().get("/"), PermissionDenied()).status_code == 403


def test_problem_lists_first_hundred_faults_and_counts_all():
    faults = [problems.Fault(f"/reports/{n}", "wrong_type") for n in range(150)]
    body = problems.Problem("invalid_payload", faults=faults).body()
    assert len(body["errors"]) == 100
    assert body["error_count"] == 150
    assert body["errors"][0] == {
        "pointer": "/reports/0",
        "code": "wrong_type",
        "title": "A member has the wrong type",
        "detail": "Send the type that is documented for the member.",
    }
