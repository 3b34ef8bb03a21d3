"""Unpacks a workbook within limits, and packs again what is read of it.

A workbook is a zip file. The library that reads it gets the members that were looked at, and nothing else.
"""

from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812  the name of an exception

from p2p_core.payloads.faults import Advice, PayloadError

#: Bytes, before and after decompression.
LIMIT: Final = 64 << 20
_MEMBERS: Final = 2000
_TOO_LARGE: Final = Advice(
    "A workbook may have {size} MiB, unpacked. Divide it, or remove pictures and sheets without reports.",
    size=LIMIT >> 20,
)
NOT_A_WORKBOOK: Final = Advice(
    "This is not a workbook that can be read. Save it as .xlsx or .ods, without a password, and send that file."
)


_AMBIGUOUS: Final = Advice(
    "Programs read different values in this workbook. Open it in a spreadsheet program, save it again, and send that "
    "file."
)


def unreadable(advice: Advice = NOT_A_WORKBOOK) -> PayloadError:
    return PayloadError("unsupported_media_type", detail=advice)


def ambiguous() -> PayloadError:
    """No spreadsheet program writes such a workbook, and not all read the same in it."""
    return PayloadError("unsupported_media_type", detail=_AMBIGUOUS)


def unpack(content: bytes) -> dict[str, bytes]:
    """The XML members of a workbook by name, and the member that names its format."""
    if len(content) > LIMIT:
        raise PayloadError("body_too_large", detail=_TOO_LARGE)
    found: dict[str, bytes] = {}
    rest = LIMIT
    try:
        with ZipFile(BytesIO(content)) as archive:
            if len(archive.infolist()) > _MEMBERS:
                raise PayloadError("body_too_large", detail=_TOO_LARGE)
            _check_names([info.orig_filename.casefold() for info in archive.infolist()])
            for info in archive.infolist():
                if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) or info.flag_bits & 1:
                    raise unreadable()
                if info.filename.endswith((".xml", ".rels")) or info.filename == "mimetype":
                    with archive.open(info) as member:
                        found[info.filename] = member.read(rest + 1)
                    rest -= len(found[info.filename])
                    if rest < 0:
                        raise PayloadError("body_too_large", detail=_TOO_LARGE)
    except (BadZipFile, ZlibError, EOFError, OSError, ValueError, NotImplementedError):
        raise unreadable() from None
    return found


def _check_names(names: list[str]) -> None:
    """Some programs see no difference between capitals and others, or between a backslash and a slash."""
    if len(set(names)) < len(names) or any("\\" in name for name in names):
        raise ambiguous()


def unpacked_size(content: bytes) -> int:
    """The bytes of the members that are read."""
    return sum(map(len, unpack(content).values()))


def pack(members: dict[str, bytes]) -> BytesIO:
    """The members as a zip file, not compressed."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    packed.seek(0)
    return packed
