"""The Celery application. `federation.runs.tasks` holds the tasks, `federation.worklist.dispatch` sends to them."""

import os

from celery import Celery
from celery.signals import beat_init, setup_logging, task_prerun, worker_process_init, worker_ready
from django.db import close_old_connections

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


@task_prerun.connect
def _check_connections(**_: object) -> None:
    """Let go of a connection to the database that is old or was cut, as the web server does before each request."""
    close_old_connections()
