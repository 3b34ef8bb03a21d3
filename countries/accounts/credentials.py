"""OAuth2 client credentials, each bound to one agency or one coordinator.

A secret is shown once, when it is issued; the database holds its hash. Agencies have at most two, to change over.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import User
from oauth2_provider.models import get_access_token_model

from countries import liaisons, registry
from countries.accounts import credential_limits
from countries.models import FIGURES, READ_ONLY, READ_WRITE, Agency, Credential
from countries.registry import Refused

CHANGE_OVER = timedelta(hours=24)


class CredentialHasher(PBKDF2PasswordHasher):
    """For secrets of 256 random bits: nobody guesses those, so slowness would only delay tokens."""

    algorithm = "police2peer_credential"
    iterations = 1_000


@dataclass(frozen=True, slots=True)
class Issued:
    """What is shown once."""

    credential: Credential
    client_id: str
    client_secret: str = field(repr=False)


def usable(credential: Credential, now: datetime) -> bool:
    """Not revoked, not expired, and its agency active or its coordinator still allowed to read the figures.

    Ask with each request, not only for a token.
    """
    return credential.usable_at(now)


def reachable(credential: Credential, address: str) -> bool:
    """Whether a credential, and its tokens, may be used from an address. Ask with each request, too."""
    return credential.usable_from(address)


def issue(
    *,
    by: str,
    now: datetime,
    agency: Agency | None = None,
    coordinator: str = "",
    read_only: bool = False,
    expires: datetime | None = None,
    networks: Iterable[str] = (),
    reason: str = "",
) -> Issued:
    """Makes a credential for an agency, or for a user who may read the figures of all countries."""
    if (agency is None) == (not coordinator):
        raise Refused("one_holder", "A credential belongs to one agency or one coordinator.")
    credential_limits.refuse_past(expires, now)
    with registry.writing():
        if agency is not None:
            credential_limits.refuse_third(Credential, agency, now)
            draft = Credential(agency=agency, scopes=READ_ONLY if read_only else READ_WRITE)
        else:
            draft = Credential(coordinator=coordinator, user=_account(coordinator), scopes=FIGURES)
        draft.expires, draft.networks = expires, list(networks)
        return _issue(draft, by=by, reason=reason)


def rotate(
    *,
    credential: Credential,
    by: str,
    now: datetime,
    keep_for: timedelta = CHANGE_OVER,
    expires: datetime | None = None,
    reason: str = "",
) -> Issued:
    """Issues the successor of a credential, which itself stays usable for a while so that nothing is interrupted."""
    with registry.writing():
        credential.refresh_from_db()
        _refuse_unusable(credential, now)
        if keep_for:
            credential.expires = min(credential.expires or now + keep_for, now + keep_for)
            registry.save(credential, by=by, reason=reason, fields=["expires"])
        else:
            revoke(credential=credential, by=by, now=now, reason=reason)
        return issue(
            by=by,
            now=now,
            agency=credential.agency,
            # By the account: it may have been renamed, and another may have its old name.
            coordinator=credential.user.get_username() if credential.user else "",
            read_only=credential.scopes == READ_ONLY,
            expires=expires,
            networks=credential.networks,
            reason=reason,
        )


def restrict(*, credential: Credential, networks: Iterable[str], by: str, now: datetime, reason: str) -> Credential:
    """Says from which networks a credential may be used, its tokens included; from any, if none is given."""
    with registry.writing():
        credential.refresh_from_db()
        _refuse_unusable(credential, now)
        credential.networks = list(networks)
        registry.save(credential, by=by, reason=reason, fields=["networks"])
    return credential


def revoke(*, credential: Credential, by: str, now: datetime, reason: str = "") -> Credential:
    """Ends a credential for good, with every token given out for it."""
    with registry.writing():
        credential_limits.end(credential, by=by, now=now, reason=reason)
        get_access_token_model().objects.filter(application=credential).delete()
    return credential


def forget_tokens(*, now: datetime) -> None:
    """Deletes the tokens that have expired; nobody can use them, and one is made every few minutes."""
    get_access_token_model().objects.filter(expires__lte=now).delete()


def _refuse_unusable(credential: Credential, now: datetime) -> None:
    if not usable(credential, now):
        why = "is revoked or expired, or its holder has lost the role"
        raise Refused("not_usable", f"{credential} {why}. Issue a new one.")


def _account(coordinator: str) -> User:
    known = User.objects.filter(username=coordinator).first()
    if known is None:
        raise Refused("no_such_coordinator", f"There is no user {coordinator}. A superuser adds users.")
    if not liaisons.reads_figures(known):
        raise Refused(
            "coordinator_not_allowed",
            f"{coordinator} may not read the figures of all countries. That takes an active account with staff status,"
            " in the group coordinator or observer, that stands for no country.",
        )
    return known


def _issue(draft: Credential, *, by: str, reason: str) -> Issued:
    secret = secrets.token_urlsafe(32)
    # Says whose it is, in characters that need no care in a header or an address.
    draft.client_id = re.sub(r"[^A-Za-z0-9-]+", "-", draft.holder) + "." + secrets.token_hex(6)
    draft.client_secret = make_password(secret, hasher=CredentialHasher.algorithm)
    draft.client_type = Credential.CLIENT_CONFIDENTIAL
    draft.authorization_grant_type = Credential.GRANT_CLIENT_CREDENTIALS
    registry.save(draft, by=by, reason=reason)
    return Issued(draft, draft.client_id, secret)
