"""OAuth2 client credentials, each bound to one agency or one coordinator.

A secret is shown once, when it is issued. The database holds only its hash.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import User
from django.db.models import QuerySet
from oauth2_provider.models import get_access_token_model

from countries import permissions, registry
from countries.accounts import credential_limits
from countries.models import FIGURES, READ_WRITE, Agency, Credential
from countries.registry import Refused

CHANGE_OVER = timedelta(hours=24)


class CredentialHasher(PBKDF2PasswordHasher):
    """A fast hash for secrets. Nobody can guess 256 random bits, so a slow hash would only delay tokens."""

    algorithm = "police2peer_credential"
    iterations = 1_000


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential with its secret, which is shown once."""

    credential: Credential
    client_id: str
    client_secret: str = field(repr=False)


def issue(
    *,
    by: str,
    now: datetime,
    agency: Agency | None = None,
    coordinator: str = "",
    scopes: str = READ_WRITE,
    expires: datetime | None = None,
    networks: Iterable[str] = (),
    reason: str = "",
) -> Issued:
    """Make a credential: for an agency, with these scopes, or for a user who may read the figures of all countries."""
    if (agency is None) == (not coordinator):
        raise Refused("one_holder", "A credential belongs to one agency or one coordinator. Give one of them.")
    credential_limits.refuse_past(expires, now)
    with registry.writing():
        if agency is not None:
            credential_limits.refuse_third(Credential, agency, now)
            draft = Credential(agency=agency, scopes=scopes)
        else:
            user = User.objects.filter(username=coordinator).first()
            if user is None:
                raise Refused("no_such_coordinator", f"There is no user {coordinator}. Ask a superuser to add one.")
            if not permissions.reads_figures(user):
                raise Refused(
                    "coordinator_not_allowed",
                    f"{coordinator} may not read the figures of all countries. Use an active account with staff status "
                    "in the group coordinator or observer, and without a country.",
                )
            draft = Credential(coordinator=coordinator, user=user, scopes=FIGURES)
        draft.expires, draft.networks = expires, list(networks)
        secret = secrets.token_urlsafe(32)
        # The id begins with the holder's name, in characters that need no escaping in a header or an address.
        draft.client_id = re.sub(r"[^A-Za-z0-9-]+", "-", draft.holder) + "." + secrets.token_hex(6)
        draft.client_secret = make_password(secret, hasher=CredentialHasher.algorithm)
        draft.client_type = Credential.CLIENT_CONFIDENTIAL
        draft.authorization_grant_type = Credential.GRANT_CLIENT_CREDENTIALS
        registry.save(draft, by=by, reason=reason)
    return Issued(draft, draft.client_id, secret)


def rotate(
    *,
    credential: Credential,
    by: str,
    now: datetime,
    keep_for: timedelta = CHANGE_OVER,
    expires: datetime | None = None,
    reason: str = "",
) -> Issued:
    """Issue the successor of a credential. The old one stays usable for ``keep_for``, so that no work is lost."""
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
            # The present name of the account: it may have been renamed, and another account may have its old name now.
            coordinator=credential.user.get_username() if credential.user else "",
            scopes=credential.scopes,
            expires=expires,
            networks=credential.networks,
            reason=reason,
        )


def restrict(*, credential: Credential, networks: Iterable[str], by: str, now: datetime, reason: str) -> Credential:
    """Set the networks from which a credential and its tokens may be used. An empty list allows all networks."""
    with registry.writing():
        credential.refresh_from_db()
        _refuse_unusable(credential, now)
        credential.networks = list(networks)
        registry.save(credential, by=by, reason=reason, fields=["networks"])
    return credential


def revoke(*, credential: Credential, by: str, now: datetime, reason: str = "") -> Credential:
    """End a credential permanently, with all its tokens."""
    with registry.writing():
        credential_limits.end(credential, by=by, now=now, reason=reason)
        get_access_token_model().objects.filter(application=credential).delete()
    return credential


def of_agency(agency: Agency) -> QuerySet[Credential]:
    """All credentials of an agency, also those that have ended, newest first."""
    return Credential.objects.select_related("agency").filter(agency=agency)


def note_use(credential: Credential, *, now: datetime) -> None:
    """Remember that a token was issued. It changes no right, so the audit trail does not say it."""
    Credential.objects.filter(pk=credential.pk).update(used=now)


def delete_expired_tokens(*, now: datetime) -> None:
    # Django's own deletion would first update refresh tokens. None are issued, and workers may not write their table.
    expired = get_access_token_model().objects.filter(expires__lte=now)
    expired._raw_delete(expired.db)  # noqa: SLF001  without signals and relations


def _refuse_unusable(credential: Credential, now: datetime) -> None:
    if not credential.usable_at(now):
        raise Refused(
            "not_usable", f"{credential} is revoked or expired, or its holder has lost the role. Issue a new one."
        )
