"""The databases of Django: this process's own, and those that public reads go to: the primary and the replicas.

No request and no task waits without end for a statement, a lock or a frozen server.
"""

import sys
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config import env

_ADVICE = (
    "Give postgres://user:password@host:port/name, of a role that can read what is public and nothing else. "
    "Several replicas are host1:port1,host2:port2."
)
#: PostgreSQL itself ends a statement. If it is frozen, the client gives up this many seconds later.
_LATER: Final = 5


def parse_url(url: str, *, seconds: int | None = None, connect_timeout: int = 10) -> dict[str, Any]:
    """Django's settings of the database at an address of libpq. A statement may take ``seconds`` (0: any time)."""
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
        seconds = env.integer("DATABASE_STATEMENT_TIMEOUT", default=110, low=0, high=86_400)
    limits = {
        "statement_timeout": seconds * 1000,
        # Shorter, because the error of a lock says better what is wrong.
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
        "public": env.parse("DATABASE_PUBLIC_URL", _parse_public_url, default="", advice=_ADVICE),
        "replica": env.parse("DATABASE_REPLICA_URL", _parse_public_url, default="", advice=_ADVICE),
    }
    return {alias: database for alias, database in found.items() if database}


def _parse_public_url(url: str) -> dict[str, Any] | None:
    if not url:
        return None
    # A public statement is shorter than those of agencies. A longer one is a mistake or an attack.
    seconds = env.integer("DATABASE_PUBLIC_STATEMENT_TIMEOUT", default=10, low=1, high=86_400)
    # If a server is away, another one is read soon, even if nothing reports that it is away.
    database = parse_url(url, seconds=seconds, connect_timeout=2)
    database["OPTIONS"] = {"tcp_user_timeout": 5000, "load_balance_hosts": "random", **database["OPTIONS"]}
    database["OPTIONS"]["options"] += " -c default_transaction_read_only=on"
    # A statement is prepared only if its caller asks for this, because one plan for all values can be a bad plan for
    # some.
    database["OPTIONS"]["prepare_threshold"] = sys.maxsize
    database["TEST"] = {"MIRROR": "default"}
    return database
