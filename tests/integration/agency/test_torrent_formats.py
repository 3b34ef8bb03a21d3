"""Real BitTorrent: downloads of torrents with and without padding, in each version of the format."""

import os
import warnings
from itertools import islice
from pathlib import Path

import libtorrent
import pytest

from config.swarm import Downloader
from p2p_agency.collect.adapters import torrent
from p2p_agency.collect.counter import Counter
from p2p_agency.collect.locator import Locator

pytestmark = [pytest.mark.verify, pytest.mark.xdist_group("collect")]

MAKE = libtorrent.create_torrent
FORMATS = {"v1": MAKE.v1_only, "v1 padded": MAKE.v1_only | MAKE.canonical_files, "v2": MAKE.v2_only, "hybrid": 0}
DOWNLOADERS = [f"127.83.12.{n}" for n in (2, 3, 4)]


def make_torrent(folder: Path, sizes: list[int], piece: int, version: int) -> Path:
    """One file, or a folder with several."""
    content = folder / "content"
    content.mkdir()
    for number, size in enumerate(sizes):
        (content / f"{number}.txt").write_bytes(os.urandom(size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        files = libtorrent.file_storage()
        libtorrent.add_files(files, str(content if len(sizes) > 1 else content / "0.txt"))
        made = libtorrent.create_torrent(files, piece, int(version))
        libtorrent.set_piece_hashes(made, str(folder if len(sizes) > 1 else content))
        path = (folder if len(sizes) > 1 else content) / "content.torrent"
        path.write_bytes(libtorrent.bencode(made.generate()))
    return path


@pytest.mark.parametrize("version", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    ("sizes", "piece"),
    [
        ([700_000], 32_768),
        ([20_000] * 8, 262_144),
        ([1_300_000] * 3, 1_048_576),
        ([50_000, 1, 16_384, 300_000], 65_536),
    ],
    ids=["one file", "small files", "files larger than a piece", "odd sizes"],
)
def test_each_download_counts_as_one(tmp_path, version, sizes, piece):
    path = make_torrent(tmp_path, sizes, piece, version)
    watching = torrent.watch(folder=str(path.parent), listen="127.83.12.1:17095")
    next(watching)
    downloaders = [Downloader(address, tmp_path / "downloads") for address in DOWNLOADERS]
    for one in downloaders:
        one.fetch(path, [("127.83.12.1", 17095)], 5_000_000)
    counter, locator = Counter({}, draw=lambda _: 0), Locator("test")
    after = 0
    for batch in islice(watching, 60):
        assert not batch.lost
        for upload in batch.uploads:
            counter.count(locator.transfer(upload), 0)
        # What happened within a second is told after it.
        after += all(one.finished for one in downloaders)
        if after == 4:
            break
    counted = counter.end_minute(0)
    watching.close()
    assert [one.finished for one in downloaders] == [1, 1, 1]
    # All of them are in one country, and no fraction is left.
    assert (list(counted.values()), set(counter.carried.values())) == ([3], {0})
