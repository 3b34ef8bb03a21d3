"""One process of the cluster and its supervisor, which starts it again a second after it ends.

The supervisor is a thread that lives as long as the part is wanted: the kernel stops the process when its thread ends,
so also after a kill -9 of the whole.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from config.embedded.process import NotStarted
from config.env import ROOT
from config.processes import bound_to_parent

Process = subprocess.Popen[bytes]

#: As `RestartSec=1` of systemd.
PAUSE = 1.0
#: How many seconds to wait for something.
PATIENCE = 60.0
_LOOK_EVERY = 0.02


class NotInTime(AssertionError):  # noqa: N818  what did not happen, not that something broke
    """Something that had to happen did not; the message says what, and where the logs are."""


class Part:
    """A process that is kept running until it is stopped; `starts` counts how often it was started."""

    def __init__(
        self,
        name: str,
        start: Callable[[], Process],
        *,
        port: int = 0,
        log: Path | None = None,
        ready: Callable[["Part"], bool] = lambda _: True,
        stop_with: int = signal.SIGTERM,
    ) -> None:
        self.name, self.port, self.log = name, port, log
        self.starts = 0
        self._start, self._ready, self._stop_with = start, ready, stop_with
        self._process: Process | None = None
        self._wanted = threading.Event()
        self._supervisor = threading.Thread()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def main(self) -> psutil.Process | None:
        """The process itself, the parent of a web server or of a worker; none while it is not running."""
        process = self._process
        # It may end between the two looks at it.
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(process.pid) if process is not None and process.poll() is None else None
        return None

    @property
    def children(self) -> list[psutil.Process]:
        """The processes that it made: those that answer, or those that work."""
        try:
            return [one for one in self.main.children() if _is_alive(one)] if self.main else []
        except psutil.NoSuchProcess:
            return []

    # --- as a person at that machine --------------------------------------------------------------------------------

    def start(self) -> "Part":
        """Start it and keep it running. Does nothing if it runs already."""
        with self._lock:
            if not self._wanted.is_set():
                self._wanted.set()
                self._supervisor = threading.Thread(target=self._supervise, name=self.name, daemon=True)
                self._supervisor.start()
        return self

    def stop(self) -> None:
        """Stop it in order and leave it stopped."""
        with self._lock:
            if self._wanted.is_set():
                self._wanted.clear()
                self._ask_to_stop()
                self._supervisor.join()

    def signal(self, number: int = signal.SIGKILL) -> None:
        """Send the process a signal. If it ends, it is started again."""
        if self.main:
            self.main.send_signal(number)

    def end(self, *, within: float) -> None:
        """Ask the process to stop, and kill it if it does not: as a restart by a supervisor."""
        before = self.main
        self.signal(self._stop_with)
        if before is not None:
            _, left = psutil.wait_procs([before], timeout=within)
            for one in left:
                one.kill()

    def kill(self) -> None:
        """End the process at once, as the kernel does when memory is short."""
        self.signal(signal.SIGKILL)

    def restart(self) -> None:
        """Ask it to stop, and return when another one is ready."""
        before = self.starts
        self.end(within=PATIENCE / 4)
        until(lambda: self.starts > before, f"{self.name} starts again. Its log: {self.log}")
        self.await_ready()

    def await_ready(self) -> "Part":
        until(lambda: self.main is not None and self._ready(self), f"{self.name} is ready. Its log: {self.log}")
        return self

    # --- the supervisor ---------------------------------------------------------------------------------------------

    def _supervise(self) -> None:
        while self._wanted.is_set():
            try:
                self._process = self._start()
                self.starts += 1
            except NotStarted as refusal:
                self._note(str(refusal))
            else:
                self._watch(self._process)
            ends = time.monotonic() + PAUSE
            while self._wanted.is_set() and time.monotonic() < ends:
                time.sleep(_LOOK_EVERY)

    def _watch(self, process: Process) -> None:
        if not self._wanted.is_set():
            self._ask_to_stop()  # it was stopped while it started
        process.wait()

    def _ask_to_stop(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(self._stop_with)
        try:
            process.wait(PATIENCE / 4)
        except subprocess.TimeoutExpired:
            process.kill()

    def _note(self, text: str) -> None:
        if self.log is not None:
            with self.log.open("a") as log:
                log.write(f"supervisor: {text}\n")


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Process:
    """Start a program of the project that goes when the calling thread does."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            bound_to_parent(command),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def until(condition: Callable[[], bool], what: str, *, within: float = PATIENCE) -> None:
    """Wait for something that must happen."""
    gives_up = time.monotonic() + within
    while not condition():
        if time.monotonic() > gives_up:
            raise NotInTime(f"Not within {within:g} s: {what}")
        time.sleep(_LOOK_EVERY)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
