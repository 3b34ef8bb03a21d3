"""Another database for this process: beside that of the tests, or on another server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from api import caching
from config import databases
from countries import reference
from tests import servers


@contextmanager
def connected(url: str) -> Iterator[None]:
    """Work on the database with that address, as if this process had been started with it."""
    with _as({**connection.settings_dict, **databases.parse_url(url)}):
        yield


@contextmanager
def empty_database(template: str = "template1") -> Iterator[str]:
    """A new database beside that of the tests; its name."""
    name = f"other_{uuid4().hex}"
    with _administering() as server:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        server.execute(made)
    try:
        yield name
    finally:
        with _administering() as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def migrated_database() -> Iterator[str]:
    """The same as the migrations make it."""
    with empty_database(servers.MIGRATED if servers.is_prepared() else "template1") as name:
        if not servers.is_prepared():
            with using(name):
                call_command("migrate", verbosity=0)
        yield name


@contextmanager
def using(name: str) -> Iterator[None]:
    """Work on a database beside that of the tests."""
    with _as({**connection.settings_dict, "NAME": name}):
        yield


@contextmanager
def _as(other: dict[str, Any]) -> Iterator[None]:
    before = connection.settings_dict
    connection.close()
    forget()
    connection.settings_dict = other
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before
        forget()


def forget() -> None:
    """Let go of what this process holds of a database."""
    caching.response_cache.clear()
    reference.snapshots.clear()


@contextmanager
def _administering() -> Iterator[psycopg.Connection[Any]]:
    told = settings.DATABASES["default"]
    with psycopg.connect(
        host=told["HOST"],
        port=told["PORT"],
        user=told["USER"],
        password=told["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as server:
        yield server
