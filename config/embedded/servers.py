"""The servers of one data directory: which process runs them, which use them, and their addresses in the environment.

The process that runs them holds the lock `servers.lock`. Each process that only uses them shares `users.lock`. So a
command that has started servers can wait for the processes that use them. The kernel releases both locks when a process
ends.
"""

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from config import env
from config.embedded import postgres, secret, valkey
from config.embedded.process import TIMEOUT, NotStarted, stop, stop_stranger

_VARIABLES: Mapping[str, Callable[[str], bool]] = {"DATABASE_URL": postgres.answers, "REDIS_URL": valkey.answers}

#: How many seconds a process has to stop after it was asked to, or killed.
STOPPING = 10.0

#: The servers that were started here, by name.
Started = dict[str, subprocess.Popen[bytes]]


class Busy(SystemExit):
    """Another process runs the servers of this data directory."""


@contextmanager
def environment(folder: Path | None = None) -> Iterator[None]:
    """Name PostgreSQL and Valkey in the environment: the given ones, those that run here, or new ones."""
    absent = missing()
    if not absent:
        yield
        return
    home = _prepare(folder)
    with (home / "servers.lock").open("a") as lock, (home / "users.lock").open("a") as users:
        deadline = time.monotonic() + TIMEOUT
        while not _take(lock, fcntl.LOCK_EX):
            # The lock is shared before we look for servers, so that their owner cannot stop them between our look and
            # our use.
            fcntl.flock(users, fcntl.LOCK_SH)
            if found := _find(home, absent):
                with _environ(found | _keys(home, absent)):
                    yield
                return
            fcntl.flock(users, fcntl.LOCK_UN)
            if time.monotonic() > deadline:
                raise NotStarted(f"The servers of {home} do not answer. Stop the process that runs them.")
            time.sleep(0.1)
        with _running(home, absent, durable=True):
            try:
                yield
            finally:
                fcntl.flock(users, fcntl.LOCK_EX)


@contextmanager
def owned(folder: Path | None = None, *, durable: bool = True) -> Iterator[Started]:
    """The same for a process that must not lose the servers: it starts them itself, or raises `Busy`."""
    absent = missing()
    with ExitStack() as stack:
        started: Started = {}
        if absent:
            home = _prepare(folder)
            lock = stack.enter_context((home / "servers.lock").open("a"))
            deadline = time.monotonic() + STOPPING
            while not _take(lock, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise Busy(f"Another process runs the servers of {home}. Stop it first, or give another DATA_DIR.")
                time.sleep(0.1)
            started = stack.enter_context(_running(home, absent, durable=durable))
        yield started


@contextmanager
def _running(folder: Path, absent: list[str], *, durable: bool) -> Iterator[Started]:
    """Start what is missing, note its addresses in a file, and stop it at the end."""
    state = folder / "servers.json"
    if state.exists():
        # If the kernel does not stop servers with their launcher, those of a killed launcher still run.
        for number in json.loads(state.read_text())["processes"]:
            stop_stranger(number, program="valkey-server")
        state.unlink()
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        started: Started = {}
        if "DATABASE_URL" in absent:
            addresses, started["PostgreSQL"] = postgres.start(folder, durable=durable)
            urls |= addresses
            stack.callback(stop, started["PostgreSQL"])
        if "REDIS_URL" in absent:
            urls["REDIS_URL"], started["Valkey"] = valkey.start(folder)
            stack.callback(stop, started["Valkey"])
        numbers = [process.pid for process in started.values()]
        secret.write(state, json.dumps({"urls": urls, "processes": numbers}))
        stack.callback(state.unlink, missing_ok=True)
        stack.enter_context(_environ(urls | _keys(folder, absent)))
        yield started


def _find(folder: Path, absent: list[str]) -> dict[str, str] | None:
    """The addresses of the servers that run here, if they answer. A database has one for each role."""
    try:
        urls: dict[str, str] = json.loads((folder / "servers.json").read_text())["urls"]
    except FileNotFoundError:
        return None
    alive = all(name in urls and _VARIABLES[name](urls[name]) for name in absent)
    owner = {name: "DATABASE_URL" if name.startswith("DATABASE_") else name for name in urls}
    return {name: url for name, url in urls.items() if owner[name] in absent} if alive else None


def missing() -> list[str]:
    """The variables that name no server, so that we have to start one."""
    return [name for name in _VARIABLES if not env.is_set(name)]


def _prepare(folder: Path | None) -> Path:
    home = folder or env.data_dir()
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    return home.resolve()


def _keys(folder: Path, absent: list[str]) -> dict[str, str]:
    """The secrets of an installation are kept beside its data. An operator's own database comes with its own keys."""
    if "DATABASE_URL" not in absent:
        return {}
    keys = {"SECRET_KEY": 32, "ROUNDING_KEY": 16, "WEBHOOK_KEYS": 32}
    wanted = {name: size for name, size in keys.items() if not env.is_set(name)}
    for name, size in wanted.items():
        secret.load(folder / "keys" / name.lower(), size=size)
    return {f"{name}_FILE": str(folder / "keys" / name.lower()) for name in wanted}


def _take(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
