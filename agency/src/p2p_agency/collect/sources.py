"""Runs each adapter in a process of its own. This process turns addresses into countries.

No address leaves the process.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Final

import msgspec

from p2p_agency.collect import adapters
from p2p_agency.collect.adapters import AdapterError, Batch, lines
from p2p_agency.collect.counter import Transfer
from p2p_agency.collect.hardening import harden, silence
from p2p_agency.collect.locator import Locator

#: Seconds before a source that has ended is started again.
PAUSE: Final = 10.0
_encoder: Final = msgspec.msgpack.Encoder()


class Message(msgspec.Struct, array_like=True, gc=False):
    """What a source tells the counter. ``lost`` is as in a batch. ``error`` says in a sentence why the source ends."""

    transfers: list[Transfer] = []
    unread: int = 0
    lost: str = ""
    error: str = ""


_decoder: Final = msgspec.msgpack.Decoder(Message)


class Source:
    """A process that runs one adapter, and is started again after it has ended."""

    def __init__(self, name: str, adapter: str, table: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self._arguments = adapter, table, dict(settings)
        self._context = multiprocessing.get_context("spawn")
        self.pipe: Connection | None = None
        self._process: Any = None
        self._due = 0.0

    def start_if_due(self, now: float) -> None:
        if self._process is None and now >= self._due:
            self.pipe, writer = self._context.Pipe(duplex=False)
            self._process = self._context.Process(target=_run, args=(writer, *self._arguments), daemon=True)
            with without_interrupts():
                self._process.start()
            writer.close()

    def receive(self) -> Message:
        """The next message; if the source has ended, one that says so."""
        try:
            return _decoder.decode(self.pipe.recv_bytes() if self.pipe else b"")
        except (EOFError, OSError, msgspec.DecodeError):
            return Message(error="It was killed.")

    def clean_up(self) -> None:
        """Remove what the adapter made on the disk. The process must have ended."""
        adapter, _, settings = self._arguments
        if adapter == "lines":
            lines.remove_socket(settings["path"])

    def stop(self, now: float) -> None:
        """End the process, if it runs; it is due again after a pause."""
        self._due = now + PAUSE
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self.pipe is not None:
            self.pipe.close()
            self.pipe = None


def _run(writer: Connection, adapter: str, table: str, settings: dict[str, Any]) -> None:
    """Run an adapter until it ends. The counter gets only the type of an error: its message could hold an address."""
    # The collector ends this process when it needs it no longer, also if a service manager tells all processes to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    harden()
    silence()
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        locator = Locator(table)
        for batch in adapters.find(adapter)(**settings):
            message = _locate(locator, batch)
            if message.unread and adapter != "lines":
                # A line can be a fault of the client that wrote it. Values of other adapters are downloads.
                message.lost = message.lost or "values that the collector could not read"
            writer.send_bytes(_encoder.encode(message))
        error = "It gave no reason."
    except AdapterError as fault:
        error = str(fault)
    except BaseException as fault:  # noqa: BLE001  any fault of a client or of a library; a panic in Rust is no Exception
        error = f"{type(fault).__name__}: the message is not shown, because it could hold an address."
    with suppress(OSError):
        writer.send_bytes(_encoder.encode(Message(error=error)))


@contextmanager
def without_interrupts() -> Iterator[None]:
    """A process that is started here gets no Ctrl-C, not even before it can ignore it. Windows has no such masks."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first process needs the tracker too. Before Python 3.13, starting it would end the block.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """A process that waits for its client would outlive a counter that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _locate(locator: Locator, batch: Batch) -> Message:
    message = Message(unread=batch.unread, lost=batch.lost)
    for upload in batch.uploads:
        try:
            message.transfers.append(locator.transfer(upload))
        except ValueError:  # no file has such blocks
            message.unread += 1
    return message
