"""Reads transfers that a client of the agency writes as lines of JSON. docs/how-to/collect.md has the contract."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from p2p_agency.collect.adapters import AdapterError, Batch
from p2p_agency.collect.locator import Upload

#: Bytes. A longer line is a fault of the client.
LONGEST_LINE: Final = 1 << 16
_CHUNK: Final = 1 << 16

_decoder: Final = msgspec.json.Decoder(Upload)


def watch(*, path: str) -> Iterator[Batch]:
    """Read from the named pipe at the path if there is one, else listen there on a UNIX socket, for one client."""
    if Path(path).is_fifo():
        # The pipe is opened for writing too, so that it does not end when the client ends.
        with os.fdopen(os.open(path, os.O_RDWR), "rb", buffering=0) as pipe:
            yield from _read(lambda: pipe.read(_CHUNK) or b"")
    with _listen(path) as server:
        while True:
            client, _ = server.accept()
            with client:
                yield from _read(lambda client=client: client.recv(_CHUNK))  # type: ignore[misc]


def _listen(path: str) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise AdapterError("This system has no UNIX sockets: use another adapter.")
    if Path(path).exists() and not Path(path).is_socket():
        raise AdapterError("The path of the adapter is a file. Name a path that is free, or a named pipe.")
    Path(path).unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        server.bind(path)
    except OSError as error:
        raise AdapterError(
            "The adapter cannot listen at its path. Check that the folder exists, that you may write there, and that "
            "the path has at most 100 characters."
        ) from error
    finally:
        os.umask(mask)
    server.listen(1)
    return server


def remove_socket(path: str) -> None:
    """Remove the socket of an adapter that has ended. It cannot do this itself, because its process is killed."""
    with suppress(OSError):
        if Path(path).is_socket():
            Path(path).unlink()


def _read(receive: Callable[[], bytes]) -> Iterator[Batch]:
    rest = b""
    while chunk := receive():
        lines, newline, rest = (rest + chunk).rpartition(b"\n")
        if len(rest) > LONGEST_LINE:
            raise AdapterError("The client wrote a line that is too long.")
        if newline:
            yield _decode(lines)
    if rest:
        # The client went away within its last line. A line without an end can still be whole.
        yield _decode(rest)


def _decode(lines: bytes) -> Batch:
    try:
        return Batch(_decoder.decode_lines(lines))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_singly(lines)


def _decode_singly(lines: bytes) -> Batch:
    uploads, unread = [], 0
    for line in lines.splitlines():
        try:
            uploads += _decoder.decode_lines(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            unread += 1
    return Batch(uploads, unread)
