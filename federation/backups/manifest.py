"""What a backup says of itself: a small JSON file beside the dump, with neither a secret nor a count of an agency."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

DUMP: Final = "database.dump"
MANIFEST: Final = "manifest.json"
FORMAT: Final = "police2peer-federation backup"
#: Counts up when a backup of today could not be read by the restore of yesterday.
LAYOUT: Final = 1

_MIB: Final = 1 << 20


class BackupError(Exception):
    """A backup can not be made or restored; the message says why and how to mend it, for people."""


class File(msgspec.Struct, frozen=True):
    """A file of the backup, so that one that was cut off or changed is not restored."""

    bytes: int
    sha256: str


class Public(msgspec.Struct, frozen=True):
    """The newest version of the public view; 0 before anything was published."""

    version: int
    known_at: datetime | None


class Head(msgspec.Struct, frozen=True):
    """The newest seal of the audit chain."""

    position: int
    digest: str


class Rounding(msgspec.Struct, frozen=True):
    """By which key and base the view is rounded; the fingerprint does not give the key away."""

    fingerprint: str
    base: int


class Facts(msgspec.Struct, frozen=True):
    """What a database holds, read in one snapshot."""

    migrations: dict[str, list[str]]
    public: Public
    audit: Head
    rounding: Rounding | None
    rows: dict[str, int]


class Manifest(msgspec.Struct, frozen=True):
    """All of it."""

    format: str
    layout: int
    made: datetime
    project: str
    postgresql: str
    facts: Facts
    files: dict[str, File]

    @property
    def major(self) -> int:
        """The first number of the PostgreSQL that the dump was made from."""
        return int(self.postgresql.split(".")[0])


class _Cover(msgspec.Struct):
    format: str
    layout: int


def text(manifest: Manifest) -> str:
    """Return it as a person and a program can read it."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).decode() + "\n"


def read(folder: Path) -> Manifest:
    """Read the manifest of a backup that this version can restore."""
    try:
        written = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise BackupError(
            f"{folder} has no {MANIFEST} that can be read ({error.strerror}): it is not a backup made by `manage.py "
            "backup`, or was not finished. Name the folder that it made."
        ) from None
    try:
        cover = msgspec.json.decode(written, type=_Cover)
        if cover.format == FORMAT and cover.layout > LAYOUT:
            raise BackupError("The backup was made by a newer version of the project. Restore it with that version.")
        if cover.format != FORMAT:
            raise BackupError(f"{folder / MANIFEST} is of something else: {cover.format}.")
        return msgspec.json.decode(written, type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(
            f"{folder / MANIFEST} is broken or not of a backup: {error}. Take another copy of it."
        ) from None


def look_at(path: Path) -> File:
    """Return the length and checksum of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_MIB):
            digest.update(part)
        return File(bytes=file.tell(), sha256=digest.hexdigest())


def check_files(manifest: Manifest, folder: Path) -> None:
    """Refuse a backup of which a file is missing, cut off or changed."""
    if set(manifest.files) != {DUMP}:
        raise BackupError(f"{folder / MANIFEST} does not name the file {DUMP}, and no other: it is no backup of ours.")
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            raise BackupError(f"{folder / name} is missing. Take another copy of the backup.")
        found = look_at(folder / name)
        if found.bytes != expected.bytes:
            raise BackupError(
                f"{folder / name} has {found.bytes} bytes instead of {expected.bytes}. Take another copy of the backup."
            )
        if found.sha256 != expected.sha256:
            raise BackupError(f"{folder / name} was changed or is damaged. Take another copy of the backup.")
