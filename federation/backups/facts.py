"""What the database holds, in statements that hold for every schema since the first: a backup may be older than we."""

from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from federation.backups.manifest import Facts, Head, Public, Rounding

#: Ours: neither PostgreSQL's own nor an extension's.
_TABLES = """
SELECT c.oid::regclass::text, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY 1
"""


def read() -> Facts:
    """Return them; must run in one snapshot, or they would not fit together."""
    return Facts(
        migrations=_migrations(),
        public=newest(),
        audit=_head(),
        rounding=_rounding(),
        rows={name: _count(schema, table) for name, schema, table in _rows(_TABLES)},
    )


def newest() -> Public:
    """Return the newest public version."""
    found = _rows("SELECT number, known_at FROM federation_version ORDER BY number DESC LIMIT 1")
    return Public(*found[0]) if found else Public(0, None)


def unknown(migrations: dict[str, list[str]]) -> list[str]:
    """Return those migrations that this version of the project does not have."""
    ours = _loaded().disk_migrations
    return [f"{app}.{name}" for app, names in migrations.items() for name in names if (app, name) not in ours]


def outstanding(migrations: dict[str, list[str]]) -> list[str]:
    """Return those migrations of this version that have not been run."""
    return [f"{app}.{name}" for app, name in sorted(_loaded().disk_migrations) if name not in migrations.get(app, [])]


def _loaded() -> MigrationLoader:
    return MigrationLoader(None, ignore_no_migrations=True)


def _migrations() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for app, name in _rows("SELECT app, name FROM django_migrations ORDER BY app, name"):
        found.setdefault(app, []).append(name)
    return found


def _head() -> Head:
    found = _rows("SELECT position, digest FROM federation_auditseal ORDER BY position DESC LIMIT 1")
    return Head(found[0][0], bytes(found[0][1]).hex()) if found else Head(0, bytes(32).hex())


def _rounding() -> Rounding | None:
    found = _rows("SELECT fingerprint, base FROM federation_roundingseal")
    return Rounding(bytes(found[0][0]).hex(), found[0][1]) if found else None


def _count(schema: str, table: str) -> int:
    found: int = _rows(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table)))[0][0]
    return found


def _rows(query: str | sql.Composed) -> list[tuple[Any, ...]]:
    with connection.cursor() as c:
        c.execute(query)
        return list(c.fetchall())
