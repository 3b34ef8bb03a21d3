"""Reads and submissions without a pause, from threads, each request on a connection of its own; what failed is kept."""

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

Headers = dict[str, str]


@dataclass
class Load:
    """What asks a host and port, and what came of it."""

    port: int
    token: str
    failures: list[str] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    reads: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _hours: Iterator[int] = field(default_factory=lambda: count(3))

    def read(self) -> None:
        """Read what is public."""
        if self._ask("GET", "/api/v1/aggregates/live/?indicator=DOWNLOADS", expect=200) is not None:
            self.reads += 1

    def submit(self) -> None:
        """Send a report for an hour that nobody has reported yet."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=next(self._hours))
        report = {
            "frequency": "H",
            "period": f"{hour:%Y-%m-%dT%H:00}",
            "observations": [{"country": "NO", "network": "ARES", "value": 10}],
        }
        body = json.dumps({"indicator": "DOWNLOADS", "reports": [report]}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = self._ask("POST", "/api/v1/submissions/", body, headers, expect=202)
        if answer is not None:
            self.submitted.append(answer["id"])

    def is_stored(self, submission: str) -> bool:
        """Whether a submission that was accepted is there."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self._ask("GET", f"/api/v1/submissions/{submission}/", None, headers, expect=200) is not None

    @contextmanager
    def going_on(self, readers: int = 2, senders: int = 2) -> Iterator[None]:
        """Ask until the block is left, some ten times a second each, which leaves room for what it is to disturb."""
        deeds = [self.read] * readers + [self.submit] * senders
        threads = [threading.Thread(target=self._repeat, args=[deed]) for deed in deeds]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _repeat(self, deed: Callable[[], None]) -> None:
        while not self._stop.wait(0.1):
            deed()

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Headers | None = None, *, expect: int
    ) -> dict[str, str] | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Host": f"localhost:{self.port}", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{method} {path}: {type(error).__name__} {error}")
            return None
        finally:
            connection.close()
        if answer.status != expect:
            self.failures.append(f"{method} {path}: {answer.status} {content[:300]!r}")
            return None
        found: dict[str, str] = json.loads(content)
        return found


def token_of(port: int, client_id: str, client_secret: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = urllib.parse.urlencode(
        {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    )
    headers = {"Host": f"localhost:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/token/", form, headers)
    token: str = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return token
