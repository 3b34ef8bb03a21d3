"""Connections to PostgreSQL: this process's own, and those of the public's reads, to the primary and to replicas.

None waits for ever: no request and no task may hang on a statement or a lock, nor on a server that is frozen.
"""

from typing import Any, Final

import dj_database_url

from config import env
from config.postgresql.server import LETS_IN_WITHIN

_MEND = "Give postgres://user:password@host:port/name, of a role that can read what is public and nothing else."
_MENDS = "Give one or more such addresses of replicas with commas between them; a comma in a password is %2C."

#: PostgreSQL itself ends a statement; only where it does not, we do, so much later.
_LATER: Final = 10


def parsed(url: str, *, seconds: int | None = None, lets_in_within: int = LETS_IN_WITHIN) -> dict[str, Any]:
    """Return what Django and our backend want to know of a database, where a statement may run for so long."""
    database: dict[str, Any] = dict(
        dj_database_url.parse(url, engine="config.postgresql", conn_max_age=600, conn_health_checks=True)
    )
    seconds = _seconds() if seconds is None else seconds
    options = database.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", lets_in_within)
    options["options"] = f"{options.get('options', '')} {_waits(seconds)}".strip()
    database["WAITS_FOR_STATEMENT"] = seconds + _LATER if seconds else None
    return database


def _seconds() -> int:
    """Return how long a statement may run.

    The web server and `manage.py` lend the setting values of their own; what stands here is for workers.
    """
    return env.whole("DATABASE_STATEMENT_TIMEOUT", default=110, low=0, high=86_400)


def _waits(seconds: int) -> str:
    """Return how long to run a statement, wait for a lock, and leave a transaction idle, as options of a connection."""
    limits = {
        "statement_timeout": seconds * 1000,
        # A lock is given up first, which says better what was wrong.
        "lock_timeout": seconds * 2000 // 3,
        "idle_in_transaction_session_timeout": seconds * 2000,
    }
    return " ".join(f"-c {name}={value}" for name, value in limits.items())


def public() -> dict[str, Any]:
    """Return `public` and `replica1` and so on, where the environment names them."""
    primary = env.parsed("DATABASE_PUBLIC_URL", lambda url: _read(url) if url else None, default="", mend=_MEND)
    replicas = env.parsed("DATABASE_REPLICA_URL", _each, default="", mend=_MENDS)
    numbered = {f"replica{number}": one for number, one in enumerate(replicas, start=1)}
    return numbered | ({"public": primary} if primary else {})


def _each(text: str) -> list[dict[str, Any]]:
    return [_read(url.strip()) for url in text.split(",") if url.strip()]


def _read(url: str) -> dict[str, Any]:
    # Nothing public takes as long as what agencies send, so what does is a mistake or an attack.
    seconds = env.whole("DATABASE_PUBLIC_STATEMENT_TIMEOUT", default=10, low=1, high=86_400)
    # Reads are to go elsewhere soon when a server is away, also when nothing says that it is.
    database = parsed(url, seconds=seconds, lets_in_within=2)
    database["OPTIONS"].setdefault("tcp_user_timeout", 5000)
    database["WATCHES_SERVER"] = True
    database["OPTIONS"]["options"] += " -c default_transaction_read_only=on"
    database["TEST"] = {"MIRROR": "default"}
    return database
