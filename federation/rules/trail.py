"""The digests of the audit trail: of an event, and of a seal over the one before it.

Code that writes, seals or checks an event uses these.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from struct import pack
from typing import Final

import msgspec

from p2p_core.instants import EPOCH

#: The digest before the first seal.
GENESIS: Final = bytes(32)

_MICROSECOND: Final = timedelta(microseconds=1)


def event_digest(
    *, at: datetime, actor: str, action: str, subject: str, reason: str, details: Mapping[str, object]
) -> bytes:
    """The SHA-256 of the fields of an event: a JSON list in this order, members of objects sorted by name.

    It is the same for an event that is about to be written and for one that was read back.
    """
    said = [at.astimezone(UTC), actor, action, subject, reason, _as_stored(details)]
    return sha256(msgspec.json.encode(said, order="sorted")).digest()


def seal_digest(*, before: bytes, position: int, event: int, digest: bytes, sealed: datetime) -> bytes:
    """The SHA-256 at a position of the chain: over the one before, the event's digest and the time.

    Position, event and time (microseconds since 1970) are 64 bits each, big end first.
    """
    moment = (sealed - EPOCH) // _MICROSECOND
    return sha256(before + pack(">qqq", position, event, moment) + digest).digest()


def _as_stored(value: object) -> object:
    """A JSON value as PostgreSQL returns it: it keeps no exponent and no minus zero of numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, Mapping):
        return {name: _as_stored(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_stored(part) for part in value]
    return value
