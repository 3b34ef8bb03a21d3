"""What tests of every kind may ask for."""

from collections.abc import Iterator
from contextlib import ExitStack

import hypothesis
import pytest
from django.db import connection
from django.test import TransactionTestCase

from config.embedded import process
from tests.integration import processes

# The same examples in every run, so that a red run says something of the change that it ran on.
# `--hypothesis-profile=wander` looks for new ones.
_CALM = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=_CALM)
hypothesis.settings.register_profile(
    "wander", max_examples=400, deadline=None, suppress_health_check=_CALM, print_blob=True
)
hypothesis.settings.load_profile("steady")


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
def nothing_held() -> None:
    """Lets each test begin with nothing held in the process: factories write without counting versions up."""
    from api import caching
    from api.v1 import questions

    caching.shelf.clear()
    for kept in (questions._indicators, questions.people, questions._agencies, questions.annotations):
        kept.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def emptied_after_use() -> Iterator[None]:
    """Lets the emptying after a transactional test pass the triggers of append-only tables, which nothing else does."""
    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # private, and so not in the stubs

    def past_triggers(case: TransactionTestCase) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            empty(case)
            cursor.execute("SET session_replication_role = origin")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", past_triggers)
        yield


@pytest.fixture
def free_port():
    return process.free_port()
