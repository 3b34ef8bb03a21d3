"""Chooses the connection to read over: the process's own, or for the public one whose role reads only public tables.

A public view reads its whole answer in `on_public_connection`. The first read of an answer chooses the database, and
all other reads of this answer use the same one, so that its parts agree. The choice is the replica, unless it is more
than REPLICA_LAG_LIMIT seconds behind the primary. If the chosen database fails, the whole answer is read once more from
the other one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from psycopg.errors import QueryCanceled

T = TypeVar("T")

#: Names in DATABASES. If they are missing there, public answers are read over the process's own connection.
PUBLIC: Final = "public"
REPLICA: Final = "replica"

#: How far a replica is behind is known from the newest commit that it has. Beat commits every second. So while beat is
#: away, no replica is close enough, and the primary is read.
_IS_CLOSE: Final = "SELECT clock_timestamp() - pg_last_xact_replay_timestamp() <= make_interval(secs => %s)"


class PublicRead:
    """One public answer. ``alias`` names the database from which it is read, and is None before its first read."""

    def __init__(self, alias: str | None = None) -> None:
        self.alias = alias


_current: ContextVar[PublicRead | None] = ContextVar("public_read", default=None)


def alias() -> str:
    """The name of the database to read from."""
    current = _current.get()
    if current is None:
        return DEFAULT_DB_ALIAS
    if current.alias is None:
        current.alias = REPLICA if _is_close() else _primary()
    return current.alias


def on_public_connection(read: Callable[[], T]) -> T:
    """Read a public answer. If the database fails, read the answer once more from the other one."""
    first = PublicRead()
    try:
        with _reading(first):
            return read()
    except (OperationalError, InterfaceError) as failure:
        # The cause of Django's error is that of PostgreSQL. A statement that took too long would do so elsewhere too.
        if REPLICA not in connections or first.alias is None or isinstance(failure.__cause__, QueryCanceled):
            raise
    with _reading(PublicRead(_primary() if first.alias == REPLICA else REPLICA)):
        return read()


def keep_connection(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read all pieces of a streamed answer from the same database, also after the view has returned."""
    # Now, because the variable has another value when the pieces are read.
    current = _current.get()

    def each() -> Iterator[bytes]:
        while True:
            with _reading(current):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return each()


def read_primary_unless(there: Callable[[], bool]) -> None:
    """Read the rest of the answer from the primary if the replica does not have the data yet."""
    current = _current.get()
    if current is not None and alias() == REPLICA and not there():
        current.alias = _primary()


@contextmanager
def _reading(read: PublicRead | None) -> Iterator[None]:
    token = _current.set(read)
    try:
        yield
    finally:
        _current.reset(token)


def _primary() -> str:
    return PUBLIC if PUBLIC in connections else DEFAULT_DB_ALIAS


def _is_close() -> bool:
    if REPLICA not in connections:
        return False
    try:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute(_IS_CLOSE, [settings.REPLICA_LAG_LIMIT])
            return bool(cursor.fetchone()[0])
    except Error:
        connections[REPLICA].close()
        return False


class Router:
    """Sends reads of the ORM to the database of the answer, and writes over this process's own connection."""

    def db_for_read(self, model: object, **hints: Any) -> str:  # noqa: ARG002  Django gives them
        return alias()

    def db_for_write(self, model: object, **hints: Any) -> str:  # noqa: ARG002
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *rows: object, **hints: Any) -> bool:  # noqa: ARG002
        """Relations are allowed, because all connections lead to the same rows."""
        return True

    def allow_migrate(self, db: str, *app: str, **hints: Any) -> bool:  # noqa: ARG002
        """Only the connection of the owner may create tables."""
        return db == DEFAULT_DB_ALIAS
