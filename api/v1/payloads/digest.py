"""Holds a body against its Content-Digest (RFC 9530) while it comes in, so that it is in memory once only."""

import base64
from collections.abc import Iterator
from hashlib import sha256, sha512
from typing import Final

from api.problems import Problem

_HASHES: Final = {"sha-256": sha256, "sha-512": sha512}


def watched(pieces: Iterator[bytes], content_digest: str) -> Iterator[bytes]:
    """Yield the pieces of a body as they were sent, and refuse it at its end if it is another one."""
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
