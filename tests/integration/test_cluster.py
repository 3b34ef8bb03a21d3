"""The cluster of `make chaos`: killed parts start again, and all parts end when their launcher is killed."""

import sys
from contextlib import ExitStack, suppress

import psutil
import pytest

from tests import cluster
from tests.chaos import sessions
from tests.cluster.part import until
from tests.integration.processes import alive, descendants, eventually, line_of

pytestmark = pytest.mark.verify

#: What a host of any role does here: it signs in wherever it was told to, and stays.
SIGNS_IN = """
import time, django
django.setup()
from django.db import connections
for one in connections.all():
    one.ensure_connection()
time.sleep(999)
"""


def test_hosts_sign_in_as_the_roles_and_none_as_the_owner(tmp_path):
    with cluster.servers(tmp_path) as servers, ExitStack() as stack:
        for role in ("web", "worker", "beat"):
            host = cluster.host(servers, role, 1, {}, command=[sys.executable, "-c", SIGNS_IN])
            stack.callback(host.start().stop)
        until(lambda: len(sessions.users(servers.database_url)) == 4, f"all have signed in. The logs are in {tmp_path}")
        assert sorted(sessions.users(servers.database_url)) == [
            *("police2peer_public", "police2peer_web"),
            *("police2peer_worker", "police2peer_worker"),
        ]


#: The two servers and a host, which need no migrated database for this.
CLUSTER = """
import signal, sys, time
from pathlib import Path
from tests import cluster

with cluster.servers(Path(sys.argv[1])) as servers:
    host = cluster.host(servers, "beat", 1, {}, command=[sys.executable, "-c", "import time; time.sleep(999)"])
    host.start().await_ready()
    print(servers.database.main.pid, servers.broker.main.pid, host.main.pid, flush=True)
    time.sleep(999)
"""


def test_killed_parts_come_again_and_go_with_their_launcher(launch, tmp_path):
    launcher = launch(sys.executable, "-c", CLUSTER, str(tmp_path), data=tmp_path)
    first = {psutil.Process(int(number)) for number in line_of(launcher).split()}
    for one in first:
        one.kill()
    psutil.wait_procs(first, timeout=60)

    def programs():
        # One that has ended may be gone before its name is read.
        with suppress(psutil.NoSuchProcess):
            return sorted(one.name() for one in psutil.Process(launcher.pid).children())

    assert eventually(lambda: programs() == ["postgres", "python", "valkey-server"])
    assert eventually(lambda: len(descendants(launcher)) > 3)  # PostgreSQL has recovered
    everyone = descendants(launcher)
    launcher.kill()
    assert eventually(lambda: alive(everyone) == [])
