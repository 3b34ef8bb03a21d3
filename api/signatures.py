"""Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519.

The library builds the text that was signed and verifies it. This module decides whose key, which parts and what age it
accepts. The database makes sure that nothing is accepted twice.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature as NotVerifiedError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django.utils.http import parse_http_date_safe
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureComponentResolver,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519

from api.problems import Problem
from countries.accounts import signing
from countries.accounts.signing import VerificationKey
from federation.database import clock
from federation.intake.evidence import Evidence, SignedBy
from p2p_core.traces import LOOKED_AT, is_address

#: How far the time of a signature may be before or after the server's time.
CLOCK: Final = timedelta(minutes=5)
#: The parts that a signature may cover. All of them are stored as evidence, so none may be secret.
FIELDS: Final = ("content-digest", "content-type", "content-encoding", "content-length", "idempotency-key", "date")
DERIVED: Final = ("@method", "@path", "@query", "@target-uri", "@request-target", "@authority", "@scheme")

# What each signature must cover: one part of each group. Errors name the first part of a group.
_ALWAYS: Final = (("@method",), ("@path", "@target-uri", "@request-target"), ("content-digest",), ("content-type",))
_QUERY: Final = ("@query", "@target-uri", "@request-target")
_IF_PRESENT: Final = ("content-encoding", "idempotency-key")
#: Parts of the evidence whose text the agency chooses.
_CHOSEN: Final = ("content-digest", "content-type", "idempotency-key", "nonce", "tag")

Values = Mapping[str, str]
Parameters = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A verified signature. The reader of the body must still compare the body with the digest."""

    evidence: Evidence
    content_digest: str


def verify(request: HttpRequest, agency: Any) -> VerifiedSignature | None:
    """Who signed a request of an agency; nothing if it is not signed and need not be.

    A request that carries a signature is never treated as unsigned.
    """
    if "Signature" not in request.headers and "Signature-Input" not in request.headers:
        if agency.signature_required:
            raise Problem("signature_required")
        return None
    verification = _Verification(agency.pk)
    result = verification.verify(request)
    covered = {name.strip('"'): value for name, value in result.covered_components.items()}
    _refuse_uncovered(request, covered, result.parameters)
    _refuse_untimely(covered, result.parameters)
    _refuse_addresses(covered, result.parameters)
    return VerifiedSignature(verification.evidence(), covered["content-digest"])


def _refuse_uncovered(request: HttpRequest, covered: Collection[str], parameters: Collection[str]) -> None:
    """Refuse a signature that leaves out something that changes what a submission means."""
    needed = [*_ALWAYS, *((name,) for name in _IF_PRESENT if name in request.headers)]
    if request.META.get("QUERY_STRING"):
        needed.append(_QUERY)
    missing = [names[0] for names in needed if not any(name in covered for name in names)]
    if "created" not in parameters and "date" not in covered:
        missing.append("created")
    if missing:
        raise Problem("signature_incomplete", detail=f"The signature must cover these too: {', '.join(missing)}.")


def _refuse_untimely(covered: Values, parameters: Parameters) -> None:
    """Refuse a signature that is too old, has expired or comes from the future, by each time that it names."""
    times = [int(parameters["created"])] if "created" in parameters else []
    if "date" in covered:
        date = parse_http_date_safe(covered["date"])
        if date is None:
            raise Problem("signature_malformed")
        times.append(date)

    now = clock.agreed().timestamp()
    if min(times) < now - CLOCK.total_seconds() or int(parameters.get("expires", now + 1)) <= now:
        raise Problem("signature_too_old")
    if max(times) > now + CLOCK.total_seconds():
        raise Problem("signature_too_new")


def _refuse_addresses(covered: Values, parameters: Parameters) -> None:
    """Refuse values that could lead to a person, because the signed text is stored."""
    for name in _CHOSEN:
        text = str({**covered, **parameters}.get(name, ""))
        if len(text) > LOOKED_AT:
            raise Problem("signature_malformed", detail=f"Use at most {LOOKED_AT} characters for {name}.")
        if is_address(text):
            raise Problem("personal_trace")


# --- what the library is given --------------------------------------------------------------------------------------


class _RefusedError(InvalidSignature):
    """Why a signature is refused, by a code of ours.

    It is an error of the library's kind, because the library lets these through.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Verification(HTTPSignatureKeyResolver):
    """Verifies one request of an agency: finds the key, and notes what was verified with it."""

    def __init__(self, agency: int) -> None:
        self._agency = agency
        self.key: VerificationKey | None = None
        self.base = self.signature = b""

    def verify(self, request: HttpRequest) -> VerifyResult:
        """Verify the one signature of a request, and return what it covers."""
        verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=self, component_resolver_class=_Components)
        try:
            # With several signatures the library would need to know which one to verify, so it refuses them all.
            [result] = verifier.verify(_CoverableRequest(request), max_age=None)
        except _RefusedError as refused:
            raise Problem(refused.code) from None
        except HTTPMessageSignaturesException:
            raise Problem("signature_malformed") from None
        return result

    def resolve_public_key(self, key_id: str) -> Any:
        """Find the key that a signature names, and hand it on inside this verification; the library calls this."""
        self.key = key = signing.find(key_id)
        if key is None:
            raise _RefusedError("signature_key_unknown")
        if key.agency != self._agency:
            raise _RefusedError("signature_key_foreign")
        if key.revoked is not None:
            raise _RefusedError("signature_key_revoked")
        if key.expires is not None and key.expires <= clock.agreed():
            raise _RefusedError("signature_key_expired")
        return self

    def evidence(self) -> Evidence:
        assert self.key is not None  # noqa: S101  for the type; without one nothing verifies
        by = SignedBy(self.key.keyid, self.key.fingerprint)
        return Evidence(self.key.id, by, self.base.decode(), self.signature)


class _Ed25519(ED25519):
    """The library's algorithm. It refuses by a code of ours, and notes what it verified."""

    def __init__(self, public_key: _Verification, private_key: None = None) -> None:  # noqa: ARG002  the library's
        assert public_key.key is not None  # noqa: S101  for the type
        raw = public_key.key.raw
        super().__init__(public_key=Ed25519PublicKey.from_public_bytes(raw))  # type: ignore[no-untyped-call]  # has none
        self._verification = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        try:
            super().verify(signature, message)
        except NotVerifiedError:
            raise _RefusedError("signature_invalid") from None
        self._verification.base, self._verification.signature = message, signature


class _Verifier(HTTPMessageVerifier):
    """The library's verifier, without its check of times.

    Our check also accepts Date, and distinguishes early from late.
    """

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Leave the times to ``_refuse_untimely``."""


class _Components(HTTPSignatureComponentResolver):
    """Resolves only what may be covered, and each part as a whole.

    Parameters would choose a piece of it, or another form.
    """

    def resolve(self, component_node: Any) -> str:
        name = component_node.value
        if component_node.params or not (name in DERIVED or (name in FIELDS and name in self.headers)):
            raise _RefusedError("signature_component_refused")
        value: str = super().resolve(component_node)
        return value


class _CoverableRequest:
    """A request in the form that the library takes, with only the headers that may be covered."""

    def __init__(self, request: HttpRequest) -> None:
        shown = ("signature", "signature-input", *FIELDS)
        self.method = request.method
        self.headers = {name: request.headers[name] for name in shown if name in request.headers}
        # The path is the routed one in its normal form, as RFC 9421 requires. The query is as it was sent.
        query = request.META.get("QUERY_STRING", "")
        path = escape_uri_path(request.path)
        self.url = f"{request.scheme}://{request.get_host()}{path}{'?' if query else ''}{query}"
