"""The processes of the web server: one that dies is replaced, and one that stops finishes what it has."""

import http.client
import socket
import sys

import psutil
import pytest

from tests.contract.bad_requests import get
from tests.contract.server import read, serving
from tests.integration.processes import PLENTY, alive, descendants, eventually

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def server(tmp_path, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), serving(tmp_path, WEB_PROCESSES="2", **PLENTY) as running:
        yield running


def web():
    """The parent of the processes of the server."""
    return next(one for one in psutil.Process().children() if "config.web" in one.cmdline())


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_process_that_dies_is_replaced_and_those_that_stop_finish_what_they_have(server):
    parent = web()
    first, second = parent.children()
    first.kill()
    assert eventually(lambda: len(alive(parent.children())) == 2 and first not in parent.children(), within=60)
    second.kill()
    assert server.ask(get())[0].status == 200

    kept = http.client.HTTPConnection("localhost", server.port, timeout=30)
    everyone = [parent, *descendants(parent)]
    with server.connect() as half:
        half.sendall(get()[:-2] + b"X-A: ")

        def is_the_last():
            half.sendall(b"a")
            kept.request("GET", "/healthz")
            answer = kept.getresponse()
            assert (answer.status, answer.read() != b"") == (200, True)
            return answer.getheader("Connection") == "close"

        assert not is_the_last()
        parent.terminate()
        assert eventually(is_the_last)
        assert eventually(lambda: half.sendall(b"a") is None and refuses(server.port))
        half.sendall(b"\r\n\r\n")
        assert read(half)[0].status == 200
    assert eventually(lambda: not alive(everyone), within=30)


def test_port_that_is_taken_is_said(launch, free_port, tmp_path):
    with socket.create_server(("127.0.0.1", free_port)):
        process = launch(sys.executable, "-m", "config.web", data=tmp_path, PORT=str(free_port))
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Cannot listen at 127.0.0.1:{free_port}" in said
