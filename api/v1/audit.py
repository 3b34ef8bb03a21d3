"""The head of the audit chain, for everyone: a written-down head shows later whether the trail was changed."""

from typing import Annotated

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Meta as Doc

from api import caching, formats, negotiation, openapi, parameters
from api.caching import PublicView, Representation, Validator
from api.formats import Instant
from api.negotiation import JSON
from federation.audit import chain
from federation.audit.chain import ChainHead
from p2p_core import instants


class AuditHead(msgspec.Struct):
    """The newest seal. Before the first one the position is 0 and the digest all zeros."""

    position: Annotated[int, Doc(description="How many audit events are sealed", ge=0)]
    digest: Annotated[str, Doc(description="SHA-256 over all of them, in hexadecimal", pattern="^[0-9a-f]{64}$")]
    sealed: Instant | None


class HeadOfChain:
    """The newest seal as an answer."""

    def validator(self) -> Validator:
        return _validator(chain.head())

    def render(self) -> Representation:
        head = chain.head()
        sealed = instants.write(head.sealed) if head.sealed else None
        content = formats.encode(AuditHead(head.position, head.digest.hex(), sealed))
        return Representation(_validator(head), content, {"Content-Type": JSON})


def _validator(head: ChainHead) -> Validator:
    return Validator(f"{head.position}.{head.digest.hex()}", caching.CURRENT)


class HeadView(PublicView):
    """Write position and digest down elsewhere: `verify_audit --head` tells whether the chain still has them."""

    @openapi.public(
        "get_audit_head",
        "The head of the audit chain, to be noted down elsewhere",
        answer=AuditHead,
        example={
            "position": 48213,
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "sealed": "2026-12-01T00:01:07.482Z",
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> HeadOfChain:
            parameters.read(request)
            return HeadOfChain()

        return self.respond(request, negotiation.json_only(request), read)
