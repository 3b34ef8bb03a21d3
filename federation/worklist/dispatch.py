"""The one place that sends a Celery message. A message is a hint; the work is in the list.

A hint that can not be sent is no loss: the sweep finds the work.
"""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

#: A probe must not hang where the broker is away.
_PATIENCE = 1
#: How long a hint waits that was sent because another worker held something, in seconds.
LATER = 0.1


def wake(delay: float = 0) -> None:
    """Ask for a worker, now or in ``delay`` seconds."""
    try:
        current_app.send_task("federation.runs.tasks.reconcile", countdown=delay or None, retry=False)
    except OperationalError:
        log.warning("hint not sent, the broker is away")


def wake_on_commit() -> None:
    """Ask for a worker once the transaction has committed; once is enough."""
    if wake not in (hook for _, hook, _ in transaction.get_connection().run_on_commit):
        transaction.on_commit(wake)


def is_reachable() -> bool:
    """Whether the broker answers."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    try:
        with Connection(settings.BROKER_URL, connect_timeout=_PATIENCE, transport_options=options) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=_PATIENCE)
    except OperationalError:
        return False
    return True
