"""A federation whose PostgreSQL has a small disk, for its tables or for its log, which is filled and emptied again.

`python -m tests.integration.full_disk FOLDER PREPARED tables|log`, as root and where what is mounted is nobody else's.
It fails if something is wrong.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import ACCEPTED, OK, SERVICE_UNAVAILABLE
from pathlib import Path

import django
import psycopg

from config.processes import die_with_parent
from tests import cluster
from tests.chaos.client import Reply, Sender, Web
from tests.cluster.part import until

_TOKEN = "of thirty characters"
#: Room for what is there and some; of the log for three of its files.
_SIZES = {"tables": "250m", "log": "56m"}
_HOUR = timedelta(hours=1)


class Disk:
    """A small disk in the place of a folder."""

    def __init__(self, folder: Path, size: str) -> None:
        folder.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder], check=True)
        self._filler = folder / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))

    def empty(self) -> None:
        self._filler.unlink()


def lay_out(folder: Path, prepared: Path, what: str) -> Disk:
    """Give the data of a migrated server a small disk, or their log one."""
    data = folder / "postgres"
    disk = Disk(data if what == "tables" else folder / "log", _SIZES[what])
    data.mkdir(exist_ok=True)
    _copy(prepared / "postgres", data)
    subprocess.run(["cp", "-a", prepared / "keys", folder], check=True)
    if what == "log":
        _copy(data / "pg_wal", folder / "log")
        subprocess.run(["rm", "-r", data / "pg_wal"], check=True)
        (data / "pg_wal").symlink_to(folder / "log")
    return disk


def _copy(source: Path, folder: Path) -> None:
    # With owners and modes, those of the folder too.
    subprocess.run(["cp", "-a", f"{source}/.", folder], check=True)


def bring_in(servers: cluster.Servers) -> tuple[str, str]:
    """Bring an agency in; return its credential."""
    os.environ.update(servers.environment)
    django.setup()
    from countries import registry
    from countries.accounts import credentials
    from federation.database import clock

    agency = registry.create_agency(code="NO-KRIPOS", country="NO", name="Kripos", by="test")
    issued = credentials.issue(agency=agency, by="test", now=clock.now())
    return issued.client_id, issued.client_secret


def submission(hours: int) -> bytes:
    """Return reports of so many hours, back from the one before last."""
    last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 2 * _HOUR
    cells = [{"country": country, "network": "BITTORRENT", "value": 7} for country in ("NO", "SE", "DE")]
    reports = [
        {"frequency": "H", "period": f"{last - back * _HOUR:%Y-%m-%dT%H:00}", "observations": cells}
        for back in range(hours)
    ]
    return json.dumps({"indicator": "DOWNLOADS", "reports": reports}).encode()


class Seen:
    """A web host as an agency, a load balancer, the public and Prometheus see it."""

    def __init__(self, running: cluster.Cluster, credential: tuple[str, str]) -> None:
        [self._host] = running.web
        self._sender = Sender(*credential, running.web)

    def submit(self, hours: int, key: str) -> int:
        return self._sender.submit(self._host, submission(hours), key).status

    def ask(self, path: str) -> Reply:
        return Web(self._host.port).ask("GET", path, headers={"Authorization": f"Bearer {_TOKEN}"})

    def checks(self) -> dict[str, bool]:
        checks: dict[str, bool] = self.ask("/readyz").json()["checks"]
        return checks

    def metric(self, name: str) -> float:
        lines = self.ask("/metrics").body.decode().splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"police2peer_{name} "))

    def failed(self, reason: str) -> float:
        """How many submissions and requests for tokens failed for a reason."""
        names = [
            f'submissions_failed_total{{reason="{reason}",route="{route}"}}' for route in ("v1:submissions", "token")
        ]
        return sum(map(self.metric, names))


def keep_catalogue(servers: cluster.Servers) -> None:
    """Leave PostgreSQL's catalogue alone: after a change in it, a full disk keeps new connections from being made."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'").fetchone():
            time.sleep(0.1)
        # Makes the file that new connections read, if it is not there.
        psycopg.connect(servers.database_url).close()


def tables_are_full(seen: Seen) -> None:
    until(lambda: not seen.checks()["writes"], "the host is not ready")
    readiness = seen.ask("/readyz")
    assert readiness.status == SERVICE_UNAVAILABLE, readiness
    assert "its disk is full" in readiness.json()["detail"], readiness
    until(lambda: seen.submit(500, "full") == SERVICE_UNAVAILABLE, "a submission is refused")
    assert seen.failed("disk_full") > 0
    assert seen.metric('ready{check="writes"}') == 0
    # The public can still read, also now. If the server is slow to accept a connection, wait a moment.
    until(lambda: seen.metric("database_up") == 1, "the database is up")
    until(lambda: seen.ask("/api/v1/networks/").status == OK, "what is public is read")


def log_is_full(seen: Seen, servers: cluster.Servers) -> None:
    # PostgreSQL stops where it cannot write its log, and does not start again before it can.
    with suppress(psycopg.Error), psycopg.connect(servers.database_url, autocommit=True) as connection:
        while True:
            connection.execute("SELECT pg_switch_wal(), pg_logical_emit_message(true, 'test', '')")
    until(lambda: not seen.checks()["database"], "the host is not ready")
    assert seen.ask("/readyz").status == SERVICE_UNAVAILABLE
    assert seen.submit(500, "full") != ACCEPTED
    assert seen.failed("database_away") > 0
    assert seen.metric("database_up") == 0


def main() -> None:
    die_with_parent()
    folder, prepared, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    disk = lay_out(folder, prepared, what)
    with cluster.servers(folder) as servers:
        credential = bring_in(servers)
        with cluster.hosts(servers, web=1, workers=1, METRICS_TOKEN=_TOKEN, WEB_PROCESSES="1") as running:
            seen = Seen(running, credential)
            assert seen.submit(3, "before") == ACCEPTED
            keep_catalogue(servers)
            disk.fill()
            if what == "tables":
                tables_are_full(seen)
            else:
                log_is_full(seen, servers)
            assert seen.ask("/healthz").status == OK
            disk.empty()
            until(lambda: seen.ask("/readyz").status == OK, "the host is ready again")
            until(lambda: seen.submit(500, "full") == ACCEPTED, "what was refused is taken")
            servers.manage("settle", "--timeout", "60")
            assert seen.ask("/readyz").json()["work"]["set_aside"] == []


if __name__ == "__main__":
    main()
