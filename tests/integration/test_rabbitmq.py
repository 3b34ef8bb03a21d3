"""RabbitMQ carries the messages as Valkey does: numbers become public, and nothing is lost while it is away."""

import json
import sys
import urllib.error
import urllib.request

import pytest

from tests import servers
from tests.integration.load import Load, token_of
from tests.integration.processes import eventually, line_of
from tests.integration.rabbit import PROGRAM, Rabbit
from tests.integration.test_renewal import issued

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="RabbitMQ is not installed (Debian: rabbitmq-server)"),
]


@pytest.fixture
def rabbit(tmp_path):
    made = Rabbit(tmp_path / "rabbit")
    made.start()
    yield made
    made.stop()


def readiness(port):
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def test_numbers_become_public_and_nothing_is_lost_while_it_is_away(launch, free_port, rabbit, tmp_path):
    servers.lay_out(tmp_path)
    more = {"PORT": str(free_port), "BROKER_URL": rabbit.url}
    supervisor = launch(sys.executable, "-m", "config.serve", data=tmp_path, **more)
    lines = [""]
    while not lines[-1].startswith("Ready after"):
        lines.append(line_of(supervisor))
        assert supervisor.poll() is None, "\n".join(lines)
    load = Load(free_port, token_of(free_port, **issued(launch, tmp_path)))

    def is_done():
        return readiness(free_port).get("work", {}).get("pending") == 0

    load.submit()
    assert eventually(is_done, within=60)
    rabbit.stop()
    assert eventually(lambda: readiness(free_port)["checks"]["broker"] is False, within=30)
    load.submit()
    assert load.failures == []
    rabbit.start()
    assert eventually(is_done, within=90)
    assert [one for one in load.submitted if not load.is_stored(one)] == []
    assert len(load.submitted) == 2
