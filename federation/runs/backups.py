"""Backups: pg_dump writes one snapshot into one file, and a restore fills an empty database, completely or not at all.

A file is a line of JSON about the database, then the archive of pg_dump, all packed with gzip. The checksum of gzip
covers both, so a damaged file is found before anything is restored.
"""

import gzip
import os
import shutil
import subprocess
import tempfile
import zlib
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from federation import audit
from federation.audit import chain
from federation.database import clock, one_snapshot
from federation.errors import ClocksDisagreeError
from federation.models.published import RoundingSeal, Version
from federation.notifications import compose
from federation.publication import versions
from federation.rules import rounding

_MIB: Final = 1 << 20
#: Only a superuser sees the type of a process of another role. The server's own processes have no role.
_OTHERS: Final = """
SELECT count(*), string_agg(DISTINCT usename, ', ' ORDER BY usename) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
"""


class BackupFacts(msgspec.Struct, frozen=True, tag_field="format", tag="police2peer-federation backup 1"):
    """The facts in the first line of a backup. They contain no secret and no count of an agency."""

    made: datetime
    project: str
    migrations: list[str]
    #: The newest public version; 0 if nothing was published.
    version: int
    known_at: datetime | None
    #: Position and digest of the newest seal of the audit chain.
    audit_head: tuple[int, str]
    #: Fingerprint of the key, and base; None if nothing was published.
    rounding: tuple[str, int] | None


def make(file: Path) -> BackupFacts:
    """Back up the database into a new file. The file gets its name when it is complete and on the disk."""
    if file.exists():
        raise CommandError(f"{file} exists already. Give another name.")
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with open(draft, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as raw:
            with gzip.GzipFile("", "wb", compresslevel=6, fileobj=raw) as packed:
                facts = _dump(packed)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(file)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}. Nothing was kept.") from None
    finally:
        draft.unlink(missing_ok=True)
    return facts


@transaction.atomic
def _dump(packed: gzip.GzipFile) -> BackupFacts:
    """Write the facts and the dump of one snapshot, while other processes continue."""
    one_snapshot()
    # PostgreSQL must not end this transaction before the dump is complete.
    snapshot, _ = _row("SELECT pg_export_snapshot(), set_config('idle_in_transaction_session_timeout', '0', true)")
    number, known_at = _newest()
    head, seal = chain.head(), RoundingSeal.objects.first()
    facts = BackupFacts(
        made=clock.now(),
        project=settings.PROJECT_VERSION,
        migrations=[".".join(name) for name in MigrationRecorder(connection).applied_migrations()],
        version=number,
        known_at=known_at,
        audit_head=(head.position, head.digest.hex()),
        rounding=(bytes(seal.fingerprint).hex(), seal.base) if seal else None,
    )
    packed.write(msgspec.json.encode(facts) + b"\n")
    # Owners and rights come from the installation that restores it. A migration that locks a table stops the dump.
    options = ("--no-owner", "--no-privileges", "--lock-wait-timeout=60s", "--format=custom", "--compress=none")
    _run("pg_dump", *options, f"--snapshot={snapshot}", into=packed)
    return facts


def restore(file: Path, *, by: str) -> BackupFacts:
    """Restore a backup into the empty database of this process, and migrate it."""
    facts = read(file)
    _refuse_other_program(facts)
    _refuse_wrong_clock(facts.known_at)
    if connection.introspection.table_names():
        raise CommandError(
            f"The database {connection.settings_dict['NAME']} is not empty, and a restore overwrites nothing. Create a "
            "new database (createdb), or set a new DATA_DIR."
        )
    _refuse_others()
    with gzip.open(file) as packed:
        packed.readline()
        # A role that may use an extension may not be allowed to comment on it. There are no other comments.
        options = ("--no-owner", "--no-privileges", "--no-comments", "--single-transaction", "--exit-on-error")
        _run("pg_restore", *options, out_of=packed)
    # Before anything can take a version number. The tables of the audit trail may be older until `migrate`.
    versions.leap()
    call_command("migrate", verbosity=0)
    _record(facts.version, by=by, made=facts.made.isoformat())
    with connection.cursor() as c:
        c.execute("ANALYZE")
    return facts


@transaction.atomic
def leap(*, by: str) -> None:
    """Continue with a database that PostgreSQL itself took back to an earlier moment."""
    _refuse_others()
    number, known_at = _newest()
    _refuse_wrong_clock(known_at)
    versions.leap()
    _record(number, by=by)


def _record(version: int, *, by: str, **more: str) -> None:
    details = {"version": version, "restored": clock.now().isoformat(), **more}
    audit.record(by=by, action="database.restored", subject="database", details=details)
    compose.after_restore(now=clock.now())


def read(file: Path) -> BackupFacts:
    """Read a complete backup and return its facts. Refuse a damaged file, or one that is no backup."""
    try:
        with gzip.open(file) as packed:
            facts = msgspec.json.decode(packed.readline(_MIB), type=BackupFacts)
            while packed.read(_MIB):
                pass
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise CommandError(
            f"{file} is damaged, or no backup of a compatible `manage.py backup`: {error}. Use another copy of the "
            "backup."
        ) from None
    return facts


def _refuse_other_program(facts: BackupFacts) -> None:
    ours = {".".join(name) for name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if unknown := sorted(set(facts.migrations) - ours):
        raise CommandError(
            f"The backup is of version {facts.project}, whose migrations {', '.join(unknown[:5])} this version "
            f"({settings.PROJECT_VERSION}) does not have. Restore it with that version."
        )
    # Another key or base would round each number a second time, which tells more about the exact one.
    mine = rounding.fingerprint(settings.ROUNDING_KEY).hex(), settings.ROUNDING_BASE
    if facts.rounding not in (None, mine):
        raise CommandError(
            "The backup was rounded with another key or base: fingerprint and base are {} and {}, and here {} and {}. "
            "Set ROUNDING_KEY and ROUNDING_BASE to those of the backup. The key is stored apart from the backup. With "
            "embedded servers, write it to DATA_DIR/keys/rounding_key.".format(*facts.rounding, *mine)
        )


def _refuse_wrong_clock(known_at: datetime | None) -> None:
    """Versions leap to the current time, so it must be later than all of them."""
    try:
        now = clock.agreed_with_host()
    except ClocksDisagreeError as error:
        raise CommandError(str(error)) from None
    if known_at and now < known_at:
        raise CommandError(
            f"The clock of the database server says {now:%Y-%m-%d %H:%M:%S} UTC, but the newest version became public "
            f"at {known_at:%Y-%m-%d %H:%M:%S} UTC. Set the clock right."
        )


def _refuse_others() -> None:
    others, roles = _row(_OTHERS)
    if others:
        raise CommandError(
            f"{others} other connections use the database {connection.settings_dict['NAME']}, as {roles}. Stop web, "
            "workers and beat, and the sockets that would start them. Start them again afterwards."
        )


def _run(name: str, *options: str, into: gzip.GzipFile | None = None, out_of: gzip.GzipFile | None = None) -> None:
    """Run a program of PostgreSQL on the database of this process. The password is passed in the environment."""
    # On Debian, the program on PATH may be older than the server.
    major = int(_row("SHOW server_version_num")[0]) // 10_000
    folders = [*map(str, settings.POSTGRES_PROGRAMS), f"/usr/lib/postgresql/{major}/bin"]
    program = shutil.which(name, path=os.pathsep.join(folders)) or shutil.which(name)
    if program is None:
        raise CommandError(
            f"{name} was not found. Install PostgreSQL's client programs of version {major}, or name their folder "
            "in POSTGRES_PROGRAMS."
        )
    [_, *place, database], environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            [program, "--no-password", *place, f"--dbname={database}", *options],
            env={"PATH": os.defpath, "LC_ALL": "C", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process:
            if out_of and process.stdin:
                # If the program ends before it has read everything, its message says why.
                with suppress(BrokenPipeError), process.stdin:
                    shutil.copyfileobj(out_of, process.stdin, _MIB)
            if into and process.stdout:
                shutil.copyfileobj(process.stdout, into, _MIB)
        if process.returncode:
            errors.seek(0)
            # Leave out the details, which quote rows.
            lines = [line for line in errors.read().decode(errors="replace").splitlines() if f"{name}: error" in line]
            raise CommandError(f"{name} failed, and nothing was kept:\n" + "\n".join(lines[-5:]))


def _newest() -> tuple[int, datetime | None]:
    return Version.objects.order_by("-number").values_list("number", "known_at").first() or (0, None)


def _row(query: str) -> tuple[Any, ...]:
    with connection.cursor() as c:
        c.execute(query)
        found: tuple[Any, ...] = c.fetchone()
        return found
