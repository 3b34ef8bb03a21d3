"""Limits on credentials and signing keys. An agency has at most two live ones of each: the old one and the next.

An expired or revoked one never works again. Its row stays.
"""

from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Q, QuerySet
from django.utils.text import capfirst

from countries import registry
from countries.models import Agency, AgencyAccount, Credential, SigningKey
from countries.registry import Refused

LIVE_AT_MOST: Final = 2

T = TypeVar("T", Credential, SigningKey)


def live(kind: type[T], now: datetime) -> QuerySet[T]:
    """Those that are neither revoked nor expired. It does not check whether their holders may use them."""
    return kind._default_manager.filter(Q(expires=None) | Q(expires__gt=now), revoked=None)


def refuse_third(kind: type[T], agency: Agency, now: datetime) -> None:
    """Raise Refused if an agency has two live ones already, or is not active. Call this within `registry.writing`."""
    agency.refresh_from_db()
    if not agency.active:
        raise Refused("agency_not_active", f"{agency} is not active. Activate it first.")
    names = [str(row) for row in live(kind, now).filter(agency=agency)]
    if len(names) >= LIVE_AT_MOST:
        kinds = kind._meta.verbose_name_plural
        raise Refused(
            "too_many_live",
            f"{agency} has two live {kinds}, {' and '.join(names)}. Revoke one of them first, at the desk, under "
            f"{capfirst(kinds)}.",
        )


def refuse_past(expires: datetime | None, now: datetime) -> None:
    """Refuse a date of expiry that is not in the future."""
    if expires is not None and expires <= now:
        raise Refused("bad_expiry", "It must expire in the future. Give a later time.")


def end(row: AgencyAccount | Credential | SigningKey, *, by: str, now: datetime, reason: str) -> None:
    """Revoke a credential, key or account, unless it is revoked already. Call this within `registry.writing`."""
    row.refresh_from_db()
    if row.revoked is None:
        row.revoked = now
        registry.save(row, by=by, reason=reason, fields=["revoked"])
