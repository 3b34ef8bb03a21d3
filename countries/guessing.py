"""Counts wrong passwords and codes, and locks out who guesses. No address and no name is kept, only keyed hashes.

A name from one address is locked soon. A name from wherever, and an address for whatever name, are locked ten times
later, so that neither many computers nor many names help. Who signed in from an address before is not locked out
there by what others guess elsewhere, or anybody who knows a name could shut its owner out. It is all in the
database: with the broker away, guesses count as ever.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from typing import Any, Final

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

#: Guesses count together until there was none for so long; so long is somebody locked out after the last.
WINDOW: Final = timedelta(minutes=15)
#: How much more is let through by name alone, and by address alone.
WIDER: Final = 10
#: For so long is it remembered from where somebody signed in.
KNOWN_FOR: Final = timedelta(days=30)

_SALT: Final = "countries.guessing"
#: Which bits of an IPv6 address are one subscriber's.
_SUBSCRIBER: Final = 64


def origin(request: HttpRequest) -> str:
    """Return what stands for the client's address: a keyed hash, in the form of a private IPv6 address."""
    return str(IPv6Address(b"\xfd" + _hash(_subscriber(request.META.get("REMOTE_ADDR", "")))[:15]))


def allowed(request: HttpRequest, name: str) -> bool:
    """Whether a guess may be made at all; if not, the answer to the request will say so."""
    given = {"username": name}
    if AxesProxyHandler.is_allowed(request, given):
        return True
    _lock_out(request, given)
    return False


def failed(request: HttpRequest, name: str) -> None:
    """Count a wrong code as a wrong password is counted."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def confirms(request: HttpRequest, password: str) -> bool:
    """Whether who is signed in knows the password; a wrong one counts."""
    name = request.user.get_username()
    return authenticate(request, username=name, password=password) == request.user


def welcome(request: HttpRequest, name: str) -> None:
    """Forget the guesses of somebody who has signed in after all, and remember from where."""
    AxesProxyHandler.update_request(request)
    here: dict[str, Any] = {"username": _pseudonym(name), "ip_address": _origin_of(request)}
    AccessAttempt.objects.filter(**here).delete()
    if not AccessLog.objects.filter(**here).update(attempt_time=timezone.now()):
        AccessLog.objects.create(**here)


def locked_for(request: HttpRequest, name: str) -> timedelta:
    """Return how long the lock lasts yet."""
    standing = _standing(request, name)
    return standing.until - timezone.now() if standing.until else timedelta()


def forget(*, now: datetime) -> None:
    """Delete what no longer counts."""
    AccessAttempt.objects.filter(attempt_time__lte=now - WINDOW).delete()
    AccessLog.objects.filter(attempt_time__lte=now - KNOWN_FOR).delete()


class Guesses(AbstractAxesHandler, AxesBaseHandler):  # type: ignore[misc]  # untyped
    """What django-axes asks and tells; it decides at its limit, of which this gives how much is used up."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """Return the count that is nearest to its own limit, in terms of that of a name from one address."""
        return _standing(request, _name(credentials)).failures

    def user_login_failed(self, _sender: Any, credentials: Any, request: Any = None, **_: Any) -> None:
        """Count, and lock out at the limit. What is tried while locked out does not count, or the lock never ended."""
        if request is None:
            return
        if not request.axes_locked_out:
            _count(_pseudonym(_name(credentials)), _origin_of(request))
            if not self.is_locked(request, credentials):
                return
        _lock_out(request, credentials)

    def user_logged_in(self, _sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
        """A password alone excuses no guess where a code is to follow."""
        if not settings.SECOND_FACTOR:
            welcome(request, user.get_username())

    def user_logged_out(self, *_: Any, **__: Any) -> None:
        """Is of no interest."""

    def post_save_access_attempt(self, _instance: Any, **_: Any) -> None:
        """Is of no interest."""

    def post_delete_access_attempt(self, _instance: Any, **_: Any) -> None:
        """Is of no interest."""

    def reset_attempts(self, *, ip_address: Any = None, username: Any = None, ip_or_username: bool = False) -> int:  # noqa: ARG002
        """Forget guesses: all of them, or those at a name. Of an address nothing can be found again."""
        rows = AccessAttempt.objects.filter(**{"username": _pseudonym(username)} if username else {})
        return int(rows.delete()[0])


@dataclass(frozen=True, slots=True)
class _Standing:
    """How near to being locked out somebody is, and until when they are."""

    failures: int
    until: datetime | None


def _standing(request: HttpRequest, name: str) -> _Standing:
    pseudonym, here = _pseudonym(name), _origin_of(request)
    now = timezone.now()
    rows = list(AccessAttempt.objects.filter(Q(username=pseudonym) | Q(ip_address=here), attempt_time__gt=now - WINDOW))
    kinds = [
        ([row for row in rows if row.username == pseudonym and row.ip_address == here], 1),
        ([row for row in rows if row.ip_address == here], WIDER),
    ]
    if not _known(pseudonym, here, now):
        kinds.append(([row for row in rows if row.username == pseudonym], WIDER))
    counts = [(sum(row.failures_since_start for row in kind) // share, kind) for kind, share in kinds]
    locking = [row.attempt_time for count, kind in counts if count >= settings.AXES_FAILURE_LIMIT for row in kind]
    return _Standing(max(count for count, _ in counts), max(locking) + WINDOW if locking else None)


def _known(pseudonym: str, here: str, now: datetime) -> bool:
    recent = AccessLog.objects.filter(attempt_time__gt=now - KNOWN_FOR)
    return bool(recent.filter(username=pseudonym, ip_address=here).exists())


@transaction.atomic
def _count(pseudonym: str, here: str) -> None:
    now = timezone.now()
    row, made = AccessAttempt.objects.select_for_update().get_or_create(
        username=pseudonym, ip_address=here, user_agent="", defaults={"failures_since_start": 1}
    )
    if not made:
        row.failures_since_start = row.failures_since_start + 1 if row.attempt_time > now - WINDOW else 1
        row.attempt_time = now
        row.save()


def _lock_out(request: Any, credentials: Any) -> None:
    """Have the middleware of django-axes answer."""
    request.axes_locked_out, request.axes_credentials = True, credentials


def _name(credentials: Any) -> str:
    return str((credentials or {}).get("username") or "")


def _pseudonym(name: str) -> str:
    """Return what stands for a name: somebody may have typed a password there."""
    return _hash(name).hex()


def _origin_of(request: Any) -> str:
    return str(request.axes_ip_address)


def _subscriber(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((int(found) >> _SUBSCRIBER << _SUBSCRIBER, _SUBSCRIBER)))
    return str(found)


def _hash(text: str) -> bytes:
    return salted_hmac(_SALT, text, algorithm="sha256").digest()


def seconds(wait: timedelta) -> int:
    """Return a time to wait in whole seconds, at least one, as Retry-After has it."""
    return max(1, ceil(wait.total_seconds()))
