"""A primary that is frozen and not gone: the public still reads, and requests of agencies leave threads free."""

import os
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
from django.db import OperationalError, connections

from config import databases
from config.embedded import postgres, secret
from config.embedded.process import stop
from tests import servers
from tests.acting import connected
from tests.cluster import replica
from tests.integration.processes import eventually

pytestmark = pytest.mark.verify

THREADS = 4
#: What the public reads without a parameter.
PAGES = ("/help/", *(f"/api/v1/{name}/" for name in ("networks", "indicators", "agencies", "help-services")))
#: Each is a question of its own, so no cache answers it.
YEAR = "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=A&start={0}&end={0}"


@pytest.fixture
def primary(tmp_path):
    """A server of one's own: the addresses of its roles, and its process."""
    (tmp_path / "primary").mkdir()
    servers.lay_out(tmp_path / "primary")
    urls, process = postgres.start(tmp_path / "primary", durable=False)
    yield urls, psutil.Process(process.pid)
    stop(process)


@pytest.fixture
def replica_port(primary, tmp_path):
    url, process = replica.start(tmp_path / "primary", tmp_path / "replica")
    yield urlsplit(url).port
    stop(process)


@contextmanager
def frozen(server):
    """Stop a server with every process that it has started; the kernel keeps their connections."""
    with ExitStack() as stack:
        for process in (server, *server.children(recursive=True)):
            process.suspend()
            stack.callback(process.resume)
        yield


def status(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": "localhost", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return repr(error)


@pytest.fixture
def serve(primary, launch, free_port, tmp_path):
    """Start a web server on that primary, with more settings; its port once it is ready."""

    def start(**more):
        urls, _ = primary
        environment = {
            "SECRET_KEY": "tests" * 10,
            "ROUNDING_KEY": secret.load(tmp_path / "rounding", size=16),
            "REDIS_URL": os.environ["REDIS_URL"],
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # Three seconds instead of ten, for which nobody needs to wait here.
            "DATABASE_URL": f"{urls['DATABASE_WEB_URL']}?connect_timeout=3",
            "DATABASE_PUBLIC_URL": urls["DATABASE_PUBLIC_URL"],
            "WEB_PROCESSES": "1",
            "WEB_THREADS": str(THREADS),
            "PORT": str(free_port),
        }
        web = (sys.executable, "-m", "config.web")
        launched = launch(*web, data=tmp_path, **environment, **more)
        assert eventually(lambda: status(free_port, "/readyz") == 200)
        assert launched.poll() is None
        with ThreadPoolExecutor(4 * THREADS) as readers:
            # So that the threads have connections, which a frozen server keeps.
            assert set(readers.map(lambda year: status(free_port, YEAR.format(year)), range(2000, 2064))) == {200}
        return free_port

    return start


@contextmanager
def agencies_asking(port):
    """More requests of agencies than the web server has threads; each gets an answer."""
    answers = []

    def ask():
        answers.append(status(port, "/api/v1/submissions/", Authorization="Bearer of-nobody"))

    threads = [threading.Thread(target=ask) for _ in range(3 * THREADS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert len(answers) == len(threads)
    assert set(answers) <= {401, 503}


def the_public_reads_on_while_frozen(server, port):
    with frozen(server), agencies_asking(port):
        for _ in range(3):
            assert {path: status(port, path) for path in PAGES} == dict.fromkeys(PAGES, 200)
            assert status(port, "/healthz") == 200
        assert eventually(lambda: status(port, "/readyz") == 503)
    assert eventually(lambda: status(port, "/readyz") == 200)


def test_replica_answers_the_public_while_the_primary_is_frozen(primary, replica_port, serve):
    urls, server = primary
    at_replica = replica.at_port(urls["DATABASE_PUBLIC_URL"], replica_port)
    # However old it is: beat, which commits each second, does not run here.
    port = serve(DATABASE_REPLICA_URL=at_replica, REPLICA_LAG_LIMIT="0")
    assert status(port, "/api/v1/networks/") == 200
    the_public_reads_on_while_frozen(server, port)


def test_what_was_read_a_moment_ago_stands_in_while_the_primary_is_frozen(primary, serve):
    _, server = primary
    port = serve()
    assert {path: status(port, path) for path in PAGES} == dict.fromkeys(PAGES, 200)
    the_public_reads_on_while_frozen(server, port)


def test_requests_of_agencies_leave_threads_to_the_public(primary, serve):
    urls, _ = primary
    port = serve(DATABASE_STATEMENT_TIMEOUT="0")
    owner = psycopg.connect(urls["DATABASE_URL"])
    owner.execute("LOCK TABLE oauth2_provider_accesstoken")
    # So they wait without an end, until this transaction ends.
    with agencies_asking(port), owner:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert eventually(lambda: owner.execute(waiting).fetchone()[0] >= THREADS - 1)
        assert [status(port, path) for path in ("/healthz", *PAGES)] == [200] * (1 + len(PAGES))


@pytest.mark.parametrize("address", ["DATABASE_PUBLIC_URL", "DATABASE_WEB_URL"])
def test_statement_that_a_frozen_server_runs_ends(primary, monkeypatch, address):
    urls, server = primary
    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT", "1")
    monkeypatch.setattr(databases, "_LATER", 1)
    monkeypatch.setenv(address, urls[address])
    database = databases.public()["public"] if address == "DATABASE_PUBLIC_URL" else databases.parse_url(urls[address])
    with connected(frozen=database), connections["frozen"].cursor() as cursor:
        cursor.execute("SELECT 1")
        with frozen(server):
            with pytest.raises(OperationalError, match="does not answer"):
                cursor.execute("SELECT 2")
            # What one thread finds out holds for all of them, and only for a while.
            for silence in ("timeout expired", "does not answer"):
                with pytest.raises(psycopg.OperationalError, match=silence):
                    connections["frozen"].connect()
        assert eventually(lambda: is_usable(connections["frozen"]))


def is_usable(connection):
    connection.close()
    try:
        connection.connect()
    except (OperationalError, psycopg.OperationalError):
        return False
    return connection.is_usable()
