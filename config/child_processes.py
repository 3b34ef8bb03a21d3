"""One child process of the running stack, with a log.

If it ends, it is started again, but only a limited number of times. A child can be renewed: the old process is asked to
stop only after its successor has said that it is ready.
"""

import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config import env
from config.processes import bound_to_parent

# If a process ends more often than this within the time, this is no accident.
_RESTARTS = 3
_WITHIN = 60.0
#: Seconds after which a successor that is not ready is given up.
READY_WITHIN = 60.0


class ChildFailed(Exception):  # noqa: N818  a child, not the program
    """The stack cannot go on; the message says which child failed and why."""


@dataclass
class Child:
    """A child process. It writes to its log, or to the terminal if it is `shown`."""

    name: str
    command: list[str]
    shown: bool = False
    inherits: Sequence[int] = ()
    #: The environment. If it is None, the child has that of this process.
    environment: Mapping[str, str] | None = None
    _process: subprocess.Popen[bytes] | None = None
    _starts: list[float] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return env.data_dir() / "logs" / f"{self.name}.log"

    @property
    def where_to_look(self) -> str:
        return "Its messages are above." if self.shown else f"Its log: {self.log}"

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def start(self) -> "Child":
        self._starts.append(time.monotonic())
        self._process = self._spawn()
        return self

    def restart(self) -> None:
        recent = [start for start in self._starts if start > time.monotonic() - _WITHIN]
        if len(recent) > _RESTARTS:
            words = f" {self.where_to_look}"
            if not self.shown:
                lines = self.log.read_text(errors="replace").splitlines()[-15:]
                words = f" The end of {self.log}:\n" + "\n".join(lines)
            raise ChildFailed(f"{self.name} ends again and again.{words}")
        self.start()

    def renew(self) -> bool:
        """Replace the process by a successor. If it does not get ready, the old process continues; returns false."""
        with (
            tempfile.TemporaryDirectory(prefix="police2peer-") as folder,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
        ):
            # The successor says through this socket that it is ready, as with systemd.
            ready.bind(f"{folder}/ready")
            successor = self._spawn(NOTIFY_SOCKET=f"{folder}/ready")
            gives_up, is_ready = time.monotonic() + READY_WITHIN, False
            while not is_ready:
                if successor.poll() is not None or time.monotonic() > gives_up:
                    successor.kill()
                    successor.wait()
                    return False
                is_ready = bool(select.select([ready], [], [], 0.1)[0]) and b"READY=1" in ready.recv(4096)
        old, self._process = self._process, successor
        if old is not None:
            old.terminate()
            _await(old)
        return True

    def ask_to_stop(self) -> None:
        if self._process is not None and not self.has_ended:
            self._process.send_signal(signal.SIGTERM)

    def await_stop(self) -> None:
        if self._process is not None:
            _await(self._process)

    def _spawn(self, **variables: str) -> subprocess.Popen[bytes]:
        log: AbstractContextManager[IO[bytes] | None] = nullcontext()
        if not self.shown:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            # Each run of the stack begins a new log. A restart of the child continues the log, so that it shows why a
            # process ended.
            log = self.log.open("wb" if self._process is None else "ab")
        with log as output:
            return subprocess.Popen(
                bound_to_parent(self.command),
                cwd=env.ROOT,
                env=env.for_child(self.environment, variables),
                pass_fds=self.inherits,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for us: we stop the children in order.
                start_new_session=True,
            )


def _await(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that does not stop. Nothing is lost: its work is in the database."""
    try:
        process.wait(env.stop_seconds() + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
