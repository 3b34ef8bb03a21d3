"""Runs `p2p-agency collect` by another clock: SETTINGS AHEAD FACTOR [ACCOUNTS].

The clock is so many seconds ahead, so that a whole minute begins soon, and goes faster since the settings were written.
"""

import sys
from functools import partial
from pathlib import Path

from p2p_agency import settings
from p2p_agency.collect import command
from p2p_agency.collect.adapters import torrent
from tests.integration.agency.agencies import other_clock


def _with_accounts(path: Path):
    """Write down what libtorrent says that it sends: the agency's own accounts, apart from its counting."""
    follow = torrent._follow

    def wrapped(alert, *rest):
        if isinstance(alert, torrent.libtorrent.block_uploaded_alert):
            with path.open("a") as accounts:
                file = alert.handle.info_hashes().get_best()
                print(alert.endpoint[0], file, alert.piece_index, alert.block_index, file=accounts)
        return follow(alert, *rest)

    torrent._follow = wrapped


# The process of a source imports this module too, with the same arguments.
if len(sys.argv) > 4:
    _with_accounts(Path(sys.argv[4]))
if __name__ == "__main__":
    path, ahead, factor = Path(sys.argv[1]), *map(float, sys.argv[2:4])
    command.run(settings.load(path), clock=partial(other_clock, ahead, factor, path.stat().st_mtime), offset=float)
