"""Whoever sends a hint does not wait for a broker that is away: the sweep finds the work without it."""

import socket
import time

import pytest
from celery import Celery
from kombu.exceptions import OperationalError


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
