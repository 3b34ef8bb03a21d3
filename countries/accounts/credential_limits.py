"""The lives of credentials and signing keys: at most two of an agency are live, to change over from one to the next.

What has ended, by its date or because somebody revoked it, has ended for good; its row stays.
"""

from datetime import datetime
from typing import Final, TypeVar

from django.db.models import Q, QuerySet

from countries import registry
from countries.models import Agency, Credential, SigningKey
from countries.registry import Refused

LIVE_AT_MOST: Final = 2

Held = TypeVar("Held", Credential, SigningKey)


def live(kind: type[Held], agency: Agency, now: datetime) -> QuerySet[Held]:
    """What an agency holds of a kind that is neither revoked nor expired."""
    alive = Q(expires__isnull=True) | Q(expires__gt=now)
    return kind._default_manager.filter(alive, agency=agency, revoked__isnull=True)


def refuse_third(kind: type[Held], agency: Agency, now: datetime) -> None:
    """Refuse a third live one, and one of an agency that is not active. Ask within `registry.writing`."""
    agency.refresh_from_db()
    if not agency.active:
        raise Refused("agency_not_active", f"{agency} is not active.")
    names = [str(row) for row in live(kind, agency, now)]
    if len(names) >= LIVE_AT_MOST:
        many = kind._meta.verbose_name_plural
        raise Refused("too_many_live", f"{agency} has two live {many}, {' and '.join(names)}: revoke one.")


def refuse_past(expires: datetime | None, now: datetime) -> None:
    """Refuse what would have expired before it began."""
    if expires is not None and expires <= now:
        raise Refused("bad_expiry", "It must expire in the future.")


def end(row: Held, *, by: str, now: datetime, reason: str) -> None:
    """Revoke it, unless that was done before. Ask within `registry.writing`."""
    row.refresh_from_db()
    if row.revoked is None:
        row.revoked = now
        registry.save(row, by=by, reason=reason, fields=["revoked"])
