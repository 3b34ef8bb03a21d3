"""Whether one thread waits for another, as PostgreSQL sees it.

So tests of what is done at once hold the first until the second waits, and hang on no chance.
"""

from django.db import connection

_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        # Within a transaction, what was read of other backends would be read again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])
