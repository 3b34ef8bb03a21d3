"""The digests of the audit trail: that of an event, and that of a seal, which contains the digest of the seal before.

All code that writes, seals or checks events uses these functions.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from struct import pack
from typing import Final

import msgspec

from p2p_core.instants import EPOCH

#: The digest that stands for the seal before the first one.
GENESIS: Final = bytes(32)

_MICROSECOND: Final = timedelta(microseconds=1)


def event_digest(
    *, at: datetime, actor: str, action: str, subject: str, reason: str, details: Mapping[str, object]
) -> bytes:
    """The SHA-256 of an event: of a JSON list of its fields in this order. Members of objects are sorted by name.

    It is the same for an event that is about to be written and for one that was read back.
    """
    said = [at.astimezone(UTC), actor, action, subject, reason, _as_stored(details)]
    return sha256(msgspec.json.encode(said, order="sorted")).digest()


def seal_digest(*, before: bytes, position: int, event: int, digest: bytes, sealed: datetime) -> bytes:
    """The SHA-256 of a seal: of the digest of the seal before, the position, the event and its digest, and the time.

    ``position``, ``event`` and the time (microseconds since 1970) have 64 bits each, the most significant byte first.
    """
    moment = (sealed - EPOCH) // _MICROSECOND
    return sha256(before + pack(">qqq", position, event, moment) + digest).digest()


def _as_stored(value: object) -> object:
    """A JSON value as PostgreSQL returns it: it stores numbers without an exponent, and minus zero as zero."""
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, Mapping):
        return {name: _as_stored(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_stored(part) for part in value]
    return value
