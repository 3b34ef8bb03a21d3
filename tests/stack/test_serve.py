"""The stack under its supervisor: each part has its role, ended parts start again, and nothing is left at the end."""

import json
import signal
import socket
import sys
import urllib.request

import psutil
import psycopg
import pytest

from tests import servers
from tests.integration.processes import alive, await_ready, command_of, descendants, eventually, line_of

pytestmark = [pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]


def ready(port):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


def part(processes, word):
    return next(one for one in processes if word in " ".join(command_of(one)))


def test_audit_trail_is_sealed_and_whole(federation):
    stack = federation.stack
    assert eventually(lambda: stack.read("audit/head/")["position"] > 0)
    known = stack.read("audit/head/")

    def all_is_sealed():
        said = stack.manage("verify_audit", "--head", f"{known['position']}:{known['digest']}")
        return "0 events wait to be sealed" in said

    assert eventually(all_is_sealed)


def test_parts_sign_in_as_their_roles(stack):
    url = json.loads((stack.data / "servers.json").read_text())["urls"]["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as owner:

        def names():
            others = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
            return {name for (name,) in owner.execute(f"SELECT usename FROM pg_stat_activity WHERE {others}")}

        # The public's role signs in with the first public read, and workers with their first work.
        stack.read("audit/head/")
        roles = {"police2peer_web", "police2peer_worker", "police2peer_public"}
        assert eventually(lambda: names() == roles), names()


def test_no_secret_is_shown_to_who_lists_processes(stack):
    lines = " ".join(" ".join(command_of(one)) for one in descendants(stack.process))
    secrets = {path.name: path.read_text().strip() for path in (stack.data / "keys").iterdir()}
    assert len(secrets) >= 7
    assert [name for name, secret in secrets.items() if secret in lines] == []


@pytest.mark.last
def test_web_server_that_ended_is_started_again_and_ctrl_c_leaves_nothing(stack):
    before = descendants(stack.process)
    web = part(before, "config.web")
    children = psutil.Process(web.pid).children()
    web.kill()
    assert eventually(lambda: not alive(children))
    assert any("web had ended; started again" in line_of(stack.process) for _ in range(10))
    assert eventually(lambda: ready(stack.port))
    everything = before + descendants(stack.process)
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(60) == 0
    assert alive(everything) == []


def test_killed_stack_leaves_nothing_and_can_be_started_again(launch, free_port, tmp_path):
    servers.lay_out(tmp_path)
    assert [left_when_killed(launch, free_port, tmp_path) for _ in range(2)] == [[], []]


def left_when_killed(launch, port, data):
    make = launch("make", "--no-print-directory", "serve", data=data, PORT=str(port))
    await_ready(make)
    assert ready(port)
    everything = descendants(make)
    names = " ".join(" ".join(command_of(one)) for one in everything)
    assert all(name in names for name in ("config.serve", "postgres", "valkey-server", "config.web", "worker", "beat"))
    part(everything, "config.serve").kill()
    eventually(lambda: not alive(everything))
    return alive(everything)


def test_taken_port_is_said(launch, free_port, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        process = launch(sys.executable, "-m", "config.serve", data=tmp_path, PORT=str(free_port))
        assert f"Cannot use port {free_port}" in line_of(process)
        assert process.wait(60) == 1
    assert list(tmp_path.iterdir()) == []
