"""How long the web server waits for a client: a socket with a clock, the shape of a request, and what is refused raw.

It knows no Django: it speaks before there is a request.
"""

import errno
import json
import re
import socket
import struct
import termios
import time
from fcntl import ioctl
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from gunicorn.http.errors import ParseException
from gunicorn.util import split_request_uri

#: The head of a request, and a small body with it, must be there so soon.
HEAD_SECONDS: Final = 10.0
#: All fields of a head together.
HEAD_BYTES: Final = 32 * 1024
#: A body up to this size comes in whole before a thread is given to it.
SMALL_BODY: Final = 64 * 1024
#: How long a request waits for one of the threads that are for such as it.
QUEUE_SECONDS: Final = 30.0
#: So long a client may take to close its side of a connection that is done.
LINGER_SECONDS: Final = 1.0
#: A larger body, or an answer, may take this long for its first bytes, and then must come, or go, so fast on average.
GRACE_SECONDS: Final = 10.0
BYTES_A_SECOND: Final = 16 * 1024

#: How often is looked at how much a client has taken while it takes no more.
_LOOKS_EVERY: Final = 0.5
_QUEUED: Final = struct.Struct("i")

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,12})[ \t]*\r\n", re.IGNORECASE)
# A length that is not known, and a client that waits to be told to go on.
_UNMEASURED = re.compile(rb"\r\n(?:transfer-encoding|expect):", re.IGNORECASE)


_PUBLIC_METHODS: Final = (b"GET", b"HEAD", b"OPTIONS")
_AUTHORIZATION = re.compile(rb"\r\nauthorization:", re.IGNORECASE)


class Shape(NamedTuple):
    """What is known of a request before it is read: whether it is there, has a large body, and is the public's."""

    arrived: bool
    large: bool = False
    public: bool = True


def shape(received: bytes) -> Shape:
    """Tell what a request is like; one that is malformed is there, to be refused."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return Shape(received.count(b"\n") != received.count(b"\r\n"))
    head = received[: end + 2]
    public = _is_public(head)
    if _UNMEASURED.search(head):
        return Shape(arrived=True, large=True, public=public)
    length = _LENGTH.search(head)
    size = int(length[1]) if length else 0
    large = size > SMALL_BODY
    return Shape(large or len(received) >= end + 4 + size, large, public)


def _is_public(head: bytes) -> bool:
    """Whether it is not of an agency, a coordinator or the desk, who need the primary database."""
    method, _, rest = head.partition(b" ")
    path = _path(rest.partition(b" ")[0])
    return method in _PUBLIC_METHODS and not path.startswith(("/admin/", "/oauth/")) and not _AUTHORIZATION.search(head)


def _path(target: bytes) -> str:
    """Return the path as gunicorn gives it to the application: of any form of address, and decoded."""
    try:
        return unquote(split_request_uri(target.decode("latin-1")).path)
    except ValueError:
        # gunicorn refuses it.
        return ""


class NoHost(ParseException):  # type: ignore[misc]  # untyped
    """HTTP/1.1 without a Host, which is to be refused (RFC 9112, section 3.2)."""


class TimedSocket(socket.socket):
    """A socket that waits for its client no longer than the bytes that came, or went, have earned.

    Blocking is what the server asks for; it gets a wait with an end. ``began`` anew with each request.
    """

    def __init__(self, other: socket.socket, *, body_seconds: float) -> None:
        super().__init__(other.family, other.type, other.proto, fileno=other.detach())
        self._body_seconds = body_seconds
        self.begin()

    def begin(self) -> None:
        """Start the clocks of a request with its first wait."""
        self._reading = self._writing = None
        self._received = self._sent = 0
        self._until = float("inf")

    def hurry(self, seconds: float) -> None:
        """Wait so much longer for what is still to come, and no more: nobody wants it."""
        self._until = min(self._until, time.monotonic() + seconds)

    _reading: float | None
    _writing: float | None

    def recv(self, size: int, flags: int = 0) -> bytes:
        wanted = self.gettimeout()
        if wanted == 0.0:
            return super().recv(size, flags)
        now = time.monotonic()
        self._reading = now if self._reading is None else self._reading
        earned = self._reading + GRACE_SECONDS + self._received / BYTES_A_SECOND
        left = min(earned, self._reading + self._body_seconds, self._until) - now
        try:
            self.settimeout(max(0.001, left if wanted is None else min(left, wanted)))
            data = super().recv(size, flags)
        finally:
            self.settimeout(wanted)
        self._received += len(data)
        return data

    def sendall(self, data: Any, flags: int = 0) -> None:
        began = time.monotonic()
        self._writing = writing = began if self._writing is None else self._writing
        wanted = self.gettimeout()
        try:
            self.settimeout(_LOOKS_EVERY)
            with memoryview(data) as whole:
                at = 0
                while at < len(whole):
                    at += self._send(whole[at:], writing, began, flags)
        finally:
            self.settimeout(wanted)

    def _send(self, rest: memoryview, writing: float, began: float, flags: int) -> int:
        """Send what the kernel takes and return how much, or leave a client that has taken too little by now."""
        try:
            sent = super().send(rest, flags)
        except TimeoutError:
            sent = 0
        self._sent += sent
        # A piece that took us long to make is no fault of who reads.
        until = max(began + 1.0, writing + GRACE_SECONDS + self._taken / BYTES_A_SECOND)
        if sent < len(rest) and time.monotonic() > until:
            raise ConnectionResetError(errno.ECONNRESET, "The client does not read")
        return sent

    @property
    def _taken(self) -> int:
        """How many bytes the client has taken: the kernel may hold megabytes of an answer that nobody reads."""
        (held,) = _QUEUED.unpack(ioctl(self, termios.TIOCOUTQ, bytes(_QUEUED.size)))
        return max(0, self._sent - int(held))


class Refusal(NamedTuple):
    """An answer that is given before the application is asked; its words are those of ``api.codes``."""

    status: int
    reason: str
    code: str
    title: str
    detail: str

    def written(self) -> bytes:
        """Return the whole answer; nothing that was sent is in it."""
        problem = {
            "type": f"urn:problem-type:police2peer:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        body = json.dumps(problem).encode()
        head = (
            f"HTTP/1.1 {self.status} {self.reason}\r\nContent-Type: application/problem+json\r\n"
            f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n"
        )
        retry = "Retry-After: 10\r\n" if self.status == 503 else ""
        return f"{head}{retry}\r\n".encode() + body


BAD: Final = Refusal(
    400, "Bad Request", "bad_request", "The request cannot be read", "Send a well-formed HTTP request."
)
SLOW: Final = Refusal(
    408, "Request Timeout", "too_slow", "The request came too slowly", "Send it again, without pauses in it."
)
LONG_ADDRESS: Final = Refusal(
    414,
    "URI Too Long",
    "address_too_long",
    "The address is too long",
    "Ask for less at once: at most 4,094 characters.",
)
LARGE_HEAD: Final = Refusal(
    431,
    "Request Header Fields Too Large",
    "head_too_large",
    "The header is too large",
    "Send at most 64 header fields of 8 KiB each, and 32 KiB in all.",
)
BUSY: Final = Refusal(503, "Service Unavailable", "busy", "There is too much to do", "Try again after Retry-After.")
REFUSALS: Final = (BAD, SLOW, LONG_ADDRESS, LARGE_HEAD, BUSY)
