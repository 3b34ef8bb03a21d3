"""The whole stack as `make serve` runs it, agencies that send to it over HTTP, and what the public reads."""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config.embedded.process import free_port
from tests import servers
from tests.integration import processes

#: One process for all of it: each start of one takes a second.
_BEGIN = """
import io, json, sys
from django.contrib.auth.models import Group, User
from django.core.management import call_command

given = json.loads(sys.stdin.read())
for name in given["coordinators"]:
    user = User.objects.create_user(name, password=given["password"], is_staff=True)
    user.groups.set(Group.objects.filter(name="coordinator"))
issued = {}
for code, (indicator, since) in given["agencies"].items():
    call_command("create_agency", code, country=code[:2], name=f"Police of {code[:2]}", indicator=indicator,
                 frequency="D", first=since, deadline_minutes=60, stdout=io.StringIO())
    written = io.StringIO()
    call_command("issue_credential", code, stdout=written)
    issued[code] = json.loads(written.getvalue())
print(json.dumps(issued))
"""
PASSWORD = "a password for a test"
#: From this number of days on, there are four usual values of each weekday (R102).
DAYS = 35
USUAL = 100
HELD = ("DK-NC3", "FI-NBI", "NL-POL", "PT-PJ")
SILENT = "IE-GNCCB"


def ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


@dataclass(frozen=True)
class Stack:
    """A running stack: its supervisor, where its data lie and where it listens."""

    process: "subprocess.Popen[str]"
    data: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def manage(self, *arguments: str, told: str = "") -> str:
        """Run one of the project's commands beside the stack."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=processes.ROOT,
            env=processes.environment(self.data, PORT=str(self.port)),
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, coordinators: Sequence[str], agencies: Mapping[str, tuple[str, str]]) -> "dict[str, Agency]":
        """Bring coordinators in, and agencies with a credential, each with what it counts and from which day on."""
        given = {"coordinators": coordinators, "agencies": agencies, "password": PASSWORD}
        issued = json.loads(self.manage("shell", "--no-imports", "-c", _BEGIN, told=json.dumps(given)))
        return {
            code: Agency(self, issued[code]["client_id"], issued[code]["client_secret"], indicator)
            for code, (indicator, _) in agencies.items()
        }

    def read(self, path: str) -> Any:
        """Return what the public reads."""
        return json.load(urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=60))


@dataclass(frozen=True)
class Agency:
    """An agency with a credential, and what it counts."""

    stack: Stack
    client_id: str
    client_secret: str
    indicator: str

    def token(self) -> str:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        return str(self._post("/oauth/token/", b"grant_type=client_credentials", headers)["access_token"])

    def send(
        self,
        country: str,
        periods: dict[str, int],
        *,
        frequency: str = "D",
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        """Report counts of one country, by day or otherwise, and half as many of others, each by its network."""
        reports = [
            {
                "frequency": frequency,
                "period": period,
                "observations": [
                    {"country": country, "network": "BITTORRENT", "value": value},
                    *({"country": other, "network": beside[other], "value": value // 2} for other in beside),
                ],
            }
            for period, value in periods.items()
        ]
        body = json.dumps({"indicator": self.indicator, "reports": reports}).encode()
        headers = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json"}
        return self._post("/api/v1/submissions/", body, headers)

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(f"{self.stack.url}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None


@dataclass(frozen=True)
class Federation:
    """A running stack and its agencies, by their codes."""

    stack: Stack
    agencies: dict[str, Agency]

    @property
    def url(self) -> str:
        return self.stack.url


@contextmanager
def serving(data: Path) -> Iterator[Stack]:
    """A stack with its data in a folder."""
    port = free_port()
    servers.lay_out(data)
    process = processes.start(sys.executable, "-m", "config.serve", data=data, PORT=str(port))
    try:
        processes.await_ready(process)
        yield Stack(process, data, port)
    finally:
        processes.end(process)
