"""Watches the locks of a migration and the rows that it touches meanwhile, on tables with many rows.

It measures no time. A migration keeps readers or writers waiting for as long as it holds a lock that shuts them
out, and that is long if it reads or writes as many rows meanwhile as the table has. Both are what PostgreSQL says of
the transaction itself: its locks, and the rows that it has touched so far.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from tests.integration import elsewhere

#: What was there at the first release, on empty databases. What comes after it must pass.
BASELINE = {"federation": "0001_initial", "countries": "0001_initial"}

#: Tables of the federation that do not grow with reports; all others do. Those of `countries` have few
#: rows too: for each agency, credential, schedule or sign-in.
SMALL = {
    "federation_versioncounter",
    "federation_clockmark",
    "federation_watchmark",
    "federation_roundingseal",
}
#: Columns that the last release does not use any more, so a migration may remove them: ``table.column``.
UNUSED: set[str] = set()
#: The number of rows of each growing table. Touching half of them counts as touching all.
ROWS = 400
MANY = ROWS // 2

#: Locks that block readers or writers.
_SHUTS_OUT = ("AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock")

#: What a column holds in row i, where its type is not enough to tell.
_VALUES = {
    "federation_report.frequency": "'H'",
    "federation_report.state": "'superseded'",
    "federation_finding.state": "'open'",
    "federation_finding.resolution": "''",
    "federation_finding.resolved": "NULL",
    "federation_hold.decision": "''",
    "federation_hold.decided": "NULL",
    "federation_message.webhook_id": "NULL",
    "federation_message.state": "'waiting'",
    "federation_message.sent": "NULL",
    "federation_estimate.word": "'running'",
    "federation_estimate.reason": "''",
    "federation_publishedpanel.frequency": "'W'",
    "federation_publishedpanel.months": "12",
}
_BY_TYPE = {
    "int2": "(i % 30000)::smallint",
    "int4": "i",
    "int8": "i",
    "float8": "i",
    "bool": "false",
    "text": "'text ' || i",
    "date": "'2026-01-01'::date + i",
    "timestamptz": "'2026-01-01Z'::timestamptz + i * interval '1 hour'",
    "uuid": "md5(i::text)::uuid",
    "jsonb": "'{}'::jsonb",
    "bytea": "decode(md5(i::text), 'hex')",
    "inet": "'192.0.2.1'::inet",
}


def asked(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as c:
        c.execute(sql, values or None)
        return c.fetchall() if c.description else []


def growing() -> list[str]:
    """The tables of the federation that grow with what is reported."""
    named = asked("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE 'federation\\_%'")
    return sorted({name for (name,) in named} - SMALL)


def fill() -> None:
    """Fill every table that grows and is empty; foreign keys and triggers are passed over."""
    with transaction.atomic():
        asked("SET LOCAL session_replication_role = replica")
        for table in growing():
            if not asked(f"SELECT 1 FROM {table} LIMIT 1"):
                _fill(table)
                asked(f"ANALYZE {table}")


def _fill(table: str) -> None:
    columns = asked(
        "SELECT column_name, udt_name, character_maximum_length FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
        table,
    )
    names = ", ".join(f'"{name}"' for name, *_ in columns)
    values = ", ".join(_VALUES.get(f"{table}.{name}", _value(kind, length)) for name, kind, length in columns)
    asked(f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM generate_series(1, {ROWS}) i")


def _value(kind: str, length: int | None) -> str:
    if kind == "varchar":
        return f"left(i::text, {length or 200})"
    return f"ARRAY[{_value(kind[1:], length)}]" if kind.startswith("_") else _BY_TYPE[kind]


class Watch:
    """Stands between Django and the database, and remembers what would have kept somebody waiting."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._tables = growing()
        self._looking = False
        self._transaction: tuple[Any, dict[str, int]] = (None, {})
        self._columns = _columns(self._tables)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        # PostgreSQL refuses these within a transaction, and promises that they shut nobody out.
        if self._looking or re.search(r"\bCONCURRENTLY\b|^\s*(VACUUM|ANALYZE)\b", text):
            return execute(sql, params, many, context)
        # By itself a statement is a transaction of its own; in one that is open we can look before it ends.
        with transaction.atomic(savepoint=False):
            with self._seeing():
                touched = self._touched()
            done = execute(sql, params, many, context)
            with self._seeing():
                self._judge(text, touched)
        return done

    def end(self) -> list[str]:
        """All faults of the tables for a process that still runs the version before."""
        now = _columns(self._tables)
        for name in self._columns.keys() - now.keys() - UNUSED:
            self.faults.append(f"{name} is gone, and the version before may still ask for it")
        for name in now.keys() - self._columns.keys():
            if now[name]:
                self.faults.append(f"{name} is new and must be given, which the version before does not do")
        return self.faults

    def _judge(self, text: str, before: dict[str, int]) -> None:
        after, short = self._touched(), " ".join(text.split())[:100]
        most = max((rows - before.get(what, 0) for what, rows in after.items()), default=0)
        if most >= MANY:
            locks = asked(
                "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND granted"
                " AND locktype = 'relation' AND mode = ANY(%s) AND relation = ANY(%s::regclass[])",
                list(_SHUTS_OUT),
                [table for table in self._tables if f"{table} read" in after or _is_there(table)],
            )
            self.faults += [f"{mode} on {table} while {most} rows are gone through: {short}" for table, mode in locks]
        self._judge_transaction(short, after)

    def _judge_transaction(self, short: str, after: dict[str, int]) -> None:
        _, beginning = self._transaction
        for table in self._tables:
            written = after.get(f"{table} written", 0) - beginning.get(f"{table} written", 0)
            if written >= MANY:
                self.faults.append(f"{written} rows of {table} written, and locked, in one transaction: {short}")

    def _touched(self) -> dict[str, int]:
        """Rows read and written by table, and how they were when the transaction began."""
        # The view of these numbers leaves out what is read from an index alone.
        rows = asked(
            "SELECT s.relname, s.seq_tup_read + coalesce(i.read, 0), s.n_tup_ins + s.n_tup_upd + s.n_tup_del"
            " FROM pg_stat_xact_user_tables s LEFT JOIN LATERAL ("
            "   SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid))::bigint AS read FROM pg_index"
            "   WHERE indrelid = s.relid) i ON true"
        )
        found = {f"{name} read": read for name, read, _ in rows} | {f"{name} written": made for name, _, made in rows}
        [(began,)] = asked("SELECT now()")
        if began != self._transaction[0]:
            self._transaction = began, found
        return found

    @contextmanager
    def _seeing(self) -> Iterator[None]:
        self._looking = True
        try:
            yield
        finally:
            self._looking = False


def _is_there(table: str) -> bool:
    return bool(asked("SELECT 1 WHERE to_regclass(%s) IS NOT NULL", table))


def _columns(tables: list[str]) -> dict[str, bool]:
    """Columns by table and name, and whether each must be given."""
    rows = asked(
        "SELECT c.relname || '.' || a.attname, a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
        tables,
    )
    return dict(rows)


def faults_of(run: Callable[[], Any]) -> list[str]:
    """Run something on filled tables and return whom it would have kept waiting."""
    asked("SET max_parallel_maintenance_workers = 0")
    watch = Watch()
    with connection.execute_wrapper(watch):
        run()
    return watch.end()


@contextmanager
def first_release() -> Iterator[str]:
    """A database with the tables of the first release; its name."""
    if BASELINE.items() <= set(MigrationLoader(None).graph.leaf_nodes()):
        with elsewhere.migrated_database() as name:
            yield name
    else:
        with elsewhere.empty_database() as name:
            with elsewhere.using(name):
                MigrationExecutor(connection).migrate(list(BASELINE.items()))
            yield name


def next_release() -> override_settings:
    """Be a version that has one migration more, for as long as this context lasts."""
    return override_settings(MIGRATION_MODULES={"federation": "tests.migrations"})


def newer() -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the name of each migration since the baseline, and how to run it, in the order in which they are run.

    Each goes on from the state that the one before left, as in one run of migrate.
    """
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state(list(executor.loader.applied_migrations))

    def run(migration: Migration) -> None:
        nonlocal state
        state = executor.migrate([], plan=[(migration, False)], state=state)

    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield str(migration), partial(run, migration)
