"""Who is asking: OAuth2 tokens of agencies and coordinators, and sessions of staff.

A token is worth what its credential and their holder are worth now: once one of them is revoked, has expired or has
lost its role, the token is refused.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import generate_token
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from api.codes import CODES
from api.problems import Problem
from api.throttling import rates
from countries import liaisons
from countries.accounts import second_factor
from countries.ranges import subscriber
from p2p_core import scopes

_CHALLENGE: Final = 'Bearer realm="api"'
_ELSEWHERE: Final = "network_not_allowed"
#: So many characters at the end of a token say that it is ours.
_MARK: Final = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may do something: an agency, or a coordinator, who has no agency."""

    name: str
    agency: Any
    scopes: frozenset[str]
    is_authenticated: bool = True


class TokenAuthentication(BaseAuthentication):
    """Authenticates by ``Authorization: Bearer``; the caller is both the request's user and its auth.

    Only failed look-ups are counted, so a valid token costs nothing extra. Tokens with our mark are counted one by one,
    all others of an address together: a valid token passes, even if others from its address are wrong.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """Return the caller, or nothing without a token; raise the problem for a token that is worth nothing."""
        token = rates.bearer(request)
        if token is None:
            return None
        address = request.META.get("REMOTE_ADDR", "")
        # With the address: nobody who stole a token can use it up elsewhere.
        counted = f"{subscriber(address)} {token if is_ours(token) else ''}"
        standing = rates.count(rates.WRONG_TOKENS_PER_ADDRESS, counted, 0)
        if standing.left <= 0:
            raise rates.refusal(standing)
        try:
            caller = _caller(token, address)
        except Problem:
            rates.count(rates.WRONG_TOKENS_PER_ADDRESS, counted)
            raise
        return caller, caller

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF gives it
        """Return how to authenticate; with it, DRF answers 401."""
        return _CHALLENGE


def make_token(_request: Any) -> str:
    """Return a new token: what nobody can guess, and our mark on it, by which it is known without a look-up."""
    unguessable: str = generate_token()
    return unguessable + _mark(unguessable)


def is_ours(token: str) -> bool:
    """Whether we issued a token, valid or not. One without our mark may be ours under an earlier key."""
    return constant_time_compare(token[-_MARK:], _mark(token[:-_MARK]))


def _mark(unguessable: str) -> str:
    return salted_hmac("api.auth.token", unguessable, algorithm="sha256").hexdigest()[:_MARK]


def _caller(token: str, address: str) -> Caller:
    access = (
        get_access_token_model()
        .objects.select_related("application__agency", "application__user")
        .filter(token_checksum=sha256(token.encode()).hexdigest())
        .first()
    )
    now = timezone.now()
    if access is None or access.expires <= now or not access.application.usable_at(now):
        raise Problem("invalid_token", headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'})
    credential = access.application
    if not credential.usable_from(address):
        raise Problem(_ELSEWHERE)
    granted = frozenset(access.scope.split()) & frozenset(credential.scopes.split())
    return Caller(f"credential {credential.client_id}", credential.agency, granted)


class StaffSession(SessionAuthentication):
    """Authenticates users who have signed in to the admin with both factors and may read all countries' figures."""

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """Return the caller, or nothing for anybody else."""
        found = super().authenticate(request)
        if found is None or not second_factor.is_verified(found[0]) or not liaisons.reads_figures(found[0]):
            return None
        caller = Caller(found[0].get_username(), None, frozenset({scopes.READ_ALL}))
        return caller, caller


class Validator(OAuth2Validator):  # type: ignore[misc]  # untyped
    """Says to whom the token endpoint gives a token. Whether a credential is usable the toolkit asks the credential."""

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        # PostgreSQL would stop at a NUL, which is in no id.
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)

    def validate_grant_type(self, client_id: str, grant_type: str, client: Any, *args: Any, **kwargs: Any) -> bool:
        """Only client credentials: nobody signs in to the API. And only from where the credential may be used."""
        # Asked once the secret was right, so that nobody else learns of the restriction.
        _refuse_from_elsewhere(client, args[0])
        return grant_type == "client_credentials" and super().validate_grant_type(
            client_id, grant_type, client, *args, **kwargs
        )

    def validate_scopes(self, _client_id: str, scopes: list[str], client: Any, *_args: Any, **_kwargs: Any) -> bool:
        """Only scopes that the credential has."""
        return set(scopes) <= set(client.scopes.split())

    def get_default_scopes(self, _client_id: str, request: Any, *_args: Any, **_kwargs: Any) -> list[str]:
        """Without a wish, all that the credential has."""
        return list(request.client.scopes.split())


def _refuse_from_elsewhere(credential: Any, request: Any) -> None:
    if not credential.usable_from(request.headers.get("REMOTE_ADDR", "")):
        kind = CODES[_ELSEWHERE]
        raise UnauthorizedClientError(f"{_ELSEWHERE}: {kind.title}. {kind.advice}", request=request)
