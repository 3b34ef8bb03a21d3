"""Counts wrong passwords and codes, and locks out who guesses. No address and no name is kept, only keyed hashes.

A name from one address is locked soon. A name from all addresses, and an address for all names, are locked ten times
later, so neither many computers nor many names help. An address from which the owner of a name signed in before is not
locked by guesses made elsewhere. Otherwise anybody who knows a name could shut its owner out. All of it is in the
database, so guesses also count while the broker is away.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from countries.models import SignIn
from countries.ranges import subscriber

#: So many wrong passwords or codes for a name from one address.
LIMIT: Final = 5
#: So many times as many for a name from all addresses, and from an address for all names.
WIDER: Final = 10
#: Guesses count together until there was none for so long. A lock lasts so long after the last guess.
WINDOW: Final = timedelta(minutes=15)
#: An address from which somebody signed in is remembered for so long.
KNOWN_FOR: Final = timedelta(days=30)

_SALT: Final = "countries.accounts.guessing"


class LockedOut(Exception):  # noqa: N818  it reads as what it says
    """Nothing that is tried before ``until`` is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class CountingBackend(ModelBackend):
    """Django's own backend, behind the lock."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the user if the password is right. Without a request nobody guesses over the network."""
        if request is not None:
            refuse_locked(request, username or "")
        user = super().authenticate(request, username, password, **kwargs)
        if request is not None and user is None:
            count_guess(request, username or "")
        elif request is not None and not settings.SECOND_FACTOR:
            # Otherwise a right password excuses nothing until the code is right too.
            welcome(request, username or "")
        return user


def refuse_locked(request: HttpRequest, name: str) -> None:
    """Raise LockedOut if no guess may be made. It is not counted, or the lock would never end."""
    name_hash, origin = _hash(name), _origin(request)
    now = timezone.now()
    rows = SignIn.objects.filter(Q(name=name_hash) | Q(origin=origin))
    recent = list(rows.filter(guessed__gt=now - WINDOW))
    kinds = [
        (LIMIT, [row for row in recent if (row.name, row.origin) == (name_hash, origin)]),
        (LIMIT * WIDER, [row for row in recent if row.origin == origin]),
    ]
    if not rows.filter(name=name_hash, origin=origin, signed_in__gt=now - KNOWN_FOR).exists():
        kinds.append((LIMIT * WIDER, [row for row in recent if row.name == name_hash]))
    locking = [kind for limit, kind in kinds if sum(row.guesses for row in kind) >= limit]
    if locking:
        raise LockedOut(max(row.guessed for kind in locking for row in kind if row.guessed) + WINDOW)


def count_guess(request: HttpRequest, name: str) -> None:
    """Count a wrong password or code; raise LockedOut if it was one too many."""
    now = timezone.now()
    with transaction.atomic():
        row, _ = SignIn.objects.select_for_update().get_or_create(name=_hash(name), origin=_origin(request))
        row.guesses = row.guesses + 1 if row.guessed and row.guessed > now - WINDOW else 1
        row.guessed = now
        row.save()
    refuse_locked(request, name)


def confirms(request: HttpRequest, password: str) -> bool:
    """Whether it is the password of the user who is signed in; a wrong one counts."""
    name = request.user.get_username()
    return authenticate(request, username=name, password=password) == request.user


def welcome(request: HttpRequest, name: str) -> None:
    """Forget the guesses of somebody who has signed in after all, and remember from where."""
    facts = {"guesses": 0, "guessed": None, "signed_in": timezone.now()}
    SignIn.objects.update_or_create(facts, name=_hash(name), origin=_origin(request))


def unlock(name: str) -> None:
    """Forget all guesses at a name."""
    SignIn.objects.filter(name=_hash(name)).update(guesses=0, guessed=None)


def forget(*, now: datetime) -> None:
    """Delete what no longer counts."""
    SignIn.objects.exclude(guessed__gt=now - WINDOW).exclude(signed_in__gt=now - KNOWN_FOR).delete()


def _origin(request: HttpRequest) -> str:
    return _hash(subscriber(request.META.get("REMOTE_ADDR", "")))


def _hash(text: str) -> str:
    """A keyed hash of an address or of a name: somebody may have typed a password there."""
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
