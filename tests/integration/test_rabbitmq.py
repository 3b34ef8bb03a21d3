"""RabbitMQ carries the messages as Valkey does: numbers become public, and it may restart at any time."""

import json
import sys
import time
import urllib.error
import urllib.request

import psycopg
import pytest

from tests import servers
from tests.cluster import replica
from tests.integration.load import Load, token_of
from tests.integration.processes import eventually, line_of
from tests.integration.rabbit import PROGRAM, Rabbit
from tests.integration.test_renewal import issued

pytestmark = [
    pytest.mark.verify,
    pytest.mark.skipif(PROGRAM is None, reason="RabbitMQ is not installed (Debian: rabbitmq-server)"),
]


#: The token of monitoring, which alone is told what waits.
MONITORING = "m" * 32


@pytest.fixture
def rabbit(tmp_path):
    made = Rabbit(tmp_path / "rabbit")
    made.start()
    yield made
    made.stop()


def readiness(port):
    asked = urllib.request.Request(f"http://localhost:{port}/readyz", headers={"Authorization": f"Bearer {MONITORING}"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


@pytest.fixture
def port(launch, free_port, rabbit, tmp_path):
    """The port of a whole installation whose messages RabbitMQ carries."""
    servers.lay_out(tmp_path)
    more = {"PORT": str(free_port), "BROKER_URL": rabbit.url, "METRICS_TOKEN": MONITORING}
    supervisor = launch(sys.executable, "-m", "config.serve", data=tmp_path, **more)
    lines = [""]
    while not lines[-1].startswith("Ready after"):
        lines.append(line_of(supervisor))
        assert supervisor.poll() is None, "\n".join(lines)
    return free_port


def has_broker(port):
    return readiness(port)["checks"]["broker"]


def clock_mark(data):
    with psycopg.connect(replica.address_of(data)) as owner:
        return owner.execute("SELECT at FROM federation_clockmark").fetchone()[0]


def clock_advances(data):
    before = clock_mark(data)
    return eventually(lambda: clock_mark(data) > before, within=90)


def test_numbers_become_public_and_nothing_is_lost_while_it_is_away(launch, port, rabbit, tmp_path):
    load = Load(port, token_of(port, **issued(launch, tmp_path)))

    def is_done():
        # What a host says of the work may be two seconds old: from before the last submission.
        time.sleep(3)
        return readiness(port).get("work", {}).get("pending") == 0

    load.submit()
    assert eventually(is_done)
    rabbit.stop()
    assert eventually(lambda: not has_broker(port))
    assert readiness(port)["status"] == "ready"
    load.submit()
    assert load.failures == []
    rabbit.start()
    assert eventually(is_done, within=90)
    assert [one for one in load.submitted if not load.is_stored(one)] == []
    assert len(load.submitted) == 2


def test_clock_goes_on_after_a_restart_without_any_submission(port, rabbit, tmp_path):
    assert clock_advances(tmp_path)
    rabbit.stop()
    assert eventually(lambda: not has_broker(port))
    rabbit.start()
    assert eventually(lambda: has_broker(port))
    # A few messages from before may be left in the queue, and each advances the clock once.
    assert all(clock_advances(tmp_path) for _ in range(10))
