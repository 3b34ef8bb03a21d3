"""One part of the running stack: a process with a log, started again when it ends, a bounded number of times."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from config import env
from config.processes import die_with

ROOT = Path(__file__).resolve().parent.parent

# More ends than this within the time are no accident.
_RESTARTS = 3
_WITHIN = 60.0
_GRACE = 15.0


class PartFailed(Exception):  # noqa: N818  a part, not the program
    """The stack cannot go on; the message says which part and why."""


@dataclass
class Part:
    """A process of the stack; one that is `shown` speaks to the terminal, others to their logs."""

    name: str
    command: list[str]
    shown: bool = False
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
        if self.shown:
            self._process = self._spawn(None)
        else:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            # A new log for each run of the stack, which keeps why a part ended in it.
            with self.log.open("wb" if len(self._starts) == 1 else "ab") as log:
                self._process = self._spawn(log.fileno())
        return self

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
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _spawn(self, output: int | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for us: we stop the parts in order.
            start_new_session=True,
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509  there are no threads here
        )

    def _last_words(self) -> str:
        if self.shown:
            return f" {self.where_it_speaks}"
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f" The end of {self.log}:\n" + "\n".join(lines)
