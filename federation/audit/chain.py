"""Chains the audit events by hash, and finds events that were changed, removed or inserted.

A writer of an event does not wait for the chain: a trigger notes it as pending in the same
transaction. The sealer gives pending events the next positions, so events that commit out of
order, or never, leave no gap.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db import transaction

from federation.database import copy_rows, cursor, look_up_by_index, rows_of, statement, stream_rows
from federation.models.audit import AuditPending, AuditSeal
from federation.rules import trail

#: The most events that are sealed in one transaction.
BATCH: Final = 2000
#: One sealer at a time has this lock. Items on the work list are locked by their numbers, which are not negative.
_LOCK: Final = -1

_COLUMNS: Final = ("position", "event", "digest", "sealed")


class ChainHead(NamedTuple):
    """The newest seal. It can be noted down, to check later that nothing up to it was changed."""

    position: int
    digest: bytes
    sealed: datetime | None


class Length(NamedTuple):
    """How many events are sealed, how many wait to be, and since when the oldest of these."""

    sealed: int
    unsealed: int
    oldest: datetime | None


def head() -> ChainHead:
    """The newest seal; position 0 and a digest of zeros if nothing is sealed yet."""
    # By name, as the public may read these columns and no others.
    newest = AuditSeal.objects.order_by("-position").values_list("position", "digest", "sealed").first()
    return ChainHead(newest[0], bytes(newest[1]), newest[2]) if newest else ChainHead(0, trail.GENESIS, None)


def unsealed() -> int:
    return AuditPending.objects.count()


def length() -> Length:
    """It counts every seal."""
    [row] = rows_of("chain_length")
    return Length(*row)


def holds(*, position: int, digest: bytes) -> bool:
    """Whether the seal at this position has this digest."""
    if position == 0:
        return digest == trail.GENESIS
    seal = AuditSeal.objects.filter(position=position).first()
    return seal is not None and bytes(seal.digest) == digest


def seal(*, now: datetime) -> int:
    """Seal all pending events and return their number; 0 while another process seals."""
    total = 0
    while sealed := _seal_batch(now):
        total += sealed
    return total


@transaction.atomic
def _seal_batch(now: datetime) -> int:
    """Seal the next events in one transaction and return their number.

    The transaction must be READ COMMITTED, so that it reads what the sealer before it has written.
    """
    with cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        [(is_free,)] = c.fetchall()
        if not is_free or not AuditPending.objects.exists():
            return 0
        look_up_by_index()
        # An event that cannot be sealed stays pending and is left out, so there may be none to seal.
        pending = rows_of("chain_pending", limit=BATCH)
        last, seals = head(), []
        seal = last.digest
        for position, (event, digest) in enumerate(pending, start=last.position + 1):
            seal = trail.seal_digest(before=seal, position=position, event=event, digest=digest, sealed=now)
            seals.append((position, event, seal, now))
        c.execute("DELETE FROM federation_auditpending WHERE event = ANY(%s)", [[event for event, _ in pending]])
        copy_rows(AuditSeal, _COLUMNS, seals, to=c)
    return len(pending)


class ChainFlaw(StrEnum):
    """What can be wrong with the trail. The value is the sentence for it."""

    EVENT_CHANGED = "event {event} was changed: its digest is not that of what it says"
    EVENT_MISSING = "event {event} is missing: it was sealed at position {position}"
    EVENT_LOST = "event {event} is missing: it waits to be sealed"
    EVENT_STRAY = (
        "event {event} is neither sealed nor waiting to be: it was put in past the trigger, or its seal was taken away"
    )
    EVENT_TWICE = "event {event} is sealed and waits to be sealed again"
    SEALS_MISSING = "the seals from position {position} to {last} are missing"
    SEAL_WRONG = (
        "the seal at position {position}, of event {event}, does not follow from the one before it: "
        "one of these three was changed, moved or put in"
    )


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One flaw of the trail, and where it is."""

    flaw: ChainFlaw
    event: int | None = None
    position: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        return self.flaw.format(event=self.event, position=self.position, last=self.last)


def verify(*, progress: Callable[[int], None] = lambda _: None) -> Iterator[ChainFault]:
    """Yield every fault of the trail: first of the seals in order, then of the events without a seal.

    ``progress`` is called with the number of seals read since its last call. Must run within a transaction that reads
    one snapshot, or events that are sealed meanwhile look wrong. Any number of events takes the same memory.
    """
    last, digest = 0, trail.GENESIS
    for rows in stream_rows(statement("chain_seals")):
        for row in rows:
            seal, event = _Seal(*row[:4]), _Event(*row[4:])
            if seal.position > last + 1:
                yield ChainFault(ChainFlaw.SEALS_MISSING, position=last + 1, last=seal.position - 1)
            yield from _seal_faults(seal, event, before=digest if seal.position == last + 1 else None)
            if seal.position > last:
                last, digest = seal.position, seal.digest
        progress(len(rows))
    for rows in stream_rows(statement("chain_loose_ends")):
        for number, waits, sealed, *columns in rows:
            yield from _unsealed_faults(number, _Event(*columns), waits=waits, sealed=sealed)


class _Seal(NamedTuple):
    """A seal as it is stored."""

    position: int
    event: int
    digest: bytes
    sealed: datetime

    def follows(self, before: bytes, digest: bytes) -> bool:
        return self.digest == trail.seal_digest(
            before=before, position=self.position, event=self.event, digest=digest, sealed=self.sealed
        )


class _Event(NamedTuple):
    """An event as it is stored, or the lack of one."""

    there: bool
    digest: bytes
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    details: dict[str, Any]

    def recomputed(self) -> bytes:
        return trail.event_digest(
            at=self.at,
            actor=self.actor,
            action=self.action,
            subject=self.subject,
            reason=self.reason,
            details=self.details,
        )


def _seal_faults(seal: _Seal, event: _Event, *, before: bytes | None) -> Iterator[ChainFault]:
    """Yield the faults of a seal and its event. Without the seal ``before`` its hash cannot be checked."""
    if not event.there:
        yield ChainFault(ChainFlaw.EVENT_MISSING, event=seal.event, position=seal.position)
        return
    digests = {event.digest, event.recomputed()}
    if len(digests) > 1:
        yield ChainFault(ChainFlaw.EVENT_CHANGED, event=seal.event, position=seal.position)
    if seal.position < 1 or (before is not None and not any(seal.follows(before, digest) for digest in digests)):
        yield ChainFault(ChainFlaw.SEAL_WRONG, event=seal.event, position=seal.position)


def _unsealed_faults(number: int, event: _Event, *, waits: bool, sealed: bool) -> Iterator[ChainFault]:
    if sealed:
        yield ChainFault(ChainFlaw.EVENT_TWICE, event=number)
    elif not event.there:
        yield ChainFault(ChainFlaw.EVENT_LOST, event=number)
    else:
        if not waits:
            yield ChainFault(ChainFlaw.EVENT_STRAY, event=number)
        if event.digest != event.recomputed():
            yield ChainFault(ChainFlaw.EVENT_CHANGED, event=number)
