"""Reads the files of an agency: which reader fits, and the reports that it finds."""

import codecs
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from p2p_agency import large_csv
from p2p_agency.errors import MachineError, RefusedError
from p2p_agency.reference import Reference
from p2p_core import instants
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewReport
from p2p_core.workbooks import files
from p2p_core.workbooks.files import WORKBOOKS, is_misnamed, kind_of
from p2p_core.workbooks.reading import Reading
from p2p_core.workbooks.values import Clock

#: The ends of the names of such files. The content decides which reader fits.
KINDS: Final = (*WORKBOOKS, ".csv", ".json")
#: Workbooks of Excel that no reader fits.
OTHER_WORKBOOKS: Final = (".xls", ".xlsb", ".xlsm")
_SAVE: Final = "Open it in a spreadsheet program, and save it as .xlsx."
_GIVE: Final = f"Give a file whose name ends with {', '.join(KINDS)}."
#: Bytes. A larger file may be more than the memory of the machine holds.
_LARGEST: Final = 512 << 20
#: The last second that Python can name. File systems can store later ones.
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class Content(NamedTuple):
    """The kind of a file, as `files.read` names it, its reports, and when they were prepared.

    If the file does not say this, it is when the file was last saved.
    """

    kind: str
    reports: Sequence[NewReport]
    prepared: datetime


class _Envelope(msgspec.Struct):
    """What JSON says about itself."""

    prepared: str = ""


class Context(NamedTuple):
    """The facts that decide how a file is read. In reports, numbers stand for the indicators."""

    indicators: Mapping[str, int]
    agency: str
    clock: Clock


def read(path: Path, known: Context, now: datetime) -> Content:
    """Read a file as the federation would. Raises a `PayloadError` with its faults."""
    body, saved = load(path)
    kind, found = find(body, known, now)
    # The time as the file has it. The reader cuts later times to ``now``, which would be another time at each reading.
    said = msgspec.json.decode(body, type=_Envelope).prepared if kind == "json" else ""
    return Content(kind, found.submission.reports, instants.parse(said) if said else saved)


def find(content: bytes, known: Context, now: datetime) -> tuple[str, Reading]:
    """The kind of a file and what is in it, also if it is too large for one submission."""

    def read_part(part: bytes) -> tuple[str, Reading]:
        return files.read(part, received=now, **known._asdict())

    try:
        return read_part(content)
    except PayloadError as refusal:
        if kind_of(content) == "csv" and refusal.code in large_csv.TOO_MUCH:
            return large_csv.read(content, read_part)
        raise


def load(path: Path) -> tuple[bytes, datetime]:
    """The content of a file that an agency wants to send, and when it was last saved."""
    name = shown(Path(path.name))
    if path.suffix.lower() not in KINDS:
        raise RefusedError(f"{name} cannot be read. {_SAVE if path.suffix.lower() in OTHER_WORKBOOKS else _GIVE}")
    try:
        if path.exists() and not path.is_file():
            raise RefusedError(f"{name} is not an ordinary file. Copy what it contains into one.")
        with path.open("rb") as file:
            # The time is that of the opened file, because another file may take its place meanwhile, or none.
            status = os.fstat(file.fileno())
            large = status.st_size > _LARGEST
            content = b"" if large else file.read()
    except OSError as error:
        raise MachineError(
            f"{shown(path)} cannot be read: {error.strerror}. Check its name, and that you may read it. "
            "If it is open in another program, close it there."
        ) from None
    if large:
        raise RefusedError(f"{name} is larger than {_LARGEST >> 20} MiB. Divide it into several files.")
    if not content.strip():
        raise RefusedError(f"{name} is empty. Save it again in the program that contains the counts.")
    if is_misnamed(path.name, content):
        raise RefusedError(f"{name} is not a workbook. Open it in a spreadsheet program, and save it as .xlsx or .ods.")
    if kind_of(content) == "json":
        # Some editors write a byte order mark. The federation, which gets another body, does not accept one in JSON.
        content = content.removeprefix(codecs.BOM_UTF8)
    return content, datetime.fromtimestamp(min(max(status.st_mtime, 0), _LAST), UTC)


def shown(text: Path | str) -> str:
    """A path or a line in a form that cannot hide or forge a line of a terminal or a log."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(text))


def context_of(facts: Reference, agency: str) -> Context:
    return Context({code: number for number, code in enumerate(facts.indicators)}, agency, facts.clock)


def write_new(file: Path, content: bytes) -> None:
    """Write a workbook that is not there yet."""
    if file.suffix.lower() != ".xlsx":
        raise RefusedError(f"{shown(file)} is not the name of a workbook. Give a name that ends with .xlsx.")
    try:
        with ExitStack() as failing, file.open("xb") as new:
            # Otherwise the same command would find it when it is run again.
            failing.callback(file.unlink, missing_ok=True)
            new.write(content)
            new.flush()
            failing.pop_all()
    except FileExistsError:
        raise RefusedError(f"{shown(file)} exists already. Give another name.") from None
    except OSError as error:
        raise MachineError(
            f"{shown(file)} cannot be written: {error.strerror}. Give a name in a folder that exists and in which "
            "you may write. Check that the disk has free space."
        ) from None
