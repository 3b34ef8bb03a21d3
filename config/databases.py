"""The databases of Django: this process's own, the public's reads of the primary, and those of the replicas.

No request and no task waits for ever: not for a statement, not for a lock, and not for a frozen server.
"""

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config import env

_ADVICE = (
    "Give postgres://user:password@host:port/name, of a role that can read what is public and nothing else. "
    "Several replicas are host1:port1,host2:port2."
)
#: PostgreSQL itself ends a statement; if it does not, it is frozen, and the client gives up so many seconds later.
_LATER: Final = 5


def parsed(url: str, *, seconds: int | None = None, connect_timeout: int = 10) -> dict[str, Any]:
    """Django's settings of the database at an address of libpq; its statements may take so many seconds (0: any)."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ValueError("no address of PostgreSQL")
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ValueError("no address of PostgreSQL") from None
    place = {key.upper(): str(given.pop(key, "")) for key in ("user", "password", "host", "port")}
    for port in filter(None, place["PORT"].split(",")):
        int(port)
    if seconds is None:
        # This default is for workers. The web server and `manage.py` set values of their own.
        seconds = env.whole("DATABASE_STATEMENT_TIMEOUT", default=110, low=0, high=86_400)
    limits = {
        "statement_timeout": seconds * 1000,
        # A lock is given up first, because that error says better what is wrong.
        "lock_timeout": seconds * 2000 // 3,
        "idle_in_transaction_session_timeout": seconds * 2000,
    }
    words = [str(given.pop("options", "")), *(f"-c {name}={value}" for name, value in limits.items())]
    return place | {
        "ENGINE": "countries.database",
        "NAME": given.pop("dbname", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": connect_timeout, **given, "options": " ".join(words).strip()},
        "WAITS_FOR_STATEMENT": seconds + _LATER if seconds else None,
    }


def public() -> dict[str, Any]:
    """`public` and `replica`, if the environment names them."""
    found = {
        "public": env.parsed("DATABASE_PUBLIC_URL", _read, default="", advice=_ADVICE),
        "replica": env.parsed("DATABASE_REPLICA_URL", _read, default="", advice=_ADVICE),
    }
    return {alias: database for alias, database in found.items() if database}


def _read(url: str) -> dict[str, Any] | None:
    if not url:
        return None
    # A public statement is shorter than those of agencies. A longer one is a mistake or an attack.
    seconds = env.whole("DATABASE_PUBLIC_STATEMENT_TIMEOUT", default=10, low=1, high=86_400)
    # If a server is away, the other one is to be read soon, also if nothing says that it is away.
    database = parsed(url, seconds=seconds, connect_timeout=2)
    database["OPTIONS"] = {"tcp_user_timeout": 5000, "load_balance_hosts": "random", **database["OPTIONS"]}
    database["OPTIONS"]["options"] += " -c default_transaction_read_only=on"
    database["TEST"] = {"MIRROR": "default"}
    return database
