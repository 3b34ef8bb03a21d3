"""Clients that are slow in every way hold no thread: whoever asks beside them is answered. There is no proxy here."""

import socket
from contextlib import ExitStack

import pytest

from tests.contract.bad_requests import get, post, reporting
from tests.contract.server import read, serving
from tests.integration.processes import PLENTY

#: Ten for each thread.
THREADS = 2
SLOW = 20
#: Together more than the kernel takes for a reader who does not read.
LARGE = get("/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js.map")
SCHEMAS = 12
HELP = get("/help/")
CACHED = get("/api/v1/networks/")


@pytest.fixture
def server(tmp_path, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), serving(tmp_path, WEB_THREADS=str(THREADS), **PLENTY) as running:
        yield running


@pytest.fixture
def until():
    with ExitStack() as stack:
        yield stack


def connect(server, until):
    sock = socket.socket()
    # So that little of an answer is on its way.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", server.port))
    return until.enter_context(sock)


def slowly(server, until, raw, end=b""):
    """Connections that have sent so much, and what ends the request of each."""
    slow = [connect(server, until) for _ in range(SLOW)]
    for sock in slow:
        sock.sendall(raw)
    return [(sock, end) for sock in slow]


def all_go_on(server):
    """An accident shows as an answer that does not come within the time that a silent connection has."""
    for raw in (get(), HELP, CACHED, post(reporting()).replace(b"{token}", server.token.encode())):
        [answer] = server.ask(raw)
        assert answer.status in {200, 202}, raw


@pytest.mark.slow
@pytest.mark.django_db
def test_help_health_cached_answers_and_submissions_go_on_beside_slow_clients(server, until):
    all_go_on(server)
    body = reporting().ljust(2**20)
    submission = post(body).replace(b"{token}", server.token.encode())
    slowly(server, until, LARGE)
    slowly(server, until, get("/api/schema/") * SCHEMAS)
    heads = slowly(server, until, HELP[:-2], b"\r\n")
    bodies = slowly(server, until, submission[:-9], submission[-9:])
    slowly(server, until, b"")
    all_go_on(server)
    # Slow is not lost: what was begun is answered once it is whole.
    for sock, end in heads + bodies:
        sock.sendall(end)
    assert {read(sock)[0].status for sock, _ in heads} == {200}
    assert {read(sock)[0].status for sock, _ in bodies} == {202}


@pytest.mark.slow
@pytest.mark.django_db
def test_slow_reader_gets_the_whole_answer(server, until):
    [(sock, _), *_] = slowly(server, until, LARGE)
    all_go_on(server)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
    [whole] = read(sock)
    [again] = server.ask(LARGE)
    assert len(whole.body) > 3_000_000
    assert whole.body == again.body
