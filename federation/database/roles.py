"""Gives the roles of the database the rights of `federation.database.rights`, and finds what is missing."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg import sql

from federation.database import statement
from federation.database.rights import LARGE_OBJECTS, LOCKS, ROLES, TABLES, WEB, WORKER

_RIGHT = re.compile(r"(\w+)(?: \(([^)]*)\))?")
_Granted = Iterator[sql.Composed]


class Right(NamedTuple):
    """That a role may do something to a table, or to one column of it."""

    role: str
    deed: str
    table: str
    column: str | None

    def __str__(self) -> str:
        of_column = f" ({self.column})" if self.column else ""
        return f"{self.role} lacks {self.deed}{of_column} on {self.table}"


def listed() -> Iterator[Right]:
    """Yield every right of the list, column by column where it names columns."""
    for table, rights in TABLES.items():
        for role in ROLES:
            for deed, columns in _RIGHT.findall(rights.of(role)):
                for column in columns.split(", ") if columns else [None]:
                    yield Right(role, deed, table, column and column.strip('"'))


def missing() -> list[str]:
    """Return which rights a role that is there does not have; nothing where there are no roles."""
    columns = [list(column) for column in zip(*listed(), strict=True)]
    with connection.cursor() as c:
        c.execute(statement("roles_missing").decode(), columns)
        return [str(Right(*row)) for row in c.fetchall()]


@transaction.atomic
def grant(**_: object) -> None:
    """Give each role that is there what the list says, and nothing else. Django calls this after a migration."""
    [(database, tables, roles, almighty)] = _asked(
        "SELECT current_database(),"
        " array(SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace),"
        " array(SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s)),"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
        [list(ROLES)],
    )
    deeds = [deed for role in roles for deed in _to_role(role, database, frozenset(tables))]
    if roles:
        deeds += _from_everybody(database)
    if roles and almighty:
        deeds += _functions(roles)
    with connection.cursor() as c:
        for deed in deeds:
            c.execute(deed.as_string())


def _to_role(role: str, database: str, tables: frozenset[str]) -> _Granted:
    to = sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(to)
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), to)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to)
    for table in TABLES.keys() & tables:
        deed: Any = TABLES[table].of(role)
        if deed:
            yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(deed), sql.Identifier(table), to)


def _from_everybody(database: str) -> _Granted:
    yield sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
    yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC").format()


def _functions(roles: list[str]) -> _Granted:
    """Yield what only a superuser can do: functions that everybody may call, unless they are taken away."""
    for pattern, keepers in ((LOCKS, {WEB, WORKER}), (LARGE_OBJECTS, set[str]())):
        for (found,) in _asked(statement("roles_functions").decode(), [pattern]):
            function: Any = found
            yield sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function))
            for role in keepers & set(roles):
                yield sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), sql.Identifier(role))


def _asked(question: str, given: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as c:
        c.execute(question, given)
        rows: list[tuple[Any, ...]] = c.fetchall()
    return rows
