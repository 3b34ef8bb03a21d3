"""The evidence of signed submissions. Intake stores both in one transaction.

The evidence can be verified again at any time.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from countries.accounts import keys
from countries.models import SigningKey
from federation.database import statement, stream_rows
from federation.errors import SignatureReplayedError
from federation.models.submissions import Signature


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The key that a submission was signed with."""

    keyid: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signature that was verified: the text that was signed, and the key."""

    key: int
    signed_by: SignedBy
    base: str
    signature: bytes

    @property
    def digest(self) -> bytes:
        """The same whenever the same text was signed. The text names its key."""
        return sha256(self.base.encode()).digest()

    def audit_details(self) -> dict[str, object]:
        """What the audit event says of it. Its digest puts the evidence into the chain too."""
        return _audit_details(self.signed_by.keyid, self.signed_by.fingerprint, self.digest)


def keep(evidence: Evidence, *, submission_id: UUID) -> None:
    """Keep the evidence of a submission that this transaction stores; raise :class:`SignatureReplayedError`.

    A twin at the same time waits on the unique index until the first has committed.
    """
    mine = Signature(
        submission_id=submission_id,
        key_id=evidence.key,
        base=evidence.base,
        signature=evidence.signature,
        base_digest=evidence.digest,
    )
    Signature.objects.bulk_create([mine], ignore_conflicts=True)
    if not Signature.objects.filter(submission_id=submission_id).exists():
        raise SignatureReplayedError


def signer(submission_id: UUID) -> SignedBy | None:
    row = Signature.objects.select_related("key").filter(submission_id=submission_id).first()
    return signed_by(row.key) if row else None


def signed_by(key: SigningKey) -> SignedBy:
    return SignedBy(key.keyid, key.fingerprint)


class EvidenceFlaw(StrEnum):
    """What can be wrong with the evidence of a submission. The value is the sentence for it."""

    GONE = "the audit trail says that it was signed, and the evidence is gone"
    STRAY = "there is evidence of a signature that the audit trail does not name"
    RENAMED = "the audit trail names another key, or another signed text"
    OTHER_KEY = "the signed text names another key, or the key is another agency's"
    CHANGED = "the signed text was changed: its digest is not the one that was kept"
    INVALID = "the signature is not one of the key over the signed text"
    OTHER_BODY = "the digest that was signed is not that of the body"


@dataclass(frozen=True, slots=True)
class EvidenceFault:
    """A flaw and its submission."""

    subject: str
    flaw: EvidenceFlaw

    def __str__(self) -> str:
        return f"{self.subject}: {self.flaw}"


def verify() -> Iterator[list[EvidenceFault]]:
    """Yield the faults of each signed submission: as a rule an empty list.

    Keys that were revoked or have expired since still verify what they signed before.
    Must run within a transaction. Any number of submissions takes the same memory.
    """
    for rows in stream_rows(statement("evidence_kept")):
        for row in rows:
            kept = _Kept(*row)
            yield [EvidenceFault(kept.subject, flaw) for flaw in _flaws(kept)]


class _Kept(NamedTuple):
    """The evidence as it is stored (or that there is none), beside what the audit trail says."""

    subject: str
    there: bool
    base: str
    signature: bytes
    base_digest: bytes
    keyid: str
    public_key: str
    of_agency: bool
    body_digest: bytes
    named: dict[str, object] | None


def _flaws(kept: _Kept) -> Iterator[EvidenceFlaw]:
    if not kept.there:
        yield EvidenceFlaw.GONE
        return
    raw, signed = keys.decode(kept.public_key), kept.base.encode()
    if kept.named is None:
        yield EvidenceFlaw.STRAY
    elif kept.named != _audit_details(kept.keyid, keys.fingerprint(raw), kept.base_digest):
        yield EvidenceFlaw.RENAMED
    if not kept.of_agency or f';keyid="{kept.keyid}"' not in kept.base.rpartition("\n")[2]:
        yield EvidenceFlaw.OTHER_KEY
    if sha256(signed).digest() != kept.base_digest:
        yield EvidenceFlaw.CHANGED
    if not keys.verifies(raw, signature=kept.signature, message=signed):
        yield EvidenceFlaw.INVALID
    covered = dict(line.split(": ", 1) for line in kept.base.splitlines() if ": " in line)
    digests = [part.strip() for part in covered.get('"content-digest"', "").split(",")]
    # If the digest is of a compressed body or of another kind, it differs from the one that was stored.
    comparable = '"content-encoding"' not in covered and any(part.startswith("sha-256=") for part in digests)
    if comparable and f"sha-256=:{base64.b64encode(kept.body_digest).decode()}:" not in digests:
        yield EvidenceFlaw.OTHER_BODY


def _audit_details(keyid: str, fingerprint: str, base_digest: bytes) -> dict[str, object]:
    return {"key": keyid, "fingerprint": fingerprint, "base": base_digest.hex()}
