"""`send` and `watch` on a small disk, as root: `python -m tests.integration.agency.full_disk FOLDER`.

Run it where what is mounted is nobody else's. It fails if a report is lost or doubled.
"""

import json
import sys
from collections import Counter
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from p2p_agency import settings
from p2p_agency.cli import main as program
from p2p_agency.errors import MachineError
from p2p_agency.outbox import Outbox
from p2p_agency.watch import Watch
from tests.integration.full_disk import Disk
from tests.unit.agency import federation as federations
from tests.unit.agency.conftest import know

#: Room for the 4 MB that SQLite's log may have.
_SIZE = 12 << 20
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def _period(number: int) -> str:
    return f"{_FIRST + timedelta(hours=number):%Y-%m-%dT%H:00}"


def _write(folder: Path, number: int) -> Path:
    folder.mkdir(exist_ok=True)
    report = {"frequency": "H", "period": _period(number), "observations": []}
    file = folder / f"{number}.json"
    file.write_text(json.dumps({"indicator": "DOWNLOADS", "reports": [report]}))
    return file


def _send(path: Path, file: Path) -> str:
    done = CliRunner().invoke(program, ["--config", str(path), "send", "--wait", "0", str(file)])
    assert done.exit_code in (0, MachineError.exit_code), (done.exit_code, done.output, done.exception)
    return done.output


def _watch(path: Path, file: Path) -> str:
    said: list[str] = []
    given = settings.load(path)
    with suppress(MachineError), closing(Outbox(given.outbox)) as outbox:
        Watch(file.parent, given, outbox, quiet=0, say=said.append).look()
    return "\n".join(said)


def main() -> None:
    folder = Path(sys.argv[1])
    path = folder / "settings.toml"
    know(folder)
    disk = Disk(folder / "small", f"{_SIZE}")
    failed: Counter[str] = Counter()
    with federations.running() as federation:
        outbox = str(folder / "small" / "outbox.sqlite")
        settings.store(path, {"address": federation.address, "client_id": "NO-KRIPOS.1", "client_secret": "secret"})
        settings.store(path, {"outbox": outbox})
        # From no room at all to room for all that SQLite writes.
        for number, room in enumerate(range(0, 200_000, 4096)):
            act = (_send, _watch)[number % 2]
            file = _write(folder / act.__name__, number)
            disk.fill()
            with (folder / "small" / "filler").open("r+b") as filler:
                filler.truncate(max(0, filler.seek(0, 2) - room))
            failed[act.__name__] += "Check that the disk has free space" in act(path, file)
            with suppress(FileNotFoundError):
                disk.empty()
            act(path, file)
            stored = [json.loads(body)["reports"][0]["period"] for body in federation.stored.values()]
            assert sorted(stored) == [_period(one) for one in range(number + 1)], number
    results = {file.name: file.read_text() for file in (folder / "_watch").glob("*.result.txt")}
    assert len(results) == 24, results
    assert all(text.startswith("Accepted: 1 report.") for text in results.values()), results
    assert min(failed["_send"], failed["_watch"]) > 3, failed


if __name__ == "__main__":
    main()
