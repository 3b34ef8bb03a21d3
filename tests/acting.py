"""Runs requests and workers as the database role that they have in production, on the test's own connection.

So a test fails if the role lacks a right, with or without a transaction.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from django.db import connection
from django.db import connections as reached
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from psycopg.pq import TransactionStatus

from countries.database import routing
from federation.audit import chain
from federation.database.rights import PUBLIC, WEB, WORKER
from federation.findings import lateness
from federation.notifications import record, send
from federation.runs import reconciliation, schedules

WORKERS_DEEDS = [
    (reconciliation, "work_through"),
    (schedules, "tick"),
    (schedules, "prune"),
    (lateness, "watch"),
    (chain, "seal"),
    (record, "endings"),
    (send, "send_due"),
]


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Act as a role until the end of the block. A server that the environment names may not have the role."""
    server = connection.connection
    if server is None or server.closed or "TEST_DATABASE_WEB_URL" not in os.environ:
        yield
        return
    # Past Django, whose statements some tests count; in one go, as there are two of these to a request.
    before, _ = server.execute(f"SELECT current_user, set_config('role', '{role}', false)").fetchone()
    try:
        yield
    finally:
        # A failed transaction ends the role too.
        if connection.connection is server and server.info.transaction_status != TransactionStatus.INERROR:
            server.execute(f'SET ROLE "{before}"')


def as_web(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: requests act as the role of the web server."""
    return _as_role(WEB, answer)


def assign_roles(patch: pytest.MonkeyPatch) -> None:
    """Let public reads and the workers' tasks run as their roles from now on."""
    for module, name in WORKERS_DEEDS:
        patch.setattr(module, name, _as_role(WORKER, getattr(module, name)))
    reading = routing._reading

    @contextmanager
    def reading_as_public(answer: routing.PublicRead | None) -> Iterator[None]:
        with reading(answer), acting_as(PUBLIC):
            yield

    patch.setattr(routing, "_reading", reading_as_public)


@contextmanager
def connected(**databases: Any) -> Iterator[pytest.MonkeyPatch]:
    """Add connections until the end of the block, by name. Django's tests know only those of the settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, database in databases.items():
            patch.setitem(reached.settings, name, {**database, "ENGINE": "tests.added_database"})
        reached.configure_settings(reached.settings)
        try:
            yield patch
        finally:
            for name in databases:
                reached[name].close()
                del reached[name]


def _as_role(role: str, deed: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(deed)
    def done(*given: Any, **named: Any) -> Any:
        with acting_as(role):
            return deed(*given, **named)

    return done
