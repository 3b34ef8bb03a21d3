"""Shows progress: a bar on a terminal, one line elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

_WIDTH = 30


class Progress:
    """A bar up to a total."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self._what, self._total, self._unit, self._done = what, total, unit, 0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        took = time.monotonic() - self._began
        _write_line(f"{self._what}: {self._done} of {self._total} {self._unit}, {took:.1f} s")

    def add(self, done: int) -> None:
        self._done += done
        self._draw()

    def say(self, line: str) -> None:
        """Write a line that stays, above the bar."""
        _write_line(line)
        self._draw()

    def _draw(self) -> None:
        if sys.stdout.isatty():
            filled = _WIDTH * self._done // max(self._total, 1)
            bar = "█" * filled + "░" * (_WIDTH - filled)
            sys.stdout.write(f"\r\033[K{self._what} {bar} {self._done}/{self._total} {self._unit}")
            sys.stdout.flush()


def _write_line(line: str) -> None:
    sys.stdout.write(f"\r\033[K{line}\n" if sys.stdout.isatty() else f"{line}\n")
    sys.stdout.flush()


def show_remaining(what: str, *, left: Callable[[], int]) -> None:
    """Show the remaining work until there is none. The total is the largest number seen."""
    most = left()
    with Progress(what, most, "items") as bar:
        done = 0
        while rest := left():
            bar.add(max(most - rest, done) - done)
            done = max(most - rest, done)
            time.sleep(0.2)
        bar.add(most - done)
