"""How long a user stays signed in: while they use the admin, and at most for a working day.

Both limits are in the session's row, so a session that has ended gives no access.
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.utils import timezone

BEGAN: Final = "began"
_USED: Final = "used"
#: A session is renewed at most once in this many seconds, because each renewal is a write and a new cookie.
_EVERY: Final = 60


def renew(session: SessionBase, *, now: datetime) -> bool:
    """Prolong a session that is in use. If it is too old, end it and return False."""
    at = int(now.timestamp())
    left = session.setdefault(BEGAN, at) + settings.SESSION_LIFETIME - at
    if left <= 0:
        session.flush()
        return False
    if at - session.get(_USED, 0) >= _EVERY:
        session[_USED] = at
        session.set_expiry(min(settings.SESSION_COOKIE_AGE, left))
    return True


def end_all(user: User) -> None:
    """End every session of a user. All sessions are read, because SQL cannot find those of a user. They are few."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def delete_ended(*, now: datetime) -> None:
    Session.objects.filter(expire_date__lte=now).delete()
