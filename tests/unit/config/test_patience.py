"""What can be told of a request before it is read, and how long the server waits for who sends or reads it."""

import json
import re
import socket
from pathlib import Path

import pytest

from api.codes import CODES
from config import patience

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


def shaped(*lines, body=b""):
    return patience.shape(HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body)


@pytest.mark.parametrize(
    ("received", "arrived"),
    [
        (b"", False),
        (b"GET / HT", False),
        (HEAD, False),
        (HEAD[:-1], False),
        (HEAD + b"\r\n", True),
        (b"\r\n\r\n", True),
        # To be refused at once rather than waited for.
        (HEAD + b"A: b\n", True),
        (b"GET / HTTP/1.1\n\n", True),
    ],
)
def test_head(received, arrived):
    assert patience.shape(received)[:2] == (arrived, False)


@pytest.mark.parametrize(
    ("lines", "body", "arrived", "large"),
    [
        ([b"Content-Length: 3"], b"", False, False),
        ([b"Content-Length: 3"], b"ab", False, False),
        ([b"Content-Length: 3"], b"abc", True, False),
        ([b"content-length:3\t"], b"ab", False, False),
        ([b"X-Content-Length: 3"], b"", True, False),
        ([b"Content-Length: 65536"], b"", False, False),
        ([b"Content-Length: 65537"], b"", True, True),
        ([b"Content-Length: 99999999999999999999"], b"", True, False),
        ([b"Content-Length: -1"], b"", True, False),
        ([b"Transfer-Encoding: chunked"], b"", True, True),
        ([b"Content-Length: 3", b"Expect: 100-continue"], b"", True, True),
    ],
)
def test_body(lines, body, arrived, large):
    assert shaped(*lines, body=body)[:2] == (arrived, large)


@pytest.mark.parametrize(
    ("first", "lines", "public"),
    [
        (b"GET /help/ HTTP/1.1", [], True),
        (b"HEAD /api/v1/aggregates/?a=/admin/ HTTP/1.1", [b"X-Authorization: Bearer a"], True),
        (b"OPTIONS /api/v1/aggregates/ HTTP/1.1", [], True),
        (b"GET /api/v1/figures/ HTTP/1.1", [b"authorization: Bearer a"], False),
        (b"POST /oauth/token/ HTTP/1.1", [], False),
        (b"PUT /help/ HTTP/1.1", [], False),
        (b"GET /admin/ HTTP/1.1", [], False),
        (b"GET http://localhost/admin/login/ HTTP/1.1", [], False),
        # The application gets the path decoded, and of an address of any scheme.
        (b"GET /%61dmin/ HTTP/1.1", [], False),
        (b"HEAD http://localhost/%6Fauth%2Ftoken/ HTTP/1.1", [], False),
        (b"GET other://localhost/admin/ HTTP/1.1", [], False),
        (b"GET http://[/help/ HTTP/1.1", [], True),
    ],
)
def test_whose_it_is(first, lines, public):
    head = b"\r\n".join([first, b"Host: localhost", *lines, b"\r\n"])
    assert patience.shape(head) == (True, False, public)


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    timed = patience.TimedSocket(ours, body_seconds=300)
    yield timed, theirs
    timed.close()
    theirs.close()


def test_what_is_there_is_read_at_once_and_what_is_not_has_an_end(pair, monkeypatch):
    timed, theirs = pair
    theirs.sendall(b"there")
    assert timed.recv(10) == b"there"
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.0)
    with pytest.raises(TimeoutError):
        timed.recv(10)


@pytest.fixture
def waits(monkeypatch):
    """How long the socket would have waited, each time."""
    seen = []

    def settimeout(timed, seconds):
        seen.append(seconds)
        socket.socket.settimeout(timed, seconds)

    monkeypatch.setattr(patience.TimedSocket, "settimeout", settimeout, raising=False)
    return seen


def test_bytes_earn_time(pair, waits, monkeypatch):
    timed, theirs = pair
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(patience, "BYTES_A_SECOND", 100)
    theirs.sendall(b"x" * 3601)
    assert timed.recv(3600) == b"x" * 3600
    assert timed.recv(1) == b"x"
    assert waits[0] == 0.001
    assert 30 < waits[2] <= 36


def test_no_other_wait_is_lengthened(pair, waits):
    timed, theirs = pair
    theirs.sendall(b"x")
    timed.settimeout(0.5)
    assert timed.recv(1) == b"x"
    assert waits == [0.5, 0.5, 0.5]


def test_no_body_takes_longer_than_it_may_in_all(pair, monkeypatch):
    timed, _ = pair
    monkeypatch.setattr(timed, "_body_seconds", 0.0)
    with pytest.raises(TimeoutError):
        timed.recv(1)


def test_who_is_hurried_has_no_time_left_until_the_next_request(pair, waits):
    timed, theirs = pair
    timed.hurry(0.0)
    with pytest.raises(TimeoutError):
        timed.recv(1)
    assert waits[0] == 0.001
    timed.begin()
    theirs.sendall(b"x")
    assert timed.recv(1) == b"x"


def test_polled_it_does_not_wait(pair):
    timed, _ = pair
    timed.settimeout(0.0)
    with pytest.raises(BlockingIOError):
        timed.recv(1)


def test_who_does_not_read_is_left(pair, monkeypatch):
    timed, _ = pair
    monkeypatch.setattr(patience, "GRACE_SECONDS", -1e9)
    with pytest.raises(ConnectionResetError):
        timed.sendall(bytes(16 * 2**20))


def test_what_the_client_did_not_take_of_a_large_answer_earns_no_time(pair, waits, monkeypatch):
    timed, _ = pair
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(patience, "BYTES_A_SECOND", 2**20)
    with pytest.raises(ConnectionResetError):
        timed.sendall(bytes(16 * 2**20))
    # All of it would have earned 16 seconds.
    assert max(wait for wait in waits if wait is not None) < 1


def test_what_the_client_takes_earns_time(pair):
    timed, theirs = pair
    timed.sendall(bytes(50_000))
    assert timed._taken < 50_000
    assert len(theirs.recv(50_000, socket.MSG_WAITALL)) == 50_000
    assert timed._taken == 50_000
    timed.sendall(b"x")
    # The clock of the next answer, while this one is not taken yet.
    timed.begin()
    assert timed._taken == 0


def test_answer_comes_whole(pair):
    timed, theirs = pair
    sent = bytes(range(256)) * 100
    timed.sendall(sent)
    timed.sendall(b"")
    timed.shutdown(socket.SHUT_WR)
    assert b"".join(iter(lambda: theirs.recv(2**16), b"")) == sent


@pytest.mark.parametrize("refusal", patience.REFUSALS, ids=lambda refusal: refusal.code)
def test_refusals_say_what_the_application_would(refusal):
    head, _, body = refusal.written().partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert CODES[refusal.code] == (problem["status"], problem["title"], problem["detail"])
    assert head.startswith(b"HTTP/1.1 %d " % refusal.status)
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert b"\r\nConnection: close" in head


def test_limits_are_those_that_the_refusals_and_the_page_name():
    from config import gunicorn

    page = (Path(__file__).parents[3] / "docs/reference/limits.md").read_text()
    assert f"{gunicorn.limit_request_line:,}" in patience.LONG_ADDRESS.detail
    assert f"| {gunicorn.limit_request_line:,} bytes |" in page
    assert f"{gunicorn.limit_request_fields}, of {gunicorn.limit_request_field_size:,} bytes each" in page
    assert str(gunicorn.limit_request_fields) in patience.LARGE_HEAD.detail
    assert re.search(rf"{patience.HEAD_BYTES // 1024} KiB in all", patience.LARGE_HEAD.detail)
