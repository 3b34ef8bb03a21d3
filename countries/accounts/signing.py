"""The public keys with which agencies sign what they send. An agency has at most two live ones.

A key is never removed: signatures made with it are verified after it was revoked, too.
"""

from dataclasses import dataclass
from datetime import datetime

from countries import registry
from countries.accounts import credential_limits, keys
from countries.models import Agency, SigningKey
from countries.registry import Refused

#: Codes of refusals that are about the text given as a key.
ABOUT_THE_KEY = frozenset({"private_key", "unusable_key", "key_known"})
#: Enough of a fingerprint to tell the keys of an agency apart, short enough to be no hash to a reader of traces.
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A signing key as a verifier needs it."""

    id: int
    keyid: str
    agency: int
    raw: bytes
    fingerprint: str
    expires: datetime | None
    revoked: datetime | None


def find(keyid: str) -> VerificationKey | None:
    """The key that a signature names, of any agency, live or not."""
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
    """End a key permanently: requests signed with it are refused from now on. Earlier ones stay signed."""
    if not reason.strip():
        raise Refused("reason_missing", "The reason is missing. Say why the key is revoked.")
    with registry.writing():
        credential_limits.end(key, by=by, now=now, reason=reason)
    return key
