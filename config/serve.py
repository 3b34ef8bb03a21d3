"""The whole stack in one terminal: `python -m config.serve [--demo]`, as `make serve` and `make demo` call it.

It starts the needed processes in order, and says so. It stops them in the opposite order. They end even if it is killed
itself. At SIGUSR2 it renews the processes one after another, without losing a request.
"""

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from config import embedded, env, swarm
from config.child_processes import READY_WITHIN, Child, ChildFailed
from config.processes import BACKLOG, bound_to_parent, die_with_parent

LOOK_EVERY = 0.25
#: Set when somebody asks for new processes.
_renewal = threading.Event()
_ADVICE = "Give postgres://user:password@host:port/name, or nothing for that of DATABASE_URL."


class Stopped(BaseException):
    """Somebody asked us to stop."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Run the whole stack.")
    parser.add_argument("--demo", action="store_true", help="with invented agencies, history and live minutes")
    demo = parser.parse_args().demo
    if demo:
        # A visitor of the demo has no authenticator app for an account that is gone tomorrow.
        env.set_default("SECOND_FACTOR", "false")
        env.set_default("CONTACT_EMAIL", "office@police2peer.example")
    _handle_signals()
    port, listener = env.port(), socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise SystemExit(f"Cannot use port {port}: {error.strerror}. Choose another: PORT={port + 1}") from None
    began = time.monotonic()
    try:
        _run(listener, demo=demo, began=began)
    except (Stopped, KeyboardInterrupt):
        say("Stopped.")
    except ChildFailed as failure:
        raise SystemExit(f"\n{failure}") from None


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _handle_signals() -> None:
    """Stop on Ctrl-C, on SIGTERM, on a closed terminal, and when the make that started us is killed."""

    def stop(number: int, frame: object) -> None:  # noqa: ARG001  the kernel calls it so
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    signal.signal(signal.SIGUSR2, lambda *_: _renewal.set())
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants the process to continue
        signal.signal(signal.SIGHUP, stop)
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)


def _run(listener: socket.socket, *, demo: bool, began: float) -> None:
    say("Starting the servers" if embedded.missing() else "Using the servers of DATABASE_URL and REDIS_URL")
    with embedded.owned() as servers:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        _migrate()
        # We hold the socket, and not the web server. So a new web server continues where the old one stops, and also
        # serves the clients that wait.
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            raise ChildFailed(f"Port {env.port()} is taken: {error.strerror}. Choose another PORT.") from None
        with _running(_children(listener)) as children:
            say("Starting web, workers and clock")
            deadline = time.monotonic() + READY_WITHIN
            while problem := _problem():
                if time.monotonic() > deadline:
                    raise ChildFailed(f"Not ready after {READY_WITHIN:.0f} seconds. {_url()}/readyz says: {problem}")
                _look(children, servers)
                time.sleep(0.1)
            if demo:
                waited = f"{time.monotonic() - began:.1f}"
                command = [sys.executable, "manage.py", "demo", _url(), "--waited", waited]
                if swarm.is_possible():
                    command += ["--credential", str(swarm.credential())]
                    swarm.credential().unlink(missing_ok=True)
                    children.append(Child("swarm", [sys.executable, "-m", "config.swarm"]).start())
                else:
                    say("No real swarm: libtorrent has no wheel for this machine. The invented numbers come as usual.")
                children.append(Child("demo", command, shown=True).start())
            else:
                say(
                    f"\nReady after {time.monotonic() - began:.0f} seconds.\n"
                    f"  {_url()}/            the pages for everybody\n"
                    f"  {_url()}/api/docs/   the API\n"
                    f"  {_url()}/admin/      the desk of the coordinators\n"
                    f"Logs are in {env.data_dir() / 'logs'}. Ctrl-C stops everything."
                )
            _watch(children, servers)


def _migrate() -> None:
    say("Bringing the database and its reference data up to date")
    done = subprocess.run(
        bound_to_parent([sys.executable, "manage.py", "migrate", "--verbosity", "0", "--with-reference"]),
        cwd=env.ROOT,
        check=False,
    )
    if done.returncode:
        raise ChildFailed("manage.py migrate failed; its messages are above.")


def _children(listener: socket.socket) -> list[Child]:
    python = [sys.executable, "-m"]
    processes = str(env.integer("WORKER_PROCESSES", default=2, low=1, high=64))
    worker = ["worker", "--concurrency", processes, "--pool", "prefork", "-O", "fair", "--loglevel", "WARNING"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # The schedule has only short intervals. So it is kept in memory, because there is nothing to remember.
    beat = ["beat", "--scheduler", "config.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING"]
    as_web = env.for_role(env.text("DATABASE_WEB_URL", default="", advice=_ADVICE))
    as_worker = env.for_role(env.text("DATABASE_WORKER_URL", default="", advice=_ADVICE))
    socket_number = listener.fileno()
    return [
        Child("worker", [*python, "celery", "--app", "config", *worker, *quiet], environment=as_worker),
        Child(
            "web",
            [*python, "config.web", "--fd", str(socket_number)],
            environment=as_web,
            inherits=[socket_number],
        ),
        Child("beat", [*python, "celery", "--app", "config", *beat], environment=as_worker),
    ]


@contextmanager
def _running(children: list[Child]) -> Iterator[list[Child]]:
    """Start them one after another; at the end ask the last one to stop first."""
    try:
        for child in children:
            child.start()
        yield children
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("\nStopping")
        for child in reversed(children):
            child.ask_to_stop()
        for child in children:
            child.await_stop()


def _problem() -> str:
    """What keeps us from being ready; empty if nothing does."""
    connection = http.client.HTTPConnection("127.0.0.1", env.port(), timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"localhost:{env.port()}"})
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
        return "" if answer.status == http.client.OK else body or str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def _watch(children: list[Child], servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        _look(children, servers)
        if _renewal.is_set():
            _renewal.clear()
            _renew(children)
        time.sleep(LOOK_EVERY)


def _look(children: list[Child], servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in servers.items():
        if process.poll() is not None:
            raise ChildFailed(f"{name} ended by itself. Look into {env.data_dir() / name.lower()}.log.")
    for child in children:
        if child.has_ended:
            child.restart()
            say(f"{child.name} had ended; started again. {child.where_to_look}")


def _renew(children: list[Child]) -> None:
    """Migrate the database, which the old processes can live with, then renew one process after another."""
    try:
        _migrate()
    except ChildFailed as failure:
        say(f"{failure} Everything goes on as it was.")
        return
    for child in children:
        if not child.shown:
            renewed = child.renew()
            say(f"{child.name} is renewed" if renewed else f"{child.name} goes on as it was. {child.where_to_look}")
    say("Renewed.")


def _url() -> str:
    return f"http://localhost:{env.port()}"


if __name__ == "__main__":
    main()
