"""A process of the web server that gives a thread to a request, not to a connection: slow clients hold up nobody.

gunicorn's own gives each new connection a thread and reads the request in it; as many slow clients as there are
threads would be all that it serves. Here a request waits in the poller until it is there. Large bodies, which a thread
has to read, get at most half of the threads. Agencies and the desk leave at least a quarter to the public.
"""

import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import util
from gunicorn.http import errors

from config import env, patience
from config.leaving import LeavingWorker
from config.patience import Refusal, Shape, TimedSocket

_PIECE = 16 * 1024
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName, errors.ConfigurationProblem)
_TOO_LARGE = {errors.LimitRequestLine: patience.LONG_ADDRESS, errors.LimitRequestHeaders: patience.LARGE_HEAD}


class PatientWorker(LeavingWorker):
    """gunicorn's worker with threads, patient with everybody at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Connections whose request has not come in whole, and until when they may; the first to end is the first.
        self._arriving: dict[Any, float] = {}
        #: Those that were answered and are to be closed, and until when they may take for it.
        self._lingering: dict[Any, float] = {}
        #: Requests that have a thread and may keep it for long; and those that wait for a thread, and until when.
        self._bounded: dict[Any, Shape] = {}
        self._queued: deque[tuple[Any, Shape, float]] = deque()
        self._large_at_most = max(1, self.cfg.threads // 2)
        self._not_public_at_most = max(1, self.cfg.threads - max(1, self.cfg.threads // 4))
        self._body_seconds = env.whole("BODY_SECONDS", default=300, low=10, high=3600)

    def enqueue_req(self, conn: Any) -> None:
        """Give the connection a thread once its request is there."""
        self._prepare(conn)
        if self._read(conn) and not self._take_in(conn):
            self._arriving[conn] = time.monotonic() + patience.HEAD_SECONDS
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_more, conn))

    def _prepare(self, conn: Any) -> None:
        """Have a connection read by the poller, with clocks for when a thread reads it."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket(conn.sock, body_seconds=self._body_seconds)
        conn.init()
        conn.sock.begin()
        conn.sock.settimeout(0.0)

    def _on_more(self, conn: Any, _sock: Any) -> None:
        if self._read(conn):
            self._take_in(conn)

    def _read(self, conn: Any) -> bool:
        """Take what came; false once nothing more will: then what is there goes its way, or the connection ends."""
        try:
            data = conn.sock.recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        buffer = conn.parser.unreader.buf
        buffer.seek(0, 2)
        buffer.write(data)
        if data:
            return True
        if b"\r\n\r\n" in buffer.getvalue():
            self._forget(conn)
            self._admit(conn, patience.shape(buffer.getvalue()))
        else:
            self._end(conn)
        return False

    def _take_in(self, conn: Any) -> bool:
        """Go on with a request that is there, or refuse it; false if it has to wait."""
        received = conn.parser.unreader.buf.getvalue()
        shape = patience.shape(received)
        if _head_size(received) > patience.HEAD_BYTES:
            self._refuse(conn, patience.LARGE_HEAD)
        elif shape.arrived:
            self._forget(conn)
            self._admit(conn, shape)
        else:
            return False
        return True

    def _admit(self, conn: Any, shape: Shape, until: float | None = None) -> None:
        if not self._has_thread_for(shape):
            self._queued.append((conn, shape, until or time.monotonic() + patience.QUEUE_SECONDS))
            return
        if shape.large or not shape.public:
            self._bounded[conn] = shape
        super().enqueue_req(conn)

    def _has_thread_for(self, shape: Shape) -> bool:
        taken = self._bounded.values()
        return not (
            (shape.large and sum(one.large for one in taken) >= self._large_at_most)
            or (not shape.public and sum(not one.public for one in taken) >= self._not_public_at_most)
        )

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Let the next that wait have the thread of one that is done."""
        if self._bounded.pop(conn, None):
            queued, self._queued = self._queued, deque()
            for waiting in queued:
                self._admit(*waiting)
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            # gunicorn would wait here, where all connections are served, until the client has closed too.
            self._linger(conn)
        else:
            super().finish_request(conn, fs)

    def _linger(self, conn: Any) -> None:
        """Close our side, and all once the client has closed too, or soon: at once could cost it the answer."""
        try:
            conn.sock.settimeout(0.0)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_rest, conn))
        except (OSError, ValueError):
            self._end(conn)
        else:
            self._lingering[conn] = time.monotonic() + patience.LINGER_SECONDS

    def _on_rest(self, conn: Any, _sock: Any) -> None:
        try:
            gone = not conn.sock.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._end(conn)

    def murder_pending(self) -> None:
        """End the waits that are over."""
        super().murder_pending()
        now = time.monotonic()
        for conn in _over(self._arriving, now):
            if conn.parser.unreader.buf.getvalue():
                self._refuse(conn, patience.SLOW)
            else:
                self._end(conn)
        for conn in _over(self._lingering, now):
            self._end(conn)
        while self._queued and self._queued[0][2] <= now:
            self._refuse(self._queued.popleft()[0], patience.BUSY)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        self._arriving = {conn: min(until, deadline) for conn, until in self._arriving.items()}

    def _forget(self, conn: Any) -> None:
        """Poll a connection no longer."""
        if self._arriving.pop(conn, None) or self._lingering.pop(conn, None):
            self.poller.unregister(conn.sock)

    def _refuse(self, conn: Any, refusal: Refusal) -> None:
        self._forget(conn)
        with suppress(OSError):
            conn.sock.settimeout(0.0)
            conn.sock.send(refusal.written())
        self._linger(conn)

    def _end(self, conn: Any) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Refuse what cannot be read, with nothing of it in the answer or in a log; a mistake of ours goes its way."""
        if not isinstance(exc, errors.ParseException) or isinstance(exc, _OURS):
            super().handle_error(None, client, addr, exc)
        elif req is None or isinstance(exc, patience.NoHost):
            refusal = next((found for kind, found in _TOO_LARGE.items() if isinstance(exc, kind)), patience.BAD)
            util.write(client, refusal.written())
        # Else it was answered, and what came after is no request: the connection is closed.


def _head_size(received: bytes) -> int:
    end = received.find(b"\r\n\r\n")
    return len(received) if end < 0 else end


def _over(waits: dict[Any, float], now: float) -> list[Any]:
    return [conn for conn, until in waits.items() if until <= now]
