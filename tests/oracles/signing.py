"""HTTP Message Signatures written out by hand from RFC 9421: the text that is signed, and the headers.

It uses no code of the library with which the project verifies.
"""

import base64
import hashlib
import time
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PATH = "/api/v1/submissions/"


def encoded(raw):
    return base64.b64encode(raw).decode()


def content_digest(body, name="sha-256"):
    return f"{name}=:{encoded(hashlib.new(name.replace('-', ''), body).digest())}:"


def base_of(covered, parameters):
    """Section 2.5: a line for each covered component, and one for what covers them, with no line end after it."""
    return "\n".join([*(f'"{name}": {value}' for name, value in covered.items()), f'"@signature-params": {parameters}'])


def parameters_of(names, **given):
    """Section 2.3: the covered components in order, then the parameters; texts in quotes, numbers without."""
    told = "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"' for name, value in given.items()
    )
    return "(" + " ".join(f'"{name}"' for name in names) + ")" + told


def sign(key, covered, parameters):
    return key.sign(base_of(covered, parameters).encode())


@dataclass
class Signer:
    """An agency's developer, who has a private key, and a name for it from the registration."""

    keyid: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)

    @property
    def public(self):
        return encoded(self.key.public_key().public_bytes_raw())

    def named(self, keyid):
        return replace(self, keyid=keyid)

    def covered(self, body, *, query="", media="application/json", **headers):
        """What must be covered of a request with these headers beside its own."""
        return {
            "@method": "POST",
            "@path": PATH,
            **({"@query": query} if query else {}),
            "content-digest": content_digest(body),
            "content-type": media,
            **{name.lower(): value for name, value in headers.items()},
        }

    def headers(self, covered, *, label="sig", **parameters):
        """The headers that say what was signed, and the signature."""
        given = {"created": int(time.time()), "keyid": self.keyid, **parameters}
        told = parameters_of(covered, **{name: value for name, value in given.items() if value is not None})
        signature = encoded(sign(self.key, covered, told))
        sent = {"Signature-Input": f"{label}={told}", "Signature": f"{label}=:{signature}:"}
        return sent | ({"Content-Digest": covered["content-digest"]} if "content-digest" in covered else {})

    def signed(self, body, *, query="", media="application/json", label="sig", parameters=None, **headers):
        """All headers of a request that is signed as the documentation says."""
        covered = self.covered(body, query=query, media=media, **headers)
        return headers | self.headers(covered, label=label, **(parameters or {}))
