"""Whether one thread waits for another, as PostgreSQL sees it.

So tests of simultaneous actions stop the first until the second waits, and do not depend on chance.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from django.db import connection, transaction

#: How many seconds one waits for another, before it is a failure.
PATIENCE = 60

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction, what was read of other backends would be read again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def one_before_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """Do one thing, and commit it when another, on its own connection, waits for it. Return both results."""
    done, may_commit = threading.Event(), threading.Event()

    def hold() -> Any:
        with closing(connection), transaction.atomic():
            found = first()
            done.set()
            assert may_commit.wait(PATIENCE)
        return found

    def follow() -> Any:
        with closing(connection):
            return second()

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        assert done.wait(PATIENCE)
        following = pool.submit(follow)
        while not is_somebody_waiting() and not following.done():
            pass
        waited = not following.done()
        may_commit.set()
        found = holding.result(), following.result()
    assert waited
    return found
