"""The adapters: each watches one client and yields what it sees, at least every second as long as the client works."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, NamedTuple

from p2p_agency.collect.locator import Upload


class Batch(NamedTuple):
    """What an adapter has seen since the last batch, and how many values it could not read.

    ``lost`` says why the adapter has missed something. It is empty if the adapter has missed nothing.
    """

    uploads: list[Upload]
    unread: int = 0
    lost: str = ""


class AdapterError(Exception):
    """The client cannot be watched. The message is written by the adapter, and holds nothing that a client sent."""


NAMES: Final = ("lines", "torrent", "amule", "qbittorrent")


def find(name: str) -> Callable[..., Iterator[Batch]]:
    """The adapter of this name; it takes its settings as keywords."""
    watch: Any = import_module(f"{__name__}.{name}").watch
    return watch  # type: ignore[no-any-return]
