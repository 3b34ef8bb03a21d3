"""The settings of an agency: one TOML file that only its owner may read, because it has the secret."""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from p2p_agency.errors import MachineError, SetUpError

_REQUIRED: Final = ("address", "client_id", "client_secret")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LABEL: Final = r"\w(?:[\w-]{0,61}\w)?"
#: The name of a host, or an address.
_HOST: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?|[\da-f]*:[\da-f:.]+", re.ASCII)
_SHOWN: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
#: The end of the name of an unfinished file. If such a file is older than so many seconds, its process was killed.
_DRAFT: Final = ".part"
_ABANDONED: Final = 60
_HEAD: Final = "# Written by `p2p-agency init`. It has the secret: nobody but its owner may read it.\n"


@dataclass(frozen=True, slots=True)
class Settings:
    """The content of the file. ``sections`` has its tables, such as that of the collector."""

    path: Path
    address: str
    client_id: str
    client_secret: str = field(repr=False)
    #: The name of the key that signs, if there is one.
    keyid: str = ""
    outbox: Path = field(default=Path())
    sections: Mapping[str, Any] = field(default_factory=dict)

    @property
    def agency(self) -> str:
        """The code of the agency, with which the id of its credential begins."""
        return self.client_id.rpartition(".")[0]

    def key_file(self, keyid: str) -> Path:
        """Where a private key is. Its name ends with the first characters of its fingerprint, which are enough."""
        shown = keyid.rpartition(".")[2]
        if not _SHOWN.fullmatch(shown):
            raise SetUpError(f"{shown!r} is not the name of a key. Write the name that your coordinator gave you.")
        return self.path.with_name(f"signing-{shown}.pem")


def load(path: Path) -> Settings:
    try:
        text = _read(path)
        others = os.name == "posix" and path.stat().st_mode & 0o077
    except FileNotFoundError:
        raise SetUpError(f"The file {path} does not exist. Run: p2p-agency init") from None
    if others:
        raise SetUpError(
            f"Other users of this machine can read {path}, which contains the secret. Run: chmod 600 {path}"
        )
    try:
        return _settings(path, tomllib.loads(text))
    except (KeyError, TypeError, ValueError, OSError, RecursionError) as error:
        raise SetUpError(f"{path} cannot be used: {error}. Correct it, or run: p2p-agency init") from None


def _read(path: Path) -> str:
    try:
        # Notepad can begin a file with a byte order mark.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise SetUpError(f"{path} cannot be read: {error}. Check the name after --config.") from None


def _settings(path: Path, given: dict[str, Any]) -> Settings:
    for name in _REQUIRED:
        if not isinstance(given.get(name), str) or not given[name]:
            raise ValueError(f"{name} is missing")
    outbox = str(given.get("outbox", "outbox.sqlite"))
    if "\0" in outbox:
        raise ValueError("outbox has a NUL character, which no file can have in its name")
    return Settings(
        path=path,
        address=parse_address(given["address"]),
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        keyid=str(given.get("keyid", "")),
        outbox=path.parent / outbox,
        sections={name: value for name, value in given.items() if isinstance(value, dict)},
    )


def parse_address(text: str) -> str:
    """The address of a federation, without a slash at its end. Raises ``ValueError``."""
    text = text.strip()
    if not text.isascii():
        # Standards convert some letters in different ways, so another host could get the secret.
        raise ValueError(
            "the address must be in ASCII. Ask your coordinator for the form of the host's name that begins with xn--, "
            "as in https://xn--politi--64a.example"
        )
    if "://" not in text:
        raise ValueError(
            "the address must begin with https://, as in https://federation.example.org. Only if the federation runs "
            "on this machine, it may begin with http://, as in http://localhost:8000"
        )
    try:
        parts = urlsplit(text)
        named = _HOST.fullmatch(parts.hostname or "") and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError("the address must name a host, as in https://federation.example.org")
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOOPBACK):
        raise ValueError("the address must begin with https://, or others could read the secret on its way")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("the address must end after the host, as in https://federation.example.org")
    return f"{parts.scheme}://{parts.netloc}"


def store(path: Path, values: Mapping[str, str]) -> None:
    """Set values in the file and leave its other lines alone. It is replaced whole or not at all."""
    text = _read(path) if path.exists() else _HEAD
    table = re.search(r"^\[", text, re.MULTILINE)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text.rstrip("\n") + "\n", "")
    for name, value in values.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        set_already = re.search(rf"(?m)^{name}\s*=.*\n?", top)
        top = top[: set_already.start()] + line + top[set_already.end() :] if set_already else top + line
    try:
        tomllib.loads(top + rest)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SetUpError(f"{path} cannot be changed: {error}. Write each value in one line.") from None
    write_private(path, (top + rest).encode())


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_DRAFT)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                now = os.fstat(file.fileno()).st_mtime
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        _delete_drafts(path, now - _ABANDONED)
        _sync_folder(path.parent)
    except OSError as error:
        raise MachineError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Check that the disk has free space and that you may write there."
        ) from None


def _delete_drafts(path: Path, before: float) -> None:
    """Delete the drafts of writes that were killed. Younger ones may be of another process that writes now."""
    for draft in path.parent.iterdir():
        if draft.name.startswith(f".{path.name}.") and draft.name.endswith(_DRAFT):
            with suppress(OSError):
                if draft.stat().st_mtime < before:
                    draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk, so that it stays after a power failure. Windows cannot open a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
