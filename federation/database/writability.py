"""Whether the database can store a submission, and if not, why."""

from typing import Final

from django.db import Error, connection, transaction

from federation.database import statement

#: The reasons, as metrics name them.
DISK_FULL: Final = "disk_full"
READ_ONLY: Final = "read_only"
BUSY: Final = "busy"
AWAY: Final = "database_away"
REASONS: Final = (DISK_FULL, READ_ONLY, BUSY, AWAY)

#: By PostgreSQL's SQLSTATE. BUSY means: a statement took too long, a lock was not free, or a transaction was idle.
_BY_STATE: Final = {"53100": DISK_FULL, "25006": READ_ONLY, "57014": BUSY, "55P03": BUSY, "25P03": BUSY}


def reason_of(error: BaseException) -> str:
    """Why a statement without a fault of its own failed. An error that is not listed means: the database is away."""
    return _BY_STATE.get(getattr(error.__cause__, "sqlstate", None) or "", AWAY)


def obstacle() -> str:
    """Write to the database. Return the reason if that fails, else an empty string."""
    try:
        with transaction.atomic(), connection.cursor() as c:
            c.execute(statement("writability").decode())
            while c.nextset():
                pass
            [(position,)] = c.fetchall()
    except Error as error:
        return reason_of(error)
    return "" if position else READ_ONLY
