"""The one clock: the database's, so that workers on several machines agree on what has ended.

It is believed only as long as the host's own clock and the clock's mark do not contradict it.
"""

from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import connections

from countries.database.routing import alias
from federation.errors import ClocksDisagreeError
from federation.models.worklist import ClockMark


def now() -> datetime:
    """Return the time of day by the database, not the time at which a transaction began."""
    with connections[alias()].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])


def of_host() -> datetime:
    """Return the time of day by this host."""
    return datetime.now(UTC)


def mark() -> datetime:
    """Return up to when the work that time makes has been appended.

    Lateness is judged at this time: what it was judged at can be asked again.
    """
    return ClockMark.objects.values_list("at", flat=True).get()


def skew() -> timedelta:
    """Return how far this host's clock is ahead of the database's; the time that asking took is no difference."""
    return _compared()[1]


def agreed_with_host() -> datetime:
    """Return the time of day by the database; raise :class:`ClocksDisagreeError` if the host's differs."""
    at, ahead = _compared()
    if abs(ahead) > settings.CLOCK_TOLERANCE:
        raise ClocksDisagreeError(f"this host's clock is {_seconds(ahead)} ahead of the database's")
    return at


def agreed() -> datetime:
    """Return the time of day by the database; raise :class:`ClocksDisagreeError` if the host or the mark contradicts.

    A mark that is behind contradicts nothing: beat may have been away.
    """
    at = agreed_with_host()
    ahead = mark() - at
    if ahead > settings.CLOCK_TOLERANCE:
        raise ClocksDisagreeError(f"the clock's mark is {_seconds(ahead)} ahead of the clocks")
    return at


def _compared() -> tuple[datetime, timedelta]:
    before = of_host()
    at = now()
    after = of_host()
    return at, min(max(at, before), after) - at


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.1f} s"
