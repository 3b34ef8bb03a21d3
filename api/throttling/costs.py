"""What a large read costs: its address pays before the read begins, and some threads are left to small reads.

Reads that answer only at their end take turns. Long answers, which are written as they are read, take places.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Final

from django.conf import settings

from api.problems import busy
from api.throttling import rates

#: So many observations that are looked through cost as much as a small request.
OBSERVATIONS: Final = 10_000
#: Reads of more than these take turns.
LARGE: Final = 100_000

_turn: Final = Lock()
#: Half of the threads of this process: a slow reader has one for hours.
_places: Final = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def charge(observations: int) -> None:
    """Charge for a read by its size, before it begins; refuse an address that has not so much left."""
    rate, address = rates.PUBLIC_PER_ADDRESS, rates.payer.get()
    # Half of all that an address may ask for is the most, so that the largest answer can be had at all.
    cost = min(observations // OBSERVATIONS, rate.amount // 2)
    if address is not None and cost:
        standing = rates.public.add(rate, address, cost)
        if standing.left < 0:
            raise rates.refusal(standing)


@contextmanager
def paid(observations: int) -> Iterator[None]:
    """Charge for a read that answers only at its end; if it is large, take this process's one turn for it or refuse."""
    charge(observations)
    if observations <= LARGE:
        yield
        return
    if not _turn.acquire(blocking=False):
        raise busy()
    try:
        yield
    finally:
        _turn.release()


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
