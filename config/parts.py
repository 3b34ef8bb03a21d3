"""One part of the running stack: a process with a log, started again when it ends, a bounded number of times.

A part can be renewed: its successor says that it is ready before the old process is asked to stop.
"""

import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config import env
from config.processes import bound_to_parent

ROOT = Path(__file__).resolve().parent.parent

# More ends than this within the time are no accident.
_RESTARTS = 3
_WITHIN = 60.0
#: A successor that is not ready by then will not be.
READY_WITHIN = 60.0


class PartFailed(Exception):  # noqa: N818  a part, not the program
    """The stack cannot go on; the message says which part and why."""


@dataclass
class Part:
    """A process of the stack; one that is `shown` speaks to the terminal, others to their logs."""

    name: str
    command: list[str]
    shown: bool = False
    inherits: Sequence[int] = ()
    #: Ours, if it is not said.
    environment: Mapping[str, str] | None = None
    _process: subprocess.Popen[bytes] | None = None
    _starts: list[float] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return env.data_dir() / "logs" / f"{self.name}.log"

    @property
    def where_it_speaks(self) -> str:
        return "Its own words are above." if self.shown else f"Its log: {self.log}"

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def start(self) -> "Part":
        self._starts.append(time.monotonic())
        self._process = self._started()
        return self

    def renew(self) -> bool:
        """Have a successor take over; false if none gets ready, and the old process goes on."""
        with _listening() as (address, ready):
            old, new = self._process, self._started(NOTIFY_SOCKET=address)
            if not _is_told(ready, new):
                new.kill()
                new.wait()
                return False
        self._process = new
        if old is not None:
            old.terminate()
            _await(old)
        return True

    def _started(self, **told: str) -> subprocess.Popen[bytes]:
        if self.shown:
            return self._spawn(None, told)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # A new log for each run of the stack, which keeps why a part ended in it.
        with self.log.open("wb" if self._process is None else "ab") as log:
            return self._spawn(log.fileno(), told)

    def restart(self) -> None:
        recent = [start for start in self._starts if start > time.monotonic() - _WITHIN]
        if len(recent) > _RESTARTS:
            raise PartFailed(f"{self.name} ends again and again.{self._last_words()}")
        self.start()

    def ask_to_stop(self) -> None:
        if self._process is not None and not self.ended:
            self._process.send_signal(signal.SIGTERM)

    def await_stop(self) -> None:
        """What does not listen is killed, which loses nothing: work is in the database."""
        if self._process is not None:
            _await(self._process)

    def _spawn(self, output: int | None, told: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            bound_to_parent(self.command),
            cwd=ROOT,
            env=env.of_child(self.environment, told),
            pass_fds=self.inherits,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us: we stop the parts in order.
            start_new_session=True,
        )

    def _last_words(self) -> str:
        if self.shown:
            return f" {self.where_it_speaks}"
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f" The end of {self.log}:\n" + "\n".join(lines)


@contextmanager
def _listening() -> Iterator[tuple[str, socket.socket]]:
    """Have a place where a process says that it is ready, as systemd has."""
    with (
        tempfile.TemporaryDirectory(prefix="police2peer-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
    ):
        ready.bind(f"{folder}/ready")
        yield f"{folder}/ready", ready


def _is_told(ready: socket.socket, process: subprocess.Popen[bytes]) -> bool:
    """Wait until a process says that it is ready, or ends."""
    gives_up = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < gives_up:
        if select.select([ready], [], [], 0.1)[0] and b"READY=1" in ready.recv(4096):
            return True
    return False


def _await(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(env.stop_seconds() + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
