"""Opaque cursors: where the next page begins, signed with the question that they continue."""

import base64
import binascii
from hashlib import blake2b, sha256
from typing import Final

import msgspec
from django.conf import settings

from api.problems import Problem

#: Instants in a cursor are below this number of seconds since 1970, which lies in the year 8307. Python's calendar ends
#: with the year 9999, so each of them can be read as a datetime.
MOST_SECONDS: Final = 200_000_000_000
_CHECKED = 6


def encode(question: str, *place: int) -> str:
    packed = msgspec.msgpack.encode(place)
    return base64.urlsafe_b64encode(_check(question, packed) + packed).rstrip(b"=").decode()


def decode(question: str, cursor: str, *, length: int) -> tuple[int, ...]:
    """The place that a cursor names. An incomplete or invented cursor, or one of another question, is refused."""
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        place = msgspec.msgpack.decode(raw[_CHECKED:], type=tuple[int, ...])
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        raise Problem("bad_cursor") from None
    if raw[:_CHECKED] != _check(question, raw[_CHECKED:]) or len(place) != length:
        raise Problem("bad_cursor")
    return place


def _check(question: str, packed: bytes) -> bytes:
    key = sha256(b"cursors" + settings.SECRET_KEY.encode()).digest()
    return blake2b(question.encode() + b"\0" + packed, digest_size=_CHECKED, key=key).digest()
