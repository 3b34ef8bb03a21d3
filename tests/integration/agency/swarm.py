"""Downloaders with libtorrent, in a process of their own. It reads what they do, and says what each got from whom."""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import libtorrent

from config.swarm import Downloader


class Watched(Downloader):
    """A downloader that remembers which blocks it got from whom."""

    def __init__(self, given: dict[str, Any], folder: Path) -> None:
        super().__init__(given["address"], folder, alerts=libtorrent.alert_category.block_progress)
        self.got: dict[str, set[tuple[str, int, int]]] = defaultdict(set)
        peers = [(host, port) for host, port in given["knows"]] + [(other, 17100) for other in given["others"]]
        for path in given["torrents"]:
            self.fetch(Path(path), peers, given["speed"])

    def look(self) -> None:
        for alert in self.session.pop_alerts():
            if isinstance(alert, libtorrent.block_finished_alert):
                block = str(alert.handle.info_hashes().get_best()), alert.piece_index, alert.block_index
                self.got[alert.endpoint[0]].add(block)


def main() -> None:
    given = json.load(sys.stdin)
    downloaders = [Watched(one, Path(given["folder"])) for one in given["downloaders"]]
    ends = time.monotonic() + given["seconds"]
    while time.monotonic() < ends and not all(one.finished == len(one.torrents) for one in downloaders):
        for one in downloaders:
            one.look()
        time.sleep(0.2)
    for one in downloaders:
        one.look()
    got = {one.address: {host: len(blocks) for host, blocks in one.got.items()} for one in downloaders}
    json.dump({one.address: {"finished": one.finished, "got": got[one.address]} for one in downloaders}, sys.stdout)


if __name__ == "__main__":
    main()
