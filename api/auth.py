"""Who is asking: OAuth2 tokens of agencies and coordinators, and sessions of staff.

A token is worth what its credential is worth now: revoked, expired or deactivated, it is refused at once.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from api.codes import CODES
from api.problems import Problem
from countries import credentials, liaisons, second_factor

_CHALLENGE: Final = 'Bearer realm="api"'
FIGURES: Final = "figures:read"
_ELSEWHERE: Final = "network_not_allowed"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may do something: an agency, or a coordinator, who has no agency."""

    name: str
    agency: Any
    scopes: frozenset[str]
    is_authenticated: bool = True


class TokenAuthentication(BaseAuthentication):
    """Authenticates by ``Authorization: Bearer``; the caller is both the request's user and its auth."""

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """Return the caller, or nothing without a token; raise the problem for a token that is worth nothing."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        caller = _caller(token.strip(), request.META.get("REMOTE_ADDR", ""))
        if caller is None:
            raise Problem("invalid_token", headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'})
        return caller, caller

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF gives it
        """Return how to authenticate; with it, DRF answers 401."""
        return _CHALLENGE


def _caller(token: str, address: str) -> Caller | None:
    access = (
        get_access_token_model()
        .objects.select_related("application__agency", "application__user")
        .filter(token_checksum=sha256(token.encode()).hexdigest())
        .first()
    )
    now = timezone.now()
    if access is None or access.expires <= now or not credentials.usable(access.application, now):
        return None
    credential = access.application
    if not credentials.reachable(credential, address):
        raise Problem(_ELSEWHERE)
    scopes = frozenset(access.scope.split()) & frozenset(credential.scopes.split())
    return Caller(f"credential {credential.client_id}", credential.agency, scopes)


class StaffSession(SessionAuthentication):
    """Authenticates who is signed in to the admin with both factors and sees all countries; they may read figures."""

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """Return the caller, or nothing for anybody else."""
        found = super().authenticate(request)
        if found is None or not found[0].is_staff or not second_factor.verified(found[0]):
            return None
        if liaisons.horizon(found[0]).limited:
            return None
        caller = Caller(found[0].get_username(), None, frozenset({FIGURES}))
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
    if not credentials.reachable(credential, request.headers.get("REMOTE_ADDR", "")):
        kind = CODES[_ELSEWHERE]
        raise UnauthorizedClientError(f"{_ELSEWHERE}: {kind.title}. {kind.mend}", request=request)
