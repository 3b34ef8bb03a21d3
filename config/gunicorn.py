"""How gunicorn serves: a few processes with threads, so that one that waits for PostgreSQL holds up no other."""

import gc
import shutil
from typing import Any

from config import env, metrics
from config.processes import die_with_parent

# Before the application is imported, which looks for it.
_shared = metrics.share()

bind = f"127.0.0.1:{env.port()}"
# gthread, which closes the port once it is asked to stop.
worker_class = "config.leaving.LeavingWorker"
workers = env.whole("WEB_PROCESSES", default=2, low=1, high=64)
threads = env.whole("WEB_THREADS", default=8, low=1, high=64)
# Imported once, before the processes part ways: a faster start, and a broken import stops it at once.
preload_app = True
control_socket_disable = True
# A submission of 128 MiB may come slowly; a thread reads it while the process answers others.
timeout = 120
# Asked to stop, it takes no new connection, and gives those that it has this long: a submission may be on its way.
graceful_timeout = env.stop_seconds()
keepalive = 75
loglevel = "warning"
accesslog = None


def when_ready(server: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """Leave what the program itself is made of out of every collection: a submission of a million would pay for it."""
    gc.collect()
    gc.freeze()


def on_exit(server: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """Take away what was shared."""
    shutil.rmtree(_shared, ignore_errors=True)


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """A worker goes with its parent at once, not at its next look for it."""
    die_with_parent()
