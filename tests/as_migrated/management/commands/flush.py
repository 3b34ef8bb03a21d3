"""Django's tests call this after a test that commits. It restores the database as the migrations made it.

Unlike all other code, it bypasses the triggers of append-only tables.
"""

from functools import cache
from typing import Any

from django.core.management.commands import flush
from django.db import connection, transaction


@cache
def _filled() -> str:
    tables = connection.introspection.django_table_names(only_existing=True)
    return " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)


@cache
def migrated() -> dict[str, bytes]:
    """The rows that the migrations made, by table. Call it before the first test."""
    found = {}
    with connection.cursor() as cursor:
        for (table,) in cursor.execute(_filled()).fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT") as rows:
                found[table] = b"".join(rows)
    return found


class Command(flush.Command):
    """Empty the tables that have rows, as most tests write to a few, and fill those that the migrations filled."""

    def handle(self, **_: Any) -> None:
        """Do it in one transaction."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for (table,) in cursor.execute(_filled()).fetchall():
                cursor.execute(f"DELETE FROM {table}")
            for table, rows in migrated().items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
