"""Health and metrics: what works, what is missing, and that metrics are not public."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from math import inf
from threading import Semaphore

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from api import health
from federation import worklist
from federation.database import clock, roles
from federation.publication import versions
from federation.worklist import Stage, WorkItem
from tests.contract.callers import norway, report

pytestmark = pytest.mark.django_db

TOKEN = "of thirty characters"
MONITORING = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def kripos(db):
    """New for each test, because some tests forbid the transaction to write."""
    return norway()


@pytest.fixture
def look_again(monkeypatch):
    """Has the next question look, however short the last one is ago."""
    return lambda: monkeypatch.setattr(health.readiness, "_at", -inf)


def test_alive_asks_for_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_names_its_parts(client):
    assert client.get("/readyz").json() == {
        "status": "ready",
        "checks": {
            "database": True,
            "writes": True,
            "migrations": True,
            "rights": True,
            "rounding": True,
            "clocks": True,
            "broker": True,
        },
    }


def test_ready_tells_work_to_monitoring_only(client, kripos, settings, look_again):
    before = client.get("/readyz")
    kripos.send(report(("NO", "ARES", 3)))
    item = WorkItem(Stage.FIGURE, "H", clock.mark().replace(minute=0, second=0, microsecond=0), 1, 1)
    for _ in range(worklist.ATTEMPTS):
        worklist.fail(item, [], reason="OverflowError: 9999999")
    for settings.METRICS_TOKEN in ("", TOKEN):
        for given in ("", "Bearer", "Bearer ", TOKEN, f"Bearer {TOKEN}.", "Bearer \xe9"):
            look_again()
            assert client.get("/readyz", headers={"Authorization": given}).content == before.content
    work = client.get("/readyz", headers=MONITORING).json()["work"]
    assert work["pending"] == 1
    assert work["oldest_pending_seconds"] > 0
    assert work["set_aside"] == [str(item)]
    assert "9999999" not in str(work)


def test_not_ready_without_a_migration(client):
    last = dict(health._last_migrations())["federation"]
    MigrationRecorder(connection).record_unapplied("federation", last)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": True,
        "writes": True,
        "migrations": False,
        "rights": False,
        "rounding": False,
        "clocks": False,
        "broker": True,
    }


def test_not_ready_names_a_right_that_was_not_granted(client, look_again):
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON federation_work FROM police2peer_web")
        cursor.execute("REVOKE SELECT ON federation_publishedcell FROM police2peer_public")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["rights"]) == (503, False)
    assert "police2peer_web lacks INSERT on federation_work" in answer.json()["detail"]
    assert "police2peer_public lacks SELECT on federation_publishedcell" in answer.json()["detail"]
    roles.grant()
    look_again()
    assert client.get("/readyz").status_code == 200


def test_not_ready_with_another_rounding_key(client, settings):
    versions.check_rounding()
    settings.ROUNDING_KEY = bytes(16)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": True,
        "writes": True,
        "migrations": True,
        "rights": True,
        "rounding": False,
        "clocks": True,
        "broker": True,
    }


def test_without_the_broker_it_says_so_and_is_ready(client, settings):
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["checks"]["broker"] is False


def test_not_ready_with_a_database_that_takes_no_writes(client):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["writes"]) == (503, False)
    assert answer.json()["detail"].startswith("Not ready: writes. The database takes no writes: it is read-only.")


def test_not_ready_with_a_clock_that_differs_from_the_database(client, monkeypatch):
    monkeypatch.setattr(clock, "of_host", lambda: datetime.now(UTC) - timedelta(minutes=5))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["clocks"]) == (503, False)
    assert answer.json()["detail"].startswith("Not ready: clocks. The clocks disagree: this host's clock is -300")


def test_looked_once_it_answers_many_without_asking_anybody(client, django_assert_num_queries, monkeypatch):
    first = client.get("/readyz").json()
    monkeypatch.setattr(health.gauges.dispatch, "is_reachable", lambda: pytest.fail("the broker was asked again"))
    with django_assert_num_queries(0):
        assert [client.get("/readyz").json() for _ in range(5)] == [first] * 5


class Looking:
    """Looks when it is let go, and counts how often it was asked to; time is what the test says."""

    def __init__(self, monkeypatch):
        self.looks, self.now, self.begun, self.go = 0, 100.0, Semaphore(0), Semaphore(0)
        monkeypatch.setattr(health.time, "monotonic", lambda: self.now)
        self.check = health.CachedCheck(self._look, unanswered="unanswered", lasts=lambda _: 2.0)
        self.pool = ThreadPoolExecutor(20)

    def _look(self):
        self.looks += 1
        self.begun.release()
        assert self.go.acquire(timeout=60)
        return f"found {self.looks}"

    def ask(self, times=1):
        return [self.pool.submit(self.check.get) for _ in range(times)]

    def found_first(self):
        [first] = self.ask()
        self.go.release()
        assert first.result(60) == "found 1"
        assert self.begun.acquire(timeout=60)


@pytest.fixture
def looking(monkeypatch):
    made = Looking(monkeypatch)
    yield made
    made.go.release(20)
    made.pool.shutdown()


def test_of_many_that_come_first_one_looks_and_all_wait_for_it(looking):
    asked = looking.ask(20)
    assert looking.begun.acquire(timeout=60)
    looking.go.release()
    assert {one.result(60) for one in asked} == {"found 1"}
    assert looking.looks == 1


def test_while_one_looks_again_the_others_get_what_was_found_before(looking):
    looking.found_first()
    looking.now += 3
    [again] = looking.ask()
    assert looking.begun.acquire(timeout=60)
    assert {one.result(60) for one in looking.ask(19)} == {"found 1"}
    looking.go.release()
    assert again.result(60) == "found 2"
    assert looking.looks == 2


def test_after_a_pause_all_wait_for_the_one_who_looks(looking):
    looking.found_first()
    looking.now += 60
    [again] = looking.ask()
    assert looking.begun.acquire(timeout=60)
    others = looking.ask(19)
    looking.go.release()
    assert {one.result(60) for one in (again, *others)} == {"found 2"}
    assert looking.looks == 2


def test_what_does_not_come_back_is_not_believed_for_long(looking):
    looking.found_first()
    looking.now += 3
    [again] = looking.ask()
    assert looking.begun.acquire(timeout=60)
    looking.now += 3
    assert looking.ask()[0].result(60) == "unanswered"
    looking.go.release()
    assert again.result(60) == "found 2"
    assert looking.check.get() == "found 2"


def test_metrics_are_not_there_by_default(client):
    assert client.get("/metrics").json()["code"] == "not_found"


def test_metrics_need_the_token(client, settings, kripos):
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").json()["code"] == "not_authenticated"
    assert client.get("/metrics", headers={"Authorization": "Bearer \xe9"}).status_code == 401
    kripos.send(report(("NO", "ARES", 3)))
    answer = client.get("/metrics", headers=MONITORING)
    assert answer["Content-Type"].startswith("text/plain")
    assert "police2peer_submissions 1.0" in answer.content.decode()
    assert "police2peer_work_pending 1.0" in answer.content.decode()
