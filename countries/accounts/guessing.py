"""Counts wrong passwords and codes, and locks out users who guess. Names and addresses are kept as keyed hashes only.

After a few guesses, a name is locked for the address from which they came. After ten times as many, a name is locked
for all addresses, and an address is locked for all names. So neither many computers nor many names help an attacker.
There is one exception: guesses from elsewhere do not lock an address from which the owner of the name signed in before.
Otherwise anybody who knows a name could lock its owner out. The counts are in the database, so guesses count also while
the broker is away.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from countries.models import SignIn
from countries.ranges import subscriber

#: After this many wrong passwords or codes for a name from one address, the name is locked for this address.
LIMIT: Final = 5
#: The limit for a name from all addresses, and for an address with all names, is this many times higher.
WIDER: Final = 10
#: Guesses are forgotten after this time without another guess. A lock ends this long after the last guess.
WINDOW: Final = timedelta(minutes=15)
#: How long an address from which a user signed in is remembered.
KNOWN_FOR: Final = timedelta(days=30)

_SALT: Final = "countries.accounts.guessing"
#: The advisory lock of those who count an attempt. The audit chain has -1, other locks are not negative.
_LOCK: Final = -2

T = TypeVar("T")


class LockedOut(Exception):  # noqa: N818  it reads as what it says
    """Passwords and codes are not checked before ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class CountingBackend(ModelBackend):
    """Django's authentication backend, which refuses locked users and counts guesses."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Check the password, and count a wrong one. Without a request, nobody is guessing, so nothing is counted."""
        find = partial(super().authenticate, request, username, password, **kwargs)
        if request is None:
            return find()
        user = check(request, username or "", find)
        if user is not None and not settings.SECOND_FACTOR:
            # If a second factor is required, guesses are forgotten only when the code is right too.
            remember_sign_in(request, username or "")
        return user


def check(request: HttpRequest, name: str, find: Callable[[], T | None]) -> T | None:
    """Check a password or a code with ``find``, which returns None for a wrong one. Raise LockedOut during a lock.

    The attempt counts as a guess before it is checked, and is taken back if it was none. So the server never checks
    more attempts at the same time than the limit allows.
    """
    counted = _count(request, name)
    try:
        found = find()
    except Exception:
        _take_back(request, name, counted)
        raise
    if found is None:
        # The guess that reaches the limit is already answered as locked.
        _refuse_locked(request, name)
    else:
        _take_back(request, name, counted)
    return found


class _Counted(NamedTuple):
    """When an attempt was counted, and when the one before it was."""

    at: datetime
    before: datetime | None


def _count(request: HttpRequest, name: str) -> _Counted:
    """Count an attempt. During a lock, none is counted, because otherwise the lock would never end."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Attempts are counted one at a time, because the limits also add up rows of other names and addresses.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _refuse_locked(request, name)
        now = timezone.now()
        row, _ = SignIn.objects.select_for_update().get_or_create(name=_hash(name), origin=_origin(request))
        before = row.guessed
        row.guesses = row.guesses + 1 if before and before > now - WINDOW else 1
        row.guessed = now
        row.save()
    return _Counted(now, before)


def _take_back(request: HttpRequest, name: str, counted: _Counted) -> None:
    # There is none left if the user has signed in meanwhile, or was unlocked.
    rows = SignIn.objects.filter(name=_hash(name), origin=_origin(request), guesses__gt=0)
    # Guesses before it are not remembered for longer because of it.
    guessed = Case(When(guessed=counted.at, then=Value(counted.before)), default=F("guessed"))
    rows.update(guesses=F("guesses") - 1, guessed=guessed)


def _refuse_locked(request: HttpRequest, name: str) -> None:
    """Raise LockedOut if too many guesses are counted."""
    name_hash, origin = _hash(name), _origin(request)
    now = timezone.now()
    rows = SignIn.objects.filter(Q(name=name_hash) | Q(origin=origin))
    recent = list(rows.filter(guessed__gt=now - WINDOW))
    groups = [
        (LIMIT, [row for row in recent if (row.name, row.origin) == (name_hash, origin)]),
        (LIMIT * WIDER, [row for row in recent if row.origin == origin]),
    ]
    if not rows.filter(name=name_hash, origin=origin, signed_in__gt=now - KNOWN_FOR).exists():
        groups.append((LIMIT * WIDER, [row for row in recent if row.name == name_hash]))
    locking = [group for limit, group in groups if sum(row.guesses for row in group) >= limit]
    if locking:
        raise LockedOut(max(row.guessed for group in locking for row in group if row.guessed) + WINDOW)


def is_own_password(request: HttpRequest, password: str) -> bool:
    """Check the password of the signed-in user. A wrong one is counted as a guess."""
    name = request.user.get_username()
    return authenticate(request, username=name, password=password) == request.user


def remember_sign_in(request: HttpRequest, name: str) -> None:
    """Forget the guesses at a name from this address, and remember that its owner signed in from there."""
    columns = {"guesses": 0, "guessed": None, "signed_in": timezone.now()}
    SignIn.objects.update_or_create(columns, name=_hash(name), origin=_origin(request))


def unlock(name: str) -> None:
    """Forget all guesses at a name."""
    SignIn.objects.filter(name=_hash(name)).update(guesses=0, guessed=None)


def delete_old(*, now: datetime) -> None:
    """Delete rows that are too old to matter."""
    SignIn.objects.exclude(guessed__gt=now - WINDOW).exclude(signed_in__gt=now - KNOWN_FOR).delete()


def _origin(request: HttpRequest) -> str:
    return _hash(subscriber(request.META.get("REMOTE_ADDR", "")))


def _hash(text: str) -> str:
    """A keyed hash of an address or a name. Users sometimes type their password as the name."""
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
