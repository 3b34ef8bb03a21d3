"""The one clock that counts: the database's. So workers on several machines agree about which periods have ended.

It is used only while the host's own clock and the clock's mark do not contradict it.
"""

from datetime import UTC, datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import connections

from countries.database.routing import alias
from federation.errors import ClocksDisagreeError
from federation.models.worklist import ClockMark


def now() -> datetime:
    """The present time by the database. It is not the time at which the transaction began."""
    with connections[alias()].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])


def of_host() -> datetime:
    return datetime.now(UTC)


def mark() -> datetime:
    """The clock's mark: the time up to which beat has appended due work to the work list.

    Lateness is judged at the mark. So it can be judged again later with the same result.
    """
    return ClockMark.objects.values_list("at", flat=True).get()


def skew() -> timedelta:
    """How far this host's clock is ahead of the database's. The time that reading takes does not count."""
    return _compare()[1]


def agreed_with_host() -> datetime:
    """The present time by the database. Raises :class:`ClocksDisagreeError` if the host's clock differs."""
    at, ahead = _compare()
    if abs(ahead) > settings.CLOCK_TOLERANCE:
        raise ClocksDisagreeError(f"this host's clock is {_seconds(ahead)} ahead of the database's")
    return at


def agreed() -> datetime:
    """The present time by the database. Raises :class:`ClocksDisagreeError` if this host or the mark contradicts it.

    A mark that is behind contradicts nothing, because beat may have been away.
    """
    return agreed_and_mark()[0]


def agreed_and_mark() -> tuple[datetime, datetime]:
    """The time of :func:`agreed`, and the clock's mark."""
    at, reached = agreed_with_host(), mark()
    ahead = reached - at
    if ahead > settings.CLOCK_TOLERANCE:
        raise ClocksDisagreeError(f"the clock's mark is {_seconds(ahead)} ahead of the clocks")
    return at, reached


def _compare() -> tuple[datetime, timedelta]:
    before = of_host()
    at = now()
    after = of_host()
    return at, min(max(at, before), after) - at


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.1f} s"
