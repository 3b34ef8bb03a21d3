"""A broker that is away, or refuses: whoever sends a hint does not wait for it, and a worker comes back to it."""

import socket
import time
from functools import partial

import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from config.embedded import valkey
from config.embedded.process import stop
from tests.integration.federation.workers import working
from tests.integration.processes import eventually


@pytest.fixture
def listening():
    """A broker that takes connections and never answers."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        yield mute.getsockname()[1]


@pytest.mark.parametrize("broker", ["listening", "free_port"], ids=["hung", "gone"])
def test_hint_fails_within_a_second(broker, request):
    app = Celery("elsewhere", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = f"redis://127.0.0.1:{request.getfixturevalue(broker)}/0"
    began = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task("federation.tasks.reconcile", retry=False)
    assert time.monotonic() - began < 1.5
    app.close()


@pytest.fixture
def own_broker(tmp_path):
    """A broker that nobody else uses, so that it may refuse."""
    url, process = valkey.start(tmp_path)
    yield url
    stop(process)


@pytest.fixture
def elsewhere(own_broker):
    app = Celery("elsewhere", broker=own_broker, set_as_current=False)
    yield app
    app.close()


def is_there(app):
    return bool(app.control.inspect(timeout=1).ping())


@pytest.mark.slow
def test_worker_comes_back_to_a_broker_that_refused_for_a_while(own_broker, elsewhere, tmp_path):
    log = tmp_path / "worker.log"
    with working(log, REDIS_URL=own_broker) as workers, redis.Redis.from_url(own_broker) as broker:
        assert eventually(partial(is_there, elsewhere), within=60)
        before = workers.pool()
        # It takes no writes and says so, as with a full disk.
        broker.config_set("min-replicas-to-write", 1)
        assert eventually(lambda: "NOREPLICAS" in log.read_text() or "ResponseError" in log.read_text(), within=30)
        broker.config_set("min-replicas-to-write", 0)
        assert eventually(partial(is_there, elsewhere), within=60)
        assert workers.pool() == before
