"""Downloaders with libtorrent, as a process of their own: reads what they are to do, and says what each got from whom.

Each has an address of its own on loopback. They behave as clients do: they leave their seeds when they have finished.
"""

import json
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

import libtorrent

PIECE = 32 * 1024
_QUIET = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_incoming_utp": False, "enable_outgoing_utp": False, "alert_queue_size": 100_000,
    "alert_mask": libtorrent.alert_category.block_progress,
}  # fmt: skip


def make_torrent(folder: Path, name: str, size: int) -> int:
    """A file of harmless text and its torrent; the number of its blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    text = b"".join(b"%s, line %d: this is a harmless text.\n" % (name.encode(), n) for n in range(size // 30))
    (folder / name).write_bytes(text[:size])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        files = libtorrent.file_storage()
        libtorrent.add_files(files, str(folder / name))
        made = libtorrent.create_torrent(files, PIECE, libtorrent.create_torrent.v1_only)
        made.set_priv(True)
        libtorrent.set_piece_hashes(made, str(folder))
        (folder / f"{name}.torrent").write_bytes(libtorrent.bencode(made.generate()))
    return -(-size // 16_384)


class Downloader:
    def __init__(self, given: dict[str, Any], folder: Path) -> None:
        self.address, self.knows, self.others = given["address"], given["knows"], given["others"]
        settings: Any = {
            **_QUIET,
            "listen_interfaces": f"{self.address}:17100",
            "outgoing_interfaces": self.address,
        }
        self.session: Any = libtorrent.session(settings)
        self.torrents = []
        for path in given["torrents"]:
            parameters = libtorrent.load_torrent_file(path)
            parameters.save_path = str(folder / self.address)
            torrent = self.session.add_torrent(parameters)
            # Of the torrent, because the limits of a session do not hold on loopback.
            torrent.set_download_limit(given["speed"])
            torrent.set_upload_limit(given["speed"])
            self.torrents.append(torrent)
        self.got: dict[str, set[tuple[str, int, int]]] = defaultdict(set)

    def connect(self) -> None:
        for torrent in self.torrents:
            for host, port in self.knows + [[other, 17100] for other in self.others]:
                torrent.connect_peer((host, port))

    def look(self) -> None:
        for alert in self.session.pop_alerts():
            if isinstance(alert, libtorrent.block_finished_alert):
                block = str(alert.handle.info_hashes().get_best()), alert.piece_index, alert.block_index
                self.got[alert.endpoint[0]].add(block)

    def finished(self) -> int:
        return sum(torrent.status().is_seeding for torrent in self.torrents)


def main() -> None:
    given = json.load(sys.stdin)
    downloaders = [Downloader(one, Path(given["folder"])) for one in given["downloaders"]]
    for one in downloaders:
        one.connect()
    ends = time.monotonic() + given["seconds"]
    while time.monotonic() < ends and not all(one.finished() == len(one.torrents) for one in downloaders):
        for one in downloaders:
            one.look()
        time.sleep(0.2)
    for one in downloaders:
        one.look()
    got = {one.address: {host: len(blocks) for host, blocks in one.got.items()} for one in downloaders}
    json.dump({one.address: {"finished": one.finished(), "got": got[one.address]} for one in downloaders}, sys.stdout)


if __name__ == "__main__":
    main()
