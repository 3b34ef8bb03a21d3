"""Chains the audit events by hash, and finds what was changed, taken away or put in between.

A writer of an event does not wait for the chain: a trigger notes it as pending in the same
transaction. The sealer gives pending events the next positions, so events that commit out of
order, or never, leave no gap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db import transaction

from federation.database import copy_rows, cursor, look_up_by_index, rows_of, statement, streamed
from federation.models.audit import AuditPending, AuditSeal
from federation.rules import trail

#: At most so many events are sealed in one transaction.
BATCH: Final = 2000
#: The sealer's turn. Items on the work list are locked by their numbers, none of which is negative.
_TURN: Final = -1

_COLUMNS: Final = {"position": "int8", "event": "int8", "digest": "bytea", "sealed": "timestamptz"}


class Head(NamedTuple):
    """The newest seal. If it was written down, it shows whether anything up to it was changed since."""

    position: int
    digest: bytes
    sealed: datetime | None


class Length(NamedTuple):
    """How many events are sealed, how many wait to be, and since when the oldest of these."""

    sealed: int
    unsealed: int
    oldest: datetime | None


def head() -> Head:
    """Return the newest seal; position 0 and a digest of zeros where nothing is sealed yet."""
    # By name, as the public may read these columns and no others.
    newest = AuditSeal.objects.order_by("-position").values_list("position", "digest", "sealed").first()
    return Head(newest[0], bytes(newest[1]), newest[2]) if newest else Head(0, trail.GENESIS, None)


def unsealed() -> int:
    """Return how many events wait to be sealed."""
    return AuditPending.objects.count()


def length() -> Length:
    """Return how long the chain is; this counts every seal."""
    [row] = rows_of("chain_length")
    return Length(*row)


def holds(*, position: int, digest: bytes) -> bool:
    """Whether a head that was noted down is in the chain."""
    if position == 0:
        return digest == trail.GENESIS
    seal = AuditSeal.objects.filter(position=position).first()
    return seal is not None and bytes(seal.digest) == digest


def seal(*, now: datetime) -> int:
    """Seal what is pending and return how many events that were; nothing if another sealer is at it."""
    done = 0
    while some := _seal_some(now):
        done += some
    return done


@transaction.atomic
def _seal_some(now: datetime) -> int:
    """Seal the next events: their pending rows go and their seals come in one transaction.

    Must run in a READ COMMITTED transaction: what is read after the turn was taken is what
    the sealer before has left.
    """
    with cursor() as c:
        c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_TURN])
        [(mine,)] = c.fetchall()
        if not mine or not AuditPending.objects.exists():
            return 0
        look_up_by_index()
        pending = rows_of("chain_pending", limit=BATCH)
        c.execute("DELETE FROM federation_auditpending WHERE event = ANY(%s)", [[event for event, _ in pending]])
        copy_rows("federation_auditseal", _COLUMNS, _links(head(), pending, now), to=c)
    return len(pending)


def _links(
    last: Head, events: Sequence[tuple[int, bytes]], sealed: datetime
) -> Iterator[tuple[int, int, bytes, datetime]]:
    before = last.digest
    for position, (event, digest) in enumerate(events, start=last.position + 1):
        before = trail.seal_digest(before=before, position=position, event=event, digest=digest, sealed=sealed)
        yield position, event, before, sealed


class Flaw(StrEnum):
    """What can be wrong with the trail; the value says it in words."""

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
class Fault:
    """One flaw of the trail, and where it is."""

    flaw: Flaw
    event: int | None = None
    position: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        return self.flaw.format(event=self.event, position=self.position, last=self.last)


def verify(*, walked: Callable[[int], None] = lambda _: None) -> Iterator[Fault]:
    """Yield every fault of the trail, seal by seal and then what is not sealed.

    ``walked`` is told of so many more seals. Must run within a transaction that reads one snapshot,
    or what is being sealed meanwhile looks wrong. Any number of events takes the same memory.
    """
    last, digest = 0, trail.GENESIS
    for rows in streamed(statement("chain_seals")):
        for row in rows:
            seal, event = _Seal(*row[:4]), _Event(*row[4:])
            if seal.position > last + 1:
                yield Fault(Flaw.SEALS_MISSING, position=last + 1, last=seal.position - 1)
            yield from _faults_of(seal, event, before=digest if seal.position == last + 1 else None)
            if seal.position > last:
                last, digest = seal.position, seal.digest
        walked(len(rows))
    for rows in streamed(statement("chain_loose_ends")):
        for number, waits, sealed, *columns in rows:
            yield from _faults_unsealed(number, _Event(*columns), waits=waits, sealed=sealed)


class _Seal(NamedTuple):
    """A seal as it is stored."""

    position: int
    event: int
    digest: bytes
    sealed: datetime


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


def _faults_of(seal: _Seal, event: _Event, *, before: bytes | None) -> Iterator[Fault]:
    """Yield what is wrong with a seal and its event; without the seal ``before`` its own hash says nothing."""
    if not event.there:
        yield Fault(Flaw.EVENT_MISSING, event=seal.event, position=seal.position)
        return
    digests = {event.digest, event.recomputed()}
    if len(digests) > 1:
        yield Fault(Flaw.EVENT_CHANGED, event=seal.event, position=seal.position)
    if seal.position < 1 or (before is not None and not any(_follows(seal, before, one) for one in digests)):
        yield Fault(Flaw.SEAL_WRONG, event=seal.event, position=seal.position)


def _follows(seal: _Seal, before: bytes, digest: bytes) -> bool:
    expected = trail.seal_digest(
        before=before, position=seal.position, event=seal.event, digest=digest, sealed=seal.sealed
    )
    return seal.digest == expected


def _faults_unsealed(number: int, event: _Event, *, waits: bool, sealed: bool) -> Iterator[Fault]:
    if sealed:
        yield Fault(Flaw.EVENT_TWICE, event=number)
    elif not event.there:
        yield Fault(Flaw.EVENT_LOST, event=number)
    else:
        if not waits:
            yield Fault(Flaw.EVENT_STRAY, event=number)
        if event.digest != event.recomputed():
            yield Fault(Flaw.EVENT_CHANGED, event=number)
