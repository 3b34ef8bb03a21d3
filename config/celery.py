"""The Celery application. `federation.runs.tasks` holds the tasks, `federation.worklist.dispatch` sends to them."""

import os

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_process_init, worker_ready

from config.processes import announce, die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("police2peer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["federation.runs"])


@setup_logging.connect
def _leave_logs_alone(**_: object) -> None:
    """LOGGING says what is logged and how. Without a listener, Celery would set levels of its own."""


@worker_ready.connect
@beat_init.connect
def _say_ready(**_: object) -> None:
    """Tell the supervisor that this process is ready."""
    announce()


@worker_process_init.connect
def _die_with_worker(**_: object) -> None:
    """A pool process outlives its killed parent otherwise, and goes on working with old code."""
    die_with_parent()
