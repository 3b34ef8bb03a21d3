"""Answers as the web server gets them: HEAD without content, and each with its length."""

import pytest
from django.test import RequestFactory

from config.handler import Handler


@pytest.fixture(scope="module")
def handler():
    return Handler()


def ask(handler, method, path):
    return handler.get_response(RequestFactory().generic(method, path, headers={"host": "localhost"}))


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/nowhere", 404), ("/api/v1/submissions/", 401), ("/sdmx", 303), ("/healthz", 200), ("/api/schema/", 200)],
)
def test_head_has_the_length_of_get_and_no_content(handler, path, status):
    answer, head = ask(handler, "GET", path), ask(handler, "HEAD", path)
    assert (answer.status_code, head.status_code) == (status, status)
    assert answer["Content-Length"] == head["Content-Length"] == str(len(answer.content))
    assert head.content == b""


def test_answer_without_content_has_no_length(handler):
    answer = ask(handler, "OPTIONS", "/sdmx")
    assert answer.status_code == 204
    assert "Content-Length" not in answer


def test_panic_of_a_library_is_answered(handler, monkeypatch):
    class Panic(BaseException):
        pass

    def panic(_request):
        raise Panic

    monkeypatch.setattr(handler, "_middleware_chain", panic)
    assert ask(handler, "GET", "/healthz").status_code == 500
