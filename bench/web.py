"""A client that keeps its connection, as a careful reader or agency has one, and tells the time an answer takes."""

import base64
import http.client
import json
import time
from collections.abc import Mapping
from http.client import HTTPMessage
from typing import Any, NamedTuple

_TIMEOUT = 300.0
#: The server closes a connection on which nothing has moved for 30 seconds.
_KEPT = 25.0


class Reply(NamedTuple):
    """An answer, read to its end; `seconds` from the first byte sent to the last one read."""

    status: int
    headers: HTTPMessage
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


class Refused(SystemExit):
    """The server did not give the expected answer, so the measurement would be wrong."""


class Web:
    """One connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
        self._last_used = 0.0

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, headers=headers)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        if time.perf_counter() - self._last_used > _KEPT:
            self._connection.close()
        began = time.perf_counter()
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            answer = self._connection.getresponse()
            content = answer.read()
        except BaseException:
            self._connection.close()  # the next request opens it again
            raise
        self._last_used = time.perf_counter()
        seconds = self._last_used - began
        return Reply(answer.status, answer.headers, content, seconds)

    def must(self, status: int, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        """Ask, and end all if the answer has another status."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.ask(method, path, body, named)
        if reply.status != status:
            raise Refused(f"{method} {path}: {reply.status} {reply.body[:500].decode(errors='replace')}")
        return reply


class Sender:
    """An agency with a token, that submits."""

    def __init__(self, web: Web, client_id: str, client_secret: str) -> None:
        self.web = web
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        form = b"grant_type=client_credentials&scope=submissions:write"
        headers = {"Authorization": f"Basic {pair}", "Content_Type": "application/x-www-form-urlencoded"}
        answer = self.web.must(http.client.OK, "POST", "/oauth/token/", form, **headers).json()
        self._authorization = f"Bearer {answer['access_token']}"

    def submit(self, body: bytes, *, media: str = "application/json") -> Reply:
        headers = {"Authorization": self._authorization, "Content_Type": media}
        return self.web.must(http.client.ACCEPTED, "POST", "/api/v1/submissions/", body, **headers)
