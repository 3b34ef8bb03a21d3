"""The machines of a cluster: servers first, then hosts of the three roles, each with its own folder for logs."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import OK
from pathlib import Path

from config.embedded import postgres, roles, secret, valkey
from config.embedded.process import free_port
from config.env import ROOT
from tests.cluster import replica
from tests.cluster.part import Part, spawn
from tests.integration.processes import PLENTY

#: Variables that would lead a cluster to other servers, or change how it works.
_FOREIGN = (
    *("DATABASE_URL", "DATABASE_WEB_URL", "DATABASE_WORKER_URL", "DATABASE_PUBLIC_URL", "DATABASE_REPLICA_URL"),
    *("REDIS_URL", "REPLICA", "SECRET_KEY", "ROUNDING_KEY", "MAKE", "DATA_DIR", "PORT"),
)
#: The database role of each host, and the variable that names its address, as in `make serve`.
_WORKS_AS = {"DATABASE_URL": "DATABASE_WORKER_URL"}
_SIGNS_IN = {
    "web": {"DATABASE_URL": "DATABASE_WEB_URL", "DATABASE_PUBLIC_URL": "DATABASE_PUBLIC_URL"},
    "worker": _WORKS_AS,
    "beat": _WORKS_AS,
}

#: All requests to a cluster come from one address, so its limits are those of thirty addresses.
_UNLIMITED = {"RATE_TOKEN_FAILURES_PER_ADDRESS": "300"} | {
    f"RATE_{name}": "1000000"
    for name in (
        *("TOKENS_PER_CREDENTIAL", "TOKENS_PER_ADDRESS", "SUBMISSIONS_PER_CREDENTIAL", "SUBMISSIONS_PER_AGENCY"),
        *("READS_PER_CREDENTIAL", "READS_PER_AGENCY", "PUBLIC_PER_ADDRESS"),
    )
}


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and the broker. `environment` is for the owner, `addresses` has the address of each role."""

    folder: Path
    database: Part
    broker: Part
    environment: dict[str, str]
    addresses: dict[str, str]

    @property
    def database_url(self) -> str:
        return self.environment["DATABASE_URL"]

    @property
    def broker_url(self) -> str:
        return self.environment["REDIS_URL"]

    def reached_at(self, port: int) -> "Servers":
        """The same servers, with the database at another port."""
        moved = {name: replica.at_port(url, port) for name, url in self.addresses.items()}
        return replace(self, addresses=moved)

    def environment_of(self, role: str) -> dict[str, str]:
        """The variables of a host, without any address of the owner."""
        return self.environment | {told: self.addresses[name] for told, name in _SIGNS_IN[role].items()}

    def manage(self, *arguments: str, told: str = "", **settings: str) -> str:
        """Run one of the project's commands beside the cluster, and return what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **settings},
            input=told,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout


@dataclass(frozen=True)
class Cluster:
    """Hosts on servers."""

    servers: Servers
    web: list[Part]
    workers: list[Part]
    beats: list[Part]
    #: Other parts: a replica, a proxy in front.
    others: list[Part] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        return [self.servers.database, self.servers.broker, *self.web, *self.workers, *self.beats, *self.others]

    def await_ready(self) -> None:
        for part in self.parts:
            part.await_ready()


@contextmanager
def running(
    folder: Path, *, web: int = 2, workers: int = 2, beats: int = 1, migrate: bool = True, **settings: str
) -> Iterator[Cluster]:
    """Run a whole cluster in a folder until the end of the block: servers, migrated, with reference data, and hosts."""
    with servers(folder) as started:
        if migrate:
            started.manage("migrate", "--verbosity", "0", "--with-reference")
        with hosts(started, web=web, workers=workers, beats=beats, **settings) as cluster:
            yield cluster


@contextmanager
def servers(folder: Path, *, ports: tuple[int, int] | None = None) -> Iterator[Servers]:
    """Run PostgreSQL, which waits for its disk as in production, and Valkey; both keep their ports over restarts."""
    folder.mkdir(parents=True, exist_ok=True)
    database_port, broker_port = ports or (free_port(), free_port())
    database = Part(
        "database",
        lambda: postgres.start(folder, durable=True, port=database_port)[1],
        port=database_port,
        log=folder / "postgres.log",
        ready=lambda _: postgres.answers(database_url),
        stop_with=signal.SIGINT,
    )
    broker = Part(
        "broker",
        lambda: valkey.start(folder, port=broker_port)[1],
        port=broker_port,
        log=folder / "valkey.log",
        ready=lambda _: valkey.answers(broker_url),
    )
    place = f"127.0.0.1:{database_port}/{postgres.DATABASE}"
    database_url = f"postgres://{postgres.ROLE}:{secret.load(folder / 'keys' / 'postgres')}@{place}"
    addresses = {
        name: f"postgres://{role}:{secret.load(folder / 'keys' / role)}@{place}"
        for role, name in roles.VARIABLES.items()
    }
    broker_url = f"redis://:{secret.load(folder / 'keys' / 'valkey')}@127.0.0.1:{broker_port}/0"
    environment = {
        **PLENTY,
        **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
        "DATABASE_URL": database_url,
        "REDIS_URL": broker_url,
        "SECRET_KEY": secret.load(folder / "keys" / "secret_key"),
        "ROUNDING_KEY": secret.load(folder / "keys" / "rounding_key", size=16),
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **_UNLIMITED,
    }
    with _started([database, broker]):
        yield Servers(folder, database.await_ready(), broker.await_ready(), environment, addresses)


@contextmanager
def hosts(servers: Servers, *, web: int = 2, workers: int = 2, beats: int = 1, **settings: str) -> Iterator[Cluster]:
    """Run so many hosts of each role on servers; `settings` are environment variables of all of them."""
    cluster = Cluster(
        servers,
        [host(servers, "web", number, settings) for number in range(1, web + 1)],
        [host(servers, "worker", number, settings) for number in range(1, workers + 1)],
        [host(servers, "beat", number, settings) for number in range(1, beats + 1)],
    )
    own = [*cluster.web, *cluster.workers, *cluster.beats]
    with _started(own):
        cluster.await_ready()
        try:
            yield cluster
        finally:
            for part in reversed(cluster.others):
                part.stop()


def host(servers: Servers, role: str, number: int, settings: Mapping[str, str], *, command: Sequence[str] = ()) -> Part:
    """Return a host, not started yet, that runs one role of `make serve` or another command."""
    name, port = f"{role}-{number}", free_port()
    folder = servers.folder / name
    log = folder / "logs" / f"{role}.log"
    environment = {**servers.environment_of(role), "DATA_DIR": str(folder), "PORT": str(port), **settings}
    return Part(
        name,
        partial(spawn, command or COMMANDS[role], log=log, environment=environment),
        port=port,
        log=log,
        ready=_READY[role],
    )


def _answers(part: Part) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{part.url}/readyz", timeout=20).status == OK)
    except OSError:
        return False


def _has_children(part: Part) -> bool:
    return bool(part.children)


_CELERY = (sys.executable, "-m", "celery", "--app", "config")
#: What runs on a host of each role, as `make serve` runs it.
COMMANDS: Mapping[str, Sequence[str]] = {
    "web": [sys.executable, "-m", "config.web"],
    "worker": [
        *(*_CELERY, "worker", "--concurrency", "2", "--pool", "prefork", "-O", "fair", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ],
    "beat": [*_CELERY, "beat", "--scheduler", "config.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING"],
}
_READY = {"web": _answers, "worker": _has_children, "beat": lambda _: True}


@contextmanager
def _started(parts: Sequence[Part]) -> Iterator[None]:
    """Start parts in order, and stop them in the opposite one."""
    with ExitStack() as stack:
        for part in parts:
            stack.callback(part.start().stop)
        yield
