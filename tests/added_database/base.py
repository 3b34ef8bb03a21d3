"""The backend of a database that a test adds: Django's tests refuse to connect to one that the settings do not name."""

from countries.database import base


class DatabaseWrapper(base.DatabaseWrapper):
    def ensure_connection(self) -> None:
        if self.connection is None:
            with self.wrap_database_errors:
                self.connect()
