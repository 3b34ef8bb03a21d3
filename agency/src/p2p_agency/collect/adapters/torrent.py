"""A BitTorrent client of the agency itself: with libtorrent, it seeds the torrents of a folder and watches its peers.

The resume data and the DHT state of libtorrent contain peers, so neither is ever saved. By default, libtorrent also
tells peers the addresses of other peers. So peer exchange is off here, and the DHT gives no answers.
"""

import errno
import re
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from p2p_agency.collect.adapters import AdapterError, Batch
from p2p_agency.collect.counter import MOST_BLOCKS
from p2p_agency.collect.locator import Upload

try:
    import libtorrent
except ImportError:  # no wheel for this machine; it is an extra
    libtorrent = None  # type: ignore[assignment]

_BLOCK: Final = 16 * 1024
#: A client that has finished may leave its seeds before it has announced its last pieces. So a client that leaves by
#: itself counts as complete if it had announced all pieces except these few: a number, or one part in so many.
_UNTOLD_PIECES, _UNTOLD_SHARE = 4, 20
#: What a peer says about its pieces. Only libtorrent's log alerts have this at once.
_SAYS: Final = re.compile(r" <== (HAVE_ALL|HAVE|BITFIELD) \[ (?:piece: )?(\d*)")
#: The errors with which a connection ends if the other side has closed it.
_LEFT: Final = {("asio.misc", 2), ("system", errno.ECONNRESET), ("system", errno.EPIPE)}


class _Torrent:
    """A torrent, and the numbers of its blocks. Only blocks that have bytes of a file get a number.

    Torrents can have padding between their files (BEP 47), so that each file begins with a piece. No peer requests a
    block of padding alone. So such a block does not count.
    """

    def __init__(self, info: Any) -> None:
        self.file = str(info.info_hashes().get_best())
        self.pieces = info.num_pieces()
        self.blocks = 0
        self._piece_length: int = info.piece_length()
        self._blocks_a_piece: int = -(-self._piece_length // _BLOCK)
        #: Runs of blocks that have numbers: the places of the first block and of the end, and the number of the first.
        self._runs = [(0, 0, 0)]
        layout = info.layout()
        for file in range(layout.num_files()):
            if layout.file_size(file) and not layout.file_flags(file) & libtorrent.file_storage.flag_pad_file:
                begin = layout.file_offset(file)
                # A file can begin within the last block of the file before it.
                first = max(self._place(begin), self._runs[-1][1])
                end = self._place(begin + layout.file_size(file) - 1) + 1
                self._runs.append((first, end, self.blocks))
                self.blocks += end - first
        self.padding = {piece for piece in range(self.pieces) if self.number(piece) == self.number(piece + 1)}

    def number(self, piece: int, block: int = 0) -> int:
        """The number of this block. If the block has none: the number of the next block that has one."""
        place = piece * self._blocks_a_piece + block
        first, end, number = self._runs[bisect_right(self._runs, place, key=lambda run: run[0]) - 1]
        return number + min(place, end) - first

    def _place(self, byte: int) -> int:
        piece, offset = divmod(byte, self._piece_length)
        return piece * self._blocks_a_piece + offset // _BLOCK


class _Peer:
    """A peer while it is connected: the pieces that it has, and the blocks that were sent to it."""

    def __init__(self, torrent: _Torrent, address: str) -> None:
        self._torrent, self._address = torrent, address
        self._pieces = set(torrent.padding)
        # A byte for each block: a set of numbers would be ten times as large.
        self._sent = bytearray(torrent.blocks)
        self._new: list[int] = []
        self._told_complete = False

    def says(self, message: str, numbers: str) -> None:
        if message == "HAVE_ALL":
            self._pieces.update(range(self._torrent.pieces))
        elif message == "HAVE":
            self._pieces.add(int(numbers))
        else:
            self._pieces.update(piece for piece, has in enumerate(numbers) if has == "1")

    def gets(self, piece: int, block: int) -> None:
        number = self._torrent.number(piece, block)
        if number < self._torrent.number(piece, block + 1):
            self._sent[number] = 1
            self._new.append(number)

    def tell(self, *, has_left: bool = False) -> list[Upload]:
        """What is new since the last time."""
        complete = len(self._pieces) == self._torrent.pieces or (has_left and self._had_finished())
        if not self._new and complete <= self._told_complete:
            return []
        blocks, self._new, self._told_complete = [(one, one + 1) for one in self._new], [], complete
        return [Upload("BITTORRENT", self._address, self._torrent.file, self._torrent.blocks, blocks, complete)]

    def _had_finished(self) -> bool:
        torrent = self._torrent
        lacking = sum(
            0 in self._sent[torrent.number(piece) : torrent.number(piece + 1)]
            for piece in set(range(torrent.pieces)) - self._pieces
        )
        return 1 in self._sent and lacking <= max(_UNTOLD_PIECES, torrent.pieces // _UNTOLD_SHARE)


def watch(*, folder: str, listen: str = "0.0.0.0:6881,[::]:6881", dht: bool = False) -> Iterator[Batch]:
    """Seed what the folder has, each torrent beside its files. A new torrent is found at the next start."""
    if libtorrent is None:
        raise AdapterError("libtorrent is not installed: install p2p-agency[torrent], or use another client.")
    # The session has no plugins, because one of the default plugins is peer exchange.
    session: Any = libtorrent.session(_settings(listen, dht=dht), 0)
    session.add_extension("ut_metadata")
    torrents = {}
    for path in sorted(Path(folder).glob("*.torrent")):
        try:
            parameters = libtorrent.load_torrent_file(str(path))
        except RuntimeError:
            raise AdapterError(f"{path.name} is not a torrent that can be read. Remove it, or make it again.") from None
        shape = _Torrent(parameters.ti)
        if not 0 < shape.blocks <= MOST_BLOCKS:
            raise AdapterError(
                f"{path.name} has more than 64 GiB, or no data. The collector cannot count its downloads. Remove it "
                "from the folder, or divide its files between several torrents."
            )
        parameters.save_path = folder
        # The agency's own files are sent and nothing is ever fetched.
        parameters.flags = libtorrent.torrent_flags.upload_mode
        torrents[session.add_torrent(parameters)] = shape
    _wait_until_checked(torrents)
    peers: dict[tuple[Any, Any], _Peer] = {}
    while True:
        time.sleep(1)
        yield _read_alerts(session, torrents, peers)


def _read_alerts(session: Any, torrents: dict[Any, _Torrent], peers: dict[tuple[Any, Any], _Peer]) -> Batch:
    uploads: list[Upload] = []
    lost = ""
    for alert in session.pop_alerts():
        if isinstance(alert, libtorrent.peer_alert):
            uploads += _follow(alert, torrents, peers)
        elif isinstance(alert, libtorrent.alerts_dropped_alert):
            lost = "libtorrent dropped messages, because its queue was full"
            _forget_departed(torrents, peers)
        elif isinstance(alert, libtorrent.listen_failed_alert):
            raise AdapterError("libtorrent cannot listen at the address and port of the setting `listen`.")
    uploads += [one for peer in peers.values() for one in peer.tell()]
    return Batch(uploads, lost=lost)


def _follow(alert: Any, torrents: dict[Any, _Torrent], peers: dict[tuple[Any, Any], _Peer]) -> list[Upload]:
    """Note what an alert says of a peer. Returns what is to be told of a peer that has left."""
    key = alert.handle, alert.endpoint
    if isinstance(alert, libtorrent.peer_disconnected_alert):
        peer = peers.pop(key, None)
        has_left = (alert.error.category().name(), alert.error.value()) in _LEFT
        return peer.tell(has_left=has_left) if peer else []
    says = _SAYS.search(alert.message()) if isinstance(alert, libtorrent.peer_log_alert) else None
    sent = isinstance(alert, libtorrent.block_uploaded_alert)
    if (says or sent) and alert.handle in torrents:
        peer = peers.get(key) or peers.setdefault(key, _Peer(torrents[alert.handle], alert.endpoint[0]))
        if says:
            peer.says(*says.groups())
        else:
            peer.gets(alert.piece_index, alert.block_index)
    return []


def _forget_departed(torrents: dict[Any, _Torrent], peers: dict[tuple[Any, Any], _Peer]) -> None:
    """Drop peers that are no longer connected, because the message about the end of a connection can be lost."""
    connected = {(torrent, peer.ip) for torrent in torrents for peer in torrent.get_peer_info()}
    for gone in peers.keys() - connected:
        del peers[gone]


def _wait_until_checked(torrents: dict[Any, _Torrent]) -> None:
    if not torrents:
        raise AdapterError("The folder has no torrents: put each .torrent file there, with its files beside it.")
    while any(str(torrent.status().state).startswith("checking") for torrent in torrents):
        time.sleep(0.1)
    if not all(torrent.status().is_seeding for torrent in torrents):
        raise AdapterError("A file of the folder is missing, or is not the one that its torrent describes.")


def _settings(listen: str, *, dht: bool) -> Any:
    category = libtorrent.alert_category
    return {
        "listen_interfaces": listen,
        "enable_dht": dht,
        # The session asks the DHT and answers nobody, because answers would name peers.
        "dht_read_only": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        # Otherwise libtorrent disconnects complete peers before they can say that they are complete.
        "close_redundant_connections": False,
        "alert_mask": category.upload | category.connect | category.peer_log | category.status | category.error,
        # Mapped files would be locked in memory with everything else.
        "mmap_file_size_cutoff": 0x7FFFFFFF,
        # For a second of 100 MB.
        "alert_queue_size": 1_000_000,
    }
