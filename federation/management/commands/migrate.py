"""Django's migrate, which does not block other processes: if it does not get a lock soon, it gives up and tries again.

With --with-reference it also loads the reference data, which saves the start of another process.
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

#: In seconds. Other statements queue behind a waiting lock, so waits are short and the pauses between them longer.
PATIENCE = 1.0
PAUSE = 2.0
TRIES = 30


class Command(migrate.Command):
    """A migration that gave up has changed nothing. Those before it stay."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-timeout", type=float, default=PATIENCE, help="seconds to wait for a lock (1)")
        parser.add_argument("--tries", type=int, default=TRIES, help=f"how often to try before giving up ({TRIES})")
        parser.add_argument("--with-reference", action="store_true", help="also run load_reference afterwards")

    def handle(
        self,
        *args: Any,
        lock_timeout: float = PATIENCE,
        tries: int = TRIES,
        with_reference: bool = False,
        **options: Any,
    ) -> None:
        connection = connections[options["database"]]
        with _limited_lock_wait(connection, seconds=lock_timeout):
            for left in reversed(range(tries)):
                try:
                    super().handle(*args, **options)
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable):
                        raise
                    message = (
                        "Another process holds a lock that this migration needs, and did not release it within "
                        f"{lock_timeout:g} s."
                    )
                    if not left:
                        raise CommandError(
                            f"{message} Nothing was changed. "
                            "Run migrate again when no backup or other long transaction runs."
                        ) from error
                    self.stderr.write(f"\n{message} Trying again in {PAUSE:g} s, {left} times more.")
                    time.sleep(PAUSE)
                else:
                    break
        if with_reference:
            call_command("load_reference", stdout=self.stdout)


@contextmanager
def _limited_lock_wait(connection: BaseDatabaseWrapper, *, seconds: float) -> Iterator[None]:
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
