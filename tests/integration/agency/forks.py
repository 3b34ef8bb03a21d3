"""Starts collectors by `fork` from a process that has imported their code, so that 200 of them start within a minute.

It reads lines from its standard input, each with the path of settings and of a log, and how much faster the clock goes.
It writes the id of the process that it has started.
"""

import errno
import multiprocessing
import os
import signal
import sys
from functools import partial
from multiprocessing import forkserver, reduction
from pathlib import Path

from p2p_agency import settings
from p2p_agency.collect import command
from tests.integration.agency.agencies import other_clock

_CONTEXT = multiprocessing.get_context("forkserver")
receive = reduction.recvfds


def _receive(*arguments):
    """The server of forks ends if a collector is killed while it asks for a fork, except after this error."""
    try:
        return receive(*arguments)
    except EOFError:
        raise ConnectionAbortedError(errno.ECONNABORTED, "The collector was killed.") from None


reduction.recvfds = _receive


def _collect(path: Path, log: str, factor: float) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # The server of forks is a child of this process's parent, so this process cannot look whether it runs.
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]
    multiprocessing.get_context = lambda _: _CONTEXT  # type: ignore[assignment]
    command.run(settings.load(path), clock=partial(other_clock, 0, factor, path.stat().st_mtime), offset=float)


def main() -> None:
    multiprocessing.set_forkserver_preload([__spec__.name, "p2p_agency.collect.adapters.lines"])
    forkserver.ensure_running()
    # Nobody waits for those that are killed.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        path, log, factor = line.split()
        started = os.fork()
        if not started:
            try:
                _collect(Path(path), log, float(factor))
            finally:
                os._exit(1)
        sys.stdout.write(f"{started}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
