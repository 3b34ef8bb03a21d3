"""Makes a backup: the dump and what it says of itself out of one snapshot, under its name only once it is whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from federation.backups import facts, manifest, programs
from federation.backups.manifest import DUMP, FORMAT, LAYOUT, MANIFEST, BackupError, Manifest
from federation.database import one_snapshot

#: A migration that holds a table makes us give up rather than wait for good.
_PATIENCE = "60s"


def make(*, folder: Path, keys: Path | None = None, now: datetime) -> Manifest:
    """Back the database up into a new folder and, only if asked, the keys into another one."""
    if keys is not None and _inside(keys, folder):
        raise BackupError(
            f"{keys} lies in the backup. Who has both undoes the rounding: give a place that is kept apart."
        )
    with _drafted(folder) as draft:
        made = _dump(draft, now=now)
        _write(draft / MANIFEST, manifest.text(made))
    if keys is not None:
        keep_keys(keys)
    return made


def _dump(draft: Path, *, now: datetime) -> Manifest:
    """Other processes go on meanwhile: what they write after the snapshot is in neither of the two."""
    with transaction.atomic():
        one_snapshot()
        snapshot = _exported()
        held = facts.read()
        programs.run(
            "pg_dump",
            "--format=custom",
            f"--snapshot={snapshot}",
            f"--lock-wait-timeout={_PATIENCE}",
            # Who owns what, and who may read it, is a matter of the installation that it is restored into.
            "--no-owner",
            "--no-privileges",
            f"--file={draft / DUMP}",
            f"--dbname={programs.database()}",
        )
    return Manifest(
        format=FORMAT,
        layout=LAYOUT,
        made=now,
        project=settings.PROJECT_VERSION,
        postgresql=programs.server(),
        facts=held,
        files={DUMP: manifest.look_at(draft / DUMP)},
    )


def _exported() -> str:
    with connection.cursor() as c:
        # The snapshot is ours to lend for as long as the dump takes, however long that is.
        c.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        c.execute("SELECT pg_export_snapshot()")
        return str(c.fetchone()[0])


def keep_keys(folder: Path) -> None:
    """Write the keys as files that ROUNDING_KEY_FILE and SECRET_KEY_FILE can name."""
    with _drafted(folder) as draft:
        _write(draft / "rounding_key", f"{settings.ROUNDING_KEY.hex()}\n")
        _write(draft / "secret_key", f"{settings.SECRET_KEY}\n")


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


@contextmanager
def _drafted(folder: Path) -> Iterator[Path]:
    """Lend a folder that gets its name once it is whole and on the disk, and is gone if it does not get that far."""
    if folder.exists() or folder.is_symlink():
        raise BackupError(f"{folder} is there already, and nothing is ever written over. Give another name.")
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        draft.mkdir(mode=0o700)
    except OSError as error:
        raise BackupError(f"{folder.parent} can not be written to: {error.strerror}.") from None
    try:
        yield draft
        for path in (*draft.iterdir(), draft):
            _sync(path)
        draft.rename(folder)
    except OSError as error:
        raise BackupError(f"{folder} can not be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _inside(path: Path, folder: Path) -> bool:
    one, other = path.absolute(), folder.absolute()
    return one == other or other in one.parents
