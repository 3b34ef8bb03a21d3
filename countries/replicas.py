"""The servers that the public's reads can go to: the primary, and replicas that follow it closely enough.

A replica says how old what it has is by the last commit that reached it. Beat commits each second, so a primary is
never so idle that this misleads; without beat the primary is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

#: So long what a replica said of itself is taken for true; it can only have come further meanwhile.
LOOK_EVERY: Final = 0.2
#: So long nobody asks a server that did not answer.
LEFT_ALONE: Final = 5.0

_AGE: Final = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8"


@dataclass(slots=True)
class Seen:
    """What is known of a server: when it was looked at, how old its newest commit was, until when it is left alone."""

    at: float = 0.0
    age: float | None = None
    away_until: float = 0.0

    @property
    def away(self) -> bool:
        return monotonic() < self.away_until


class Servers:
    """A primary and its replicas, by the names of their connections."""

    def __init__(self, primary: str, replicas: Sequence[str], *, lag_limit: float) -> None:
        self.primary, self._replicas, self._lag_limit = primary, tuple(replicas), lag_limit
        self._seen = {name: Seen() for name in (primary, *replicas)}
        self._turn = count()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._seen)

    def choose(self, *, but: frozenset[str] = frozenset()) -> str:
        """Return a replica that is close enough; else the primary; if that is away, any replica that answers."""
        if not self._replicas:
            return self.primary
        replicas = [name for name in self._in_turn() if name not in but]
        close = next((name for name in replicas if self._is_close(name)), None)
        if close or (self.primary not in but and self._answers(self.primary)):
            return close or self.primary
        return next((name for name in replicas if self._answers(name)), self.primary)

    def lost(self, name: str) -> None:
        """Leave a server alone for a while if its connection is gone: it did not answer."""
        connection = connections[name]
        if not connection.is_usable():
            self._leave_alone(name)

    def _in_turn(self) -> Iterator[str]:
        first = next(self._turn)
        return (self._replicas[(first + at) % len(self._replicas)] for at in range(len(self._replicas)))

    def _is_close(self, name: str) -> bool:
        seen = self._seen[name]
        if seen.away:
            return False
        if monotonic() > seen.at + LOOK_EVERY:
            self._look(name)
        return seen.age is not None and seen.age <= self._lag_limit

    def _look(self, name: str) -> None:
        seen = self._seen[name]
        # First, so that other threads do not wait for it too.
        seen.at = monotonic()
        try:
            with connections[name].cursor() as cursor:
                cursor.execute(_AGE)
                seen.age = cursor.fetchone()[0]
        except Error:
            seen.age = None
            self._leave_alone(name)

    def _answers(self, name: str) -> bool:
        if self._seen[name].away:
            return False
        connection = connections[name]
        try:
            connection.close_if_health_check_failed()
            connection.ensure_connection()
        except Error:
            self._leave_alone(name)
            return False
        return True

    def _leave_alone(self, name: str) -> None:
        self._seen[name].away_until = monotonic() + LEFT_ALONE
        connections[name].close()


@cache
def servers() -> Servers:
    """Return those of the settings."""
    replicas = [name for name in settings.DATABASES if name.startswith("replica")]
    primary = "public" if "public" in settings.DATABASES else DEFAULT_DB_ALIAS
    return Servers(primary, replicas, lag_limit=settings.REPLICA_LAG_LIMIT)
