"""A backend for PostgreSQL that does not wait for ever for a frozen server. The setting ENGINE names it.

A frozen server keeps its connections open, its own time limits do not run, and the network shows no error. So the
client limits its waiting time: `connect_timeout` for connecting and for a health check, `WAITS_FOR_STATEMENT` for any
other statement. If one thread could not connect to a server, no thread of the process tries again for some seconds.
"""

from time import monotonic
from types import SimpleNamespace
from typing import Any, Final, TypeVar

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.errors import ConnectionTimeout, _WaitTimeout

T = TypeVar("T")

#: For how many seconds a server is avoided. Then one thread tries it again, while the others still avoid it.
AVOIDED_FOR: Final = 5.0
_SILENT: Final = "The database server does not answer. Check whether its processes are stopped or its machine hangs."

#: The time until which a server that did not answer is avoided, by host and port.
_avoided_until: dict[tuple[str, str], float] = {}


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that closes itself if the server does not answer in time."""

    limit: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.limit if timeout is None else timeout)
        except _WaitTimeout:
            self.close()
            raise psycopg.OperationalError(_SILENT) from None


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper, with a :class:`LimitedConnection`."""

    Database: Any = SimpleNamespace(**{**vars(psycopg), "connect": LimitedConnection.connect})

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        until = _avoided_until.get(self._server)
        if until is not None:
            if monotonic() < until:
                raise psycopg.OperationalError(_SILENT)
            _avoided_until[self._server] = monotonic() + AVOIDED_FOR  # For the other threads, while this one tries.
        try:
            connection = super().get_new_connection(conn_params)
        except ConnectionTimeout:
            _avoided_until[self._server] = monotonic() + AVOIDED_FOR
            raise
        except psycopg.Error:
            _avoided_until.pop(self._server, None)  # A refusal is an answer, and comes at once.
            raise
        _avoided_until.pop(self._server, None)
        connection.limit = self.settings_dict.get("WAITS_FOR_STATEMENT")
        return connection

    def is_usable(self) -> bool:
        if self.connection is None or monotonic() < _avoided_until.get(self._server, 0):
            return False
        self.connection.limit = float(self.settings_dict["OPTIONS"].get("connect_timeout", 10))
        try:
            return bool(super().is_usable())
        finally:
            self.connection.limit = self.settings_dict.get("WAITS_FOR_STATEMENT")

    @property
    def _server(self) -> tuple[str, str]:
        return self.settings_dict["HOST"], str(self.settings_dict["PORT"])
