"""PostgreSQL's own programs: found in the version of the server, and run without a password that anyone could see."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg.pq import Conninfo

from federation.backups.manifest import BackupError

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
#: Where Debian keeps the programs of each version.
_DEBIAN = "/usr/lib/postgresql/{major}/bin"
#: What it says of why, without the rows that PostgreSQL quotes below.
_SHOWN = 5


def server() -> str:
    """Return the version of the server, such as 18.6."""
    with connection.cursor() as c:
        c.execute("SHOW server_version")
        return str(c.fetchone()[0]).split()[0]


def run(name: str, *arguments: str) -> None:
    """Run pg_dump or pg_restore on the database of this process; what it writes is for its owner only."""
    program = _find(name, major=int(server().split(".")[0]))
    done = subprocess.run(
        [program, "--no-password", *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        umask=0o077,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{name} failed, and nothing was kept of it:\n{_words(name, done.stderr)}")


def _find(name: str, *, major: int) -> Path:
    others = []
    for path in _candidates(name, major):
        found = _major_of(path)
        if found == major:
            return path
        others.append(f"{path} is of {found or 'an unknown version'}")
    raise BackupError(
        f"The server is PostgreSQL {major}, and there is no {name} of that version "
        f"({'; '.join(others) or 'nor of another'}). Install PostgreSQL's client programs of version {major}, or name "
        "their folder in POSTGRES_PROGRAMS."
    )


def _candidates(name: str, major: int) -> Iterator[Path]:
    """Yield where it may be: the folders of the settings, what a shell would find, and where Debian keeps each."""
    folders = [*map(str, settings.POSTGRES_PROGRAMS), None, _DEBIAN.format(major=major)]
    for folder in folders:
        if found := shutil.which(name, path=folder):
            yield Path(found)


def _major_of(program: Path) -> int | None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = _VERSION.search(said)
    return int(found[1]) if found else None


def _environment() -> dict[str, str]:
    """Say by environment how this process is connected, whichever way it was told: URL, service or password file."""
    connection.ensure_connection()
    info = connection.connection.info
    told = {**info.get_parameters(), "password": info.password, "port": str(info.port)}
    variables = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    named = {variables[name].decode(): value for name, value in told.items() if value and variables.get(name)}  # type: ignore[union-attr]
    return {"PATH": os.defpath, "LC_ALL": "C", **named}


def _words(name: str, said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith(f"{name}: error")]
    return "\n".join((lines or ["no reason given"])[-_SHOWN:])


def database() -> str:
    """Return the name of the database of this process."""
    return str(connection.settings_dict["NAME"])
