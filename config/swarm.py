"""The real swarm of the demo: `python -m config.swarm`, beside the stack.

Downloaders on loopback fetch files of harmless text by BitTorrent, and `p2p-agency collect` counts what they finish for
one invented agency.
"""

import importlib.util
import random
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Final

from config import env
from config.processes import announce, bound_to_parent

#: Another loopback address than that of the web server, so that its port is free there.
_SEED: Final = "127.0.77.1"
_FILES, _SIZE, _PIECE, _BLOCK = 3, 300_000, 32 * 1024, 16 * 1024
#: Bytes a second, and seconds between two downloads on average.
_SPEED, _PAUSE = 60_000, 3.0
_CHANCE: Final = random.Random()  # noqa: S311  no secret
#: A download that takes longer is given up.
_PATIENCE: Final = 60.0


def folder() -> Path:
    return env.data_dir() / "swarm"


def credential() -> Path:
    """What the demo writes for the agency that counts: the address of the service, and a new credential."""
    return folder() / "credential.toml"


def is_possible() -> bool:
    """Whether this machine has libtorrent, and all of 127.0.0.0/8."""
    return sys.platform == "linux" and importlib.util.find_spec("libtorrent") is not None


def make_torrent(folder: Path, name: str, size: int, *, private: bool = True) -> int:
    """Write a file of harmless text and its torrent, and return the number of its blocks."""
    import libtorrent

    folder.mkdir(parents=True, exist_ok=True)
    text = b"".join(b"%s, line %d: this is a harmless text.\n" % (name.encode(), n) for n in range(size // 30))
    (folder / name).write_bytes(text[:size])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        files = libtorrent.file_storage()
        libtorrent.add_files(files, str(folder / name))
        made = libtorrent.create_torrent(files, _PIECE, libtorrent.create_torrent.v1_only)
        made.set_priv(private)
        libtorrent.set_piece_hashes(made, str(folder))
        (folder / f"{name}.torrent").write_bytes(libtorrent.bencode(made.generate()))
    return -(-size // _BLOCK)


class Downloader:
    """A client with its own loopback address. When it has finished, it leaves its seeds, as clients do."""

    def __init__(self, address: str, save: Path, *, alerts: int = 0) -> None:
        import libtorrent

        given: Any = {
            "listen_interfaces": f"{address}:17100",
            "outgoing_interfaces": address,
            "alert_mask": alerts,
            "alert_queue_size": 100_000,
        }
        off = ("dht", "lsd", "upnp", "natpmp", "incoming_utp", "outgoing_utp")
        self.address, self.began, self._save = address, time.monotonic(), save / address
        self.session: Any = libtorrent.session(given | {f"enable_{name}": False for name in off})
        self.torrents: list[Any] = []

    def fetch(self, torrent: Path, peers: list[tuple[str, int]], speed: int) -> None:
        import libtorrent

        parameters = libtorrent.load_torrent_file(str(torrent))
        parameters.save_path = str(self._save)
        added = self.session.add_torrent(parameters)
        # These are limits of the torrent, because the limits of a session have no effect on loopback.
        added.set_download_limit(speed)
        added.set_upload_limit(speed)
        for peer in peers:
            added.connect_peer(peer)
        self.torrents.append(added)

    @property
    def finished(self) -> int:
        return sum(torrent.status().is_seeding for torrent in self.torrents)

    def is_over(self) -> bool:
        """Whether it has finished, or is given up. What it has fetched is removed then."""
        over = self.finished == len(self.torrents) or time.monotonic() > self.began + _PATIENCE
        if over:
            shutil.rmtree(self._save, ignore_errors=True)
        return over


def main() -> None:
    torrents = []
    for number in range(_FILES):
        make_torrent(folder() / "files", f"text-{number}.txt", _SIZE)
        torrents.append(folder() / "files" / f"text-{number}.txt.torrent")
    announce()
    collector, since, downloaders = None, 0.0, list[Downloader]()
    while True:
        written = credential().stat().st_mtime if credential().exists() else 0.0
        if written != since or (collector and collector.poll() is not None):
            # The demo has written a new credential, or the collector has ended.
            if collector:
                collector.terminate()
                collector.wait()
            settings = folder() / "settings.toml"
            settings.touch(mode=0o600)
            settings.write_text(
                f'{credential().read_text()}\n[collect]\nlocations = "test"\n[collect.torrent]\n'
                f'folder = "{folder().resolve() / "files"}"\nlisten = "{_SEED}:{env.port()}"\n'
            )
            command = [sys.executable, "-m", "p2p_agency", "--config", str(settings), "collect"]
            collector, since = subprocess.Popen(bound_to_parent(command), stdin=subprocess.DEVNULL), written
        if collector and _CHANCE.random() < 1 / _PAUSE:
            # An address that was never there before: one that gets a file again within a day is not counted again.
            numbers = 127, _CHANCE.randint(64, 127), _CHANCE.randint(0, 255), _CHANCE.randint(1, 254)
            downloader = Downloader(".".join(map(str, numbers)), folder() / "downloads")
            downloader.fetch(_CHANCE.choice(torrents), [(_SEED, env.port())], _SPEED)
            downloaders.append(downloader)
        downloaders = [one for one in downloaders if not one.is_over()]
        time.sleep(1)


if __name__ == "__main__":
    main()
