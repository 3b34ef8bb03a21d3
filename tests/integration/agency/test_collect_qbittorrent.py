"""Real qBittorrent: it seeds a text on loopback, a downloader fetches the text slowly, and the report is compared."""

import base64
import hashlib
import shutil
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from config.embedded.process import free_port
from config.swarm import Downloader, make_torrent
from p2p_agency.collect.adapters import AdapterError, qbittorrent
from p2p_agency.collect.counter import WHOLE
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.integration.agency.agencies import Agency, await_minute, running, seconds_to, stop
from tests.integration.processes import eventually
from tests.unit.agency import federation as federations

pytestmark = pytest.mark.verify

#: The third number of an address says its country in the test table.
DOWNLOADER, PLACE = "127.85.3.1", ("EE", "BITTORRENT")
#: Bytes, and bytes a second: qBittorrent shows some seconds late how much it has sent.
SIZE, SPEED = 3_000_000, 100_000
#: A peer that is gone counts with what it had when it was last listed, if that was so much of the file.
LEAST = 0.8
USERNAME, PASSWORD = "admin", "secret"
SETTINGS = r"""
[LegalNotice]
Accepted=true
[BitTorrent]
Session\Port={port}
Session\DHTEnabled=false
Session\LSDEnabled=false
Session\PeXEnabled=false
[Network]
PortForwardingEnabled=false
[Preferences]
Connection\ResolvePeerCountries=false
WebUI\Address=127.0.0.1
WebUI\Port={web}
WebUI\UseUPnP=false
WebUI\Username={username}
WebUI\Password_PBKDF2="@ByteArray({salt}:{digest})"
"""


def _qbittorrent(folder: Path, torrent: Path, port: int, web: int):
    salt = b"0123456789abcdef"
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 100_000)
    coded = {name: base64.b64encode(value).decode() for name, value in (("salt", salt), ("digest", digest))}
    settings = folder / "qBittorrent/config/qBittorrent.conf"
    settings.parent.mkdir(parents=True)
    settings.write_text(SETTINGS.format(port=port, web=web, username=USERNAME, **coded))
    command = ["qbittorrent-nox", f"--profile={folder}", f"--save-path={torrent.parent}", str(torrent)]
    return running(*command, log=folder / "log.txt")


def _seeds(source: dict[str, str]) -> bool:
    with suppress(AdapterError):
        return bool(qbittorrent._Api(**source).get("torrents/info", list[qbittorrent._Torrent], filter="completed"))
    return False


def test_a_slow_transfer_of_qbittorrent_is_counted_once_and_by_at_most_a_fifth_too_low(tmp_path):
    if not shutil.which("qbittorrent-nox"):
        pytest.skip("needs the package qbittorrent-nox")
    torrent, port, web = tmp_path / "files/harmless.txt.torrent", free_port(), free_port()
    make_torrent(torrent.parent, torrent.stem, SIZE)
    source = {"url": f"http://127.0.0.1:{web}", "username": USERNAME, "password": PASSWORD}
    cell = (COUNTRIES[PLACE[0]], NETWORKS[PLACE[1]])
    with ExitStack() as stack:
        stack.enter_context(_qbittorrent(tmp_path / "profile", torrent, port, web))
        assert eventually(lambda: _seeds(source))
        federation = stack.enter_context(federations.running())
        agency = Agency(tmp_path / "agency", federation.address, {"qbittorrent": source}, [cell])
        ahead = seconds_to(50)
        stack.callback(stop, agency.start(ahead=ahead))
        agency.await_work()
        await_minute(ahead)
        downloader = Downloader(DOWNLOADER, tmp_path / "downloads")
        downloader.fetch(torrent, [("127.0.0.1", port)], SPEED)
        assert eventually(lambda: downloader.finished == 1, within=150)
        # qBittorrent is asked once in some seconds.
        over = time.time() + ahead + 10
        assert eventually(lambda: agency.has_reported(over), within=150)
    assert set(agency.counts()) <= {PLACE}
    assert LEAST * WHOLE <= agency.exactly(cell, PLACE) <= WHOLE
