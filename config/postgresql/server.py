"""What this process knows of a server: whether it answers. Its threads learn it from one another."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from time import monotonic
from typing import Final

from psycopg.errors import ConnectionTimeout, Error

#: How long a server may take to let somebody in, in seconds, unless `connect_timeout` says otherwise.
LETS_IN_WITHIN: Final = 10
#: So long a server that was silent is left alone; then one thread asks it again, while the others go on without it.
LEFT_ALONE: Final = 5.0
#: After an answer, nobody asks for so long whether it still answers.
_TRUSTED: Final = 2.0


class Server:
    """A frozen process keeps its connections, as the kernel goes on acknowledging what is sent to it."""

    def __init__(self) -> None:
        self._silent_until: float | None = None
        self._answered = 0.0
        self._turn = Lock()
        self._asking = Lock()

    def answered(self) -> None:
        self._silent_until, self._answered = None, monotonic()

    def fell_silent(self) -> None:
        self._silent_until = monotonic() + LEFT_ALONE

    def is_left_alone(self) -> bool:
        """Whether to go on without it; once the time is over, the first to look may ask it."""
        with self._turn:
            if self._silent_until is None:
                return False
            if monotonic() >= self._silent_until:
                self.fell_silent()
                return False
            return True

    def answers(self, ask: Callable[[], object]) -> bool:
        """Whether it lets anybody in, for a thread that has waited for long; one of them asks for all."""
        if self._silent_until is not None:
            return False
        if monotonic() < self._answered + _TRUSTED or not self._asking.acquire(blocking=False):
            return True
        try:
            ask()
        except ConnectionTimeout:
            return False
        except Error:
            pass  # It refused, which is an answer too.
        finally:
            self._asking.release()
        self.answered()
        return True


@cache
def at(host: str, port: str) -> Server:  # noqa: ARG001  what it is known by
    """Return what is known of the server at an address."""
    return Server()
