"""The embedded servers: found by their directory, gone with the process that started them, clean after a kill."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from config.embedded.process import spawn
from tests import servers
from tests.integration import processes
from tests.integration.processes import alive, descendants, line_of

pytestmark = [pytest.mark.verify, pytest.mark.xdist_group("embedded")]

SERVE = """
import json, os, time
from config import embedded
with embedded.environment():
    print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}), flush=True)
    while not os.path.exists(os.environ.get("UNTIL", "/")):
        time.sleep(0.02)
"""


@pytest.fixture
def python(launch):
    return partial(launch, sys.executable, "-c")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    data = tmp_path_factory.mktemp("running")
    servers.lay_out(data)
    process = processes.start(sys.executable, "-c", SERVE, data=data, UNTIL="/never")
    yield process, json.loads(line_of(process)), data
    processes.end(process)


@pytest.fixture
def brief(python):
    def run(data):
        process = python(SERVE, data=data)
        return json.loads(line_of(process)), process.wait(60)

    return run


def test_both_answer_with_their_password_only(running):
    _, urls, _ = running
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW max_locks_per_transaction").fetchone() == ("256",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    password = urls["DATABASE_URL"].split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(urls["DATABASE_URL"].replace(password, "guess"))
    with (
        redis.Redis.from_url(
            urls["REDIS_URL"].replace(urls["REDIS_URL"].split(":")[2].split("@")[0], "guess")
        ) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_text_is_ordered_by_code_point(running):
    _, urls, _ = running
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT array_agg(x ORDER BY x) FROM unnest(ARRAY['å', 'b', 'B', 'a']) x").fetchone()
    assert row == (["B", "a", "b", "å"],)


def test_server_gets_nothing_of_our_environment_but_the_clock(monkeypatch, tmp_path):
    path = {"PATH": os.environ["PATH"]}
    moved = {"LD_PRELOAD": "", "FAKETIME": "+3600", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    # In Python only: the C library must not move the clock of the tests.
    monkeypatch.setattr(os, "environ", path | moved | {"ROUNDING_KEY": "a secret"})
    spawn(["env"], log=tmp_path / "log").wait()
    given = dict(line.split("=", 1) for line in (tmp_path / "log").read_text().splitlines())
    assert given == path | moved | {"LC_ALL": "C"}


def test_second_command_finds_them(brief, running):
    process, urls, data = running
    assert brief(data) == (urls, 0)
    assert len(descendants(process)) >= 2


def test_secrets_are_for_the_owner_only(running):
    *_, data = running
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in [*(data / "keys").iterdir(), data / "servers.json"]
    }
    roles = ["police2peer_web", "police2peer_worker", "police2peer_public"]
    assert modes == dict.fromkeys(["postgres", "valkey", "secret_key", "rounding_key", "servers.json", *roles], 0o600)


def test_secrets_stay(brief, tmp_path):
    brief(tmp_path)
    before = {path.name: path.read_text() for path in (tmp_path / "keys").iterdir()}
    brief(tmp_path)
    assert {path.name: path.read_text() for path in (tmp_path / "keys").iterdir()} == before


def test_killed_launcher_leaves_nothing_and_next_start_is_clean_with_the_roles_that_were_not_there(python, tmp_path):
    process, data = python(SERVE, data=tmp_path, UNTIL="/never"), tmp_path
    urls = json.loads(line_of(process))
    with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        connection.execute("DROP ROLE police2peer_public")
    (data / "keys" / "police2peer_web").unlink()
    children = descendants(process)
    process.send_signal(signal.SIGKILL)
    again = python(SERVE, data=data, UNTIL="/never")
    urls = json.loads(line_of(again))
    assert alive(children) == []
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    roles = json.loads((data / "servers.json").read_text())["urls"]
    for variable in ("DATABASE_WEB_URL", "DATABASE_PUBLIC_URL"):
        with psycopg.connect(roles[variable]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (urlsplit(roles[variable]).username,)


def test_mark_with_number_of_another_process_is_no_hindrance(brief, tmp_path):
    servers.lay_out(tmp_path)
    brief(tmp_path)
    (tmp_path / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/nowhere\n")
    assert brief(tmp_path)[1] == 0


def test_no_server_starts_beside_what_is_left_of_a_killed_one(python, tmp_path):
    servers.lay_out(tmp_path)
    launcher, data = python(SERVE, data=tmp_path, UNTIL="/never"), tmp_path
    urls = json.loads(line_of(launcher))
    with closing(psycopg.connect(urls["DATABASE_URL"])) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        backend.suspend()  # as one that is in the midst of a long write, and looks for its parent only afterwards
        psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0])).kill()
        launcher.kill()
        refused, _ = python(SERVE, data=data).communicate(timeout=60)
        assert "pre-existing shared memory block" in refused
        backend.kill()
    again = python(SERVE, data=data, UNTIL="/never")
    assert json.loads(line_of(again)).keys() == urls.keys()


def test_stopped_launcher_leaves_nothing(python, tmp_path):
    servers.lay_out(tmp_path)
    process = python(SERVE, data=tmp_path, UNTIL=str(tmp_path / "now"))
    line_of(process)
    children = descendants(process)
    (tmp_path / "now").touch()
    assert process.wait(60) == 0
    assert alive(children) == []
    assert not (tmp_path / "servers.json").exists()


def test_starter_waits_for_those_that_found_its_servers(python, tmp_path):
    servers.lay_out(tmp_path)
    starter = python(SERVE, data=tmp_path, UNTIL=str(tmp_path / "first"))
    urls = json.loads(line_of(starter))
    finder = python(SERVE, data=tmp_path, UNTIL=str(tmp_path / "second"))
    assert json.loads(line_of(finder)) == urls
    (tmp_path / "first").touch()
    with pytest.raises(subprocess.TimeoutExpired):
        starter.wait(0.5)
    (tmp_path / "second").touch()
    assert finder.wait(60) == 0
    assert starter.wait(60) == 0


def test_two_at_once_share_one_server(python, tmp_path):
    both = [python(SERVE, data=tmp_path, UNTIL=str(tmp_path / "now")) for _ in range(2)]
    first, second = (json.loads(line_of(process)) for process in both)
    assert first == second
    (tmp_path / "now").touch()
    assert [process.wait(60) for process in both] == [0, 0]


def test_nothing_starts_where_both_are_named(python, tmp_path):
    process = python(
        SERVE,
        data=tmp_path / "unused",
        DATABASE_URL="postgres://a/b",
        REDIS_URL="redis://c/0",
        UNTIL=str(tmp_path / "now"),
    )
    assert json.loads(line_of(process)) == {"DATABASE_URL": "postgres://a/b", "REDIS_URL": "redis://c/0"}
    assert descendants(process) == []
    (tmp_path / "now").touch()
    assert process.wait(60) == 0
    assert not (tmp_path / "unused").exists()


def test_owner_reads_that_another_process_runs_them(python, running):
    *_, data = running
    second = python("from config import embedded\nwith embedded.owned(): pass", data=data)
    assert "Another process runs the servers" in line_of(second)
    assert second.wait(60) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs somebody else to run PostgreSQL as")
def test_root_without_namespaces_runs_as_nobody_who_cannot_see_this_folder(python, tmp_path):
    (tmp_path / "bin").mkdir()
    for _ in range(2):
        process = python(SERVE, data=tmp_path, PATH=str(tmp_path / "bin"), UNTIL=str(tmp_path / "now"))
        with psycopg.connect(json.loads(line_of(process))["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        server = next(child for child in psutil.Process(process.pid).children() if "postgres" in child.name())
        assert server.username() == "nobody"
        (tmp_path / "now").touch()
        assert process.wait(60) == 0
        (tmp_path / "now").unlink()
    shutil.rmtree((tmp_path / "postgres").resolve().parent)


def test_processes_that_look_for_a_port_at_once_find_different_ones(python, tmp_path):
    look = "from config.embedded.process import free_port; print(*(free_port() for _ in range(20)))"
    lookers = [python(look, data=tmp_path) for _ in range(3)]
    found = [port for looker in lookers for port in line_of(looker).split()]
    assert len(found) == len(set(found)) == 60
