"""Where the files are: a folder, or any other storage that the setting FILES_STORAGE names, such as a bucket."""

from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

ALIAS: Final = "files"
#: The end of the name of a file that is not complete yet.
PART: Final = ".part"


class Folder(FileSystemStorage):
    """Puts complete files in place, also in the place of another file, so that readers never see half a file."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:  # noqa: ARG002  Django's
        return name

    def _save(self, name: str, content: "File[Any]") -> str:
        draft = f".{name}.{uuid4().hex}{PART}"
        try:
            super()._save(draft, content)  # type: ignore[misc]  # not in the stubs
            Path(self.path(draft)).replace(self.path(name))
        finally:
            # On a full disk, what is left of it would keep the disk full.
            Path(self.path(draft)).unlink(missing_ok=True)
        return name


def files() -> Storage:
    found: Storage = storages[ALIAS]
    return found


def is_folder() -> bool:
    try:
        files().path("")
    except NotImplementedError:
        return False
    return True


def is_whole(name: str, size: int) -> bool:
    """Whether the file is there, with this size in bytes."""
    return files().exists(name) and files().size(name) == size


def address(name: str) -> str | None:
    """The address at which the storage itself serves a file. None for a folder, whose files our web server serves."""
    return None if is_folder() else files().url(name)
