"""The one clock: the database's, so that workers on several machines agree on what has ended."""

from datetime import datetime
from typing import cast

from django.db import connections

from countries.connections import alias


def now() -> datetime:
    """Return the time of day by the database, not the time at which a transaction began."""
    with connections[alias()].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast("datetime", cursor.fetchone()[0])
