"""What a large read costs: its address pays before the read begins, and some threads are left to small reads.

Reads that answer only at their end take turns. Long answers, which are written as they are read, take places.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from threading import BoundedSemaphore, Lock
from typing import Final

from django.conf import settings

from api.problems import busy
from api.throttling import rates, store
from api.throttling.counts import Leases
from api.throttling.store import AwayError

#: So many observations that are looked through cost as much as a small request.
OBSERVATIONS: Final = 10_000
#: Reads of more than these take turns.
LARGE: Final = 100_000
#: A turn ends by itself after so many seconds, should the process that has it be killed.
_TURN_SECONDS: Final = 30.0

leases: Final = Leases(rates.PUBLIC_PER_ADDRESS)
#: Who pays for what is being done, if anybody does.
payer: Final[ContextVar[str | None]] = ContextVar("payer", default=None)

_turn_here: Final = Lock()
#: Half of the threads of this process: a slow reader has one for hours.
_places: Final = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def charge(observations: int) -> None:
    """Charge for a read by its size, before it begins; refuse an address that has not so much left."""
    # Half of all that an address may ask for is the most, so that the largest answer can be had at all.
    cost = min(observations // OBSERVATIONS, rates.PUBLIC_PER_ADDRESS.amount // 2)
    address = payer.get()
    standing = leases.refused(address, cost) if address is not None and cost else None
    if standing is not None:
        raise rates.refusal(standing)


def paid(observations: int) -> AbstractContextManager[None]:
    """Charge for a read that answers only at its end; if it is large, take the turn for it or refuse."""
    charge(observations)
    return _turn() if observations > LARGE else nullcontext()


class LongAnswer(Iterator[bytes]):
    """The pieces of an answer that is written as it is read. It has a place until it ends or is dropped."""

    def __init__(self, pieces: Iterator[bytes], observations: int) -> None:
        self._has_place = _places.acquire(blocking=False)
        if not self._has_place:
            raise busy()
        self._pieces = pieces
        charge(observations)

    def __next__(self) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            self._leave()
            raise StopIteration
        return piece

    def __del__(self) -> None:
        self._leave()

    def _leave(self) -> None:
        if self._has_place:
            self._has_place = False
            _places.release()


@contextmanager
def _turn() -> Iterator[None]:
    """Take the one turn that there is for all processes, or refuse."""
    try:
        lock = store.store().take_turn("large read", seconds=_TURN_SECONDS)
    except AwayError:
        with _turn_in_this_process():
            yield
        return
    if lock is None:
        raise busy()
    try:
        yield
    finally:
        store.store().end_turn(lock)


@contextmanager
def _turn_in_this_process() -> Iterator[None]:
    if not _turn_here.acquire(blocking=False):
        raise busy()
    try:
        yield
    finally:
        _turn_here.release()
