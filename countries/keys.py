"""Reads Ed25519 public keys as people paste them, and verifies with them. Pure: it knows no database.

A private key is told from a public one, refused, and goes no further than this module.
"""

import base64
import binascii
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

ADVICE: Final = (
    "Give the public half of an Ed25519 key: the PEM that “openssl pkey -in key.pem -pubout” prints, "
    "or its 32 bytes in base 64."
)
PRIVATE: Final = (
    "THIS IS A PRIVATE KEY. It was not kept, but it has left the hands that alone may hold it: throw it away, "
    "have the agency make a new one, and ask for its public half only, which “openssl pkey -in key.pem -pubout” prints."
)
WEAK: Final = "This is no Ed25519 public key that can be trusted: no private key belongs to it. " + ADVICE

#: What stands before the 32 bytes of a key in DER (RFC 8410).
_PUBLIC_DER: Final = bytes.fromhex("302a300506032b6570032100")
#: A structure of DER that begins with a version, after one to three bytes of length, is a private key of some kind.
_SEQUENCE: Final = b"\x30"
_VERSION: Final = b"\x02\x01"
_SIZE: Final = 32

# The curve of RFC 8032: -x² + y² = 1 + d·x²·y², modulo p.
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


class PrivateKeyError(ValueError):
    """A private key was given."""


class UnusableKeyError(ValueError):
    """What was given is no Ed25519 public key; the message says what to give, and repeats nothing."""


def read(text: str) -> bytes:
    """Return the 32 bytes of a public key in PEM or base 64."""
    if _is_private_text(text):
        raise PrivateKeyError(PRIVATE)
    raw = _of_pem(text) if "-----" in text else _of_base64(text)
    if not _is_sound(raw):
        raise UnusableKeyError(WEAK)
    return raw


def encode(raw: bytes) -> str:
    """Return a key in base 64, as it is kept."""
    return base64.b64encode(raw).decode()


def decode(kept: str) -> bytes:
    """Return the bytes of a key that was kept."""
    return base64.b64decode(kept)


def fingerprint(raw: bytes) -> str:
    """Return the SHA-256 of a key in DER, in hexadecimal: what openssl says of the same key."""
    return sha256(_PUBLIC_DER + raw).hexdigest()


def verifies(raw: bytes, *, signature: bytes, message: bytes) -> bool:
    """Say whether a signature was made over these bytes with the private half of a key."""
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _is_private_text(text: str) -> bool:
    """Say whether a text names itself private, as PEM, OpenSSH and PuTTY do, or is a JWK with the private member."""
    plain = text.strip()
    return "private" in plain.lower() or (plain.startswith("{") and '"d"' in plain)


def _of_pem(text: str) -> bytes:
    try:
        key = load_pem_public_key(text.strip().encode())
    except Exception:  # noqa: BLE001  the library has many errors, and some repeat what they read
        raise UnusableKeyError(ADVICE) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableKeyError(f"This is a key of another kind. {ADVICE}")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _of_base64(text: str) -> bytes:
    try:
        sent = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKeyError(ADVICE) from None
    if len(sent) != _SIZE and _is_private(sent):
        raise PrivateKeyError(PRIVATE)
    raw = sent.removeprefix(_PUBLIC_DER)
    if len(raw) != _SIZE:
        raise UnusableKeyError(ADVICE)
    return raw


def _is_private(sent: bytes) -> bool:
    """Say whether these bytes are a private key: in DER, or the 32 bytes of one before those of its public half."""
    return len(sent) == 2 * _SIZE or (sent.startswith(_SEQUENCE) and _VERSION in sent[2:7])


def _is_sound(raw: bytes) -> bool:
    """Say whether these bytes are a point of the curve that is not one of the eight of small order.

    With one of those eight for a key, anybody can sign anything.
    """
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        return False
    x_squared = _x_squared(y)
    if x_squared != 0 and pow(x_squared, (_P - 1) // 2, _P) != 1:
        return False
    for _ in range(3):
        y = _y_of_double(y)
    return y != 1


def _x_squared(y: int) -> int:
    return (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P


def _y_of_double(y: int) -> int:
    x_squared = _x_squared(y)
    return (y * y + x_squared) * pow(2 + x_squared - y * y, -1, _P) % _P
