"""What tests of every kind may ask for."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from math import inf
from uuid import uuid4

import hypothesis
import pytest
from _pytest.main import _main
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection, transaction
from django.test import Client, TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from config.embedded import process
from countries.credentials import CredentialHasher
from tests import servers
from tests.integration import processes

# The same examples in every run, so that a red run says something of the change that it ran on.
# `--hypothesis-profile=wander` looks for new ones.
_CALM = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "steady", max_examples=40, derandomize=True, deadline=None, suppress_health_check=_CALM
)
hypothesis.settings.register_profile(
    "wander", max_examples=400, deadline=None, suppress_health_check=_CALM, print_blob=True
)
hypothesis.settings.load_profile("steady")

# Python keeps the frames of calls in pieces of 16 KiB, which it takes from the system and gives back as calls go deeper
# and return: a loop at the border of two does little else, and as deep as a request in a test is, there always is one.
# A frame that needs much makes the piece large in which all that it calls goes on.
_main.__code__ = _main.__code__.replace(co_stacksize=2**16)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, in whatever order they are: at the end, one core would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Look no more for garbage among modules and tests, which stay to the end."""
    gc.freeze()


#: What goes on from one thing that takes long to make, by the beginnings of the tests' names: one process runs it.
TOGETHER = (
    "tests/browser/test_coordinator_day.py",
    "tests/browser/",
    "tests/integration/federation/test_panel",
    "tests/integration/test_backup.py",
    "tests/integration/test_migrations.py",
    "tests/integration/test_replicas.py",
)


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Gives each test to the process that is free first, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return next(filter(nodeid.startswith, TOGETHER), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    return Together(config, log)


@pytest.fixture
def launch():
    """Starts programs that are gone when the test is."""
    with ExitStack() as stack:

        def start(*arguments, data, **more):
            started = processes.start(*arguments, data=data, **more)
            stack.callback(processes.end, started)
            return started

        yield start


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch) -> None:
    """Lets each test begin with nothing held in the process: factories write without counting versions up."""
    from api import caching, health
    from api.sdmx import slices, structures
    from api.v1 import questions
    from countries import queries

    caching.shelf.clear()
    queries._services_read.clear()
    for found in (health.readiness, health.broker):
        monkeypatch.setattr(found, "_at", -inf)
    of_questions = (questions._indicators, questions.people, questions._agencies, questions.annotations)
    for kept in (*of_questions, slices.indicators, structures.under):
        kept.cache_clear()


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch) -> None:
    """Lets each test begin with nobody having asked for anything: all come from one address, to one broker."""
    from api.throttling import bearers, costs, store

    costs.leases.clear()
    bearers.refusals.clear()
    monkeypatch.setattr(store, "SALT", f"a test {uuid4()}")


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """Lets each test client have the static files that the first one found, as looking takes longer than most tests."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, StaticFile] = {}

    def find_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def done_by_roles() -> Iterator[None]:
    """Lets requests, public reads and the workers' deeds be done by the roles of the database that do them."""
    from tests.acting import assign_roles

    with pytest.MonkeyPatch.context() as patch:
        assign_roles(patch)
        yield


@pytest.fixture
def admin_client(admin_user) -> Client:
    """Somebody at the desk who may do everything and has given both factors."""
    from tests import second_factor

    return second_factor.signed_in(Client(), admin_user)


@pytest.fixture(scope="session", autouse=True)
def passwords_hashed_quickly() -> Iterator[None]:
    """Lets a password cost a test no third of a second: what slows guesses down is Django's, and tested there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PBKDF2PasswordHasher, "iterations", CredentialHasher.iterations)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings) -> None:
    """Lets each worker copy what the migrations make rather than make it again."""
    if servers.is_prepared():
        connection.settings_dict["TEST"]["TEMPLATE"] = servers.MIGRATED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Leaves the database as the migrations made it after a transactional test too, so that any test may be the next.

    Its emptying passes the triggers of append-only tables, which nothing else does.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True)
        # Emptying all would make new files of each table and index; most tests write to a few.
        filled = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        cursor.execute(filled)
        migrated = {}
        for (table,) in cursor.fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT") as rows:
                migrated[table] = b"".join(rows)

    def restore(case: TransactionTestCase) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(filled)
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")
            for table, rows in migrated.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", restore)
        yield


@pytest.fixture
def free_port():
    return process.free_port()
