"""The whole stack under its supervisor: ready when it says so, gone when whoever started it is, however that went."""

import json
import signal
import socket
import sys
import urllib.request

import psutil
import psycopg
import pytest

from tests import servers
from tests.integration.processes import alive, command_of, descendants, eventually, line_of

pytestmark = pytest.mark.slow


@pytest.fixture
def serve(launch, free_port, tmp_path):
    def run(*arguments):
        process = launch(*(arguments or (sys.executable, "-m", "config.serve")), data=tmp_path, PORT=str(free_port))
        lines: list[str] = []
        while not lines or not lines[-1].startswith("Ready after"):
            lines.append(line_of(process))
            assert process.poll() is None, "\n".join(lines)
        return process

    return run


def ready(port):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def part(processes, *words):
    return next(one for one in processes if all(word in " ".join(command_of(one)) for word in words))


def head(port):
    with urllib.request.urlopen(f"http://localhost:{port}/api/v1/audit/head/", timeout=60) as answer:
        return json.load(answer)


def test_killed_it_leaves_nothing_and_started_again_it_sees_to_all_until_ctrl_c(serve, launch, free_port, tmp_path):
    servers.lay_out(tmp_path)
    leaves_nothing_when_killed(serve("make", "--no-print-directory", "serve"))
    supervisor = serve()
    assert ready(free_port)
    sees_to_the_audit_trail(launch, free_port, tmp_path)
    signs_each_part_in_as_its_role(tmp_path)
    tells_no_secret_to_who_lists_processes(supervisor, tmp_path)
    everything = starts_again_what_ended(supervisor, free_port)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(60) == 0
    assert alive(everything) == []


def leaves_nothing_when_killed(make):
    everything = descendants(make)
    names = " ".join(" ".join(command_of(one)) for one in everything)
    assert all(name in names for name in ("config.serve", "postgres", "valkey-server", "config.web", "worker", "beat"))
    part(everything, "config.serve").kill()
    assert eventually(lambda: not alive(everything), within=30), alive(everything)


def starts_again_what_ended(supervisor, port):
    """Kill the web server; return all processes there were and are."""
    everything = descendants(supervisor)
    web = part(everything, "config.web")
    workers = psutil.Process(web.pid).children()
    web.kill()
    assert eventually(lambda: not alive(workers))
    assert any("web had ended; started again" in line_of(supervisor) for _ in range(10))
    assert eventually(lambda: ready(port), within=30)
    return everything + descendants(supervisor)


def sees_to_the_audit_trail(launch, port, data):
    assert eventually(lambda: head(port)["position"] > 0, within=60)
    noted = head(port)
    for command in (
        ("createsuperuser", "--noinput", "--username", "ada", "--email", ""),
        ("issue_credential", "--coordinator", "ada"),
    ):
        assert launch(sys.executable, "manage.py", *command, data=data).wait(120) == 0

    def whole_and_sealed():
        command = ("verify_audit", "--head", f"{noted['position']}:{noted['digest']}")
        process = launch(sys.executable, "manage.py", *command, data=data)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return "0 events wait to be sealed" in said

    assert eventually(whole_and_sealed, within=60)
    assert head(port)["position"] >= noted["position"] + 2


def signs_each_part_in_as_its_role(data):
    url = json.loads((data / "servers.json").read_text())["urls"]["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as owner:

        def names():
            others = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
            return {name for (name,) in owner.execute(f"SELECT usename FROM pg_stat_activity WHERE {others}")}

        assert eventually(lambda: names() == {"police2peer_web", "police2peer_worker", "police2peer_public"}), names()


def tells_no_secret_to_who_lists_processes(supervisor, data):
    lines = " ".join(" ".join(command_of(one)) for one in descendants(supervisor))
    secrets = {path.name: path.read_text().strip() for path in (data / "keys").iterdir()}
    assert len(secrets) >= 7
    assert [name for name, secret in secrets.items() if secret in lines] == []


def test_taken_port_is_said(launch, free_port, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        process = launch(sys.executable, "-m", "config.serve", data=tmp_path, PORT=str(free_port))
        assert f"Port {free_port} cannot be had" in line_of(process)
        assert process.wait(20) == 1
    assert list(tmp_path.iterdir()) == []
