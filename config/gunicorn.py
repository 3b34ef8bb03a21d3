"""How gunicorn serves: a few processes with threads, so that one that waits for PostgreSQL holds up no other."""

import gc
from typing import Any

from config import env
from config.patience import NoHost
from config.processes import die_with_parent

# Before the application is imported, which reads it: a reader does not wait as long as a worker may have to.
env.presume("DATABASE_STATEMENT_TIMEOUT", "30")

bind = f"127.0.0.1:{env.port()}"
# gthread, with patience: a request gets a thread once it is there.
worker_class = "config.worker.PatientWorker"
workers = env.whole("WEB_PROCESSES", default=2, low=1, high=64)
threads = env.whole("WEB_THREADS", default=8, low=1, high=64)
# Imported once, before the processes part ways: a faster start, and a broken import stops it at once.
preload_app = True
control_socket_disable = True
# How long a process may be silent until it is taken for dead. What clients may take, config.patience says.
timeout = 120
# Asked to stop, it takes no new connection, and gives those that it has this long: a submission may be on its way.
graceful_timeout = env.stop_seconds()
keepalive = 75
loglevel = "warning"
accesslog = None

# The longest address names all countries and a cursor; a browser behind two proxies sends some thirty fields.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# Whom to believe what of a forwarded request is for api.addresses to say, which knows TRUSTED_PROXIES.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# A name with an underscore could pass for another one: refused, as is all that is not HTTP to the letter.
header_map = "refuse"
proxy_protocol = "off"
# The kernel would wait for a slow reader without an end.
sendfile = False


def when_ready(server: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """Leave what the program itself is made of out of every collection: a submission of a million would pay for it."""
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, req: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """Refuse what gunicorn would let pass."""
    if req.version >= (1, 1) and not any(name == "HOST" for name, _ in req.headers):
        raise NoHost


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  gunicorn calls it so
    """A worker goes with its parent at once, not at its next look for it."""
    die_with_parent()
