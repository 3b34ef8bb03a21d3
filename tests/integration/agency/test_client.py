"""`p2p-agency` against a real federation: the first day, kills and cuts, and a federation from an older backup."""

import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests import cluster
from tests.integration.agency import machines
from tests.integration.processes import ROOT, eventually
from tests.integration.test_full_disk import APART, may_mount

pytestmark = [pytest.mark.verify, pytest.mark.xdist_group("agency")]

KILLS = 200
CODES = [f"NO-{number}" for number in range(6)]


@pytest.fixture(scope="module")
def federation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("federation")
    with machines.federation(folder, *CODES, "SE-NOA", "FI-KRP", "DK-NC3", "PT-PJ") as running:
        yield running


@pytest.fixture
def machine(federation, tmp_path):
    def at(code, port=None):
        made = machines.Machine(tmp_path / code, federation, code, f"http://127.0.0.1:{port or federation.port}")
        made.init()
        return made

    return at


def test_first_report_is_accepted_after_two_commands(federation, machine):
    first = machine("SE-NOA")
    [path] = first.write(1)
    done = first.run("send", path)
    assert (done.returncode, done.stdout) == (0, "Accepted: 1 report.\n        1 put into use\n")
    assert federation.stored("SE-NOA") == first.expected()
    worker = cluster.host(federation.running.servers, "worker", 1, {}).start().await_ready()
    asked = "withdraw", "DOWNLOADS", "H", "2026-01-01T00:00"
    preview = "DOWNLOADS 2026-01-01T00:00: 1\nWithdraw 1 report?"
    assert eventually(lambda: preview in first.run(*asked, told="n\n").stdout)
    done = first.run(*asked, told="y\n")
    worker.stop()
    assert (done.returncode, [total for _, total, _ in federation.stored("SE-NOA")]) == (0, [0, 1])


def test_killed_two_hundred_times_the_federation_has_each_report_once(federation, tmp_path):
    line = machines.Line(federation.port)
    chance = random.Random(1)
    agencies = [
        machines.Machine(tmp_path / code, federation, code, line.address, seed) for seed, code in enumerate(CODES)
    ]
    try:
        with ThreadPoolExecutor(len(agencies)) as pool:
            list(pool.map(machines.Machine.init, agencies))
            began = time.monotonic()
            agencies[0].run("send", *agencies[0].write(3))
            whole = time.monotonic() - began
            killing = [pool.submit(kill_again_and_again, one, whole) for one in agencies]
            line.break_until(lambda: all(one.done() for one in killing), chance)
            assert sum(one.result() for one in killing) >= KILLS
            list(pool.map(finish, agencies))
    finally:
        line.end()
    for one in agencies:
        assert federation.stored(one.code) == one.expected()
        assert one.results() == {"Accepted: 1 report."}


def kill_again_and_again(machine, whole):
    kills = 0
    while kills < KILLS / len(CODES):
        kills += machine.kill("send", *machine.write(3), within=1.5 * whole)
        kills += machine.kill("watch", "--quiet", "0", str(machine.files), meanwhile=2, within=2 * whole)
    return kills


def finish(machine):
    """Once nothing breaks any more: let it watch until all files have their result."""
    watch = machine.start("watch", "--quiet", "0", str(machine.files))
    done = eventually(lambda: len(list(machine.files.glob("*.result.txt"))) == len(machine.hours), within=180)
    watch.send_signal(signal.SIGTERM)
    output, _ = watch.communicate()
    assert done, output


def test_file_that_grows_slowly_is_sent_when_it_is_whole(federation, machine):
    slow = machine("FI-KRP")
    watch = slow.start("watch", "--quiet", "1", str(slow.files))
    slow.write(1)
    growing = slow.files / "growing.csv"
    rows = ["INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE\n"]
    rows += [f"DOWNLOADS,H,2026-02-01T00:00,{country},ARES,1\n" for country in ("NO", "SE", "DK")]
    with growing.open("w", buffering=1) as file:
        for row in rows:
            file.write(row)
            time.sleep(1.8)
    assert eventually((slow.files / "growing.csv.result.txt").exists)
    watch.kill()
    watch.communicate()
    assert [total for _, total, _ in federation.stored("FI-KRP")] == [1, 3]


def test_what_an_older_backup_lacks_comes_back(federation, machine, tmp_path):
    servers, [web] = federation.running.servers, federation.running.web
    agency = machine("DK-NC3")
    assert agency.run("send", *agency.write(3)).returncode == 0
    servers.manage("backup", str(tmp_path / "backup.gz"))
    assert agency.run("send", *agency.write(4)).returncode == 0
    web.stop()
    with psycopg.connect(servers.database_url.replace("/federation", "/postgres"), autocommit=True) as server:
        server.execute("DROP DATABASE federation WITH (FORCE)")
        server.execute("CREATE DATABASE federation")
    servers.manage("restore", str(tmp_path / "backup.gz"))
    web.start().await_ready()
    assert federation.stored("DK-NC3") == agency.expected()[:3]
    done = agency.run("outbox", "--compare")
    assert re.search(r"lacks 4 submissions.*\naccepted: 7\nwaiting: 0\n", done.stdout, re.DOTALL), done.stdout
    assert federation.stored("DK-NC3") == agency.expected()
    assert "lacks 0 submissions" in agency.run("outbox", "--compare").stdout


def test_nine_years_of_hours_go_on_where_they_were_interrupted(federation, machine):
    agency = machine("PT-PJ")
    first = datetime(2017, 1, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=number) for number in range(9 * 365 * 24)]
    head = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"
    rows = [f"DOWNLOADS,H,{hour:%Y-%m-%dT%H:00},PT,{network},3" for hour in hours for network in ("ARES", "EDONKEY")]
    history = agency.files / "history.csv"
    history.write_text("\n".join([head, *rows]))
    preview = agency.run("send", "--dry-run", str(history)).stdout
    assert ("78,840 put into use" in preview, "These reports need 8 submissions." in preview) == (True, True)

    started = agency.start("send", str(history))
    assert eventually(lambda: len(federation.stored("PT-PJ")) >= 20_000, within=120)
    started.kill()
    started.communicate()
    assert len(federation.stored("PT-PJ")) < len(hours)
    done = agency.run("send", str(history))
    assert "78,840 put into use" in done.stdout
    assert federation.stored("PT-PJ") == [(hour, 6, 1) for hour in hours]


def test_full_disk_loses_and_doubles_nothing(tmp_path):
    if not may_mount(tmp_path):
        pytest.skip("a disk as small as that can be mounted by root alone")
    program = [*APART, sys.executable, "-m", "tests.integration.agency.full_disk", str(tmp_path)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
