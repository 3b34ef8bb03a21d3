"""A client of the API as any agency would write it: client credentials, submissions as JSON."""

import base64
import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from p2p_core.scopes import READ_OWN, SUBMIT

_RENEW_BEFORE = 60.0
_TIMEOUT = 120.0


class RefusedError(Exception):
    """The server refused; the message is its answer."""


@dataclass
class Client:
    """One credential at one server."""

    url: str
    client_id: str
    client_secret: str
    _token: str = ""
    _token_ends: float = 0.0

    def submit(self, indicator: str, reports: list[dict[str, Any]]) -> dict[str, Any]:
        if time.monotonic() > self._token_ends - _RENEW_BEFORE:
            pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            form = urlencode({"grant_type": "client_credentials", "scope": f"{SUBMIT} {READ_OWN}"})
            headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
            answer = self._post("/oauth/token/", form.encode(), headers)
            self._token = answer["access_token"]
            self._token_ends = time.monotonic() + answer["expires_in"]
        body = msgspec.json.encode({"indicator": indicator, "reports": reports})
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return self._post("/api/v1/submissions/", body, headers)

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise RefusedError(f"POST {path}: {answer.status} {text[:500]}")
        parsed: dict[str, Any] = json.loads(text)
        return parsed
