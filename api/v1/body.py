"""The body of a request: its media type, and its content, read as a stream within limits and unpacked on the way.

The web server has received the whole body before this. The limit is for its size before and after decompression.
"""

import base64
import zlib
from collections.abc import Iterator
from hashlib import sha256, sha512
from typing import Final

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from api.problems import Problem
from p2p_core.flow import SDMX_CSV

#: The version and the labels of SDMX-CSV are ignored, because the header row decides how a file is read.
VERSIONS: Final = ("1.0.0", "2.0.0", "2.1.0")
_KINDS: Final = {
    "application/json": "json",
    "text/csv": "csv",
    SDMX_CSV: "csv",
}
_CHARACTERS: Final = ("utf-8", "utf8", "us-ascii")
_ACCEPT: Final = ", ".join(["application/json", "text/csv", *(f"{SDMX_CSV};version={version}" for version in VERSIONS)])
_EXPECTED: Final = f"Expected in Content-Type: {_ACCEPT}. The text must be UTF-8."
_OTHER_SDMX: Final = "Of SDMX, send data as SDMX-CSV 1.0.0, 2.0.0 or 2.1.0, in UTF-8."

LIMIT: Final = 128 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
#: zlib copies the bytes after the end of a member. So it gets at most so many bytes at a time.
_PACKED_PIECE: Final = 64 * 1024
#: Programs that compress block by block end a member every 64 KiB. So no body within the limit needs more members than
#: this.
_MEMBERS: Final = 4096
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}


def kind_of(request: HttpRequest) -> str:
    """``json`` or ``csv``; other media types are refused, and character sets other than UTF-8."""
    try:
        name, parameters = parse_header_parameters(request.headers.get("Content-Type", ""))
    except (ValueError, TypeError):
        name, parameters = "", {}
    kind = _KINDS.get(name.lower())
    other = name.lower() == SDMX_CSV and parameters.get("version", VERSIONS[0]) not in VERSIONS
    if kind is None or other or parameters.get("charset", "utf-8").lower() not in _CHARACTERS:
        detail = _OTHER_SDMX if name.lower().startswith("application/vnd.sdmx.") else _EXPECTED
        raise Problem("unsupported_media_type", detail=detail, headers={"Accept": _ACCEPT})
    return kind


def read(request: HttpRequest, *, limit: int | None = None, content_digest: str | None = None) -> bytearray:
    """The whole body, unpacked. A ``content_digest`` must be that of the body as it was sent."""
    limit = LIMIT if limit is None else limit
    pieces = _within(limit, iter(lambda: request.read(_PIECE), b""))
    if content_digest is not None:
        pieces = _verify_digest(pieces, content_digest)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        pieces = _unzip(pieces)
    elif encoding not in ("identity", ""):
        raise Problem("unsupported_encoding", headers={"Accept-Encoding": "gzip"})
    content = bytearray()
    for piece in _within(limit, pieces):
        content += piece
    return content


def _within(limit: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise Problem("body_too_large", detail="" if limit == LIMIT else f"Send at most {limit // 1024} KiB here.")
        yield piece


def _verify_digest(pieces: Iterator[bytes], content_digest: str) -> Iterator[bytes]:
    """Pass the pieces of a body on, and refuse it at its end if its Content-Digest (RFC 9530) is another one."""
    members = [member.strip() for member in content_digest.split(",")]
    named = {member.partition("=")[0]: member for member in members}
    hashes = {name: new() for name, new in _HASHES.items() if name in named}
    if not hashes or len(named) < len(members):
        raise Problem("content_digest_unsupported")
    for piece in pieces:
        for hashed in hashes.values():
            hashed.update(piece)
        yield piece
    for name, hashed in hashes.items():
        # RFC 8941 has one way to write it, so there is nothing to decode.
        if named[name] != f"{name}=:{base64.b64encode(hashed.digest()).decode()}:":
            raise Problem("content_digest_mismatch")


def _unzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, a bounded piece at a time, so that a small body cannot become a huge one at once."""
    member = zlib.decompressobj(_GZIP)
    members, complete = 1, False
    for packed in (piece[at : at + _PACKED_PIECE] for piece in pieces for at in range(0, len(piece), _PACKED_PIECE)):
        rest = packed
        while rest:
            if member.eof:
                member, members = zlib.decompressobj(_GZIP), members + 1
            if members > _MEMBERS:
                raise Problem(
                    "bad_gzip", detail=f"The body has more than {_MEMBERS:,} gzip members. Compress it as one."
                )
            try:
                unpacked = member.decompress(rest, _PIECE)
            except zlib.error:
                raise Problem("bad_gzip") from None
            yield unpacked
            rest = member.unused_data if member.eof else member.unconsumed_tail
        complete = member.eof
    if not complete:
        raise Problem("bad_gzip")
