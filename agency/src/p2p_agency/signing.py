"""Signs submissions with the agency's own key: HTTP Message Signatures (RFC 9421) with Ed25519."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from p2p_agency.errors import SetUpError
from p2p_agency.settings import Settings, write_private

_COVERED: Final = ("@method", "@path", "content-type", "content-encoding")
#: The name of a key is the code of the agency, a dot, and so many characters of the fingerprint.
_SHOWN: Final = 12


class NewKey(NamedTuple):
    """A key pair that was just made: where the private key is, and what the coordinator needs of the public one."""

    file: Path
    public: str
    fingerprint: str


def make_key(settings: Settings) -> NewKey:
    """Make a key pair. It signs nothing before the coordinator has registered the public key and told its name."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    fingerprint = sha256(public.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    file = settings.key_file(fingerprint[:_SHOWN])
    write_private(file, private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
    pem = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    return NewKey(file, pem, fingerprint)


class Signer:
    """Signs requests with the key that the settings name."""

    def __init__(self, settings: Settings) -> None:
        keyid, file = settings.keyid, settings.key_file(settings.keyid)
        try:
            self._pem = file.read_bytes()
        except OSError as error:
            raise SetUpError(
                f"The key {keyid} is not at {file}: {error.strerror}. "
                "Check the name. If it is right, restore the file, or make a new key: p2p-agency keys new"
            ) from None
        self._keyid = keyid

    def resolve_private_key(self, _keyid: str) -> bytes:
        """The private key; the library calls this."""
        return self._pem

    def sign(self, url: str, body: bytes, headers: Mapping[str, str], created: datetime) -> dict[str, str]:
        """The headers of a POST with its signature. The digest is that of the body as it is sent."""
        from http_message_signatures import HTTPMessageSigner
        from http_message_signatures.algorithms import ED25519

        resolver: Any = self
        request = SimpleNamespace(method="POST", url=url, headers=dict(headers))
        covered = [*_COVERED, *(("idempotency-key",) if "Idempotency-Key" in headers else ())]
        if "?" in url:
            covered.append("@query")
        signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
        signer.sign(request, key_id=self._keyid, created=created, label="sig", covered_component_ids=covered, body=body)
        signed: dict[str, str] = request.headers
        return signed
