"""Over which connection is read: this process's own or, for the public, one that can read what is public only.

Whoever answers the public says so once, around all of it. Then the ORM and plain statements ask here; of several
servers one is chosen at the first read and kept, so that the parts of an answer agree.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError

from countries.replicas import Servers, servers

T = TypeVar("T")

#: PostgreSQL's word for a statement that took too long; it would elsewhere too.
_TOO_LONG: Final = "57014"


class Place:
    """Where one public answer is read: chosen when something is read first."""

    def __init__(self, among: Servers, *, but: frozenset[str] = frozenset()) -> None:
        self._among, self._but = among, but
        self._alias: str | None = None

    @property
    def alias(self) -> str:
        """The connection's name."""
        if self._alias is None:
            self._alias = self._among.choose(but=self._but)
        return self._alias

    def reach(self, there: Callable[[], bool]) -> None:
        """Go on at the primary if what must be there is not yet at the replica."""
        if self.alias != self._among.primary and not there():
            self._alias = self._among.primary

    def elsewhere(self, failure: Exception) -> "Place | None":
        """Another place after a failure of this one, if there is any that may do better."""
        # Django's errors have the server's word as their cause.
        too_long = getattr(failure.__cause__, "sqlstate", None) == _TOO_LONG
        if self._alias is None or self._alias in self._but or too_long:
            return None
        but = self._but | {self._alias}
        self._among.lost(self._alias)
        return Place(self._among, but=but) if self._among.names - but else None


_place: ContextVar[Place | None] = ContextVar("place", default=None)


def alias() -> str:
    """Return the name of the connection to read over."""
    place = _place.get()
    return DEFAULT_DB_ALIAS if place is None else place.alias


def publicly(read: Callable[[], T]) -> T:
    """Answer the public: read over a public connection, and once more over another if its server has gone away."""
    place: Place | None = Place(servers())
    while True:
        try:
            with _at(place):
                return read()
        except (OperationalError, InterfaceError) as failure:
            place = place.elsewhere(failure) if place else None
            if place is None:
                raise


def going_on(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Have an answer that is written piece by piece read where it was begun, after whoever began it has returned."""
    # Here and not when the first piece is asked for: that is after the return.
    return _each(pieces, _place.get())


def _each(pieces: Iterator[bytes], place: Place | None) -> Iterator[bytes]:
    while True:
        with _at(place):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def reach(there: Callable[[], bool]) -> None:
    """Read on where something is there already that a replica may not have yet."""
    place = _place.get()
    if place is not None:
        place.reach(there)


@contextmanager
def _at(place: Place | None) -> Iterator[None]:
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


class Router:
    """Tells Django's ORM: reads go where they are to be read, writes over this process's own connection only."""

    def db_for_read(self, model: object, **hints: Any) -> str:  # noqa: ARG002  Django gives them
        """Return where the answer is read that is being made."""
        return alias()

    def db_for_write(self, model: object, **hints: Any) -> str:  # noqa: ARG002
        """Return this process's own connection."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *rows: object, **hints: Any) -> bool:  # noqa: ARG002
        """Rows of one database are related, over whichever connection they came."""
        return True

    def allow_migrate(self, db: str, *app: str, **hints: Any) -> bool:  # noqa: ARG002
        """Only the owner's connection makes tables."""
        return db == DEFAULT_DB_ALIAS
