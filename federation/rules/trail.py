"""The arithmetic of the audit trail: what an event's digest covers, and how a seal depends on the one before.

Code that writes, seals or checks an event uses this; nothing else knows the form.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from struct import pack
from typing import Final

import msgspec

from p2p_core.instants import EPOCH

#: What stands for the seal before the first one.
GENESIS: Final = bytes(32)

_MICROSECOND: Final = timedelta(microseconds=1)


def event_digest(
    *, at: datetime, actor: str, action: str, subject: str, reason: str, details: Mapping[str, object]
) -> bytes:
    """Return the SHA-256 of all that an event says: a JSON list in this order, members of objects sorted by name.

    The same for an event that is about to be written and for one that was read back.
    """
    said = [at.astimezone(UTC), actor, action, subject, reason, _as_stored(details)]
    return sha256(msgspec.json.encode(said, order="sorted")).digest()


def seal_digest(*, before: bytes, position: int, event: int, digest: bytes, sealed: datetime) -> bytes:
    """Return the SHA-256 that stands at a position of the chain: over the one before, and what is sealed when.

    Position, event and time (microseconds since 1970) are 64 bits each, big end first.
    """
    moment = (sealed - EPOCH) // _MICROSECOND
    return sha256(before + pack(">qqq", position, event, moment) + digest).digest()


def _as_stored(value: object) -> object:
    """Return a JSON value with its numbers as PostgreSQL gives them back, which keeps no exponent and no minus zero."""
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, Mapping):
        return {name: _as_stored(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_stored(part) for part in value]
    return value
