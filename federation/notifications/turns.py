"""Lets one process at a time make or claim messages. The lock is held for a moment, and never while one is sent."""

from typing import Final

from federation.database import cursor

#: Items on the work list are locked by their numbers, which are not negative. The audit chain has -1, others have -2.
_LOCK: Final = -3


def take() -> bool:
    """Take the lock until the transaction ends, or return False."""
    with cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        [(is_free,)] = c.fetchall()
    return bool(is_free)
