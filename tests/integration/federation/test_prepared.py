"""Prepared statements of a running process while a migration changes a column that it reads."""

import sys

import pytest
from django.db import connection, connections

from federation.database import columns_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migration():
    """Another process's connection, and a table."""
    connection.ensure_connection()
    # As connections of the public.
    connection.connection.prepare_threshold = sys.maxsize
    other = connections.create_connection("default")
    with other.cursor() as c:
        c.execute("CREATE TABLE counts AS SELECT 7 AS value")
        yield c
        connection.close()
        c.execute("DROP TABLE counts")
    other.close()


def test_statement_is_prepared_again_after_a_column_has_another_type(migration):
    def read():
        return columns_of(b"SELECT value FROM counts", {}, prepare=True)

    assert read() == {"value": 7}
    migration.execute("ALTER TABLE counts ALTER COLUMN value TYPE bigint")
    assert read() == {"value": 7}
