"""A broker that is away or refuses: a sender of hints does not wait for it, and a worker reconnects."""

import socket
import time
from functools import partial

import pytest
import redis
from celery import Celery
from kombu import Connection, Consumer, Message, Producer, Queue
from kombu.exceptions import OperationalError

from config import broker
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
def test_hint_fails_soon(broker, request):
    app = Celery("elsewhere", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = f"redis://127.0.0.1:{request.getfixturevalue(broker)}/0"
    began = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task("federation.runs.tasks.reconcile", retry=False)
    # A second, or some on a busy machine; without the limits of `config.broker` it would wait for ever, or try again.
    assert time.monotonic() - began < 8
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


def test_broker_that_refuses_as_its_disk_takes_nothing_is_there(tmp_path):
    url, process = valkey.start(tmp_path)
    try:
        # It cannot be replaced by what is saved, as on a full disk.
        (tmp_path / "valkey" / "dump.rdb").mkdir()
        with redis.Redis.from_url(url) as client:
            client.config_set("save", "3600 1")
            client.bgsave()
            assert eventually(partial(refuses, client))
            assert valkey.answers(url)
            client.config_set("save", "")
    finally:
        stop(process)
    assert not valkey.answers(url)


def refuses(client):
    try:
        client.ping()
    except redis.ResponseError as refusal:
        return "MISCONF" in str(refusal)
    return False


@pytest.mark.parametrize("deed", ["ack", "reject"])
def test_message_that_could_not_be_acknowledged_leaves_room_for_the_next(own_broker, deed):
    got: list[Message] = []
    known = {"transport": broker.transport(own_broker), "transport_options": broker.options(own_broker)}
    with Connection(own_broker, **known) as connection, redis.Redis.from_url(own_broker) as other:
        channel = connection.channel()
        channel.basic_qos(0, 1, False)
        with Consumer(channel, Queue("hints", channel=channel), on_message=got.append):
            for _ in range(2):
                Producer(channel).publish({}, routing_key="hints")
            connection.drain_events(timeout=60)
            other.client_pause(600_000, all=False)
            with pytest.raises(redis.TimeoutError):
                getattr(got[0], deed)()
            other.client_unpause()
            connection.drain_events(timeout=60)
    assert len({message.delivery_tag for message in got}) == 2


def is_there(app):
    return bool(app.control.inspect(timeout=1).ping())


@pytest.mark.verify
def test_worker_comes_back_to_a_broker_that_refused_for_a_while(own_broker, elsewhere, tmp_path):
    log = tmp_path / "worker.log"
    with working(log, REDIS_URL=own_broker) as workers, redis.Redis.from_url(own_broker) as other:
        assert eventually(partial(is_there, elsewhere))
        before = workers.pool()
        # It takes no writes and says so, as with a full disk.
        other.config_set("min-replicas-to-write", 1)
        assert eventually(lambda: "NOREPLICAS" in log.read_text() or "ResponseError" in log.read_text())
        other.config_set("min-replicas-to-write", 0)
        assert eventually(partial(is_there, elsewhere))
        assert workers.pool() == before
