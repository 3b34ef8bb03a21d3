"""The connections of the public's reads: to the primary as a role of its own, and to the replicas."""

from typing import Any

import dj_database_url

from config import env

_MEND = "Give postgres://user:password@host:port/name, of a role that can read what is public and nothing else."
_MENDS = "Give one or more such addresses of replicas with commas between them; a comma in a password is %2C."


def public() -> dict[str, Any]:
    """Return `public` and `replica1` and so on, where the environment names them."""
    primary = env.parsed("DATABASE_PUBLIC_URL", lambda url: _read(url) if url else None, default="", mend=_MEND)
    replicas = env.parsed("DATABASE_REPLICA_URL", _each, default="", mend=_MENDS)
    numbered = {f"replica{number}": one for number, one in enumerate(replicas, start=1)}
    return numbered | ({"public": primary} if primary else {})


def _each(text: str) -> list[dict[str, Any]]:
    return [_read(url.strip()) for url in text.split(",") if url.strip()]


def _read(url: str) -> dict[str, Any]:
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    database["OPTIONS"] = {
        # Reads are to go elsewhere soon when a server is away, also when nothing says that it is.
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,
        **database.get("OPTIONS", {}),
    }
    options = str(database["OPTIONS"].get("options", ""))
    database["OPTIONS"]["options"] = f"{options} -c default_transaction_read_only=on".strip()
    database["TEST"] = {"MIRROR": "default"}
    return database
