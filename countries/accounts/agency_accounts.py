"""Accounts of people of an agency. A coordinator invites them with a link, with which they set a password once.

The link is Django's for a new password: it ends when the password is set, when the account is invited again, and after
`PASSWORD_RESET_TIMEOUT`. The database has nothing of it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from countries import registry
from countries.accounts import credential_limits, guessing, second_factor, sessions
from countries.models import Agency, AgencyAccount
from countries.registry import Refused


@dataclass(frozen=True, slots=True)
class Invitation:
    """An account, and the two parts of its link, which is shown once."""

    account: AgencyAccount
    uid: str
    token: str = field(repr=False)


def invite(
    *, agency: Agency, username: str, by: str, now: datetime, expires: datetime | None = None, reason: str = ""
) -> Invitation:
    """Make a user for somebody of an agency, with a link to set the password."""
    credential_limits.refuse_past(expires, now)
    with registry.writing():
        agency.refresh_from_db()
        if not agency.active:
            raise Refused("agency_not_active", f"{agency} is not active. Activate it first.")
        if User.objects.filter(username=username).exists():
            raise Refused("user_exists", f"There is a user {username} already. Choose another name.")
        user = registry.create_account(username=username, by=by, reason=reason)
        account = AgencyAccount(user=user, agency=agency, created=now, expires=expires)
        registry.save(account, by=by, reason=reason)
    return _invitation(account)


def invite_again(*, account: AgencyAccount, by: str, now: datetime, reason: str) -> Invitation:
    """Take away the password, the second factor and the sessions of an account, and make another link."""
    with registry.writing():
        account.refresh_from_db()
        if not account.usable_at(now):
            raise Refused("not_usable", f"The account {account} has ended. Invite the person under another name.")
        user = account.user
        with registry.announce_changes(user, by=by, reason=reason):
            user.set_unusable_password()
            user.save(update_fields=["password"])
        second_factor.remove(user=user, by=by, reason=reason)
    guessing.unlock(user.get_username())
    return _invitation(account)


def end(*, account: AgencyAccount, by: str, now: datetime, reason: str) -> None:
    """End an account permanently, with its sessions."""
    with registry.writing():
        credential_limits.end(account, by=by, now=now, reason=reason)
        sessions.end_all(account.user)


def account_of(user: AbstractBaseUser | AnonymousUser, *, now: datetime) -> AgencyAccount | None:
    """The account of a user, with its agency, as long as it may be used."""
    account = AgencyAccount.objects.select_related("agency", "user").filter(user=user.pk).first()
    return account if account is not None and account.usable_at(now) else None


def set_password(user: User, password: str, *, token: str) -> bool:
    """Accept an invitation, unless its link was used or replaced meanwhile. Returns whether the password is set."""
    with registry.writing():
        # Another request may have used the link after it was checked for this one.
        user = User.objects.select_for_update().get(pk=user.pk)
        if not default_token_generator.check_token(user, token):
            return False
        with registry.announce_changes(user, by=user.get_username(), reason="An invitation was accepted."):
            user.set_password(password)
            user.save(update_fields=["password"])
    return True


def _invitation(account: AgencyAccount) -> Invitation:
    uid = urlsafe_base64_encode(force_bytes(account.user.pk))
    return Invitation(account, uid, default_token_generator.make_token(account.user))
