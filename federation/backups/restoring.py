"""Restores a backup into an empty database: whatever can be wrong is found before, and what fails leaves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from federation import audit, chain, roles, versions
from federation.backups import facts, manifest, programs
from federation.backups.manifest import DUMP, BackupError, Facts, Manifest, Public
from federation.rules import rounding

#: Tables, views, sequences and functions that are neither PostgreSQL's own nor an extension's.
_THINGS = """
SELECT count(*) FROM (
    SELECT oid, 'pg_class'::regclass AS kind, relnamespace AS room FROM pg_class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT oid, 'pg_proc'::regclass, pronamespace FROM pg_proc
) AS thing JOIN pg_namespace n ON n.oid = thing.room
WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = kind AND d.objid = thing.oid AND d.deptype = 'e')
"""
#: Only a superuser may read what kind of process another role's is; the server's own have no role.
_OTHERS = """
SELECT count(*), string_agg(DISTINCT usename, ', ' ORDER BY usename) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
"""
#: Until both counters have leapt nobody draws a number; what was drawn before is a difference from the backup.
_KEEP_VERSIONS = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE federation_versioncounter, countries_referenceversion IN EXCLUSIVE MODE
"""
_MAY_EXTEND = """
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gist')
    OR has_database_privilege(current_database(), 'CREATE')
"""


@dataclass(frozen=True)
class Restored:
    """What was restored, and which migrations have still to be run."""

    manifest: Manifest
    outstanding: list[str]


def restore(*, folder: Path, now: datetime, by: str) -> Restored:
    """Restore a backup; returns once what is there is what the backup says."""
    said = manifest.read(folder)
    manifest.check_files(said, folder)
    _refuse_newer(said)
    _refuse_other_rounding(said.facts)
    _refuse_slow_clock(said.facts.public, now)
    _refuse_unfit_database()
    programs.run(
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        # Who may use an extension may not always write a remark to it, and we write none.
        "--no-comments",
        f"--dbname={programs.database()}",
        str(folder / DUMP),
    )
    outstanding = facts.outstanding(said.facts.migrations)
    _check_and_leap(said, now=now, by=by, whole=not outstanding)
    return Restored(said, outstanding)


@transaction.atomic
def leap(*, now: datetime, by: str) -> None:
    """Go on from a database that PostgreSQL itself brought back to an earlier moment."""
    newest = facts.newest()
    _refuse_others()
    _refuse_slow_clock(newest, now)
    versions.leap()
    _record(newest, now=now, by=by)


def _refuse_newer(said: Manifest) -> None:
    if strange := facts.unknown(said.facts.migrations):
        raise BackupError(
            f"The backup is of version {said.project}, with migrations that this version ({settings.PROJECT_VERSION}) "
            f"does not have: {', '.join(strange[:5])}. Restore it with that version."
        )
    if said.major > int(programs.server().split(".")[0]):
        raise BackupError(
            f"The backup is of PostgreSQL {said.postgresql}, and the server is {programs.server()}. Give a server of "
            f"version {said.major} or newer."
        )


def _refuse_other_rounding(held: Facts) -> None:
    """A second key or base would round each number a second time, from which exact ones could be narrowed down."""
    if held.rounding is None:
        return
    if held.rounding.fingerprint != rounding.fingerprint(settings.ROUNDING_KEY).hex():
        raise BackupError(
            "ROUNDING_KEY is not the key that the backup was rounded with. Put that one in its place, from where it is "
            "kept apart, before anything else: with embedded servers it is DATA_DIR/keys/rounding_key."
        )
    if held.rounding.base != settings.ROUNDING_BASE:
        raise BackupError(f"The backup is rounded to multiples of {held.rounding.base}. Set ROUNDING_BASE to that.")


def _refuse_slow_clock(newest: Public, now: datetime) -> None:
    """Versions leap to the time of day, which must not be one that has been before."""
    if newest.known_at and now < newest.known_at:
        raise BackupError(
            f"The clock of the database server says {now:%Y-%m-%d %H:%M:%S} UTC, and version {newest.version} became "
            f"public at {newest.known_at:%Y-%m-%d %H:%M:%S} UTC. Set the clock right."
        )


def _refuse_unfit_database() -> None:
    name = programs.database()
    if things := _one(_THINGS):
        raise BackupError(
            f"The database {name} is not empty ({things} tables, sequences and functions), and nothing is ever written "
            "over. Make a new one (createdb), or give a new DATA_DIR, and restore into that."
        )
    _refuse_others()
    if not _one(_MAY_EXTEND):
        raise BackupError(
            f"The extension btree_gist is missing, and this role may not add it. Have an administrator run CREATE "
            f"EXTENSION btree_gist in the database {name}."
        )


def _refuse_others() -> None:
    others, roles_of_others = _row(_OTHERS)
    if others:
        raise BackupError(
            f"{others} other connections use the database {programs.database()}, as {roles_of_others}. Stop web, "
            "workers and beat, with the sockets that would start them; start them afterwards."
        )


@transaction.atomic
def _check_and_leap(said: Manifest, *, now: datetime, by: str, whole: bool) -> None:
    with connection.cursor() as c:
        c.execute(_KEEP_VERSIONS)
    _check(said.facts, whole=whole)
    versions.leap()
    if whole:
        _record(said.facts.public, now=now, by=by, made=said.made)


def _check(said: Facts, *, whole: bool) -> None:
    """Compare what is there with what the backup says; what is wrong here is wrong with us, not with the file."""
    wrong = list(_differences(said, facts.read()))
    # An older schema may lack what the chain is read by; `migrate` comes first then.
    wrong += [str(fault) for fault in chain.verify()] if whole else []
    if wrong:
        raise BackupError(
            "What was restored is not what the backup says; do not use it, and drop this database:\n" + "\n".join(wrong)
        )


def _differences(said: Facts, found: Facts) -> Iterator[str]:
    for name in sorted(said.rows.keys() | found.rows.keys()):
        if said.rows.get(name) != found.rows.get(name):
            yield f"{name}: {found.rows.get(name, 'no table')} rows instead of {said.rows.get(name, 'no table')}"
    for name in ("migrations", "public", "audit", "rounding"):
        if getattr(said, name) != getattr(found, name):
            yield f"{name}: {getattr(found, name)} instead of {getattr(said, name)}"


def _record(newest: Public, *, now: datetime, by: str, made: datetime | None = None) -> None:
    """Leave a trace: what came after that version is gone."""
    told = {"version": newest.version, "restored": now.isoformat()} | ({"made": made.isoformat()} if made else {})
    audit.record(by=by, action="database.restored", subject="database", details=told)


def prepare() -> None:
    """Tell the planner what there is, and give the roles what they need: a dump holds neither."""
    with connection.cursor() as c:
        c.execute("ANALYZE")
    roles.grant()


def _one(query: str) -> Any:
    return _row(query)[0]


def _row(query: str) -> tuple[Any, ...]:
    with connection.cursor() as c:
        c.execute(query)
        found: tuple[Any, ...] = c.fetchone()
        return found
