"""The public keys with which agencies sign what they send. An agency has at most two live ones.

A key is never deleted, because its signatures can be verified also after it was revoked.
"""

from dataclasses import dataclass
from datetime import datetime

from countries import registry
from countries.accounts import credential_limits, keys
from countries.models import Agency, SigningKey
from countries.registry import Refused

#: The codes of refusals that concern the text that was given as a key.
ABOUT_THE_KEY = frozenset({"private_key", "unusable_key", "key_known"})
#: How many characters of a fingerprint are in a keyid: enough to distinguish the keys of an agency, and too few to look
#: like a hash, which would be refused as a trace of a person.
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """What is needed of a signing key to verify a signature."""

    id: int
    keyid: str
    agency: int
    raw: bytes
    fingerprint: str
    expires: datetime | None
    revoked: datetime | None


def find(keyid: str) -> VerificationKey | None:
    """The key that a signature names. It may belong to any agency, and may be expired or revoked."""
    row = SigningKey.objects.filter(keyid=keyid).first()
    if row is None:
        return None
    raw = keys.decode(row.public_key)
    return VerificationKey(row.pk, row.keyid, row.agency_id, raw, row.fingerprint, row.expires, row.revoked)


def register(
    *, agency: Agency, public_key: str, by: str, now: datetime, expires: datetime | None = None, reason: str = ""
) -> SigningKey:
    """Register the public half of a key, in PEM or base 64. A private key is refused and not stored."""
    try:
        raw = keys.read(public_key)
    except keys.PrivateKeyError as error:
        raise Refused("private_key", str(error)) from None
    except keys.UnusableKeyError as error:
        raise Refused("unusable_key", str(error)) from None
    credential_limits.refuse_past(expires, now)
    with registry.writing():
        credential_limits.refuse_third(SigningKey, agency, now)
        if SigningKey.objects.filter(public_key=keys.encode(raw)).exists():
            raise Refused(
                "key_known", "This key was registered before. Each key is registered only once. Make a new one."
            )
        fingerprint = keys.fingerprint(raw)
        draft = SigningKey(
            agency=agency,
            keyid=f"{agency.code}.{fingerprint[:_SHOWN]}",
            public_key=keys.encode(raw),
            fingerprint=fingerprint,
            created=now,
            expires=expires,
        )
        return registry.save(draft, by=by, reason=reason)


def revoke(*, key: SigningKey, by: str, now: datetime, reason: str) -> SigningKey:
    """End a key permanently. From now on, requests signed with it are refused. Earlier submissions stay signed."""
    if not reason.strip():
        raise Refused("reason_missing", "The reason is missing. Say why the key is revoked.")
    with registry.writing():
        credential_limits.end(key, by=by, now=now, reason=reason)
    return key
