"""An outbox on a small disk with ever less room: `python -m tests.integration.agency.full_disk FOLDER`, as root.

Run it where what is mounted is nobody else's. It fails if a submission is lost or doubled.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path

from p2p_agency.client import Client
from p2p_agency.errors import MachineError
from p2p_agency.outbox import Outbox
from p2p_agency.settings import Settings
from tests.integration.full_disk import Disk
from tests.unit.agency import federation as federations

#: Room for the 4 MB that SQLite's log may have.
_SIZE = 12 << 20


def _body(number: int) -> bytes:
    return json.dumps({"indicator": "DOWNLOADS", "reports": [], "number": number}).encode()


def _send(path: Path, client: Client, number: int) -> None:
    outbox = Outbox(path)
    outbox.add(_body(number))
    outbox.send(client, at_once=True)
    outbox.close()


def main() -> None:
    folder = Path(sys.argv[1]) / "small"
    disk = Disk(folder, f"{_SIZE}")
    failed = 0
    with federations.running() as federation:
        client = Client(Settings(folder / "settings.toml", federation.address, "id", "secret"))
        # From no room at all to room for all that SQLite writes.
        for number, room in enumerate(range(0, 200_000, 4096)):
            disk.fill()
            with (folder / "filler").open("r+b") as filler:
                filler.truncate(max(0, filler.seek(0, 2) - room))
            try:
                _send(folder / "outbox.sqlite", client, number)
            except MachineError as error:
                failed += "Check that the disk has free space" in str(error)
            with suppress(FileNotFoundError):
                disk.empty()
            _send(folder / "outbox.sqlite", client, number)
            assert sorted(federation.stored.values()) == sorted(map(_body, range(number + 1)))
    assert failed > 3, failed


if __name__ == "__main__":
    main()
