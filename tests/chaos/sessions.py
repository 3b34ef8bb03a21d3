"""Who has signed in to the database: each host as its role, as in production, and nobody as the owner."""

from collections.abc import Iterator

import psycopg

from config.embedded.roles import VARIABLES
from tests.cluster import Cluster
from tests.cluster.part import NotInTime, until

_WHO = (
    "SELECT usename FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


def users(url: str) -> list[str]:
    """Return the role of each session except this one, asked as the owner."""
    with psycopg.connect(url) as connection:
        return [str(user) for (user,) in connection.execute(_WHO)]


def of_others(running: Cluster) -> Iterator[str]:
    """Return the sessions that should not exist, and the roles without a session."""
    seen: set[str] = set()

    def all_were_seen() -> bool:
        seen.update(users(running.servers.database_url))
        return seen >= VARIABLES.keys()

    try:
        until(all_were_seen, "each role is signed in")
    except NotInTime:
        yield f"not signed in to the database: {VARIABLES.keys() - seen}"
    if seen - VARIABLES.keys():
        yield f"signed in to the database, and nobody should be: {seen - VARIABLES.keys()}"
