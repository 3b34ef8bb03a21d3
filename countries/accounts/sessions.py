"""How long somebody stays signed in: as long as they use the admin, and no longer than a working day.

Both ends are in the session's own row, so a session that has ended opens nothing.
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
#: Each renewal is a write and a cookie: once in so many seconds is enough.
_EVERY: Final = 60


def renew(session: SessionBase, *, now: datetime) -> bool:
    """Let a session that is in use live on; False, and it is over, if it has lived long enough."""
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
    """End every session of somebody; they are few, and what they hold is not to be asked for in SQL."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def forget(*, now: datetime) -> None:
    """Delete what has ended."""
    Session.objects.filter(expire_date__lte=now).delete()
