"""The public keys with which receivers verify webhooks, as a set of JSON Web Keys (RFC 7517)."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Meta as Doc

from api import caching, formats, negotiation, openapi, parameters
from api.caching import PublicView, Representation, Validator
from api.negotiation import JSON
from federation.notifications import webhook_keys


class WebhookKeyDocument(msgspec.Struct):
    """A public key of Ed25519 as a JSON Web Key (RFC 8037)."""

    kid: Annotated[str, Doc(description="Its name: `keyid` of the signatures that it verifies")]
    x: Annotated[str, Doc(description="Its 32 bytes in base 64 for URLs")]
    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    alg: Literal["EdDSA"] = "EdDSA"
    use: Literal["sig"] = "sig"


class WebhookKeys(msgspec.Struct):
    """The keys of the service. Any of them can sign."""

    keys: list[WebhookKeyDocument]


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys written out; they change with the settings only."""

    def validator(self) -> Validator:
        return self.render().validator

    def render(self) -> Representation:
        keys = [WebhookKeyDocument(kid=key.kid, x=key.x) for key in webhook_keys.published()]
        content = formats.encode(WebhookKeys(keys))
        validator = Validator(blake2b(content, digest_size=8).hexdigest(), caching.REFERENCE)
        return Representation(validator, content, {"Content-Type": JSON})


class WebhookKeysView(PublicView):
    """A receiver of webhooks finds the key of a signature by its `keyid`, which is the `kid` here."""

    @openapi.public(
        "list_webhook_keys",
        "The public keys with which the service signs webhooks",
        answer=WebhookKeys,
        # The key of RFC 8037, appendix A.
        example=msgspec.to_builtins(
            WebhookKeys(
                [
                    WebhookKeyDocument(
                        kid="kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                        x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                    )
                ]
            )
        ),
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> KeySet:
            parameters.read(request)
            return KeySet()

        return self.respond(request, negotiation.json_only(request), read)
