"""Public reads come from real replicas: from close ones first, else from the primary, and from any rather than none."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import pytest
from django.db import OperationalError, connection, connections

from api import caching
from api.v1 import aggregates
from config.embedded import postgres, secret
from config.embedded.process import stop
from countries import connections as reading
from countries import queries, replicas
from countries.models import ReferenceVersion
from countries.replicas import Servers
from federation import published
from tests import servers
from tests.acting import connected
from tests.cluster import replica
from tests.contract.public.press import Press
from tests.factories import IndicatorFactory
from tests.integration.processes import eventually

pytestmark = [
    pytest.mark.verify,
    pytest.mark.xdist_group("replicas"),
    pytest.mark.skipif("TEST_DATABASE_PUBLIC_URL" not in os.environ, reason="the servers are a person's own"),
]

NOWHERE = 1
#: No test takes so long, and none waits for it.
HOURS = 36_000.0


@pytest.fixture(scope="module")
def following(django_db_setup, django_db_blocker, tmp_path_factory):
    """A replica of the server of this test run: the address of its owner."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0]).parent
    url, process = replica.start(folder, tmp_path_factory.mktemp("replica"))
    yield url
    stop(process)


@pytest.fixture
def owner(following):
    """The owner on the replica, who can halt it there."""
    with psycopg.connect(following, autocommit=True) as at_replica:
        yield at_replica
        at_replica.execute("SELECT pg_wal_replay_resume()")


def public_at(port=None):
    """The public's connection to this test's database, on another server if a port is given."""
    url = urlsplit(os.environ["TEST_DATABASE_PUBLIC_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return dj_database_url.parse(url.geturl() if port is None else replica.at_port(url.geturl(), port))


@pytest.fixture
def among(transactional_db, following):
    """Have the public read among a primary and replicas, given by their ports; None is the right one."""
    right = {"public": None, "replica": urlsplit(following).port}
    stack = ExitStack()

    def choose(*names, lag_limit=HOURS, **ports):
        made = Servers("public", names, lag_limit=lag_limit)
        databases = {name: public_at(ports.get(name, right.get(name))) for name in ("public", *names)}
        patch = stack.enter_context(connected(**databases))
        patch.setattr(reading, "servers", lambda: made)
        patch.setattr(replicas, "LOOK_EVERY", 0.0)
        return made

    with stack:
        yield choose


def where():
    """The port of the server that a public read comes from."""

    def ask():
        with connections[reading.alias()].cursor() as cursor:
            cursor.execute("SELECT current_setting('port')::int")
            return cursor.fetchone()[0]

    return reading.publicly(ask)


def commit(number):
    """Have the primary commit something, which is public."""
    ReferenceVersion.objects.update_or_create(id=1, defaults={"number": number})


def halt(owner):
    """Have the replica stay as the primary is now, and not as it was when a test before this one ended alike."""
    with connection.cursor() as cursor:
        # Flushed, or it would wait for the next who flushes.
        cursor.execute("SELECT pg_logical_emit_message(false, '', '', true)::text")
        now = cursor.fetchone()
    assert eventually(lambda: owner.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", now).fetchone()[0])
    owner.execute("SELECT pg_wal_replay_pause()")
    assert eventually(lambda: owner.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))


@pytest.fixture
def ports(following):
    return {"replica": urlsplit(following).port, "public": int(connection.settings_dict["PORT"])}


def test_public_reads_come_from_the_replica_as_it_is(among, owner, ports):
    commit(1)
    among("replica")
    assert eventually(lambda: reading.publicly(queries.reference_version) == 1)
    assert where() == ports["replica"]
    halt(owner)
    commit(2)
    assert queries.reference_version() == 2
    assert reading.publicly(queries.reference_version) == 1
    owner.execute("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: reading.publicly(queries.reference_version) == 2)


def test_replica_that_lags_too_far_is_left_for_the_primary_until_it_has_caught_up(among, owner, ports):
    commit(1)
    among("replica", lag_limit=1.0)
    assert eventually(lambda: commit(1) or where() == ports["replica"])
    owner.execute("SELECT pg_wal_replay_pause()")
    assert eventually(lambda: where() == ports["public"])
    commit(2)
    assert reading.publicly(queries.reference_version) == 2
    owner.execute("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: commit(2) or where() == ports["replica"])


def test_without_a_primary_a_replica_is_read_however_old_it_is(among, ports):
    commit(3)
    among("replica", lag_limit=0.0, public=NOWHERE)
    assert where() == ports["replica"]
    assert eventually(lambda: reading.publicly(queries.reference_version) == 3)


def test_dead_replica_is_passed_over_and_left_alone(among, ports, monkeypatch):
    commit(1)
    monkeypatch.setattr(replicas, "LEFT_ALONE", HOURS)
    among("dead", "replica", dead=NOWHERE)
    assert eventually(lambda: where() == ports["replica"])
    monkeypatch.setattr(connections["dead"], "connect", lambda: pytest.fail("a dead server was asked again"))
    assert {where() for _ in range(4)} == {ports["replica"]}


def test_without_any_server_the_primary_is_what_failed(among):
    among("dead", public=NOWHERE, dead=NOWHERE)
    with pytest.raises(OperationalError, match=f"port {NOWHERE}"):
        where()


def test_reads_are_spread_over_replicas(among, ports):
    commit(1)
    servers = among("replica", "other", other=ports["replica"])
    assert eventually(lambda: servers.choose() == "replica")
    assert {servers.choose() for _ in range(4)} == {"replica", "other"}


def test_answer_is_read_from_one_server_only(among, ports):
    commit(1)
    among("replica", "other", other=ports["replica"])
    names = reading.publicly(lambda: {reading.alias() for _ in range(6)})
    assert len(names) == 1


def test_answer_that_was_begun_is_begun_anew_elsewhere_when_its_server_goes_away(among, owner, ports):
    commit(1)
    among("replica")
    assert eventually(lambda: where() == ports["replica"])
    tried = []

    def read():
        tried.append(reading.alias())
        with connections[reading.alias()].cursor() as cursor:
            if len(tried) == 1:
                connections["replica"].settings_dict["PORT"] = NOWHERE
                owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%%_public'")
            cursor.execute("SELECT current_setting('port')::int")
            return cursor.fetchone()[0]

    assert reading.publicly(read) == ports["public"]
    assert tried == ["replica", "public"]


def test_version_that_a_replica_has_not_got_is_read_at_the_primary(among, owner, client, monkeypatch):
    IndicatorFactory.create()
    press = Press()
    first = press.publish("D", {"2026-11-01": {"EUROPE": 120}, "2026-11-02": {"EUROPE": 125}})
    among("replica")
    commit(1)
    assert eventually(lambda: reading.publicly(queries.reference_version) == 1)
    halt(owner)
    second = press.publish("D", {"2026-11-01": {"EUROPE": 500}, "2026-11-02": {"EUROPE": 505}})

    def at(version):
        def ask():
            published.at_version(version)
            return reading.alias()

        return reading.publicly(ask)

    assert (at(first), at(second)) == ("replica", "public")
    days = {"indicator": "DOWNLOADS", "frequency": "D", "start": "2026-11-01", "end": "2026-11-02"}
    answer = client.get("/api/v1/aggregates/", days)
    assert (answer.json()["meta"]["version"], answer["ETag"].split(".")[0]) == (first, f'W/"{first}')
    assert answer.json()["observations"][0]["value"] == 120

    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    caching.shelf.clear()
    among("replica", lag_limit=-1.0)
    newest = client.get("/api/v1/aggregates/", days).json()
    among("replica")
    later = client.get(newest["next"].removeprefix("http://testserver")).json()
    assert (newest["meta"]["version"], later["meta"]["version"]) == (second, second)
    assert [row["value"] for row in newest["observations"] + later["observations"]] == [500, 505]


def test_reference_data_kept_under_a_version_come_from_where_it_is(among, owner):
    commit(1)
    among("replica")
    assert eventually(lambda: reading.publicly(queries.reference_version) == 1)
    halt(owner)
    commit(2)

    def at(version):
        def ask():
            queries.at_reference_version(version)
            return queries.reference_version()

        return reading.publicly(ask)

    assert (at(1), at(2)) == (1, 2)


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_web_goes_on_answering_the_public_when_the_primary_is_killed(tmp_path, launch, free_port):
    """Servers of their own, and the web server as it is: no connection of its own is left when the primary dies."""
    (tmp_path / "primary").mkdir()
    servers.lay_out(tmp_path / "primary")
    urls, primary = postgres.start(tmp_path / "primary", durable=False)
    with ExitStack() as stack:
        stack.callback(stop, primary)
        made = {"SECRET_KEY": "tests" * 10, "ROUNDING_KEY": secret.kept(tmp_path / "rounding", size=16)}
        made |= {"REDIS_URL": os.environ["REDIS_URL"], "DJANGO_SETTINGS_MODULE": "config.settings"}
        address, process = replica.start(tmp_path / "primary", tmp_path / "replica")
        stack.callback(stop, process)
        named = {
            "DATABASE_URL": urls["DATABASE_WEB_URL"],
            "DATABASE_PUBLIC_URL": urls["DATABASE_PUBLIC_URL"],
            "DATABASE_REPLICA_URL": replica.at_port(urls["DATABASE_PUBLIC_URL"], urlsplit(address).port),
            "REPLICA_LAG_LIMIT": "36000",
            "WEB_PROCESSES": "1",
            "PORT": str(free_port),
        }
        gunicorn = (sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi")
        launch(*gunicorn, data=tmp_path, **made, **named)
        assert eventually(lambda: answers(free_port), within=60)
        assert get(free_port, "/readyz")[0] == 200
        assert get(free_port, "/api/v1/networks/")[0] == 200

        primary.send_signal(signal.SIGKILL)
        primary.wait()
        assert get(free_port, "/api/v1/indicators/") == get(free_port, "/api/v1/indicators/")
        for path in ("indicators", "agencies", "help-services", "audit/head", "aggregates/live"):
            assert get(free_port, f"/api/v1/{path}/")[0] == 200
        assert eventually(lambda: get(free_port, "/readyz")[0] == 503)


def answers(port):
    try:
        return get(port, "/healthz")[0] == 200
    except OSError:
        return False
