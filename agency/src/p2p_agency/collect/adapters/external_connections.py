"""The External Connections protocol of aMule 2.3, as far as it is needed: sign in, and ask what has changed."""

import socket
import struct
from hashlib import md5
from typing import Final, NamedTuple, Self

from p2p_agency.collect.adapters import AdapterError

_PROTOCOL: Final = 0x0204
#: The flags mean: plain numbers and no compression. aMule answers in the same way.
_FLAGS: Final = 0x20
_LONGEST: Final = 64 << 20
_TIMEOUT: Final = 10.0

_AUTH_REQUEST, _AUTH_OK, _AUTH_SALT, _AUTH_PASSWORD, _GET_UPDATE = 0x02, 0x04, 0x4F, 0x50, 0x52
_PASSWORD_HASH, _PROTOCOL_VERSION, _DETAIL_LEVEL, _SALT, _NAME, _VERSION = 0x01, 0x02, 0x04, 0x0B, 0x0100, 0x0101
_UINT8, _UINT16, _STRING, _HASH = 2, 3, 6, 9
_ONLY_CHANGES: Final = 4


class Tag(NamedTuple):
    """A value with a name, and the tags inside it."""

    name: int
    value: bytes
    inside: tuple["Tag", ...]

    @property
    def number(self) -> int:
        return int.from_bytes(self.value, "big")


class Connection:
    """A connection to aMule that is signed in."""

    def __init__(self, host: str, port: int, password: str) -> None:
        try:
            self._socket = socket.create_connection((host, port), _TIMEOUT)
        except (OSError, OverflowError, UnicodeError):
            raise AdapterError(
                f"No program answers at {host}:{port}. Start aMule, and allow its External Connections. If they use "
                "another port, correct `host` and `port`."
            ) from None
        try:
            self._sign_in(password)
        except BaseException:
            self._socket.close()
            raise

    def _sign_in(self, password: str) -> None:
        hello = _tag(_NAME, _STRING, b"p2p-agency\0"), _tag(_VERSION, _STRING, b"1\0")
        _, tags = self._ask(_AUTH_REQUEST, *hello, _tag(_PROTOCOL_VERSION, _UINT16, _PROTOCOL.to_bytes(2, "big")))
        salt = next((f"{tag.number:X}" for tag in tags if tag.name == _SALT), "")
        # The protocol requires this hash, and the connection stays on this machine.
        proof = md5(_md5(password).encode() + _md5(salt).encode(), usedforsecurity=False).digest()
        code, _ = self._ask(_AUTH_PASSWORD, _tag(_PASSWORD_HASH, _HASH, proof))
        if code != _AUTH_OK:
            raise AdapterError("aMule refuses the password: set it to that of its External Connections.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def changes(self) -> tuple[Tag, ...]:
        """The files and clients, with what changed since the last time; everything at first."""
        return self._ask(_GET_UPDATE, _tag(_DETAIL_LEVEL, _UINT8, bytes([_ONLY_CHANGES])))[1]

    def _ask(self, code: int, *tags: bytes) -> tuple[int, tuple[Tag, ...]]:
        try:
            return self._exchange(code, *tags)
        except TimeoutError:
            raise AdapterError(
                "The program at this port does not answer. Check `host` and `port`. If they are right, restart aMule."
            ) from None
        except OSError:
            raise AdapterError("aMule has broken the connection.") from None
        except (struct.error, IndexError, RecursionError):
            raise AdapterError("aMule has sent an answer that cannot be read.") from None

    def _exchange(self, code: int, *tags: bytes) -> tuple[int, tuple[Tag, ...]]:
        body = struct.pack(">BH", code, len(tags)) + b"".join(tags)
        self._socket.sendall(struct.pack(">II", _FLAGS, len(body)) + body)
        flags, length = struct.unpack(">II", self._receive(8))
        if flags != _FLAGS or not 3 <= length <= _LONGEST:
            raise AdapterError(
                "The program at this port is not the External Connections of aMule 2.3. Check `host` and `port`."
            )
        answer = self._receive(length)
        return answer[0], _tags(answer, 1)[0]

    def _receive(self, length: int) -> bytes:
        found = bytearray()
        while len(found) < length:
            chunk = self._socket.recv(length - len(found))
            if not chunk:
                raise AdapterError("aMule has closed the connection.")
            found += chunk
        return bytes(found)


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def _tag(name: int, kind: int, value: bytes) -> bytes:
    return struct.pack(">HBI", name << 1, kind, len(value)) + value


def _tags(body: bytes, at: int) -> tuple[tuple[Tag, ...], int]:
    """The tags that a count at this place announces, and the place after them."""
    count, at = int.from_bytes(body[at : at + 2], "big"), at + 2
    found = []
    for _ in range(count):
        tag, at = _read_tag(body, at)
        found.append(tag)
    return tuple(found), at


def _read_tag(body: bytes, at: int) -> tuple[Tag, int]:
    name, _, length = struct.unpack_from(">HBI", body, at)
    at += 7
    inside: tuple[Tag, ...] = ()
    if name & 1:
        # The length includes the tags inside, but not the field that says how many they are.
        start = at + 2
        inside, at = _tags(body, at)
        length -= at - start
    if length < 0 or at + length > len(body):
        raise AdapterError("aMule has sent a tag that does not fit its length.")
    return Tag(name >> 1, body[at : at + length], inside), at + length
