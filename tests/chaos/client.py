"""HTTP as a careful agency or reader speaks it: a failure is an answer too, with its reason."""

import base64
import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any, NamedTuple

from tests.cluster import Part

_TIMEOUT = 15.0
#: Seconds after which a new token is requested, though the old one would last longer.
_TOKEN_LIFE = 10.0

#: What stands for a status where there was no answer: nobody listened, or the connection ended first.
REFUSED, BROKEN = 0, -1


class Reply(NamedTuple):
    """An answer; without one `status` says why not, and `body` in words."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        if self.status > 0:
            return str(self.status)
        return self.body.decode()


class Web:
    """A kept connection to one server; not for two threads at once."""

    def __init__(self, port: int, *, timeout: float = _TIMEOUT) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    @property
    def is_open(self) -> bool:
        """Whether the next question goes over a connection that was there before."""
        return self._connection.sock is not None

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        try:
            self._connection.request(method, path, body, dict(headers or {}))
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        except ConnectionRefusedError:
            self._connection.close()
            return Reply(REFUSED, HTTPMessage(), b"refused")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Reply(BROKEN, HTTPMessage(), type(error).__name__.encode())


@dataclass
class Sender:
    """An agency with its credential, at any of the hosts; any number of threads may send by it."""

    client_id: str
    client_secret: str
    hosts: Sequence[Part]
    _token: str = ""
    _ends: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, host: Part, body: bytes, key: str | None) -> Reply:
        """Send a submission once; the answer to the question for a token, if that fails."""
        token, refusal = self._live_token(host)
        if refusal is not None:
            return refusal
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return Web(host.port).ask("POST", "/api/v1/submissions/", body, headers)

    def _live_token(self, host: Part) -> tuple[str, Reply | None]:
        with self._lock:
            if time.monotonic() < self._ends:
                return self._token, None
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        reply = Web(host.port).ask("POST", "/oauth/token/", b"grant_type=client_credentials", headers)
        if reply.status != http.client.OK:
            # Nothing was submitted: as if nobody had listened.
            return "", Reply(REFUSED, HTTPMessage(), f"no token: {reply.reason}".encode())
        with self._lock:
            self._token, self._ends = reply.json()["access_token"], time.monotonic() + _TOKEN_LIFE
        return self._token, None
