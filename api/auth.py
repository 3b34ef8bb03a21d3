"""Who is asking: OAuth2 tokens of agencies and coordinators, and sessions of staff.

A token is valid only while its credential and the holder of the credential are. It is refused after the credential has
expired or was revoked, or after the holder has lost the right to it.
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
from countries import permissions
from countries.accounts import credentials, second_factor
from countries.actors import Kind, program
from countries.ranges import subscriber
from p2p_core import scopes

_CHALLENGE: Final = 'Bearer realm="api"'
_ELSEWHERE: Final = "network_not_allowed"
#: The length of the mark at the end of a token, which shows that we issued it.
_MARK: Final = 16


@dataclass(frozen=True, slots=True)
class Caller:
    """An agency, or a coordinator, who has no agency."""

    name: str
    agency: Any
    scopes: frozenset[str]
    is_authenticated: bool = True


class TokenAuthentication(BaseAuthentication):
    """Authenticates by ``Authorization: Bearer``. Both the user and the auth of the request are then the caller.

    Only failed look-ups are counted, so a valid token costs nothing extra. Each token with our mark is counted alone.
    All other tokens from one address are counted together. So a valid token passes, even if many invalid tokens come
    from the same address.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """None without a token. Raises a problem if the token is not valid."""
        token = rates.bearer(request)
        if token is None:
            return None
        address = request.META.get("REMOTE_ADDR", "")
        # Whether we issued it, valid or not. A token without our mark may be ours under an earlier key.
        is_ours = constant_time_compare(token[-_MARK:], _mark(token[:-_MARK]))
        # The key contains the address, so a thief cannot use up a token's limit from elsewhere.
        counted = f"{subscriber(address)} {token if is_ours else ''}"
        allowance = rates.count(rates.WRONG_TOKENS_PER_ADDRESS, counted, 0)
        if allowance.left <= 0:
            raise rates.refusal(allowance)
        try:
            caller = _look_up(token, address)
        except Problem:
            rates.count(rates.WRONG_TOKENS_PER_ADDRESS, counted)
            raise
        return caller, caller

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF gives it
        """With a challenge, DRF answers 401 instead of 403."""
        return _CHALLENGE


def make_token(_request: Any) -> str:
    """A random token with our mark, which shows without a look-up that we issued it."""
    unguessable: str = generate_token()
    return unguessable + _mark(unguessable)


def _mark(unguessable: str) -> str:
    return salted_hmac("api.auth.token", unguessable, algorithm="sha256").hexdigest()[:_MARK]


def _look_up(token: str, address: str) -> Caller:
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
    return Caller(program(Kind.CREDENTIAL, credential.client_id), credential.agency, granted)


class StaffSession(SessionAuthentication):
    """Authenticates users who have signed in to the admin with both factors and may read all countries' figures."""

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        found = super().authenticate(request)
        if found is None or not second_factor.is_verified(found[0]) or not permissions.reads_figures(found[0]):
            return None
        caller = Caller(found[0].get_username(), None, frozenset({scopes.READ_ALL}))
        return caller, caller


class TokenRequestValidator(OAuth2Validator):  # type: ignore[misc]  # untyped
    """Decides who gets a token. The toolkit asks the credential itself whether it is usable."""

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        # PostgreSQL would stop at a NUL, which is in no id.
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)

    def validate_grant_type(self, client_id: str, grant_type: str, client: Any, *args: Any, **kwargs: Any) -> bool:
        """Only client credentials: nobody signs in to the API. And only from where the credential may be used."""
        # Checked after the secret, so that nobody else learns of the restriction.
        if not client.usable_from(args[0].headers.get("REMOTE_ADDR", "")):
            raise UnauthorizedClientError(f"{_ELSEWHERE}: {CODES[_ELSEWHERE].title}", request=args[0])
        return grant_type == "client_credentials" and super().validate_grant_type(
            client_id, grant_type, client, *args, **kwargs
        )

    def validate_scopes(self, _client_id: str, scopes: list[str], client: Any, *_args: Any, **_kwargs: Any) -> bool:
        """Only scopes that the credential has."""
        return set(scopes) <= set(client.scopes.split())

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        super().save_bearer_token(token, request, *args, **kwargs)
        credentials.note_use(request.client, now=timezone.now())

    def get_default_scopes(self, _client_id: str, request: Any, *_args: Any, **_kwargs: Any) -> list[str]:
        """All scopes of the credential, if the request names none."""
        return list(request.client.scopes.split())
