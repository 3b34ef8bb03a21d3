"""Runs `p2p-agency collect` with a clock that is ahead, so that a whole minute begins soon: SETTINGS SECONDS."""

import sys
import time
from functools import partial
from pathlib import Path

from p2p_agency import settings
from p2p_agency.collect import command
from p2p_agency.collect.adapters import torrent


def _with_accounts(path: Path):
    """Write down what libtorrent says that it sends: the agency's own accounts, apart from its counting."""
    follow = torrent._follow

    def wrapped(alert, *rest):
        if isinstance(alert, torrent.libtorrent.block_uploaded_alert):
            with path.open("a") as accounts:
                block = alert.endpoint[0], str(alert.handle.info_hashes().get_best()), alert.piece_index, alert.block_index
                print(*block, file=accounts)
        return follow(alert, *rest)

    torrent._follow = wrapped


def ahead(seconds: float) -> float:
    return time.time() + seconds


# The process of a source imports this module too, with the same arguments.
if len(sys.argv) > 3:
    _with_accounts(Path(sys.argv[3]))
if __name__ == "__main__":
    command.run(settings.load(Path(sys.argv[1])), clock=partial(ahead, float(sys.argv[2])))
