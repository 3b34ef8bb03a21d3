"""Bulk access to PostgreSQL: binary cursors, NumPy arrays, named statements.

A cursor from this module uses Django's connection and its transaction. Arrays are sent and read in PostgreSQL's binary
form, without a Python object for each element. This form is a header of five 32-bit words (dimensions, null flag,
element type, length, lower bound), and then the length and the value of each element.
"""

import logging
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import psycopg
from django.db import NotSupportedError, OperationalError, connection, connections
from django.db.models import Model
from numpy.typing import NDArray
from psycopg import sql
from psycopg.adapt import Buffer, Dumper, Loader, PyFormat
from psycopg.pq import Format
from psycopg.rows import RowFactory, dict_row, tuple_row

from countries.database.routing import alias

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

_HEADER = 20
_SMALL = np.dtype([("length", ">i4"), ("value", ">i2")])
_PLAIN = np.dtype([("length", ">i4"), ("value", ">i4")])
_BIG = np.dtype([("length", ">i4"), ("value", ">i8")])
_FLAG = np.dtype([("length", ">i4"), ("value", "i1")])
_FLAG_ARRAY_TYPE = 1000
_SMALL_TYPE, _SMALL_ARRAY_TYPE = 21, 1005
_PLAIN_TYPE, _PLAIN_ARRAY_TYPE = 23, 1007
_BIG_TYPE, _BIG_ARRAY_TYPE = 20, 1016
_INSTANT_TYPE, _INSTANT_ARRAY_TYPE = 1184, 1185
#: Where PostgreSQL's time begins, in microseconds since 1970.
_POSTGRES_EPOCH = 946_684_800_000_000


_HEAD = struct.Struct(">5i")
_NONE = struct.Struct(">3i")


class _ArrayDumper(Dumper):
    """Writes arrays of numbers. Each dumper names its elements, their type, and the type of their arrays."""

    format = Format.BINARY
    element: np.dtype[Any]
    element_type: int

    def dump(self, obj: NDArray[Any]) -> Buffer:
        if not len(obj):
            return _NONE.pack(0, 0, self.element_type)
        body = np.empty(len(obj), self.element)
        body["length"] = self.element["value"].itemsize
        body["value"] = obj
        return _HEAD.pack(1, 0, self.element_type, len(obj), 1) + body.tobytes()


class BigArrayDumper(_ArrayDumper):
    """Writes integer arrays as ``bigint[]``. Arrays of int16 and datetime64 have dumpers of their own."""

    element, element_type, oid = _BIG, _BIG_TYPE, _BIG_ARRAY_TYPE

    def get_key(self, obj: NDArray[Any], format: PyFormat) -> Any:  # noqa: A002, ARG002  psycopg's
        return (self.cls, obj.dtype) if obj.dtype in _DUMPERS else self.cls

    def upgrade(self, obj: NDArray[Any], format: PyFormat) -> Dumper:  # noqa: A002, ARG002
        return _DUMPERS[obj.dtype](self.cls) if obj.dtype in _DUMPERS else self


class SmallArrayDumper(_ArrayDumper):
    """Writes int16 arrays as ``smallint[]``."""

    element, element_type, oid = _SMALL, _SMALL_TYPE, _SMALL_ARRAY_TYPE


class PlainArrayDumper(_ArrayDumper):
    """Writes integer arrays to columns of ``integer[]``."""

    element, element_type, oid = _PLAIN, _PLAIN_TYPE, _PLAIN_ARRAY_TYPE


class InstantArrayDumper(_ArrayDumper):
    """Writes datetime64 arrays, in microseconds, as ``timestamptz[]``."""

    element, element_type, oid = _BIG, _INSTANT_TYPE, _INSTANT_ARRAY_TYPE

    def dump(self, obj: NDArray[Any]) -> Buffer:
        return super().dump(obj.view(np.int64) - _POSTGRES_EPOCH)


_DUMPERS: dict[np.dtype[Any], type[Dumper]] = {
    np.dtype(np.int16): SmallArrayDumper,
    np.dtype("datetime64[us]"): InstantArrayDumper,
}


class _ArrayLoader(Loader):
    """Reads arrays of numbers. Each loader names their elements, and the type of the array that it makes."""

    format = Format.BINARY
    element: np.dtype[Any]
    made: type[np.generic] = np.int64

    def load(self, data: Buffer) -> NDArray[Any]:
        return np.frombuffer(memoryview(data)[_HEADER:], self.element)["value"].astype(self.made)


class SmallArrayLoader(_ArrayLoader):
    """Reads ``smallint[]`` as an int16 array."""

    element, made = _SMALL, np.int16


class PlainArrayLoader(_ArrayLoader):
    """Reads ``integer[]`` as an int64 array, so that sums fit."""

    element = _PLAIN


class BigArrayLoader(_ArrayLoader):
    """Reads ``bigint[]`` as an int64 array."""

    element = _BIG


class FlagArrayLoader(_ArrayLoader):
    """Reads ``boolean[]`` as an array of booleans."""

    element, made = _FLAG, np.bool_


class InstantArrayLoader(_ArrayLoader):
    """Reads ``timestamptz[]`` as an int64 array of whole seconds since 1970."""

    element = _BIG

    def load(self, data: Buffer) -> NDArray[np.int64]:
        return (super().load(data) + _POSTGRES_EPOCH) // 1_000_000


@contextmanager
def cursor(row_factory: RowFactory[Any] = tuple_row) -> Iterator[psycopg.Cursor[Any]]:
    """Open a binary cursor on Django's connection that reads and writes NumPy arrays."""
    connection = connections[alias()]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    # Django's own cursors put values into the text of a statement, and so cannot read the binary form.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection, row_factory=row_factory) as opened:
        opened.format = Format.BINARY
        # COPY chooses a dumper by the type of the column. For a parameter, the dumper registered last is used.
        opened.adapters.register_dumper(np.ndarray, PlainArrayDumper)
        opened.adapters.register_dumper(np.ndarray, SmallArrayDumper)
        opened.adapters.register_dumper(np.ndarray, BigArrayDumper)
        opened.adapters.register_loader(_SMALL_ARRAY_TYPE, SmallArrayLoader)
        opened.adapters.register_loader(_PLAIN_ARRAY_TYPE, PlainArrayLoader)
        opened.adapters.register_loader(_BIG_ARRAY_TYPE, BigArrayLoader)
        opened.adapters.register_loader(_FLAG_ARRAY_TYPE, FlagArrayLoader)
        opened.adapters.register_loader(_INSTANT_ARRAY_TYPE, InstantArrayLoader)
        yield opened


def stream_rows(query: bytes) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a statement in parts, through a cursor on the server. So any number of rows takes equal memory.

    Must run within a transaction, because such a cursor ends with it.
    """
    connection = connections[alias()]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.ServerCursor(connection.connection, "streamed") as opened:
        opened.execute(query, binary=True)
        while part := opened.fetchmany(2000):
            yield part


def one_snapshot() -> None:
    """Let the transaction read one snapshot and write nothing. Call this before any other statement of it."""
    with connections[alias()].cursor() as c:
        c.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def read_only() -> None:
    """Forbid the rest of the transaction, or of its savepoint, to write or to lock rows."""
    with connections[alias()].cursor() as c:
        c.execute("SET TRANSACTION READ ONLY")


def copy_statement(table: str, columns: Iterable[str]) -> sql.Composed:
    """The statement that appends binary rows of these columns to a table."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), names)


def copy_rows(
    model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[object]], *, to: psycopg.Cursor[Any]
) -> None:
    """Append rows of these columns to a model's table."""
    types = _types(model)
    with to.copy(copy_statement(model._meta.db_table, columns)) as copy:
        copy.set_types([types[column] for column in columns])
        for row in rows:
            copy.write_row(row)


@cache
def _types(model: type[Model]) -> dict[str, str]:
    """The types of a model's columns, without their lengths, such as ``varchar`` for ``varchar(10)``."""
    fields = model._meta.concrete_fields
    return {str(field.column): re.sub(r"\(\d+\)", "", str(field.db_type(connection))) for field in fields}


_FIXED_WIDTH = {
    "boolean": (1, "i1"), "smallint": (2, ">i2"), "bigint": (8, ">i8"), "char": (1, "S1"), "timestamptz": (8, ">i8"),
}  # fmt: skip
_COPY_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def copy_columns(table: str, columns: Mapping[str, tuple[str, NDArray[Any]]], *, to: psycopg.Cursor[Any]) -> None:
    """Append rows in PostgreSQL's binary COPY form. Each column is an array, and all its values have one width.

    A column is given by its type and its values. The types are ``boolean``, ``smallint``, ``bigint``, ``char`` (one
    ASCII letter) and ``timestamptz`` (microseconds since 1970).
    """
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for name, (kind, _) in columns.items():
        fields += [(f"{name} length", ">i4"), (name, _FIXED_WIDTH[kind][1])]
    rows = np.empty(len(next(iter(columns.values()))[1]), np.dtype(fields))
    rows["fields"] = len(columns)
    for name, (kind, values) in columns.items():
        rows[f"{name} length"] = _FIXED_WIDTH[kind][0]
        rows[name] = values - _POSTGRES_EPOCH if kind == "timestamptz" else values
    with to.copy(copy_statement(table, columns)) as copy:
        copy.write(_COPY_SIGNATURE + rows.tobytes() + b"\xff\xff")


def microseconds(instants: Sequence[datetime]) -> NDArray[np.int64]:
    """Instants as microseconds since 1970, which is the form that ``copy_columns`` needs."""
    epoch, unit = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
    return np.array([(instant - epoch) // unit for instant in instants], np.int64)


def instants(some: Sequence[datetime]) -> NDArray[np.datetime64]:
    """Instants as one array, to pass as one parameter. In a list, psycopg would convert each instant by itself."""
    return microseconds(some).view("datetime64[us]")


def lock_agency_indicators(pairs: Iterable[tuple[int, int]]) -> None:
    """Lock pairs of agency and indicator until the transaction ends. They are always locked in the same order."""
    with connections[alias()].cursor() as c:
        for agency, indicator in sorted(set(pairs)):
            c.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [agency, indicator])


_DEADLOCK = "40P01"
_TRIES = 3


def retry_deadlocks(transaction: Callable[P, R]) -> Callable[P, R]:
    """Run a transaction again if PostgreSQL ended it because of a deadlock with another one, which could then go on."""

    @wraps(transaction)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(_TRIES - 1):
            try:
                return transaction(*args, **kwargs)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != _DEADLOCK:
                    raise
                log.warning("a deadlock ended %s, which is tried again", transaction.__qualname__)
        return transaction(*args, **kwargs)

    return run


def look_up_by_index() -> None:
    """Make this transaction find rows through indexes, even if the planner's statistics are old.

    After a first load, the tables are larger than the statistics say. Then the planner would hash a whole table to find
    five hundred rows, which takes longer the longer the history is.
    """
    with connections[alias()].cursor() as c:
        c.execute("; ".join(f"SET LOCAL enable_{method} = off" for method in ("seqscan", "hashjoin", "mergejoin")))


_COMMENT_OR_INDENT = re.compile(rb"^\s+|\s*--.*", re.MULTILINE)


@cache
def statement(name: str) -> bytes:
    """The SQL of ``federation/sql/<name>.sql`` without comments, because psycopg parses long texts at each use."""
    return _COMMENT_OR_INDENT.sub(b"", (Path(__file__).parents[1] / "sql" / f"{name}.sql").read_bytes())


def columns_of(query: bytes, named: Mapping[str, object], *, prepare: bool = False) -> dict[str, Any]:
    """Run a statement that returns at most one row. Return the row by the names of its columns, or an empty dict.

    With ``prepare``, a connection of the public plans the statement only once, for all values.
    """
    try:
        return _columns_of(query, named, prepare)
    except NotSupportedError:
        current = connections[alias()]
        if not prepare or current.in_atomic_block:
            raise
        # A migration has changed the type of a column after the statement was prepared.
        current.close()
        return _columns_of(query, named, prepare)


def _columns_of(query: bytes, named: Mapping[str, object], prepare: bool) -> dict[str, Any]:  # noqa: FBT001
    with cursor(dict_row) as c:
        found: dict[str, Any] | None = c.execute(query, named, prepare=prepare).fetchone()
    return found or {}


def rows_of(name: str, **named: object) -> list[tuple[Any, ...]]:
    with cursor() as c:
        c.execute(statement(name), named)
        return c.fetchall()
