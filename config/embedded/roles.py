"""The login roles beside the owner, who migrates: each process of the stack gets the one that it needs.

Each start makes the missing roles and sets the passwords of all, so that an old data directory has them too. What each
may do is in `federation.database.rights`; a migration grants it.
"""

from pathlib import Path

import psycopg
from psycopg import sql

from config.embedded import secret

#: The variable that gives each role's address.
VARIABLES = {
    "police2peer_web": "DATABASE_WEB_URL",
    "police2peer_worker": "DATABASE_WORKER_URL",
    "police2peer_public": "DATABASE_PUBLIC_URL",
}
_LOGIN = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD")


def make(admin: str, keys: Path, *, place: str) -> dict[str, str]:
    """Make the missing roles, and return the address of each by its variable."""
    passwords = {role: secret.load(keys / role) for role in VARIABLES}
    with psycopg.connect(admin) as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, password in passwords.items():
            verb = sql.SQL("ALTER" if role in known else "CREATE")
            # A hash, so that the password is in no statement, and thus in no log.
            words = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            connection.execute(
                sql.SQL("{} ROLE {} {} {}").format(verb, sql.Identifier(role), _LOGIN, sql.Literal(words))
            )
        connection.execute("ALTER ROLE police2peer_public SET default_transaction_read_only = on")
    return {variable: f"postgres://{role}:{passwords[role]}@{place}" for role, variable in VARIABLES.items()}
