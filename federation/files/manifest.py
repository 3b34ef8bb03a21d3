"""The manifest: which files there are, what is in them, and as of which version. It is written after all files."""

import logging
import re
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Annotated, Final

import msgspec
from django.core.files.base import ContentFile
from msgspec import Meta

from federation.files import storage
from federation.published.detail import Withheld

log = logging.getLogger(__name__)

NAME: Final = "manifest.json"
PARQUET: Final = "application/vnd.apache.parquet"
XZ: Final = "application/x-xz"
#: The formats of each data set: the ending of the file name, and the media type.
FORMATS: Final = {"parquet": PARQUET, "csv.xz": XZ}
#: The names of files that we wrote. Only files with such names are ever removed.
WRITTEN_BY_US: Final = re.compile(r"[A-Z0-9_]+-[HDWMA](-\d{4})?-[0-9a-f]{16}\.(parquet|csv\.xz)|\..+\.part")
#: A process caches the manifest for this many seconds, because reading from a bucket takes time.
_CACHE_SECONDS: Final = 5.0


class Column(msgspec.Struct, frozen=True):
    """A column of all files."""

    name: str
    type: Annotated[str, Meta(pattern="^(text|integer|number|instant|flag)$")]
    meaning: str


class DataFile(msgspec.Struct, frozen=True):
    """A file. Its name contains the beginning of its SHA-256, so it has the same content for ever.

    ``address`` is the name without the digest. It always leads to the newest file of this data set, year and format.
    As an address, it is relative to that of the manifest, as ``name`` is.
    """

    name: str
    address: str
    media_type: str
    size: int
    sha256: str
    rows: int
    indicator: str
    frequency: str
    year: int | None
    start: str
    end: str
    version: int
    known_at: str
    withheld: tuple[Withheld, ...]


class AuditHead(msgspec.Struct, frozen=True):
    """The newest seal of the audit chain when the files were made."""

    position: int
    digest: str


class Manifest(msgspec.Struct, frozen=True):
    """What the files contain. All files show the public view at ``version``.

    ``made_of`` has the versions of the layout, of the reference data and of PyArrow. ``replaced`` has the names of
    files that are no longer listed, with the time at which they were replaced. They are kept for a while.
    """

    title: str
    notes: tuple[str, ...]
    licence: str
    publisher: str
    version: int
    known_at: str
    made: datetime
    rounding_base: int
    audit_head: AuditHead
    invented: bool
    columns: tuple[Column, ...]
    files: tuple[DataFile, ...]
    replaced: dict[str, datetime]
    made_of: str

    def named(self, name: str) -> DataFile | None:
        """The file with this name, with or without its digest."""
        return next((file for file in self.files if name in (file.name, file.address)), None)


class _Cache:
    until = 0.0
    manifest: Manifest | None = None


def read() -> Manifest | None:
    """The newest manifest, or the cached one while the storage fails. None if there is neither."""
    with _cache_lock:
        if _cache.until < monotonic():
            try:
                _cache.manifest = stored()
            except Exception as error:  # noqa: BLE001  each kind of storage has errors of its own
                log.warning("the manifest of the files cannot be read: %s", type(error).__name__)
            _cache.until = monotonic() + _CACHE_SECONDS
        return _cache.manifest


def clear_cache() -> None:
    """Read the manifest again at the next use."""
    _cache.until, _cache.manifest = 0.0, None


def stored() -> Manifest | None:
    """The manifest that is in the storage now."""
    try:
        with storage.files().open(NAME) as file:
            return msgspec.json.decode(file.read(), type=Manifest)
    except FileNotFoundError:
        return None


def previous() -> Manifest | None:
    """The manifest that a writer replaces. None if there is none, or if it is damaged."""
    try:
        return stored()
    except msgspec.DecodeError as error:
        log.warning("the manifest of the files is damaged, and is written again: %s", error)
        return None


def is_complete(manifest: Manifest) -> bool:
    """Whether all listed files have their sizes. A bucket is not asked, because that is a request for each file."""
    return not storage.is_folder() or all(storage.is_whole(file.name, file.size) for file in manifest.files)


def store(manifest: Manifest) -> None:
    """Replace the manifest by another one."""
    name = storage.files().save(NAME, ContentFile(encode(manifest)))
    if name != NAME:
        storage.files().delete(name)
        raise RuntimeError(
            f"The storage of FILES_STORAGE does not replace {NAME}, and wrote {name} instead. Set its option that "
            "overwrites files, such as file_overwrite, in FILES_OPTIONS."
        )


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


_cache: Final = _Cache()
_cache_lock: Final = Lock()
