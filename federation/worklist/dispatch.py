"""The one place that sends a Celery message. A message is only a hint to a worker: the work is on the list.

No work is lost if a hint cannot be sent, because the sweep, which beat starts every five seconds, finds the work.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

#: In seconds, so that a health check ends even if the broker is away.
_TIMEOUT = 1
#: In seconds. If no worker has answered by then, none runs, or one is away and goes on as before.
_OBEYS_WITHIN = 5
#: The delay in seconds of a hint that is sent because another worker had locked an item.
LATER = 0.1


def wake(delay: float = 0) -> None:
    """Ask for a worker, now or in ``delay`` seconds."""
    try:
        current_app.send_task("federation.runs.tasks.reconcile", countdown=delay or None, retry=False)
    except OperationalError:
        log.warning("hint not sent, the broker is away")


def wake_on_commit() -> None:
    """Ask for a worker when the transaction has committed, and only once for each transaction."""
    if wake not in (hook for _, hook, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(wake)


@contextmanager
def resting_workers() -> Iterator[None]:
    """Workers start no new task meanwhile. The work waits on the list, and they find it afterwards."""
    queue, control = current_app.conf.task_default_queue, current_app.control
    control.cancel_consumer(queue, reply=True, timeout=_OBEYS_WITHIN, limit=1)
    try:
        yield
    finally:
        control.add_consumer(queue, reply=True, timeout=_OBEYS_WITHIN, limit=1)
        wake()


def is_reachable() -> bool:
    """Whether the broker answers."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    try:
        with Connection(settings.BROKER_URL, connect_timeout=_TIMEOUT, transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=_TIMEOUT)
    except OperationalError:
        return False
    return True
