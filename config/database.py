"""Connections to PostgreSQL, and how long they wait there: no request and no task may hang on it for ever."""

from typing import Any

import dj_database_url

from config import env


def parsed(url: str) -> Any:
    """Return what Django wants to know of a database that a URL names."""
    database = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    options = database.setdefault("OPTIONS", {})
    options["options"] = f"{options.get('options', '')} {waits()}".strip()
    return database


def waits() -> str:
    """Return how long a statement may run, wait for a lock, and leave a transaction idle, as options of a connection.

    The web server and `manage.py` lend the setting values of their own; what stands here is for workers.
    """
    seconds = env.whole("DATABASE_STATEMENT_TIMEOUT", default=110, low=0, high=86_400)
    limits = {
        "statement_timeout": seconds * 1000,
        # A lock is given up first, which says better what was wrong.
        "lock_timeout": seconds * 2000 // 3,
        "idle_in_transaction_session_timeout": seconds * 2000,
    }
    return " ".join(f"-c {name}={value}" for name, value in limits.items())
