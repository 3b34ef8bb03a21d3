"""Health and metrics: what is well, what is missing, and that metrics are not public."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from api import health
from federation import roles, versions, worklist
from federation.worklist import Stage, Thing
from tests.contract.callers import report

pytestmark = pytest.mark.django_db


def test_alive_asks_for_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_names_its_parts_and_the_work(client):
    assert client.get("/readyz").json() == {
        "status": "ready",
        "checks": {"database": True, "migrations": True, "rights": True, "rounding": True, "broker": True},
        "work": {"pending": 0, "oldest_pending_seconds": 0.0, "set_aside": []},
    }


def test_ready_tells_pending_work_and_what_was_set_aside(client, kripos):
    kripos.send(report(("NO", "ARES", 3)))
    thing = Thing(Stage.FIGURE, "H", worklist.mark().replace(minute=0, second=0, microsecond=0), 1, 1)
    for _ in range(worklist.ATTEMPTS):
        worklist.failed(thing, [], reason="OverflowError: 9999999")
    work = client.get("/readyz").json()["work"]
    assert work["pending"] == 1
    assert work["oldest_pending_seconds"] > 0
    assert work["set_aside"] == [str(thing)]
    assert "9999999" not in str(work)


def test_not_ready_without_a_migration(client):
    last = dict(health._last_migrations())["federation"]
    MigrationRecorder(connection).record_unapplied("federation", last)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": True,
        "migrations": False,
        "rights": False,
        "rounding": False,
        "broker": True,
    }


def test_not_ready_names_a_right_that_was_not_granted(client):
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON federation_work FROM police2peer_web")
        cursor.execute("REVOKE SELECT ON federation_publishedcell FROM police2peer_public")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["rights"]) == (503, False)
    assert "police2peer_web lacks INSERT on federation_work" in answer.json()["detail"]
    assert "police2peer_public lacks SELECT on federation_publishedcell" in answer.json()["detail"]
    roles.grant()
    assert client.get("/readyz").status_code == 200


def test_not_ready_with_another_rounding_key(client, settings):
    versions.check_rounding()
    settings.ROUNDING_KEY = bytes(16)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert answer.json()["checks"] == {
        "database": True,
        "migrations": True,
        "rights": True,
        "rounding": False,
        "broker": True,
    }


def test_not_ready_without_the_broker(client, settings):
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.json()["checks"]["broker"] is False
    assert answer.status_code == 503


def test_metrics_are_not_there_by_default(client):
    assert client.get("/metrics").json()["code"] == "not_found"


def test_metrics_are_for_whoever_has_the_token(client, settings, kripos):
    settings.METRICS_TOKEN = "of thirty characters"
    assert client.get("/metrics").json()["code"] == "not_authenticated"
    assert client.get("/metrics", headers={"Authorization": "Bearer \xe9"}).status_code == 401
    kripos.send(report(("NO", "ARES", 3)))
    answer = client.get("/metrics", headers={"Authorization": "Bearer of thirty characters"})
    assert answer["Content-Type"].startswith("text/plain")
    assert "police2peer_submissions 1.0" in answer.content.decode()
    assert "police2peer_work_pending 1.0" in answer.content.decode()
