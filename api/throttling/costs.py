"""The cost of large reads. The address is charged before the read begins, and threads are kept for small reads.

Some large reads can answer only at their end: they take turns, and each address has one place in the line. Other
answers are sent while they are read: each of them takes one of a few places. Each agency has places of its own for the
files that it sends on its pages.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import Final

from django.conf import settings

from api.problems import busy
from api.throttling import rates

#: A read pays for one more request for each so many observations.
OBSERVATIONS: Final = 10_000
#: Reads of more observations than this take turns.
LARGE: Final = 100_000
#: The most addresses in the line: one reads, the others wait at most ``WAIT`` seconds.
LINE: Final = 3
WAIT: Final = 10.0
#: A process reads at most so many files of one agency at once. Two, because a form that is sent twice comes twice.
FILES: Final = 2

_turn: Final = Lock()
#: The addresses that read or wait.
_line: Final[set[str | None]] = set()
#: The places: half of the threads of this process, because a slow reader can use a thread for hours.
_places: Final = BoundedSemaphore(max(1, settings.WEB_THREADS // 2))
#: For each agency, how many of its files are being read.
_files: Final[Counter[int]] = Counter()
_counting: Final = Lock()


def charge(observations: int) -> None:
    """Charge for a read by its size before it begins; refuse an address that has too little left."""
    rate, address = rates.PUBLIC_PER_ADDRESS, rates.payer.get()
    # A read never pays more than half of the limit of an address, so that the address can get even the largest answer.
    cost = min(observations // OBSERVATIONS, rate.amount // 2)
    if address is not None and cost:
        allowance = rates.public_counter.add(rate, address, cost)
        if allowance.left < 0:
            raise rates.refusal(allowance)


@contextmanager
def take_turn(observations: int) -> Iterator[None]:
    """Charge for a read that answers only at its end. A large one waits for this process's one turn, or is refused.

    An address has only one such read at a time, so that it cannot keep the turn from all others.
    """
    if observations <= LARGE:
        charge(observations)
        yield
        return
    with _place_in_line(rates.payer.get()):
        charge(observations)
        if not _turn.acquire(timeout=WAIT):
            raise busy()
        try:
            yield
        finally:
            _turn.release()


@contextmanager
def _place_in_line(address: str | None) -> Iterator[None]:
    with _counting:
        if address in _line or len(_line) >= LINE:
            raise busy()
        _line.add(address)
    try:
        yield
    finally:
        with _counting:
            _line.remove(address)


@contextmanager
def read_file(agency: int) -> Iterator[None]:
    """Give a file of an agency one of the agency's places, or refuse it."""
    with _counting:
        if _files[agency] >= FILES:
            raise busy()
        _files[agency] += 1
    try:
        yield
    finally:
        with _counting:
            _files[agency] -= 1


class LongAnswer(Iterator[bytes]):
    """The pieces of an answer that is sent while it is read. It has a place until it ends or is dropped."""

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
