"""Counts downloads. A download is a peer that was seen complete, weighted by the share of blocks that this agency sent.

The counter is pure. It knows countries, networks, shares and handles. A handle stands for a peer and a file. Only the
process that made a handle knows what it stands for, and no handle is ever written anywhere.
"""

from collections.abc import Callable, Mapping
from secrets import randbelow
from sys import getsizeof
from typing import Final

import msgspec

#: The number of units in a whole download. A share is rounded down to whole units, so long sums stay exact.
WHOLE: Final = 10**12
#: For how many minutes a peer is remembered after its last block. A peer that gets a file again within this time counts
#: once.
KNOWN: Final = 24 * 60
#: Bytes for all remembered peers: enough for 1.8 million peers of small files, or for a thousand of the largest files.
#: If this is not enough, the peer that was silent longest is forgotten.
MOST_BYTES: Final = 1 << 29
#: Measured bytes of a peer in the dictionary, without its blocks: of a small file, and of a large one.
_PEER_BYTES, _PEER_OF_LARGE_FILE_BYTES = 250, 350
#: 64 GiB in blocks of 16 KiB.
MOST_BLOCKS: Final = 1 << 22
#: The blocks of a larger file are stored in chunks of this size. Python copies a whole integer to change one bit of it.
_CHUNK: Final = 1 << 14
_WHOLE_CHUNK: Final = (1 << _CHUNK) - 1

#: A country and a network, by their numbers.
Cell = tuple[int, int]


class Transfer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What may be known of a transfer, or of a part of one. Ranges of blocks are ``[first, end)``."""

    country: int
    network: int
    handle: bytes
    blocks: int
    sent: list[tuple[int, int]]
    complete: bool

    def __post_init__(self) -> None:
        if not 0 < self.blocks <= MOST_BLOCKS:
            raise ValueError(f"A file has from 1 to {MOST_BLOCKS} blocks.")
        if not all(0 <= first <= end <= self.blocks for first, end in self.sent):
            raise ValueError("A range of blocks is [first, end), and ends within the file.")


class _Peer(msgspec.Struct, gc=False):
    complete: bool = False
    counted: int = 0
    minute: int = 0
    bits: int = 0  # one for each block that was sent

    def add(self, ranges: list[tuple[int, int]]) -> None:
        for first, end in ranges:
            self.bits |= (1 << end) - (1 << first)

    def blocks_sent(self) -> int:
        return self.bits.bit_count()

    def size(self) -> int:
        return _PEER_BYTES + getsizeof(self.bits)


class _PeerOfLargeFile(_Peer, gc=False):
    chunks: list[int] = []
    sent: int = 0  # blocks
    used: int = 0  # bytes

    def add(self, ranges: list[tuple[int, int]]) -> None:
        for first, end in ranges:
            for number in range(first // _CHUNK, -(-end // _CHUNK)):
                before = self.chunks[number]
                if before is not _WHOLE_CHUNK:
                    start = number * _CHUNK
                    bits = before | (1 << min(end - start, _CHUNK)) - (1 << max(first - start, 0))
                    # Whole chunks are one object for all peers.
                    self.chunks[number] = _WHOLE_CHUNK if bits == _WHOLE_CHUNK else bits
                    self.sent += bits.bit_count() - before.bit_count()
                    self.used += getsizeof(bits) - getsizeof(before)

    def blocks_sent(self) -> int:
        return self.sent

    def size(self) -> int:
        return _PEER_OF_LARGE_FILE_BYTES + getsizeof(self.chunks) + self.used


def _new_peer(blocks: int) -> _Peer:
    return _Peer() if blocks <= _CHUNK else _PeerOfLargeFile(chunks=[0] * -(-blocks // _CHUNK))


class Counter:
    """Counts the transfers of one minute after the other.

    Only whole downloads are reported. The rest of a cell is ``carried`` into the next minute. Each cell begins with a
    random rest. So the expected value of a report is exactly the sum of the shares, even in a cell that never gets a
    whole download.

    ``forgotten`` is the number of peers that were forgotten too early, for lack of memory.
    """

    def __init__(self, carried: Mapping[Cell, int], *, draw: Callable[[int], int] = randbelow) -> None:
        self.carried = dict(carried)
        self._draw = draw
        self._gained: dict[int, dict[Cell, int]] = {}
        self._peers: dict[bytes, _Peer] = {}
        self._bytes = 0
        self.forgotten = 0

    def count(self, transfer: Transfer, minute: int) -> None:
        """Count what is new. The same transfer twice, or its parts in another order, give the same."""
        # The peer is put at the end, so that peers are in the order of their last blocks.
        peer = self._forget(transfer.handle) if transfer.handle in self._peers else _new_peer(transfer.blocks)
        self._peers[transfer.handle] = peer
        peer.minute = minute
        peer.add(transfer.sent)
        peer.complete |= transfer.complete
        if peer.complete:
            share = peer.blocks_sent() * WHOLE // transfer.blocks
            cell = transfer.country, transfer.network
            gained = self._gained.setdefault(minute, {})
            gained[cell] = gained.get(cell, 0) + share - peer.counted
            peer.counted = share
        self._bytes += peer.size()
        while self._bytes > MOST_BYTES:
            self._forget(next(iter(self._peers)))
            self.forgotten += 1

    def end_minute(self, minute: int) -> dict[Cell, int]:
        """The whole downloads of a minute that is over; its remainders are carried."""
        found = {}
        for cell, gained in self._gained.get(minute, {}).items():
            if gained:
                before = self.carried[cell] if cell in self.carried else self._draw(WHOLE)
                found[cell], self.carried[cell] = divmod(before + gained, WHOLE)
        self.drop_minute(minute)
        return {cell: count for cell, count in found.items() if count}

    def drop_minute(self, minute: int) -> None:
        """Lose what was counted in a minute that is over, because this minute is not reported."""
        self._gained.pop(minute, None)
        while self._peers:
            handle, peer = next(iter(self._peers.items()))
            if peer.minute > minute - KNOWN:
                break
            self._forget(handle)

    def _forget(self, handle: bytes) -> _Peer:
        peer = self._peers.pop(handle)
        self._bytes -= peer.size()
        return peer
