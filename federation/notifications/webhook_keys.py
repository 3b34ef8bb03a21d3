"""The keys with which the service signs its webhooks: HTTP Message Signatures (RFC 9421) with Ed25519.

The setting has private keys. The first one signs. All their public halves are published, so that an operator can
announce a new key before it signs, and keep an old one for as long as a receiver may still look at its signatures.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519

CONTENT_TYPE: Final = "application/json"
#: What each signature covers, and the names of the headers in which a message says which one it is.
MESSAGE_ID: Final = "Message-Id"
POSSIBLY_REPEATED: Final = "Possibly-Repeated"
COVERED: Final = ("@method", "@target-uri", "content-digest", "content-type", "message-id", "possibly-repeated")


class NoKey(Exception):  # noqa: N818  it reads as what it says
    """The setting has no key, so nothing can be signed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key. `kid` is its thumbprint (RFC 7638), and `x` its 32 bytes; both in base 64 for URLs."""

    kid: str
    x: str


@dataclass(frozen=True, slots=True)
class _Request:
    """A request in the form that the library takes."""

    method: str
    url: str
    headers: dict[str, str]


def published() -> list[PublicKey]:
    """The public keys, the one that signs first."""
    return [_public(Ed25519PrivateKey.from_private_bytes(raw)) for raw in settings.WEBHOOK_KEYS]


def signed_headers(
    url: str, body: bytes, *, message_id: str, possibly_repeated: bool, created: datetime
) -> dict[str, str]:
    """The headers of a POST of `body` to `url`, with the signature."""
    if not settings.WEBHOOK_KEYS:
        raise NoKey("The setting WEBHOOK_KEYS has no key, so webhooks cannot be signed.")
    key = Ed25519PrivateKey.from_private_bytes(settings.WEBHOOK_KEYS[0])
    kid = _public(key).kid
    headers = {
        "Content-Type": CONTENT_TYPE,
        MESSAGE_ID: message_id,
        POSSIBLY_REPEATED: "true" if possibly_repeated else "false",
    }
    resolver = MappingKeyResolver(public_keys={}, private_keys={kid: key})
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
    # It adds three headers: the digest of the body, what is signed, and the signature.
    signer.sign(
        _Request("POST", url, headers),
        key_id=kid,
        created=created,
        label="sig",
        covered_component_ids=COVERED,
        body=body,
    )
    return headers


def _public(key: Ed25519PrivateKey) -> PublicKey:
    x = _base64url(key.public_key().public_bytes_raw())
    members = {"crv": "Ed25519", "kty": "OKP", "x": x}
    return PublicKey(_base64url(sha256(json.dumps(members, separators=(",", ":")).encode()).digest()), x)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
