"""The stack as `make serve` runs it, with its own data in a temporary folder, and this process as a guest of it."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import django
import psutil

from bench.web import Web
from config import embedded
from config.embedded.process import free_port
from config.env import ROOT
from config.processes import bound_to_parent

if TYPE_CHECKING:
    from bench.inside import Inside

#: What would lead the stack to somebody's servers, or change how it works.
_FOREIGN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ROUNDING_KEY", "MAKELEVEL")
#: Names the folder of a stack that is migrated and has its reference data.
_PREPARED = "BENCH_PREPARED"
_READY_WITHIN = 90.0
#: One client here stands for many: its requests are counted as usual and never refused.
_PLENTY = dict.fromkeys(
    (
        "RATE_PUBLIC_PER_ADDRESS",
        "RATE_SUBMISSIONS_PER_AGENCY",
        "RATE_SUBMISSIONS_PER_CREDENTIAL",
        "RATE_TOKENS_PER_ADDRESS",
        "RATE_TOKENS_PER_CREDENTIAL",
    ),
    "1000000",
)


@dataclass(frozen=True)
class Stack:
    """A running stack: where it listens, where its data lie, and the process that runs it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def web(self) -> Web:
        return Web(self.port)

    def servers(self) -> list[psutil.Process]:
        """Return the processes of the web server that answer requests."""
        everyone = psutil.Process(self.process.pid).children(recursive=True)
        web = [one for one in everyone if "config.web" in words_of(one)]
        return [one for one in web if one.ppid() in {other.pid for other in web}]

    def renew_servers(self) -> None:
        """Replace these processes by new ones, which have answered nothing yet."""
        old = self.servers()
        for process in old:
            process.terminate()
        psutil.wait_procs(old, timeout=_READY_WITHIN)
        while len(self.servers()) < len(old):
            time.sleep(0.05)
        _wait_until_ready(self)


def words_of(process: psutil.Process) -> list[str]:
    """Return what a process was started with, or calls itself; nothing if it has just ended, as some do any time."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="police2peer-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(folder: Path) -> None:
    """Make what each stack begins with, once for all that this process and its children run from now on."""
    folder.mkdir()
    with running(folder):
        pass
    os.environ[_PREPARED] = str(folder)


def _lay_out(folder: Path) -> None:
    if prepared := os.environ.get(_PREPARED):
        # Links are followed, because the data of another user are behind a link. Owners and modes are kept.
        for name in ("postgres", "keys"):
            subprocess.run(["cp", "-aH", f"{prepared}/{name}", folder / name], check=True)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Stack]:
    """Run the whole stack until the end of the block."""
    _lay_out(folder)
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING", **_PLENTY, **settings}
    with (folder / "stack.log").open("ab") as log:
        process = subprocess.Popen(
            bound_to_parent([sys.executable, "-m", "config.serve"], signal.SIGTERM),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    stack = Stack(folder, port, process)
    try:
        _wait_until_ready(stack)
        yield stack
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(stack: Stack) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while not _is_ready(stack):
        if stack.process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"The stack did not start:\n{(stack.folder / 'stack.log').read_text()}")
        time.sleep(0.1)


def _is_ready(stack: Stack) -> bool:
    try:
        return stack.web().get("/readyz").status == http.client.OK
    except OSError:
        return False


def joined(stack: Stack) -> AbstractContextManager["Inside"]:
    """Make this process one of the stack's own."""
    return joined_at(stack.folder, stack.port)


@contextmanager
def joined_at(folder: Path, port: int) -> Iterator["Inside"]:
    """Make this process one of those of a stack, with its database and broker; once in a process."""
    with _environ({"DATA_DIR": str(folder), "LOG_LEVEL": "WARNING"}), embedded.environment(folder):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        django.setup()
        from bench.inside import Inside

        yield Inside(port)


def database_of(stack: Stack) -> str:
    """Return the address of the database of a stack that this process does not join."""
    with _environ({}), embedded.environment(stack.folder):
        return os.environ["DATABASE_URL"]


@contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.pop(name, None) for name in (*values, "DATABASE_URL", "REDIS_URL")}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
