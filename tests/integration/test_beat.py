"""Beat keeps ticking when its machine's time jumps, and stops sending when no worker takes its messages."""

import os
import signal
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from celery import Celery

from config import beat


class Clocks:
    """The machine's time, which can be set, and the one that nobody sets."""

    def __init__(self):
        self.wall, self.steady = datetime.now(UTC), 1000.0

    def go_on(self, seconds):
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


@pytest.fixture
def clocks(monkeypatch):
    made = Clocks()
    monkeypatch.setattr(beat, "monotonic", lambda: made.steady)
    return made


@pytest.fixture
def scheduler(clocks, monkeypatch):
    """Beat with one thing to do each second, at the broker of the tests, in a queue of its own."""
    app = Celery("elsewhere", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.task_default_queue = f"beat {uuid4()}"
    monkeypatch.setattr(app, "now", lambda: clocks.wall)
    app.conf.beat_schedule = {"tick": {"task": "elsewhere.tick", "schedule": 1.0}}
    with app.connection_for_write() as connection:
        made = beat.Scheduler(app)
        made.connection = connection
        made.setup_schedule()
        yield made
        connection.default_channel.queue_delete(app.conf.task_default_queue)
    app.close()


def queue(scheduler):
    return scheduler.app.conf.task_default_queue


def waiting(scheduler):
    return scheduler.connection.default_channel.queue_declare(queue(scheduler)).message_count


def run(scheduler, clocks, *, seconds):
    """Let beat tick for some time, as its service would, and return how much it sent."""
    before = waiting(scheduler)
    for _ in range(round(seconds * 4)):
        while scheduler.tick() == 0:
            pass
        clocks.go_on(0.25)
    return waiting(scheduler) - before


@pytest.mark.parametrize("hours", [-2, 2])
def test_beat_goes_on_when_the_time_of_its_machine_is_set(scheduler, clocks, hours):
    assert run(scheduler, clocks, seconds=5) in {4, 5}
    clocks.wall += timedelta(hours=hours)
    assert run(scheduler, clocks, seconds=5) in {4, 5, 6}


def test_no_message_hangs_on_the_time_of_another_machine(scheduler, clocks):
    run(scheduler, clocks, seconds=3)
    message = scheduler.connection.default_channel.basic_get(queue(scheduler))
    assert (message.headers["expires"], message.headers["eta"]) == (None, None)


def test_messages_do_not_heap_up_where_nobody_takes_them(scheduler, clocks, monkeypatch):
    monkeypatch.setattr(beat, "MANY", 3)
    assert run(scheduler, clocks, seconds=9) == 3
    scheduler.connection.default_channel.queue_purge(queue(scheduler))
    assert run(scheduler, clocks, seconds=2) > 0


def test_a_signal_to_end_waits_until_what_is_due_is_sent(scheduler, clocks, monkeypatch):
    def end(*_):
        raise SystemExit

    def interrupted(_self, producer):
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    monkeypatch.setattr(beat.Scheduler, "_waiting", interrupted)
    before = signal.signal(signal.SIGTERM, end)
    try:
        with pytest.raises(SystemExit):
            run(scheduler, clocks, seconds=2)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert waiting(scheduler) == 1
