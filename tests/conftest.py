"""Fixtures for all tests."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from math import inf
from uuid import uuid4

import hypothesis
import pytest
from django.db import connection, transaction
from django.test import Client

from config.embedded import process
from tests import servers
from tests.as_migrated.management.commands import flush
from tests.integration import processes

# The programs that tests start have the settings of an installation.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
# A run in the background ignores Ctrl-C. The programs that tests start would inherit this.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, so that a failure comes from the change. `make verify` takes the profile
# "many"; `--hypothesis-profile=new` looks for other examples.
_SLOW = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]
for name, number, random in (("few", 10, False), ("many", 120, False), ("new", 400, True)):
    hypothesis.settings.register_profile(
        name,
        max_examples=number,
        derandomize=not random,
        print_blob=random,
        deadline=None,
        suppress_health_check=_SLOW,
    )
hypothesis.settings.load_profile("few")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep modules that share rows in one process. Begin with the slow tests, so that no core waits at the end.

    Of the slow tests, those marked ``last`` come last.
    """
    for item in items:
        if "module_db" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: (not item.get_closest_marker("slow"), bool(item.get_closest_marker("last"))))


@pytest.fixture(scope="module", autouse=True)
def no_snapshots() -> None:
    """Lets each module begin without snapshots: the tests before had other reference data under the same version."""
    from countries import reference

    reference.snapshots.clear()


@pytest.fixture(scope="module")
def module_db(django_db_setup, django_db_blocker) -> Iterator[None]:
    """A transaction around all tests of a module, for rows that they share; each test has a savepoint in it.

    Not for modules with tests that commit.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


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
    """Lets each test begin with an empty cache: factories write without counting versions up."""
    from api import caching, health
    from countries import reference
    from federation.published import coverage_cache

    caching.response_cache.clear()
    coverage_cache.clear()
    reference.snapshots.clear()
    for found in (health.readiness, health.broker):
        monkeypatch.setattr(found, "_at", -inf)


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch) -> None:
    """Lets each test begin without counted requests, because all tests use one address and one broker."""
    from api.throttling import rates

    monkeypatch.setattr(rates, "public_counter", rates.LocalCounter())
    monkeypatch.setattr(rates, "SALT", f"a test {uuid4()}")


@pytest.fixture(scope="session", autouse=True)
def done_by_roles() -> Iterator[None]:
    """Lets requests, public reads and the workers' tasks run as their database roles."""
    from tests.acting import assign_roles

    with pytest.MonkeyPatch.context() as patch:
        assign_roles(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def broker_may_be_slow() -> Iterator[None]:
    """Lets the broker of a busy machine answer late, or requests would be counted anew in the process of the test."""
    from api.throttling import rates

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rates, "BROKER_TIMEOUT", 1.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def everything_published() -> Iterator[None]:
    """Lets a country be published as finely as can be, unless a test sets its detail."""
    from federation.rules import detail

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detail, "UNSET", ("N", "D"))
        yield


@pytest.fixture
def admin_client(admin_user) -> Client:
    """A superuser at the desk who has given both factors."""
    from tests import second_factor

    return second_factor.signed_in(Client(), admin_user)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings) -> None:
    """Lets each test process copy a migrated database, instead of migrating one."""
    if servers.is_prepared():
        connection.settings_dict["TEST"]["TEMPLATE"] = servers.MIGRATED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """Stores the rows that the migrations made, to restore them after tests that commit."""
    with django_db_blocker.unblock():
        flush.migrated()


@pytest.fixture
def limit(settings):
    """Set how many requests a rate allows."""

    def set_limit(rate, amount):
        settings.RATES = {**settings.RATES, rate.name: amount}

    return set_limit


@pytest.fixture
def free_port():
    return process.free_port()
