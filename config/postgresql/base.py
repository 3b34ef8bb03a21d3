"""The backend that ENGINE names.

On a frozen server nothing comes about that PostgreSQL limits itself, as the time of a statement, and the network
notices nothing. So the client limits its waits. `connect_timeout` is how long a server may take to let somebody in, and
to answer the smallest question. WAITS_FOR_STATEMENT is how long it may take for any other. With WATCHES_SERVER, a
longer wait ends as soon as the server lets nobody in any more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout

from config.postgresql import server
from config.postgresql.server import Server

T = TypeVar("T")

_LOOKS_EVERY: Final = 0.1
_SILENT: Final = "The database server does not answer. Look whether its processes are stopped or its machine hangs."


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that ends if the server says nothing for too long."""

    server: Server
    limit: float | None = None
    #: After how long, and how, to find out whether the server is still there.
    patience: float = 0.0
    ask: Callable[[], object] | None = None

    def wait(self, gen: PQGen[T], interval: float = _LOOKS_EVERY, timeout: float | None = None) -> T:
        """Wait for the server, but not for ever."""
        return super().wait(self._limited(gen), interval, timeout)

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Wait at most so long for each answer within."""
        before, self.limit = self.limit, seconds
        try:
            yield
        finally:
            self.limit = before

    def _limited(self, gen: PQGen[T]) -> PQGen[T]:
        began = monotonic()
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and self._is_given_up(monotonic() - began):
                    self.server.fell_silent()
                    self.close()
                    raise psycopg.OperationalError(_SILENT)
                state = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result

    def _is_given_up(self, waited: float) -> bool:
        if self.limit is not None and waited > self.limit:
            return True
        return self.ask is not None and waited > self.patience and not self.server.answers(self.ask)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, whose connections are limited."""

    Database: Any = SimpleNamespace(**{**vars(psycopg), "connect": LimitedConnection.connect})

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, unless the server was silent a moment ago."""
        if self._server.is_left_alone():
            raise psycopg.OperationalError(_SILENT)
        try:
            connection = super().get_new_connection(conn_params)
        except ConnectionTimeout:
            self._server.fell_silent()
            raise
        except psycopg.Error:
            # It refuses, or its port is closed: nobody had to wait for it.
            self._server.answered()
            raise
        self._server.answered()
        connection.server = self._server
        connection.limit = self.settings_dict.get("WAITS_FOR_STATEMENT")
        if self.settings_dict.get("WATCHES_SERVER"):
            connection.patience = self._patience
            connection.ask = partial(_let_in, conn_params)
        return connection

    def is_usable(self) -> bool:
        """Whether the server answers the smallest question soon."""
        if self.connection is None or self._server.is_left_alone():
            return False
        with self.connection.limited(self._patience):
            usable = bool(super().is_usable())
        if usable:
            self._server.answered()
        return usable

    @property
    def _server(self) -> Server:
        return server.at(self.settings_dict["HOST"], str(self.settings_dict["PORT"]))

    @property
    def _patience(self) -> float:
        return float(self.settings_dict["OPTIONS"].get("connect_timeout", server.LETS_IN_WITHIN))


def _let_in(conn_params: dict[str, Any]) -> None:
    psycopg.connect(**conn_params).close()
