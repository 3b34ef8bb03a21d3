"""Real worker processes on the database and the broker of the test, and a little of what beat does beside them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import redis
from django.conf import settings
from django.db import connection

from config.processes import bound_to_parent
from federation import worklist
from federation.database import clock
from federation.runs import schedules
from federation.worklist import dispatch
from tests.integration.processes import ROOT

#: How many seconds a test waits before it fails.
PATIENCE = 60
_OPTIONS = [
    *("--concurrency", "2", "-O", "fair", "--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
]


class Workers:
    """A Celery worker with two processes, as `make serve` starts it."""

    def __init__(self, log: Path, **environment: str) -> None:
        with log.open("a") as out:
            self._process = subprocess.Popen(
                bound_to_parent([sys.executable, "-m", "celery", "--app", "config", "worker", *_OPTIONS]),
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": database_url(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def pool(self) -> list[psutil.Process]:
        """The processes that do the work."""
        return psutil.Process(self._process.pid).children()

    def kill(self) -> None:
        """End all of it, as a power cut would."""
        children = self.pool() if self._process.poll() is None else []
        self._process.kill()
        self._process.wait()
        psutil.wait_procs(children, timeout=PATIENCE)


@contextmanager
def working(log: Path, **environment: str) -> Iterator[Workers]:
    """Workers that are gone when the block is left."""
    workers = Workers(log, **environment)
    try:
        yield workers
    finally:
        workers.kill()


def database_url() -> str:
    """The database of the test, as the role of workers where there is one."""
    named = os.environ.get("TEST_DATABASE_WORKER_URL", os.environ["DATABASE_URL"])
    return urlsplit(named)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def flush_broker() -> None:
    """Let the broker forget everything, as after a restart without a disk."""
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


_OTHERS = """
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def connections() -> set[int]:
    """The processes of the database server that have a connection to this database, except for this one."""
    with connection.cursor() as c:
        c.execute(f"SELECT pid {_OTHERS}")
        return {pid for [pid] in c.fetchall()}


def rest() -> None:
    """Wait until the workers do nothing: no message is left, and nobody has asked the database for a while."""
    flush_broker()
    busy, gives_up = True, time.monotonic() + PATIENCE
    while busy:
        assert time.monotonic() < gives_up, f"not at rest within {PATIENCE} s"
        time.sleep(0.1)
        with connection.cursor() as c:
            c.execute(f"SELECT count(*) > 0 {_OTHERS} AND (state <> 'idle' OR state_change > now() - interval '1 s')")
            [busy] = c.fetchone()


def cut_connections() -> None:
    """End every connection to the database but this one, as when it is started again."""
    with connection.cursor() as c:
        c.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}")


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that workers do, and sweep meanwhile as beat does."""
    gives_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < gives_up, f"not within {PATIENCE} s; on the list: {list(worklist.waiting())[:5]}"
        dispatch.wake()
        time.sleep(0.1)


def settle() -> None:
    """Wait until all work that is due now is done."""
    schedules.tick(now=clock.now())
    until(lambda: not worklist.is_pending())
