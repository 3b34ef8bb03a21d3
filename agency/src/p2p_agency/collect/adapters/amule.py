"""Watches the uploads of an aMule daemon, through its External Connections.

aMule says three things: how many bytes of a file it has sent, how many compressed bytes went to each client, and which
whole parts of the file a client had. It does not say which blocks were sent, or that a client has finished.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from p2p_agency.collect.adapters import Batch
from p2p_agency.collect.adapters.external_connections import Connection, Tag
from p2p_agency.collect.counter import MOST_BLOCKS
from p2p_agency.collect.locator import Upload

#: Bytes. eDonkey divides files into parts. The counter counts in blocks, so parts are divided into blocks of this size.
_BLOCK: Final = 10_240
_PART: Final = 9_728_000

_CLIENT, _FILE_SIZE, _FILE_HASH, _FILE_SENT = 0x0600, 0x0303, 0x031E, 0x0401
_SESSION, _ADDRESS, _STATE, _FILE, _PARTS = 0x0609, 0x0610, 0x061C, 0x061F, 0x062B
#: Of what aMule says, only these values are kept: no names, and no hashes of users.
_NEEDED: Final = frozenset({_FILE_SIZE, _FILE_HASH, _FILE_SENT, _SESSION, _ADDRESS, _STATE, _FILE, _PARTS})
_UPLOADING: Final = 0
#: Per cent of the file. Amounts are estimates: a client with so much of the file counts as finished when aMule no
#: longer serves it.
_NEARLY: Final = 95


class _Values:
    """What aMule said about a file or a client. It says only what has changed, so the other values are kept."""

    def __init__(self) -> None:
        self._values: dict[int, bytes] = {}

    def update(self, tag: Tag) -> None:
        self._values.update((one.name, one.value) for one in tag.inside if one.name in _NEEDED)

    def value(self, name: int) -> bytes:
        return self._values.get(name, b"")

    def number(self, name: int) -> int:
        return int.from_bytes(self.value(name), "big")


class _File(_Values):
    """What was sent of a file since it was first seen: in bytes of the file, and in ``compressed`` bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._sent_before: int | None = None
        self.compressed = 0

    def update(self, tag: Tag) -> None:
        super().update(tag)
        if self._sent_before is None:
            self._sent_before = self.number(_FILE_SENT)

    @property
    def sent(self) -> int:
        return self.number(_FILE_SENT) - (self._sent_before or 0)


class _Progress:
    """What a client has got of a file, over all its turns in the queue."""

    def __init__(self, had_before: int) -> None:
        self.had_before = had_before
        self.compressed = 0
        self.told = (0, False)


class _Client(_Values):
    def __init__(self) -> None:
        super().__init__()
        self._session = 0
        self._file = 0
        self._progress: dict[int, _Progress] = {}

    def receive(self, files: dict[int, _File]) -> None:
        """Add the bytes that went to the client since the last time."""
        session = self.number(_SESSION)
        # The number begins at zero in each turn. The last bytes of a turn may come after the client has stopped asking
        # for a file.
        gained, self._session = session - self._session if session >= self._session else session, session
        self._file = self.number(_FILE) or self._file
        if self._file in files:
            size = files[self._file].number(_FILE_SIZE)
            progress = self._progress.setdefault(self._file, _Progress(_bytes_of_parts(self.value(_PARTS), size)))
            progress.compressed += gained
            files[self._file].compressed += gained

    def tell(self, files: dict[int, _File]) -> Iterator[Upload]:
        """What is new about the file that the client gets."""
        progress, file = self._progress.get(self._file), files.get(self._file)
        size = file.number(_FILE_SIZE) if file else 0
        if not (progress and file and size):
            return
        # All clients get the same file, so it is compressed alike for all of them.
        got = min(size, progress.compressed * file.sent // file.compressed) if file.compressed else 0
        complete = _bytes_of_parts(self.value(_PARTS), size) == size or (
            self.number(_STATE) != _UPLOADING and 100 * (got + progress.had_before) >= _NEARLY * size
        )
        # A file of more than 40 GiB gets larger blocks.
        block = max(_BLOCK, -(-size // MOST_BLOCKS))
        blocks = -(-size // block)
        sent = blocks if got == size else got // block
        if (sent, complete) != progress.told:
            progress.told = sent, complete
            address = ".".join(map(str, self.number(_ADDRESS).to_bytes(4, "little")))
            yield Upload("EDONKEY", address, file.value(_FILE_HASH).hex(), blocks, [(0, sent)], complete)


def watch(*, password: str, host: str = "127.0.0.1", port: int = 4712) -> Iterator[Batch]:
    files: dict[int, _File] = defaultdict(_File)
    clients: dict[int, _Client] = defaultdict(_Client)
    with Connection(host, port, password) as connection:
        while True:
            there = set()
            for tag in connection.changes():
                if tag.name != _CLIENT:
                    files[tag.number].update(tag)
                    continue
                for one in tag.inside:
                    there.add(one.number)
                    clients[one.number].update(one)
            for gone in clients.keys() - there:
                del clients[gone]
            for client in clients.values():
                client.receive(files)
            yield Batch([upload for client in clients.values() for upload in client.tell(files)])
            time.sleep(1)


def _bytes_of_parts(bits: bytes, size: int) -> int:
    """How many bytes the parts have that a client says it has: one bit a part, the lowest first."""
    parts = range(-(-size // _PART))
    return sum(
        min(_PART, size - part * _PART) for part in parts if part < len(bits) * 8 and bits[part // 8] >> part % 8 & 1
    )
