"""Reads Ed25519 public keys in the forms that people paste, and verifies signatures. It uses no database.

It recognises private keys and refuses them, so that they never leave this module.
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
    "THIS IS A PRIVATE KEY. It was not stored, but it is no longer secret. Do not use it again. Ask the agency for a "
    "new key, and give its public half only, which “openssl pkey -in key.pem -pubout” prints."
)
WEAK: Final = "This public key cannot be trusted, because no private key belongs to it. " + ADVICE

#: In DER (RFC 8410), these bytes come before the 32 bytes of a public key.
_PUBLIC_DER: Final = bytes.fromhex("302a300506032b6570032100")
#: In DER, this byte begins a sequence. After it come one to three bytes of length. If a version number follows, it is a
#: private key of some kind.
_SEQUENCE: Final = b"\x30"
_VERSION: Final = b"\x02\x01"
_SIZE: Final = 32

# The curve of RFC 8032: -x² + y² = 1 + d·x²·y², modulo p.
_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


class PrivateKeyError(ValueError):
    """A private key was given."""


class UnusableKeyError(ValueError):
    """A text is not an Ed25519 public key. The message says what to give instead. It does not repeat the text."""


def read(text: str) -> bytes:
    """The 32 bytes of a public key, given in PEM or base 64."""
    plain = text.strip()
    # Private keys in the forms of PEM, OpenSSH and PuTTY contain this word. Those in JWK have the member "d".
    if "private" in plain.lower() or (plain.startswith("{") and '"d"' in plain):
        raise PrivateKeyError(PRIVATE)
    raw = _of_pem(text) if "-----" in text else _of_base64(text)
    if not _is_sound(raw):
        raise UnusableKeyError(WEAK)
    return raw


def encode(raw: bytes) -> str:
    """A key in base 64, as it is stored."""
    return base64.b64encode(raw).decode()


def decode(stored: str) -> bytes:
    return base64.b64decode(stored)


def fingerprint(raw: bytes) -> str:
    """The SHA-256 of a key in DER, in hexadecimal, as openssl prints it."""
    return sha256(_PUBLIC_DER + raw).hexdigest()


def verifies(raw: bytes, *, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


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
    # A private key in DER, or the 32 bytes of a private key followed by the 32 bytes of its public half.
    if len(sent) == 2 * _SIZE or (len(sent) != _SIZE and sent.startswith(_SEQUENCE) and _VERSION in sent[2:7]):
        raise PrivateKeyError(PRIVATE)
    raw = sent.removeprefix(_PUBLIC_DER)
    if len(raw) != _SIZE:
        raise UnusableKeyError(ADVICE)
    return raw


def _is_sound(raw: bytes) -> bool:
    """Whether these bytes are a point of the curve, but not one of its eight points of small order.

    With one of those eight as the key, anybody can sign anything.
    """
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        return False
    x_squared = _x_squared(y)
    if x_squared != 0 and pow(x_squared, (_P - 1) // 2, _P) != 1:
        return False
    for _ in range(3):
        # If the order of a point is small, doubling it three times gives the neutral point.
        x_squared = _x_squared(y)
        y = (y * y + x_squared) * pow(2 + x_squared - y * y, -1, _P) % _P
    return y != 1


def _x_squared(y: int) -> int:
    return (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
