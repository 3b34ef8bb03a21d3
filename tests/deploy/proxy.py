"""An HTTP proxy that leads out of a network namespace: programs in it download through the network of this process."""

import ctypes
import selectors
import socket
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PORT: Final = 3128
_CLONE_NEWNET: Final = 0x40000000
_SIZE: Final = 64 * 1024


def serve(namespace: str) -> socket.socket:
    """Listen at 127.0.0.1:3128 in the network namespace of the file ``namespace``, until the socket is closed."""
    found: list[socket.socket] = []
    thread = threading.Thread(target=lambda: found.append(_listen(namespace)))
    thread.start()
    thread.join()
    [listener] = found
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()
    return listener


def _listen(namespace: str) -> socket.socket:
    """Only the thread that runs this enters the namespace. The socket belongs to the namespace for ever."""
    with Path(namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    return socket.create_server(("127.0.0.1", PORT))


def _accept(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_answer, args=(client,), daemon=True).start()


def _answer(client: socket.socket) -> None:
    with closing(client), suppress(OSError, ValueError):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(_SIZE) or b"\r\n\r\n"
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode("ascii").split()
        if method == "CONNECT":
            place = urlsplit(f"//{target}")
            first = b""
        else:
            place = urlsplit(target)
            path = target.split(place.netloc, 1)[1]
            first = f"{method} {path} HTTP/1.1\r\n".encode() + rest
        with closing(socket.create_connection((place.hostname, place.port or 80), timeout=60)) as server:
            if first:
                server.sendall(first)
            else:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            _relay(client, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    with selectors.DefaultSelector() as waiting:
        waiting.register(client, selectors.EVENT_READ, server)
        waiting.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in waiting.select():
                data = key.fileobj.recv(_SIZE)  # type: ignore[union-attr]
                if not data:
                    return
                key.data.sendall(data)
