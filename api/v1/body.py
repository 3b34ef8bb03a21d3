"""Reads the body of a request as a stream, within limits, and unpacks it on the way.

The web server has the body whole by then. What counts is its size before and after decompression.
"""

import base64
import zlib
from collections.abc import Iterator
from hashlib import sha256, sha512
from typing import Final

from django.http import HttpRequest

from api.problems import Problem

LIMIT: Final = 128 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
#: zlib copies what stands behind the end of a member, so it is given no more than this at a time.
_PACKED_PIECE: Final = 64 * 1024
#: Programs that pack block by block end a member every 64 KiB; no body within the limit needs more members.
_MEMBERS: Final = 4096
_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}


def read(request: HttpRequest, *, limit: int | None = None, content_digest: str | None = None) -> bytearray:
    """Return the body; raise the problem if it is too large or packed in a way that is not ours.

    With a ``content_digest``, which is of the body as it was sent, another body is refused.
    """
    limit = LIMIT if limit is None else limit
    pieces = _received(request, limit)
    if content_digest is not None:
        pieces = _watched(pieces, content_digest)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        pieces = _unzipped(pieces)
    elif encoding not in ("identity", ""):
        raise Problem("unsupported_encoding", headers={"Accept-Encoding": "gzip"})
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > limit:
            raise _too_large(limit)
    return content


def _received(request: HttpRequest, limit: int) -> Iterator[bytes]:
    received = 0
    while piece := request.read(_PIECE):
        received += len(piece)
        if received > limit:
            raise _too_large(limit)
        yield piece


def _watched(pieces: Iterator[bytes], content_digest: str) -> Iterator[bytes]:
    """Yield the pieces of a body, and refuse it at its end if its Content-Digest (RFC 9530) is another one."""
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
        # Written in the one way that RFC 8941 has for it, so that there is nothing to decode.
        if named[name] != f"{name}=:{base64.b64encode(hashed.digest()).decode()}:":
            raise Problem("content_digest_mismatch")


def _too_large(limit: int) -> Problem:
    return Problem("body_too_large", detail="" if limit == LIMIT else f"Send at most {limit // 1024} KiB here.")


def _unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack gzip, a bounded piece at a time, so that a small body cannot become a huge one at once."""
    member = zlib.decompressobj(_GZIP)
    members, complete = 1, False
    for packed in _pieces_of(pieces, _PACKED_PIECE):
        rest = packed
        while rest:
            if member.eof:
                member, members = zlib.decompressobj(_GZIP), members + 1
            if members > _MEMBERS:
                raise Problem("bad_gzip", detail=f"The body has more than {_MEMBERS:,} gzip members. Pack it as one.")
            try:
                unpacked = member.decompress(rest, _PIECE)
            except zlib.error:
                raise Problem("bad_gzip") from None
            yield unpacked
            rest = member.unused_data if member.eof else member.unconsumed_tail
        complete = member.eof
    if not complete:
        raise Problem("bad_gzip")


def _pieces_of(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield from (piece[at : at + size] for at in range(0, len(piece), size))
