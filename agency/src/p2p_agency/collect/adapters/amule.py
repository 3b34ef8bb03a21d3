"""Watches the uploads of an aMule daemon, through its External Connections.

aMule says how many bytes a client has got and which whole parts it has, not which blocks were sent.
"""

import time
from collections.abc import Iterator
from typing import Final

from p2p_agency.collect.adapters import Watched
from p2p_agency.collect.adapters.external_connections import Connection, Tag
from p2p_agency.collect.locator import Seen

#: Bytes. eDonkey knows parts; the counter counts in blocks of this size.
_BLOCK: Final = 10_240
_PART: Final = 9_728_000

_FILE_SIZE, _FILE_HASH, _CLIENT = 0x0303, 0x031E, 0x0600
_SESSION, _ADDRESS, _FILE, _PARTS = 0x0609, 0x0610, 0x061F, 0x062B
#: All that is kept of what aMule says: no names, no hashes of users.
_NEEDED: Final = frozenset({_FILE_SIZE, _FILE_HASH, _SESSION, _ADDRESS, _FILE, _PARTS})


class _Upload:
    """What a client has got of one file: bytes, also over several turns in the queue."""

    def __init__(self) -> None:
        self.sent = 0
        self.had_before: int | None = None
        self.told = (0, False)


class _Client:
    """A client that aMule knows. aMule says only what has changed, so the rest is kept."""

    def __init__(self) -> None:
        self.values: dict[int, bytes] = {}
        self.session = 0
        self.file = 0
        self.uploads: dict[int, _Upload] = {}

    def tell(self, files: dict[int, dict[int, bytes]]) -> Iterator[Seen]:
        """What the client has got since the last time."""
        session = _number(self.values, _SESSION)
        # A new turn in the queue begins at zero; the last bytes of a turn come when it names no file any more.
        gained, self.session = session - self.session if session >= self.session else session, session
        self.file = _number(self.values, _FILE) or self.file
        file = files.get(self.file, {})
        size = _number(file, _FILE_SIZE)
        if not size:
            return
        upload = self.uploads.setdefault(self.file, _Upload())
        upload.sent += gained
        had = _bytes_of_parts(self.values.get(_PARTS, b""), size)
        if upload.had_before is None:
            upload.had_before = had
        complete = had >= size or upload.sent + upload.had_before >= size
        blocks = -(-size // _BLOCK)
        sent = blocks if upload.sent >= size else upload.sent // _BLOCK
        if (sent, complete) != upload.told:
            upload.told = sent, complete
            address = ".".join(map(str, _number(self.values, _ADDRESS).to_bytes(4, "little")))
            yield Seen("EDONKEY", address, file[_FILE_HASH].hex(), blocks, [(0, sent)], complete)


def watch(*, password: str, host: str = "127.0.0.1", port: int = 4712) -> Iterator[Watched]:
    files: dict[int, dict[int, bytes]] = {}
    clients: dict[int, _Client] = {}
    with Connection(host, port, password) as connection:
        while True:
            there = set()
            for tag in connection.changes():
                if tag.name != _CLIENT:
                    files.setdefault(tag.number, {}).update(_needed(tag))
                    continue
                for one in tag.inside:
                    there.add(one.number)
                    clients.setdefault(one.number, _Client()).values.update(_needed(one))
            clients = {number: client for number, client in clients.items() if number in there}
            yield Watched([seen for client in clients.values() for seen in client.tell(files)])
            time.sleep(1)


def _needed(tag: Tag) -> dict[int, bytes]:
    return {one.name: one.value for one in tag.inside if one.name in _NEEDED}


def _number(values: dict[int, bytes], name: int) -> int:
    return int.from_bytes(values.get(name, b""), "big")


def _bytes_of_parts(bits: bytes, size: int) -> int:
    """How many bytes the parts have that a client says it has: one bit a part, the lowest first."""
    parts = range(-(-size // _PART))
    return sum(
        min(_PART, size - part * _PART) for part in parts if part < len(bits) * 8 and bits[part // 8] >> part % 8 & 1
    )
