"""The whole stack in one terminal: `python -m config.serve [--demo]`, as `make serve` and `make demo` call it.

Starts what is needed in order, says so, and stops it in the opposite order, also when it is itself killed.
At SIGUSR2 it renews the parts one after another, and no request is lost by it.
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

from config import embedded, env
from config.parts import ROOT, Part, PartFailed
from config.processes import bound_to_parent, die_with_parent

READY_WITHIN = 60.0
LOOK_EVERY = 0.25
#: So many may wait for the web server, as config.web has it.
_BACKLOG = 2048
#: Somebody asked for new processes.
_renewal = threading.Event()
_ADVICE = "Give postgres://user:password@host:port/name, or nothing for that of DATABASE_URL."


class Stopped(BaseException):
    """Somebody asked us to stop."""


def main() -> None:
    demo = _arguments().demo
    if demo:
        # A visitor of the demo has no authenticator app for an account that is gone tomorrow.
        env.presume("SECOND_FACTOR", "false")
    _listen_for_stop()
    door = _door(env.port())
    began = time.monotonic()
    try:
        _run(door, demo=demo, began=began)
    except (Stopped, KeyboardInterrupt):
        say("Stopped.")
    except PartFailed as failure:
        raise SystemExit(f"\n{failure}") from None


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _run(door: socket.socket, *, demo: bool, began: float) -> None:
    say("Starting the servers" if embedded.missing() else "Using the servers of DATABASE_URL and REDIS_URL")
    with embedded.owned() as servers:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        _prepare()
        # Held here and not by the web server: a new one goes on where the old one stops, with those who wait.
        _open(door)
        with _running(_stack(door)) as parts:
            say("Starting web, workers and clock")
            _wait_until_ready(parts, servers)
            if demo:
                parts.append(_demo(began).start())
            else:
                say(_ready_message(began))
            _watch(parts, servers)


def _prepare() -> None:
    say("Bringing the database and its reference data up to date")
    done = subprocess.run(
        bound_to_parent([sys.executable, "manage.py", "migrate", "--verbosity", "0", "--with-reference"]),
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise PartFailed("manage.py migrate failed; its own words are above.")


def _stack(door: socket.socket) -> list[Part]:
    python = [sys.executable, "-m"]
    processes = str(env.whole("WORKER_PROCESSES", default=2, low=1, high=64))
    worker = ["worker", "--concurrency", processes, "--pool", "prefork", "-O", "fair", "--loglevel", "WARNING"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # The schedule is short intervals only, so it is kept in memory: there is nothing to remember.
    beat = ["beat", "--scheduler", "config.beat:Scheduler", "--pidfile=", "--loglevel", "WARNING"]
    web = env.for_role(env.text("DATABASE_WEB_URL", default="", advice=_ADVICE))
    working = env.for_role(env.text("DATABASE_WORKER_URL", default="", advice=_ADVICE))
    return [
        Part("worker", [*python, "celery", "--app", "config", *worker, *quiet], environment=working),
        Part(
            "web",
            [*python, "config.web", "--fd", str(door.fileno())],
            environment=web,
            inherits=[door.fileno()],
        ),
        Part("beat", [*python, "celery", "--app", "config", *beat], environment=working),
    ]


def _demo(began: float) -> Part:
    waited = f"{time.monotonic() - began:.1f}"
    return Part("demo", [sys.executable, "manage.py", "demo", _url(), "--waited", waited], shown=True)


@contextmanager
def _running(parts: list[Part]) -> Iterator[list[Part]]:
    """Starts them one after another; at the end the last one is asked to go first."""
    try:
        for part in parts:
            part.start()
        yield parts
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("\nStopping")
        for part in reversed(parts):
            part.ask_to_stop()
        for part in parts:
            part.await_stop()


def _watch(parts: list[Part], servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        _look(parts, servers)
        if _renewal.is_set():
            _renewal.clear()
            _renew(parts)
        time.sleep(LOOK_EVERY)


def _renew(parts: list[Part]) -> None:
    """Bring the database up to date, which the old processes can live with, then renew one part after another."""
    try:
        _prepare()
    except PartFailed as failure:
        say(f"{failure} Everything goes on as it was.")
        return
    for part in parts:
        if not part.shown:
            renewed = part.renew()
            say(f"{part.name} is renewed" if renewed else f"{part.name} goes on as it was. {part.where_it_speaks}")
    say("Renewed.")


def _look(parts: list[Part], servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in servers.items():
        if process.poll() is not None:
            raise PartFailed(f"{name} ended by itself. Look into {env.data_dir() / name.lower()}.log.")
    for part in parts:
        if part.ended:
            part.restart()
            say(f"{part.name} had ended; started again. {part.where_it_speaks}")


def _wait_until_ready(parts: list[Part], servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    problem = _problem()
    while problem:
        if time.monotonic() > deadline:
            raise PartFailed(f"Not ready after {READY_WITHIN:.0f} seconds. {_url()}/readyz says: {problem}")
        _look(parts, servers)
        time.sleep(0.1)
        problem = _problem()


def _problem() -> str:
    """What keeps us from being ready, empty when nothing does."""
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


def _ready_message(began: float) -> str:
    return (
        f"\nReady after {time.monotonic() - began:.0f} seconds.\n"
        f"  {_url()}/            the pages for everybody\n"
        f"  {_url()}/api/docs/   the API\n"
        f"  {_url()}/admin/      the desk of the coordinators\n"
        f"Logs are in {env.data_dir() / 'logs'}. Ctrl-C stops everything."
    )


def _url() -> str:
    return f"http://localhost:{env.port()}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.serve", description="Run the whole stack.")
    parser.add_argument("--demo", action="store_true", help="with invented agencies, history and live minutes")
    return parser.parse_args()


def _listen_for_stop() -> None:
    """Stop on Ctrl-C, on SIGTERM, on a closed terminal, and when make is killed, which started us."""

    def stop(number: int, frame: object) -> None:  # noqa: ARG001  the kernel calls it so
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    signal.signal(signal.SIGUSR2, lambda *_: _renewal.set())
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to stay
        signal.signal(signal.SIGHUP, stop)
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)


def _door(port: int) -> socket.socket:
    """Take the port, or say that it is taken."""
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
    except OSError as error:
        raise SystemExit(f"Port {port} cannot be had: {error.strerror}. Choose another: PORT={port + 1}") from None
    return door


def _open(door: socket.socket) -> None:
    try:
        door.listen(_BACKLOG)
    except OSError as error:
        raise PartFailed(f"Port {env.port()} was taken meanwhile: {error.strerror}.") from None


if __name__ == "__main__":
    main()
