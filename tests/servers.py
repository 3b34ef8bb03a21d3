"""A pytest plugin: fresh PostgreSQL and Valkey for a test run, unless the environment names some.

A plugin, because pytest-django reads the settings before any conftest is imported. What migrations make is made
once: the databases of the tests and the stacks that they start begin as copies of it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config import embedded

PREFIX = "police2peer-tests-"
A_MINUTE = 60
#: Valkey has sixteen databases. The first is for a run without pytest-xdist.
_BROKER_PARTS = 15
ROLES = {"DATABASE_WEB_URL", "DATABASE_WORKER_URL", "DATABASE_PUBLIC_URL"}

#: The database of a run that is as the migrations made it, without reference data.
MIGRATED = "migrated"

#: The folder with the data of a migrated stack with its reference data, for workers too.
PREPARED = "POLICE2PEER_TESTSPREPARED"

_PREPARE = """
import gc
import sys
from pathlib import Path
from config import embedded

# The models of each migration refer to one another: looking for those left over takes a quarter of the time.
gc.disable()
with embedded.owned(Path(sys.argv[1]), durable=False):
    import django
    django.setup()
    from django.core.management import call_command
    from django.db import connection
    call_command("migrate", verbosity=0)
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {sys.argv[2]} TEMPLATE federation")
    call_command("load_reference", verbosity=0)
    connection.close()
"""

_servers = ExitStack()


def _start() -> None:
    folder = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX)))
    folder.chmod(0o711)
    if "DATABASE_URL" in embedded.missing():
        _prepare(folder / "prepared")
        _copy(folder / "prepared", folder)
    _servers.enter_context(embedded.owned(folder, durable=False))
    # Tests run as the owner, in one transaction of one connection; those of the roles take these.
    for name in os.environ.keys() & ROLES:
        os.environ[f"TEST_{name}"] = os.environ.pop(name)


def _prepare(folder: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-c", _PREPARE, str(folder), MIGRATED]
    subprocess.run(command, cwd=Path(__file__).parents[1], env=environment, stdout=subprocess.DEVNULL, check=True)
    os.environ[PREPARED] = str(folder)


def is_prepared() -> bool:
    """Whether there is anything to begin from; not where the environment names a server."""
    return PREPARED in os.environ


def lay_out(data: Path) -> None:
    """Let a stack begin with a database that is migrated and has its reference data, where there is one to copy."""
    if is_prepared():
        _copy(Path(os.environ[PREPARED]), data)


def _copy(prepared: Path, data: Path) -> None:
    # With their owners: PostgreSQL may run as another user than we.
    subprocess.run(["cp", "-a", f"{prepared}/postgres", f"{prepared}/keys", str(data)], check=True)


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


def _take_part_of_the_broker(worker: str) -> None:
    """Give a worker of pytest-xdist queues of its own, or the workers of one test would get the messages of another."""
    number = 1 + int(worker.removeprefix("gw")) % _BROKER_PARTS
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()


# The same in every run, so that rounded numbers are always the same.
os.environ.setdefault("SECRET_KEY", "tests")
os.environ.setdefault("ROUNDING_KEY", "000102030405060708090a0b0c0d0e0f")
os.environ.setdefault("WEBHOOK_KEYS", "0f" * 32)

# Workers of pytest-xdist inherit the environment of the process that started them, servers included.
if "PYTEST_XDIST_WORKER" in os.environ:
    _take_part_of_the_broker(os.environ["PYTEST_XDIST_WORKER"])
else:
    _remove_what_killed_runs_left()
    _start()


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for the processes that they start."""
    return (os.cpu_count() or 1) + 1


def pytest_unconfigure(config: pytest.Config) -> None:
    _servers.close()
