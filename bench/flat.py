"""Observations as rows: the table that the references write, and the plain way to fill it."""

import time
from collections.abc import Iterable

import psycopg

TABLE = "bench_flat"
_CREATE = f"""
CREATE TABLE {TABLE} (
    report integer, country smallint, network smallint, value bigint, PRIMARY KEY (report, country, network)
)
"""


def make_table(connection: psycopg.Connection) -> None:
    """Make the table again, and wait until the server is idle."""
    connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
    connection.execute(_CREATE)
    # The web server writes it as its own role, for the references that it serves.
    connection.execute(f"GRANT SELECT, INSERT ON {TABLE} TO police2peer_web")
    connection.commit()


def copy(connection: psycopg.Connection, rows: Iterable[tuple[int, int, int, int]]) -> float:
    """Fill the table with psycopg's COPY; return the seconds until it is durable."""
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY {TABLE} FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)
    connection.commit()
    return time.perf_counter() - began
