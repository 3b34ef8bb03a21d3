"""The public keys with which agencies sign what they send. Agencies have at most two that are live, to change over.

A key is never removed: what it signed is verified with it after it was revoked, too.
"""

from dataclasses import dataclass
from datetime import datetime

from countries import keys, registry
from countries.accounts import credential_limits
from countries.models import Agency, SigningKey
from countries.registry import Refused

#: Codes of refusals that what was given for a key is the cause of.
ABOUT_THE_KEY = frozenset({"private_key", "unusable_key", "key_known"})
#: Enough of a fingerprint to tell the keys of an agency apart, short enough to be no hash to a reader of traces.
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a verifier needs it."""

    id: int
    keyid: str
    agency: int
    raw: bytes
    fingerprint: str
    expires: datetime | None
    revoked: datetime | None


def find(keyid: str) -> Key | None:
    """Return the key that a signature names, whosever it is and whether or not it may still be used."""
    row = SigningKey.objects.filter(keyid=keyid).first()
    if row is None:
        return None
    raw = keys.decode(row.public_key)
    return Key(row.pk, row.keyid, row.agency_id, raw, keys.fingerprint(raw), row.expires, row.revoked)


def register(
    *, agency: Agency, public_key: str, by: str, now: datetime, expires: datetime | None = None, reason: str = ""
) -> SigningKey:
    """Registers the public half of a key, given as PEM or in base 64. A private key is refused and not kept."""
    raw = _read(public_key)
    credential_limits.refuse_past(expires, now)
    with registry.writing():
        credential_limits.refuse_third(SigningKey, agency, now)
        if SigningKey.objects.filter(public_key=keys.encode(raw)).exists():
            raise Refused("key_known", "This key was registered before. Each key is registered once: make a new one.")
        keyid = f"{agency.code}.{keys.fingerprint(raw)[:_SHOWN]}"
        draft = SigningKey(agency=agency, keyid=keyid, public_key=keys.encode(raw), created=now, expires=expires)
        return registry.save(draft, by=by, reason=reason)


def revoke(*, key: SigningKey, by: str, now: datetime, reason: str) -> SigningKey:
    """Ends a key for good: nothing that it signs is taken from now on. What it signed before stays signed."""
    if not reason.strip():
        raise Refused("reason_missing", "Say why the key is revoked.")
    with registry.writing():
        credential_limits.end(key, by=by, now=now, reason=reason)
    return key


def _read(public_key: str) -> bytes:
    try:
        return keys.read(public_key)
    except keys.PrivateKeyError as error:
        raise Refused("private_key", str(error)) from None
    except keys.UnusableKeyError as error:
        raise Refused("unusable_key", str(error)) from None
