"""Errors of every kind have one form, at every address."""

import re
from pathlib import Path

import pytest
from django.test import Client

from api import problems
from api.v1.figures import FiguresView
from api.v1.submissions import SubmissionsView

CONF = Path(__file__).parents[2] / "deploy/nginx/federation.conf"


def test_nginx_answers_with_the_same_types():
    written = re.findall(r'"type": "([^"]*)".*?"code": "([^"]*)"', CONF.read_text())
    assert written
    for kind, code in written:
        assert kind == problems.Problem(code).body()["type"]


def problem(answer, status, code):
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert set(body) >= {"type", "title", "status", "code", "detail"}
    return body


@pytest.mark.parametrize("path", ["/nothing/", "/api/v1/nothing/", "/api/v2/submissions/", "/api/v1/submissions"])
def test_unknown_address(client, path):
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_method_names_those_that_are_allowed(kripos, method):
    headers = {"Authorization": f"Bearer {kripos.token}"}
    answer = getattr(kripos.client, method)("/api/v1/submissions/", headers=headers)
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/oauth/token/"])
def test_other_method_elsewhere(client, path):
    problem(client.put(path), 405, "method_not_allowed")


def test_form_of_the_answer_that_is_not_there(kripos):
    headers = {"Authorization": f"Bearer {kripos.token}", "Accept": "text/html"}
    problem(kripos.client.get("/api/v1/submissions/", headers=headers), 406, "not_acceptable")


def test_unknown_host(client):
    problem(client.get("/healthz/", headers={"Host": "elsewhere.example"}), 400, "bad_request")


def test_form_without_its_token():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a", "password": "b"})
    problem(answer, 403, "csrf_failed")


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "back"), [("login/?next=/admin/", "login/?next=/admin/"), ("logout/", "")])
def test_form_of_the_desk_without_its_token_is_a_page_in_a_browser(form, back):
    answer = Client(enforce_csrf_checks=True).post(f"/admin/{form}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert answer["Cache-Control"] == "no-store"
    page = answer.content.decode()
    assert "Nothing was stored. You opened the form before you last signed in" in page
    assert f'href="/admin/{back}"' in page


@pytest.mark.parametrize("view", [SubmissionsView, FiguresView])
def test_mistake_of_ours_says_a_request_id_only(kripos, monkeypatch, caplog, view):
    def stumble(*_):
        raise ValueError("a secret of ours")

    monkeypatch.setattr(view, "get", stumble)
    kripos.client.raise_request_exception = False
    path = {SubmissionsView: "/api/v1/submissions/", FiguresView: "/api/v1/figures/"}[view]
    body = problem(kripos.get(path), 500, "internal_error")
    assert "secret" not in str(body)
    assert body["request_id"] in {getattr(record, "request_id", None) for record in caplog.records}
