"""Which database is read: this process's own or, for the public, one whose role can read public tables only.

A view for the public reads all of an answer in `on_public_connection`. The first read chooses the database and the
others stay there, so that the parts of an answer agree: the replica, unless it is more than REPLICA_LAG_LIMIT seconds
behind, else the primary. If that one fails, the answer is read once more from the other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, InterfaceError, OperationalError, connections
from psycopg.errors import QueryCanceled

T = TypeVar("T")

#: The names in DATABASES. Without them the public is answered over the process's own connection.
PUBLIC: Final = "public"
REPLICA: Final = "replica"

#: By the newest commit that arrived. Beat commits each second; without beat the primary is read.
_IS_CLOSE: Final = "SELECT clock_timestamp() - pg_last_xact_replay_timestamp() <= make_interval(secs => %s)"


class Answer:
    """The database that one public answer is read from; None until something is read."""

    def __init__(self, alias: str | None = None) -> None:
        self.alias = alias


_answer: ContextVar[Answer | None] = ContextVar("answer", default=None)


def alias() -> str:
    """The name of the database to read from."""
    answer = _answer.get()
    if answer is None:
        return DEFAULT_DB_ALIAS
    if answer.alias is None:
        answer.alias = REPLICA if _is_close() else _primary()
    return answer.alias


def on_public_connection(read: Callable[[], T]) -> T:
    """Read a public answer, and once more from the other database if the first one fails."""
    answer = Answer()
    try:
        with _reading(answer):
            return read()
    except (OperationalError, InterfaceError) as failure:
        # Django's errors have PostgreSQL's as their cause. A statement that took too long would elsewhere too.
        if REPLICA not in connections or answer.alias is None or isinstance(failure.__cause__, QueryCanceled):
            raise
    with _reading(Answer(_primary() if answer.alias == REPLICA else REPLICA)):
        return read()


def keep_connection(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read the later pieces of a streamed answer, after its view has returned, from where it was begun."""
    # The answer is looked up now, not when the first piece is asked for.
    return _each(pieces, _answer.get())


def _each(pieces: Iterator[bytes], answer: Answer | None) -> Iterator[bytes]:
    while True:
        with _reading(answer):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def read_primary_unless(there: Callable[[], bool]) -> None:
    """Read the rest of the answer from the primary if the replica does not have something yet."""
    answer = _answer.get()
    if answer is not None and alias() == REPLICA and not there():
        answer.alias = _primary()


@contextmanager
def _reading(answer: Answer | None) -> Iterator[None]:
    token = _answer.set(answer)
    try:
        yield
    finally:
        _answer.reset(token)


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
    """Sends reads of the ORM where the answer is read, and writes over this process's own connection."""

    def db_for_read(self, model: object, **hints: Any) -> str:  # noqa: ARG002  Django gives them
        return alias()

    def db_for_write(self, model: object, **hints: Any) -> str:  # noqa: ARG002
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *rows: object, **hints: Any) -> bool:  # noqa: ARG002
        """Relations are allowed: all connections lead to the same rows."""
        return True

    def allow_migrate(self, db: str, *app: str, **hints: Any) -> bool:  # noqa: ARG002
        """Only the owner's connection makes tables."""
        return db == DEFAULT_DB_ALIAS
