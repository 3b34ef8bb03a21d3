"""Gives the roles of the database the rights of `federation.database.rights`, and finds missing ones."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from federation.database import statement
from federation.database.rights import LARGE_OBJECTS, LOCKS, ROLES, TABLES, WEB, WORKER

_RIGHT = re.compile(r"(\w+)(?: \(([^)]*)\))?")
_Statements = Iterator[sql.Composed]


class Right(NamedTuple):
    """A privilege of a role on a table, or on one column of it."""

    role: str
    privilege: str
    table: str
    column: str | None

    def __str__(self) -> str:
        of_column = f" ({self.column})" if self.column else ""
        return f"{self.role} lacks {self.privilege}{of_column} on {self.table}"


def rights() -> Iterator[Right]:
    """Yield every right of the list. If the list names columns, each column is one right."""
    for table, granted in TABLES.items():
        for role in ROLES:
            for privilege, columns in _RIGHT.findall(granted.of(role)):
                for column in columns.split(", ") if columns else [None]:
                    yield Right(role, privilege, table, column and column.strip('"'))


def missing() -> list[str]:
    """The rights of the list that the existing roles do not have."""
    columns = [list(column) for column in zip(*rights(), strict=True)]
    with connection.cursor() as c:
        c.execute(statement("roles_missing").decode(), columns)
        return [str(Right(*row)) for row in c.fetchall()]


@transaction.atomic
def grant(**_: object) -> None:
    """Give each existing role the rights of the list, and no others. Django calls this after a migration."""
    [(database, owner, tables, roles, is_superuser)] = _query(
        "SELECT current_database(),"
        " (SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()),"
        " array(SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace),"
        " array(SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s)),"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
        [list(ROLES)],
    )
    statements = [one for role in roles for one in _to_role(role, database, frozenset(tables))]
    if roles:
        statements.append(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        statements.append(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC").format())
    if roles and is_superuser:
        # PostgreSQL lets every role call these functions. Only a superuser can take away that right.
        # The owner, who need not be a superuser later, keeps the locks: `manage.py rebuild` takes them too.
        for pattern, keepers in ((LOCKS, {WEB, WORKER} & set(roles) | {owner}), (LARGE_OBJECTS, set[str]())):
            for (found,) in _query(statement("roles_functions").decode(), [pattern]):
                function = sql.SQL(found)
                statements.append(sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(function))
                for role in keepers:
                    to = sql.Identifier(role)
                    statements.append(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(function, to))
    with connection.cursor() as c:
        for one in statements:
            c.execute(one.as_string())


def _to_role(role: str, database: str, tables: frozenset[str]) -> _Statements:
    to = sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(to)
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), to)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to)
    for table in TABLES.keys() & tables:
        privileges: Any = TABLES[table].of(role)
        if privileges:
            yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privileges), sql.Identifier(table), to)


def _query(query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as c:
        c.execute(query, parameters)
        rows: list[tuple[Any, ...]] = c.fetchall()
    return rows
