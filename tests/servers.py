"""A pytest plugin: fresh PostgreSQL and Valkey for a test run, unless the environment names some.

A plugin, because pytest-django reads the settings before any conftest is imported.
"""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import embedded

PREFIX = "police2peer-tests-"
A_MINUTE = 60
ROLES = {"DATABASE_WEB_URL", "DATABASE_WORKER_URL", "DATABASE_PUBLIC_URL"}

_servers = ExitStack()


def _start() -> None:
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
    folder.chmod(0o711)
    _servers.enter_context(embedded.owned(folder, durable=False))
    # Tests run as the owner, in one transaction of one connection; those of the roles take these.
    for name in os.environ.keys() & ROLES:
        os.environ[f"TEST_{name}"] = os.environ.pop(name)


def _remove_what_killed_runs_left() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/servers.lock"):
        if lock.stat().st_mtime < time.time() - A_MINUTE and _free(lock):
            shutil.rmtree(lock.parent, ignore_errors=True)


def _free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


# The same in every run, so that a number which a test expects stays the number.
os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("ROUNDING_KEY", "000102030405060708090a0b0c0d0e0f")

# Workers of pytest-xdist inherit the environment of the process that started them, servers included.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _remove_what_killed_runs_left()
    _start()


def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()
