"""Django's migrate, which does not make everybody wait: it gives a lock up that it does not get, and tries again.

It loads the reference data too, if told: another start of a process takes longer than all that it loads.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import LockNotAvailable

#: Other statements queue behind a waiting lock. So each wait is short, and the pause between tries is longer.
PATIENCE = 1.0
PAUSE = 2.0
TRIES = 30


class Command(migrate.Command):
    """A migration that is given up has changed nothing; those before it stay."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-timeout", type=float, default=PATIENCE, help="seconds to wait for a lock (1)")
        parser.add_argument("--tries", type=int, default=TRIES, help=f"how often to try before giving up ({TRIES})")
        parser.add_argument("--with-reference", action="store_true", help="run load_reference after it")

    def handle(
        self,
        *args: Any,
        lock_timeout: float = PATIENCE,
        tries: int = TRIES,
        with_reference: bool = False,
        **options: Any,
    ) -> None:
        connection = connections[options["database"]]
        with _impatient(connection, seconds=lock_timeout):
            for left in reversed(range(tries)):
                try:
                    super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable):
                        raise
                    self._wait(lock_timeout, left)
                else:
                    break
        if with_reference:
            call_command("load_reference", stdout=self.stdout)

    def _wait(self, lock_timeout: float, left: int) -> None:
        told = f"Somebody holds a lock that this migration needs, and did not let go of it in {lock_timeout:g} s."
        if not left:
            raise CommandError(
                f"{told} Nothing was changed. Run migrate again once long transactions, such as a backup, are over."
            )
        self.stderr.write(f"\n{told} Trying again in {PAUSE:g} s, {left} times more.")
        time.sleep(PAUSE)


@contextmanager
def _impatient(connection: BaseDatabaseWrapper, *, seconds: float) -> Iterator[None]:
    """Limit how long statements wait for locks. CREATE INDEX CONCURRENTLY blocks nobody and has no limit."""

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001  Django calls it so
        if "CONCURRENTLY" not in str(sql):
            return execute(sql, params, many, context)
        _set(connection, 0)
        try:
            return execute(sql, params, many, context)
        finally:
            _set(connection, seconds)

    connection.ensure_connection()
    before = _set(connection, seconds)
    try:
        with connection.execute_wrapper(run):
            yield
    finally:
        if connection.is_usable():
            _set(connection, before)


def _set(connection: BaseDatabaseWrapper, seconds: float) -> float:
    """Set the session's lock_timeout and return what it was."""
    with connection.cursor() as c:
        c.execute("SELECT setting::int / 1000.0 FROM pg_settings WHERE name = 'lock_timeout'")
        before = float(c.fetchone()[0])
        c.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
        return before
