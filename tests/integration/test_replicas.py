"""Public reads come from a real replica if it is close, else from the primary; after a failure from the other one."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import OperationalError, connection, connections

from api import caching
from api.v1 import aggregates
from config import databases
from config.embedded import postgres, secret
from config.embedded.process import stop
from countries import registry
from countries.database import routing
from countries.database.routing import on_public_connection
from countries.models import ReferenceVersion
from countries.reference import Reference
from tests import servers
from tests.acting import connected
from tests.cluster import replica
from tests.contract.public.press import Press
from tests.factories import AgencyFactory, CountryFactory, IndicatorFactory, NetworkFactory
from tests.integration.processes import eventually

pytestmark = [
    pytest.mark.verify,
    pytest.mark.xdist_group("replicas"),
    pytest.mark.skipif("TEST_DATABASE_PUBLIC_URL" not in os.environ, reason="the servers are a person's own"),
]

#: No server listens there.
NOWHERE = 1
#: No test takes so many seconds.
HOURS = 36_000


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


@pytest.fixture
def ports(following):
    return {"replica": urlsplit(following).port, "primary": int(connection.settings_dict["PORT"])}


@pytest.fixture
def route(transactional_db, ports, settings):
    """Have the public read the replica and the primary, at these ports instead of the right ones if they are given."""
    user, _, _ = os.environ["TEST_DATABASE_PUBLIC_URL"].rpartition("@")

    def at(*some):
        hosts = ",".join(f"127.0.0.1:{port}" for port in some)
        return databases._parse_public_url(f"{user}@{hosts}/{connection.settings_dict['NAME']}")

    with ExitStack() as stack:

        def choose(*, replicas=(ports["replica"],), primary=ports["primary"], lag_limit=HOURS):
            stack.close()
            settings.REPLICA_LAG_LIMIT = lag_limit
            caching.response_cache.clear()
            stack.enter_context(connected(public=at(primary), replica=at(*replicas)))

        yield choose


def port_read():
    """The port of the server that a public answer comes from."""

    def read():
        with connections[routing.alias()].cursor() as cursor:
            cursor.execute("SELECT current_setting('port')::int")
            return cursor.fetchone()[0]

    return on_public_connection(read)


def commit(number):
    """Have the primary commit something that is public."""
    ReferenceVersion.objects.update_or_create(id=1, defaults={"number": number})


def reference_version():
    with connections[routing.alias()].cursor() as cursor:
        cursor.execute("SELECT max(number) FROM countries_referenceversion")
        return cursor.fetchone()[0]


def catch_up(owner):
    """Wait until the replica is as the primary is now."""
    with connection.cursor() as cursor:
        # Flushed, or it would wait for the next transaction that flushes.
        cursor.execute("SELECT pg_logical_emit_message(false, '', '', true)::text")
        now = cursor.fetchone()
    assert eventually(lambda: owner.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", now).fetchone()[0])


def halt(owner):
    """Have the replica stay as the primary is now."""
    catch_up(owner)
    owner.execute("SELECT pg_wal_replay_pause()")
    assert eventually(lambda: owner.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() == ("paused",))


def test_public_reads_come_from_the_replica_as_it_is(route, owner, ports):
    commit(1)
    route()
    halt(owner)
    commit(2)
    assert port_read() == ports["replica"]
    assert (reference_version(), on_public_connection(reference_version)) == (2, 1)
    owner.execute("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: on_public_connection(reference_version) == 2)


def test_replica_that_is_too_far_behind_is_not_read_until_it_has_caught_up(route, owner, ports):
    commit(1)
    route(lag_limit=1)
    assert eventually(lambda: commit(1) or port_read() == ports["replica"])
    halt(owner)
    assert eventually(lambda: port_read() == ports["primary"])
    commit(2)
    assert on_public_connection(reference_version) == 2
    owner.execute("SELECT pg_wal_replay_resume()")
    assert eventually(lambda: commit(2) or port_read() == ports["replica"])


def test_without_the_primary_the_replica_is_read_however_old_it_is(route, owner, ports):
    commit(3)
    catch_up(owner)
    route(lag_limit=0, primary=NOWHERE)
    assert port_read() == ports["replica"]
    assert on_public_connection(reference_version) == 3


def test_dead_replica_is_passed_over(route, owner, ports):
    commit(1)
    catch_up(owner)
    route(replicas=(NOWHERE, ports["replica"], NOWHERE))
    assert port_read() == ports["replica"]
    route(replicas=(NOWHERE, NOWHERE))
    assert port_read() == ports["primary"]


def test_without_any_server_the_answer_fails(route):
    route(replicas=(NOWHERE,), primary=NOWHERE)
    with pytest.raises(OperationalError, match=f"port {NOWHERE}"):
        port_read()


def test_answer_stays_at_the_server_where_it_began(route, owner, settings):
    commit(1)
    catch_up(owner)
    route()

    def read():
        first = routing.alias()
        settings.REPLICA_LAG_LIMIT = 0
        assert not routing._is_close()
        return first, routing.alias()

    assert on_public_connection(read) == ("replica", "replica")


@pytest.mark.parametrize(
    ("failing", "tried"),
    [
        # As when the replica is shut down, and when a statement takes too long, which it would elsewhere too.
        ("SELECT pg_terminate_backend(pg_backend_pid())", ["replica", "public"]),
        ("SET statement_timeout = 1; SELECT pg_sleep(10)", ["replica"]),
    ],
)
def test_answer_is_read_once_more_from_the_other_server_if_its_server_goes_away(route, owner, failing, tried):
    commit(1)
    catch_up(owner)
    route()
    read_from = []

    def read():
        read_from.append(routing.alias())
        with connections[routing.alias()].cursor() as cursor:
            cursor.execute(failing)

    with pytest.raises(OperationalError):
        on_public_connection(read)
    assert read_from == tried


#: A day, asked for in each way that names a version or an instant.
AT = "2026-11-01"
DAY = f"indicator=DOWNLOADS&frequency=D&start={AT}&end={AT}&country=EUROPE"
V21, V30 = "/sdmx/2.1/data/P2P", "/sdmx/3.0/data/dataflow/P2PEU/P2P"
PINNED = {
    "JSON": "/api/v1/aggregates/?" + DAY + "&as_of={z}",
    "CSV": "/api/v1/aggregates/?" + DAY + "&as_of={z}&format=csv",
    "coverage": f"/api/v1/coverage/?indicator=DOWNLOADS&frequency=D&start={AT}&end={AT}&as_of={{z}}",
    "page": f"/countries/no/?frequency=D&start={AT}&end={AT}&as_of={{z}}",
    "asOf, XML": V30 + "/1.0.0/D.DOWNLOADS.EUROPE._T?asOf={z}",
    "asOf, JSON": V30 + "/1.0.0/D.DOWNLOADS.EUROPE._T?asOf={z}&format=json",
    "asOf, CSV": V30 + "/1.0.0/D.DOWNLOADS.EUROPE._T?asOf={z}&format=csv",
    "a past view, 2.1": V21 + "_VINTAGE/D.DOWNLOADS.EUROPE._T.{z}?format=csv",
    "a past view, 3.0": V30 + "_VINTAGE/1.0.0/D.DOWNLOADS.EUROPE._T.{z}?format=csv",
    "every past view": V30 + "_VINTAGE/1.0.0/D.DOWNLOADS.EUROPE._T.*?format=csv",
    "updatedAfter, 2.1": V21 + "/D.DOWNLOADS.EUROPE._T?updatedAfter={z}&format=csv",
    "updatedAfter, 3.0": V30 + "/1.0.0/D.DOWNLOADS.EUROPE._T?updatedAfter={z}&format=csv",
    "availability": "/sdmx/3.0/availability/dataflow/P2PEU/P2P/1.0.0/*?asOf={z}",
}


@pytest.fixture
def three_versions(owner, route):
    """Three versions of a day, of which the replica has the first one; when each became public."""
    IndicatorFactory.create()
    NetworkFactory.create(number=1, code="BITTORRENT")
    commit(1)
    press = Press()
    # Yesterday, which is one of the past views.
    press.began = press.began.replace(hour=12, minute=0, second=0) - timedelta(days=1)
    press.publish("D", {AT: {"EUROPE": 120, "NO": 120}})
    halt(owner)
    press.publish("D", {AT: {"EUROPE": 500, "NO": 500}})
    press.publish("D", {AT: {"EUROPE": 900, "NO": 900}})
    return [press.known_at(version).isoformat().replace("+00:00", "Z") for version in (1, 2, 3)]


@pytest.fixture
def answers(client):
    client.raise_request_exception = False

    def get(z):
        caching.response_cache.clear()
        found = {name: client.get(address.format(z=z)) for name, address in PINNED.items()}
        return {name: (answer.status_code, answer.get("ETag"), b"".join(answer)) for name, answer in found.items()}

    return get


def test_pinned_answers_are_those_of_the_primary_however_far_behind_the_replica_is(three_versions, answers, route):
    route(replicas=(NOWHERE,))
    right = [answers(z) for z in three_versions]
    assert {name: given[name] for given in right for name in PINNED if given[name][0] != 200} == {}
    assert [name for name in PINNED if len({given[name] for given in right}) < 3] == ["every past view"]
    route()
    different = [
        [name for name, given in answers(z).items() if given != expected[name]]
        for z, expected in zip(three_versions, right, strict=True)
    ]
    # The replica has the first version. What changed after it is an open question, which names no later one.
    assert different == [["updatedAfter, 2.1", "updatedAfter, 3.0"], [], []]


def test_replica_answers_what_it_has_without_the_primary_and_refuses_the_rest(three_versions, answers, route, client):
    route(primary=NOWHERE)
    has, lacks = answers(three_versions[0]), answers(three_versions[1])
    open_ended = {"every past view"}
    assert {name for name, (status, _, _) in has.items() if status == 200} == PINNED.keys() - open_ended
    assert {status for status, _, _ in lacks.values()} == {503}
    newest = client.get(f"/api/v1/aggregates/?{DAY}").json()
    assert (newest["meta"]["version"], newest["observations"][0]["value"]) == (1, 120)


def test_later_page_is_of_the_version_of_the_first_page(three_versions, route, client, monkeypatch):
    monkeypatch.setattr(aggregates, "CELLS_PER_PAGE", 1)
    Press().publish("D", {"2026-11-02": {"EUROPE": 905}})
    route(replicas=(NOWHERE,))
    first = client.get(f"/api/v1/aggregates/?{DAY.replace(f'end={AT}', 'end=2026-11-02')}").json()
    route()
    later = client.get(first["next"].removeprefix("http://testserver")).json()
    assert (first["meta"]["version"], later["meta"]["version"]) == (4, 4)
    assert [row["value"] for row in first["observations"] + later["observations"]] == [900, 905]


def test_each_server_is_read_with_its_own_snapshot(route, owner):
    agency = registry.save(AgencyFactory.build(country=CountryFactory.create(), name="Before"), by="a test")
    halt(owner)
    agency.name = "After"
    registry.save(agency, by="a test")
    for _ in range(2):
        route()
        assert on_public_connection(names) == (1, ["Before"])
        route(replicas=(NOWHERE,))
        assert on_public_connection(names) == (2, ["After"])


def names():
    found = Reference.current()
    return found.version, [row.name for row in found.agencies]


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}{path}", timeout=60) as answer:
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
        made = {"SECRET_KEY": "tests" * 10, "ROUNDING_KEY": secret.load(tmp_path / "rounding", size=16)}
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
        web = (sys.executable, "-m", "config.web")
        launch(*web, data=tmp_path, **made, **named)
        assert eventually(lambda: is_answering(free_port))
        assert get(free_port, "/readyz")[0] == 200
        assert get(free_port, "/api/v1/networks/")[0] == 200

        primary.send_signal(signal.SIGKILL)
        primary.wait()
        assert get(free_port, "/api/v1/indicators/") == get(free_port, "/api/v1/indicators/")
        for path in ("indicators", "agencies", "help-services", "audit/head", "aggregates/live"):
            assert get(free_port, f"/api/v1/{path}/")[0] == 200
        assert eventually(lambda: get(free_port, "/readyz")[0] == 503)


def is_answering(port):
    try:
        return get(port, "/healthz")[0] == 200
    except OSError:
        return False
