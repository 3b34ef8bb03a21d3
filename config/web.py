"""The web server: waitress in a few processes that accept from one socket. `python -m config.web`.

waitress gives a thread to a request only after it has received the whole request. It keeps an answer until its reader
has taken it. So slow clients keep no thread busy. This module adds the processes, and a stop that loses no request.
"""

import argparse
import gc
import multiprocessing
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import wait
from os import dup2
from typing import Any, Final

from waitress import create_server

from config import env
from config.processes import BACKLOG, announce, die_with_parent

SETTINGS: Final = {
    # The application refuses a body that is too large before waitress does, because its answer says more.
    "max_request_body_size": 128 * 1024 * 1024 + 1,
    "max_request_header_size": 32 * 1024,
    "recv_bytes": 64 * 1024,
    # A process with more connections leaves new ones to the others.
    "connection_limit": 1000,
    # `select` cannot wait for that many.
    "asyncore_use_poll": True,
    # A connection on which nothing moves is closed. A proxy must close its idle ones sooner: see deploy/nginx.
    "channel_timeout": 30,
    "cleanup_interval": 1,
    "backlog": BACKLOG,
    # api.addresses decides which proxies to believe.
    "clear_untrusted_proxy_headers": False,
    # A client that leaves is no error.
    "log_socket_errors": False,
    "ident": None,
}
#: While a process stops, it closes connections that have been idle for this long.
_IDLE_SECONDS: Final = 5
_STOP_SECONDS: Final = env.stop_seconds()
_KILL_AFTER: Final = 2.0
_FILES: Final = 4096

_fork = multiprocessing.get_context("fork")


def main() -> None:
    # Set before the application is imported, because the import reads it. A reader must not wait as long as a worker.
    env.set_default("DATABASE_STATEMENT_TIMEOUT", "30")
    listener = _listen()
    # A file for each connection, for its large body and for its large answer.
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed < _FILES <= most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, most))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit())
    application = _load_application(listener)
    # Later collections skip everything that is loaded now. Otherwise a submission of a million would be slower.
    gc.collect()
    gc.freeze()
    # Requests leave few cycles, and looking for them after each 700 new objects takes 5 % of their time.
    gc.set_threshold(20_000)
    processes: list[Any] = []
    try:
        count = env.integer("WEB_PROCESSES", default=2, low=1, high=64)
        processes.extend(_start(application, listener) for _ in range(count))
        announce()
        while True:
            wait([one.sentinel for one in processes])
            # A pause, because each new process may also end at once.
            time.sleep(1)
            processes[:] = [one if one.is_alive() else _start(application, listener) for one in processes]
    finally:
        listener.close()
        for one in processes:
            one.terminate()
        until = time.monotonic() + _STOP_SECONDS + _KILL_AFTER
        for one in processes:
            one.join(max(0, until - time.monotonic()))
            one.kill()


def _listen() -> socket.socket:
    parser = argparse.ArgumentParser(prog="python -m config.web", description="Run the web server.")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen, at PORT")
    parser.add_argument("--fd", type=int, help="a listening socket that the parent process holds")
    given = parser.parse_args()
    if given.fd is not None:
        return socket.socket(fileno=given.fd)
    try:
        return socket.create_server((given.host, env.port()), backlog=BACKLOG)
    except OSError as error:
        where = f"{given.host}:{env.port()}"
        raise SystemExit(f"Cannot listen at {where}: {error.strerror}. Choose another PORT.") from None


def _load_application(listener: socket.socket) -> Any:
    """Imported once for all processes: they start faster, and a broken import stops the server at once.

    systemd keeps the socket open if the server stops, and starts the server again. If the import is broken, the
    connections that wait at the socket would wait for ever. They are closed, so that the proxy asks another web host.
    """
    try:
        from config.wsgi import application
    except BaseException:
        listener.settimeout(0)
        with suppress(OSError):
            while True:
                listener.accept()[0].close()
        raise
    return application


def _start(application: Any, listener: socket.socket) -> multiprocessing.process.BaseProcess:
    process = _fork.Process(target=_serve, args=(application, listener))
    process.start()
    return process


def _serve(application: Any, listener: socket.socket) -> None:
    """Serve until SIGTERM, then until each connection has its answer."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent passes it on as SIGTERM.
    last_answers = LastAnswers(application)
    connections: dict[int, Any] = {}
    threads = env.integer("WEB_THREADS", default=8, low=1, high=64)
    server = create_server(last_answers, connections, sockets=[listener], threads=threads, **SETTINGS)
    own = len(connections)

    def drain() -> None:
        last_answers.begun = True
        # Replace it by a socket that nobody connects to. The port stays open if another process has it.
        silent = socket.socketpair()
        dup2(silent[0].fileno(), listener.fileno())
        server.adj.channel_timeout = _IDLE_SECONDS
        until = time.monotonic() + _STOP_SECONDS
        while len(connections) > own and time.monotonic() < until:
            time.sleep(0.05)
        # The server runs as long as it has a connection.
        connections.clear()

    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=drain, daemon=True).start())
    server.run()


class LastAnswers:
    """The application. Once ``begun``, its answers have no length, so that waitress ends each connection after one."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.begun = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not self.begun:
            return self._application(environ, start_response)  # type: ignore[no-any-return]

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start_response(status, [one for one in headers if one[0].lower() != "content-length"], *error)

        return _pieces(self._application(environ, start))


def _pieces(answer: Any) -> Iterator[bytes]:
    try:
        yield from answer
    finally:
        if hasattr(answer, "close"):
            answer.close()


if __name__ == "__main__":
    main()
