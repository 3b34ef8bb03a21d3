"""A federation in the process of the test: what it stores, and answers that tests set."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from p2p_agency.errors import AwayError

NOTHING = {"current": 0, "unchanged": 0, "superseded": 0, "held": 0, "withdrawn": 0}
RECEIVED = "2026-11-24T10:16:02.481Z"


@dataclass
class Federation:
    """Stores each submission once per key. ``answers`` come first: (status, headers, body), one a request."""

    address: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    #: The paths, the headers and the bodies of all requests.
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    ahead: float = 0
    scope: str = "submissions:write submissions:read"
    tokens: int = 0
    #: What anybody may read, by its path. It comes before ``answers``.
    public: dict[str, Any] = field(
        default_factory=lambda: {
            "/api/v1/indicators/": {
                "indicators": [
                    {"code": "DOWNLOADS", "name": "Completed downloads"},
                    {"code": "HELP_VISITS", "name": "Visits to help"},
                ]
            },
            "/api/v1/agencies/": {"agencies": []},
        }
    )

    def problem(self, status: int, code: str, **members: Any) -> None:
        """The next answer is this problem."""
        document = {"title": "Title", "code": code, "detail": "Do this.", **members}
        self.answers.append((status, {"Content-Type": "application/problem+json"}, json.dumps(document).encode()))

    def receipt(self, key: str, body: bytes) -> dict[str, Any]:
        """Store a submission unless it is there; its receipt."""
        self.stored.setdefault(key, body)
        reports = len(json.loads(body)["reports"])
        return {
            "id": f"id of {key}", "received": RECEIVED, "report_count": reports,
            "outcomes": {**NOTHING, "current": reports}, "findings": [],
        }  # fmt: skip

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.asked.append((path, headers, body))
        if urlsplit(path).path == "/oauth/token/":
            self.tokens += 1
            return as_json(200, {"access_token": f"token {self.tokens}", "expires_in": 900, "scope": self.scope})
        if self.answers and urlsplit(path).path not in self.public:
            return self.answers.pop(0)
        return self._answer(urlsplit(path).path, parse_qs(urlsplit(path).query), headers, body)

    def _answer(self, path: str, query: Any, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        match path, bool(body):
            case "/api/v1/submissions/", True if "dry_run" in query:
                return as_json(200, {**self.receipt("", gzip.decompress(body)), "preview": [], "truncated": False})
            case "/api/v1/submissions/", True:
                return as_json(202, self.receipt(headers["Idempotency-Key"], gzip.decompress(body)))
            case "/api/v1/submissions/", False:
                return as_json(200, {"submissions": [{"id": f"id of {key}"} for key in self.stored], "next": None})
            case public, False if public in self.public:
                return as_json(200, self.public[public])
            case ("/api/v1/figures/" | "/api/v1/findings/") as listed, False:
                return as_json(200, {listed.split("/")[-2]: [], "next": None})
        return as_json(404, {"code": "not_found", "title": "There is nothing here"})


def as_json(status: int, document: Any) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    federation: Federation
    protocol_version = "HTTP/1.1"
    # Headers and body in one packet: the other end waits 40 ms before it acknowledges the first of two.
    wbufsize = -1

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        status, headers, body = self.federation.answer(self.path, dict(self.headers), self.rfile.read(length))
        self.send_response_only(status)
        self.send_header("Date", formatdate(self._now(), usegmt=True))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the name that http.server looks for

    def _now(self) -> float:
        return time.time() + self.federation.ahead


@contextmanager
def running() -> Iterator[Federation]:
    federation = Federation()
    handler = type("Handler", (_Handler,), {"federation": federation})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        federation.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield federation
        finally:
            server.shutdown()
            thread.join()


def submission(number=0, **members):
    """The body of a submission: each number has one of its own."""
    report = {"frequency": "H", "period": "2026-11-24T09:00", "observations": []}
    prepared = f"2026-11-24T10:{number:02}:00.000Z"
    return json.dumps({"indicator": "DOWNLOADS", "prepared": prepared, "reports": [report], **members}).encode()


def federation_is_away(client):
    attempts = []

    def away(*_):
        attempts.append(_)
        raise AwayError("cut")

    client._send = away
    return attempts
