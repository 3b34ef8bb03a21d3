"""Which requests leave threads to the public, and that many at once wait a moment before one is refused."""

import json
from contextlib import ExitStack
from threading import Event, Thread

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from api import threads

AGENCY = {"headers": {"Authorization": "Bearer a"}}
PUBLIC = [
    ("GET", "/help/", {}),
    ("GET", "/countries/agency/", {}),
    ("HEAD", "/api/v1/aggregates/?a=/admin/", {}),
    ("OPTIONS", "/api/v1/aggregates/", {"headers": {"X-Authorization": "a"}}),
]
NOT_PUBLIC = [
    ("GET", "/api/v1/figures/", AGENCY),
    ("POST", "/oauth/token/", {}),
    ("PUT", "/help/", {}),
    ("GET", "/admin/", {}),
    ("GET", "/%61dmin/", {}),
    ("GET", "/agency/", {}),
    ("GET", "/nb/agency/findings/", {}),
]


@pytest.fixture
def busy(settings):
    """A process of four threads whose places for agencies are taken; and what gives one back."""
    settings.WEB_THREADS = 4
    done = Event()

    def respond(request):
        if request.path == "/slow/":
            done.wait()
        return HttpResponse("well")

    middleware = threads.PublicThreads(respond)
    with ExitStack() as until:
        for _ in range(3):
            one = Thread(target=middleware, args=[RequestFactory().post("/slow/")])
            one.start()
            until.callback(one.join)
        until.callback(done.set)
        yield middleware, done


@pytest.mark.parametrize(("method", "path", "more"), PUBLIC)
def test_public_has_a_thread(busy, method, path, more):
    middleware, _ = busy
    assert middleware(RequestFactory().generic(method, path, **more)).content == b"well"


@pytest.mark.parametrize(("method", "path", "more"), NOT_PUBLIC)
def test_others_are_refused_and_may_ask_again(busy, monkeypatch, method, path, more):
    monkeypatch.setattr(threads, "WAIT_SECONDS", 0)
    middleware, _ = busy
    refused = middleware(RequestFactory().generic(method, path, **more))
    assert (refused.status_code, json.loads(refused.content)["code"]) == (503, "busy")
    assert int(refused["Retry-After"]) > 0


def test_requests_wait_until_one_has_waited_without_success(busy, monkeypatch):
    middleware, done = busy
    monkeypatch.setattr(threads, "WAIT_SECONDS", 0)
    assert middleware(RequestFactory().post("/a/")).status_code == 503
    monkeypatch.setattr(threads, "WAIT_SECONDS", "nobody asks for it")
    assert middleware(RequestFactory().post("/a/")).status_code == 503
    monkeypatch.setattr(threads, "WAIT_SECONDS", 60)
    middleware._is_stuck = False
    done.set()
    # Whether one of the places is free by now or not, this one waits for it.
    assert middleware(RequestFactory().post("/a/")).content == b"well"
