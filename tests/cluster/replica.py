"""A replica of an embedded PostgreSQL: copied with pg_basebackup, then fed by streaming replication."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from config.embedded import postgres
from config.embedded.identity import Identity
from config.embedded.process import free_port, spawn, wait_until

#: A replica lets nobody in while a transaction with more than 64 savepoints runs on the primary, as long tests have.
_PATIENCE = 240.0


def start(primary_folder: Path, folder: Path, *, port: int | None = None) -> tuple[str, subprocess.Popen[bytes]]:
    """Make a replica of the server whose data directory is given, or start it again; the owner's address, and process.

    It listens on the loopback address and accepts the same users as the primary: only folder and port differ. Stop
    it with `config.embedded.process.stop`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    identity = Identity.choose(folder / "postgres", programs=postgres.require_programs())
    if not (identity.data / "PG_VERSION").exists():
        _copy(address_of(primary_folder), identity, log=folder / "basebackup.log")
    _follow(address_of(primary_folder), identity.data)
    (identity.data / "postmaster.pid").unlink(missing_ok=True)
    command = postgres.command(identity, port=port, durable=False)
    process = spawn(command, log=folder / "postgres.log", user=identity.user)
    url = at_port(address_of(primary_folder), port)
    wait_until(
        lambda: _follows(url), process=process, name="The replica", log=folder / "postgres.log", timeout=_PATIENCE
    )
    return url, process


def address_of(folder: Path) -> str:
    """The owner's address of the server that runs in a data directory."""
    password = (folder / "keys" / "postgres").read_text().strip()
    # PostgreSQL's own note of itself has the port in its fourth line.
    port = (folder / "postgres" / "postmaster.pid").read_text().split("\n")[3]
    return f"postgres://{postgres.ROLE}:{password}@127.0.0.1:{port}/{postgres.DATABASE}"


def at_port(url: str, port: int) -> str:
    """The same user and database on another server of this machine."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()


def _copy(primary: str, identity: Identity, *, log: Path) -> None:
    # This process makes the folder, because the user that PostgreSQL runs as may not write here.
    identity.data.mkdir(mode=0o700, exist_ok=True)
    server = urlsplit(primary)._replace(scheme="postgresql", path="/").geturl()
    # The address with its password is in a file, because everyone can read the list of processes.
    words = identity.lend("service", _service(server))
    shell = f'PGSERVICEFILE="{words}" exec "$0" "$@"'
    program, *arguments = identity.command(
        "pg_basebackup", "-d", "service=primary", "-D", str(identity.data), "-R", "-X", "stream", "-c", "fast"
    )
    done = spawn(["/bin/sh", "-c", shell, program, *arguments], log=log, user=identity.user).wait()
    identity.take_back()
    assert done == 0, log.read_text()


def _follow(primary: str, data: Path) -> None:
    """Say whom to follow: the primary's port is another one after each of its starts."""
    parts = urlsplit(primary)
    told = f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}"
    (data / "postgresql.auto.conf").write_text(f"primary_conninfo = '{told}'\nhot_standby_feedback = on\n")


def _service(url: str) -> str:
    parts = urlsplit(url)
    return f"[primary]\nhost={parts.hostname}\nport={parts.port}\nuser={parts.username}\npassword={parts.password}\n"


def _follows(url: str) -> bool:
    """Whether it lets readers in, and gets what the primary writes."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            row = connection.execute("SELECT pg_is_in_recovery(), count(*) FROM pg_stat_wal_receiver").fetchone()
    except psycopg.OperationalError:
        return False
    return row == (True, 1)
