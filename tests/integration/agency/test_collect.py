"""Real BitTorrent: three agencies seed files on loopback, downloaders fetch them, and the reports are compared.

Thirty downloaders fetch from agencies only; ten more feed each other too.
"""

import gzip
import json
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import libtorrent
import pytest

from config.swarm import Downloader, make_torrent
from p2p_agency.collect.adapters import torrent
from p2p_agency.collect.counter import WHOLE
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.integration.agency.agencies import Agency, await_minute, client_of_lines, line_of, seconds_to, stop
from tests.integration.processes import ROOT, eventually
from tests.unit.agency import federation as federations

pytestmark = [
    pytest.mark.verify,
    pytest.mark.xdist_group("collect"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed (Debian: strace)"),
]

#: The third number of an address says its country in the test table.
ALONE, TOGETHER = "127.83.2", "127.83.3"
CODES = {ALONE: "PT", TOGETHER: "EE"}
FILES, SIZE = 2, 700_001
#: Addresses for documentation, which the client of the adapter `lines` says that it has met.
MET = [f"203.0.113.{n}" for n in range(20, 50)] + [f"2001:db8:8ac4::{n:x}" for n in range(0x9A00, 0x9A14)]


#: What a process can write to a file, a pipe or a socket with.
_WRITES = "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,copy_file_range,msync"


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """Whole minutes of all of it; the first agency runs under strace."""
    folder = tmp_path_factory.mktemp("collect")
    blocks = [make_torrent(folder / "files", f"text-{n}.txt", SIZE) for n in range(FILES)]
    cells = [(COUNTRIES[code], NETWORKS["BITTORRENT"]) for code in CODES.values()]
    trace = folder / "trace.txt"
    with federations.running() as federation:
        agencies = [Agency(folder / f"agency-{n}", federation.address, _sources(folder, n), cells) for n in range(3)]
        # A minute begins when all of them work.
        ahead = seconds_to(46)
        processes = [
            agency.start(*(_strace(trace) if n == 0 else ()), ahead=ahead, accounts=True)
            for n, agency in enumerate(agencies)
        ]
        try:
            with client_of_lines(folder / "agency-0" / "lines.sock") as say:
                assert eventually(lambda: all(_listens(n) for n in range(3)))
                for agency in agencies:
                    agency.await_work()
                await_minute(ahead)
                for address in MET:
                    say(address)
                downloaders = _download(folder)
                # libtorrent is looked at once a second.
                over = time.time() + ahead + 3
                assert eventually(lambda: all(agency.has_reported(over) for agency in agencies), within=150)
                assert eventually(lambda: all(agency.has_sent_all(federation) for agency in agencies))
        finally:
            for process in processes:
                stop(process)
        yield SimpleNamespace(
            agencies=agencies, downloaders=downloaders, blocks=sum(blocks), trace=trace, federation=federation
        )


def _strace(trace: Path) -> list[str]:
    return ["strace", "-f", "-qq", "-yy", "-xx", "-s", "65536", "-o", str(trace), "-e", f"trace={_WRITES}"]


def _sources(folder: Path, number: int) -> dict[str, Any]:
    torrent = {"folder": str(folder / "files"), "listen": f"127.83.1.{number + 1}:{17000 + number}"}
    lines = {"path": str(folder / "agency-0" / "lines.sock")}
    return {"torrent": torrent, "lines": lines} if number == 0 else {"torrent": torrent}


def _listens(number: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((f"127.83.1.{number + 1}", 17000 + number)) == 0


def _download(folder: Path) -> Any:
    chance = random.Random(5)
    seeds = [[f"127.83.1.{n + 1}", 17000 + n] for n in range(3)]
    downloaders = []
    for start, number in ((ALONE, 30), (TOGETHER, 10)):
        addresses = [f"{start}.{n + 10}" for n in range(number)]
        downloaders += [
            {
                "address": address,
                "torrents": sorted(map(str, (folder / "files").glob("*.torrent"))),
                "knows": chance.sample(seeds, chance.choice([1, 2, 3])),
                "others": chance.sample(addresses, 4) if start == TOGETHER else [],
                "speed": 60_000,
            }
            for address in addresses
        ]
    given = {"folder": str(folder / "downloads"), "seconds": 150, "downloaders": downloaders}
    command = [sys.executable, "-m", "tests.integration.agency.swarm"]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, cwd=ROOT, check=True)
    return json.loads(done.stdout)


def test_every_downloader_has_finished(counted):
    assert [one["finished"] for one in counted.downloaders.values()] == [FILES] * 40


def test_the_sum_of_the_reports_is_the_number_of_downloads(counted):
    """Within five per cent, where the downloaders fetch from the agencies only."""
    reported = sum(agency.counts()[CODES[ALONE], "BITTORRENT"] for agency in counted.agencies)
    assert abs(reported - 30 * FILES) <= 0.05 * 30 * FILES


@pytest.mark.parametrize("group", [ALONE, TOGETHER])
@pytest.mark.parametrize("number", range(3))
def test_each_report_is_what_the_agency_itself_says_that_it_sent(counted, group, number):
    agency = counted.agencies[number]
    lines = {line for line in agency.accounts.read_text().splitlines() if line.startswith(f"{group}.")}
    files = Counter(tuple(line.split()[:2]) for line in lines)
    expected = sum(WHOLE * blocks // (counted.blocks // FILES) for blocks in files.values())
    assert agency.exactly((COUNTRIES[CODES[group]], NETWORKS["BITTORRENT"]), (CODES[group], "BITTORRENT")) == expected


def test_what_downloaders_got_from_each_other_is_nobodys_report(counted):
    agencies = {f"127.83.1.{n + 1}" for n in range(3)}
    together = [one["got"] for address, one in counted.downloaders.items() if address.startswith(TOGETHER)]
    share = sum(n for got in together for host, n in got.items() if host in agencies) / (10 * counted.blocks)
    assert share < 0.9
    reported = sum(agency.counts()[CODES[TOGETHER], "BITTORRENT"] for agency in counted.agencies)
    assert abs(reported - share * 10 * FILES) <= 3


def test_each_transfer_of_the_agencys_own_client_is_counted_once(counted):
    found = {cell: n for cell, n in counted.agencies[0].counts().items() if cell[1] == "EDONKEY"}
    assert sum(found.values()) == len(MET)


def test_the_federation_has_the_reports_of_the_outbox(counted):
    assert all(agency.has_sent_all(counted.federation) for agency in counted.agencies)


def test_messages_that_libtorrent_drops_are_told_and_only_peers_that_are_connected_are_kept(tmp_path, monkeypatch):
    make_torrent(tmp_path, "text.txt", 5_000_000)
    settings = torrent._settings("127.83.7.1:17090", dht=False)
    monkeypatch.setattr(torrent, "_settings", lambda *_, **__: settings | {"alert_queue_size": 20})
    forget, kept = torrent._forget_departed, []

    def forget_all(torrents, peers):
        peers["a torrent", ("192.0.2.1", 6881)] = None
        forget(torrents, peers)
        kept.append({host for _, (host, _) in peers})

    monkeypatch.setattr(torrent, "_forget_departed", forget_all)
    watching = torrent.watch(folder=str(tmp_path), listen="")
    next(watching)
    downloader = Downloader("127.83.7.2", tmp_path / "downloads")
    downloader.fetch(tmp_path / "text.txt.torrent", [("127.83.7.1", 17090)], 500_000)
    batch = next(batch for batch in islice(watching, 30) if any(kept))
    assert "dropped messages" in batch.lost
    assert kept[-1] == {"127.83.7.2"}
    watching.close()


def test_downloaders_that_know_only_the_seed_do_not_learn_each_other_from_it(tmp_path):
    """Peer exchange begins some seconds after a connection. A private torrent would have none."""
    make_torrent(tmp_path, "text.txt", 5_000_000, private=False)
    watching = torrent.watch(folder=str(tmp_path), listen="127.83.8.1:17091")
    next(watching)
    downloaders = [Downloader(f"127.83.8.{n}", tmp_path / "downloads") for n in (2, 3, 4)]
    for one in downloaders:
        one.fetch(tmp_path / "text.txt.torrent", [("127.83.8.1", 17091)], 60_000)
    met = set()
    for _ in islice(watching, 15):
        met |= {peer.ip[0] for one in downloaders for peer in one.torrents[0].get_peer_info()}
    assert met == {"127.83.8.1"}
    watching.close()


class _Peer:
    """A peer that speaks the extension protocol (BEP 10) by hand, and asks to be introduced to others (BEP 55)."""

    def __init__(self, address: str, seed: tuple[str, int], torrent: bytes) -> None:
        self._connection = socket.create_connection(seed, timeout=60, source_address=(address, 0))
        self.place = self._connection.getsockname()
        self._stream = self._connection.makefile("rb")
        reserved = bytes([0, 0, 0, 0, 0, 0x10, 0, 0])
        self._connection.sendall(b"\x13BitTorrent protocol" + reserved + torrent + address.encode().ljust(20))
        self._stream.read(68)
        self._say(0, b"d1:md12:ut_holepunchi4e6:ut_pexi1eee")
        offered: Any = libtorrent.bdecode(self.hear(0))
        self.offers: dict[bytes, int] = offered[b"m"]

    def _say(self, number: int, body: bytes) -> None:
        self._connection.sendall(struct.pack(">IBB", len(body) + 2, 20, number) + body)

    def hear(self, number: int) -> bytes:
        while length := self._stream.read(4):
            message = self._stream.read(int.from_bytes(length, "big"))
            if message[:2] == bytes([20, number]):
                return message[2:]
        raise EOFError

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def ask_for(self, place: tuple[str, int]) -> None:
        self._say(self.offers[b"ut_holepunch"], b"\0\0" + _endpoint(place))


def _endpoint(place: tuple[str, int]) -> bytes:
    return socket.inet_aton(place[0]) + place[1].to_bytes(2, "big")


def test_the_seed_offers_no_peer_exchange_and_names_to_a_peer_only_peers_that_ask(tmp_path):
    """docs/how-to/collect.md says what hole punching reveals. If libtorrent can turn it off one day, do this."""
    make_torrent(tmp_path, "text.txt", 50_000, private=False)
    info = libtorrent.load_torrent_file(str(tmp_path / "text.txt.torrent")).ti.info_hashes()
    watching = torrent.watch(folder=str(tmp_path), listen="127.83.10.1:17093")
    next(watching)
    one, other = (_Peer(f"127.83.10.{n}", ("127.83.10.1", 17093), info.get_best().to_bytes()) for n in (2, 3))
    assert one.offers.keys() <= {b"lt_donthave", b"share_mode", b"upload_only", b"ut_metadata", b"ut_holepunch"}
    beside = (other.place[0], other.place[1] ^ 1)
    one.ask_for(beside)
    assert one.hear(4) == b"\2\0" + _endpoint(beside) + b"\0\0\0\2", "only that nobody is there"
    one.ask_for(other.place)
    assert (one.hear(4), other.hear(4)) == (b"\1\0" + _endpoint(other.place), b"\1\0" + _endpoint(one.place))
    one.close()
    other.close()
    watching.close()


def test_the_seed_answers_no_question_of_the_dht(tmp_path):
    make_torrent(tmp_path, "text.txt", 50_000, private=False)
    watching = torrent.watch(folder=str(tmp_path), listen="127.83.9.1:17092", dht=True)
    next(watching)
    question = b"d1:ad2:id20:%s9:info_hash20:%se1:q9:get_peers1:t2:aa1:y1:qe" % (b"i" * 20, b"h" * 20)
    with socket.socket(type=socket.SOCK_DGRAM) as asker:
        asker.bind(("127.83.9.2", 17092))
        asker.settimeout(2)
        asker.sendto(question, ("127.83.9.1", 17092))
        with pytest.raises(TimeoutError):
            # It may ask, with `1:y1:q`.
            next(heard for heard in iter(lambda: asker.recv(2000), b"") if b"1:y1:r" in heard)
    watching.close()


# --- no address anywhere ----------------------------------------------------------------------------------------------


#: All distinctive addresses.
_TEXTS = MET + [f"{start}.{n + 10}" for start, number in ((ALONE, 30), (TOGETHER, 10)) for n in range(number)]


def _traces(texts: list[str] = _TEXTS) -> list[bytes]:
    """The addresses as text, and as numbers in both orders."""
    packed = [ip_address(text).packed for text in texts]
    return [*(text.encode() for text in texts), *packed, *(one[::-1] for one in packed)]


def test_no_file_of_an_agency_holds_an_address(counted):
    """The settings, the outbox with its journal, what is carried, and the log."""
    for agency in counted.agencies:
        files = [path for path in agency.folder.iterdir() if path.is_file()]
        assert {"collect.json", "outbox.sqlite", "log.txt"} <= {path.name for path in files}
        for path in files:
            content = path.read_bytes()
            assert [trace for trace in _traces() if trace in content] == [], path.name


def test_nothing_that_the_program_writes_holds_an_address_except_to_peers_themselves(counted):
    pattern = _pattern(_TEXTS)
    written, accounts = Counter(), 0
    for target, content in _writes(counted.trace):
        if target.startswith("TCP:[127.83.1.1:17000"):
            continue
        if target.endswith(".accounts"):
            # The test writes these itself: they show that an address would be found.
            accounts += bool(pattern.search(content))
        else:
            assert not pattern.search(content), target
            written[Path(target).name if target.startswith("/") else target.partition(":")[0]] += 1
    assert accounts
    # To the outbox, to the log, from one process to the other, and to the federation.
    assert {"outbox.sqlite-wal", "log.txt", "pipe", "TCP"} <= set(written), written


def _pattern(texts: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(_as_strace_shows(trace)) for trace in _traces(texts)))


def _writes(trace: Path) -> Iterator[tuple[str, str]]:
    """To where something was written, and what, as strace shows it."""
    with trace.open() as lines:
        for line in lines:
            if call := re.match(r"\d+ +\w+\(\d+<(.*?)>, (.*)", line):
                target = call[1].partition("<")[0]
                yield bytes.fromhex(target.replace("\\x", "")).decode() if target.startswith("\\x") else target, call[2]


def _as_strace_shows(content: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in content)


def test_the_federation_gets_no_address(counted):
    for _, headers, body in counted.federation.asked:
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        assert [trace for trace in _traces() if trace in plain + repr(headers).encode()] == []


def test_no_fault_in_any_stage_shows_an_address(tmp_path):
    """The adapter fails, the locator fails, a library panics, a library aborts, and the disk is full all the time."""
    path, trace, before = tmp_path / "lines.sock", tmp_path / "trace.txt", set(ROOT.iterdir())
    agency = Agency(tmp_path / "agency", "http://127.0.0.1:9", {"lines": {"path": str(path)}}, [])
    (agency.folder / "collect.json").write_text('{"reported": 1, "waiting": ["{}"]}')
    counting, told = agency.start(*_strace(trace), program="crashing"), _Told(path)
    try:
        for number, fault in enumerate(("adapter", "locator", "panic", "abort")):
            assert eventually(lambda: told.by(line_of(MET[number], fault)))  # noqa: B023
            assert eventually(lambda: agency.log.read_text().count("has ended") == number + 1), fault  # noqa: B023
    finally:
        stop(counting)
    log = agency.log.read_text()
    for said in ("ValueError", "OSError", "PanicError", "It was killed.", "keeps 1 minute in memory", "No space left"):
        assert said in log, said
    assert "Traceback" not in log
    for file in agency.folder.iterdir():
        assert [one for one in _traces(MET) if one in file.read_bytes()] == [], file.name
    found = {target for target, content in _writes(trace) if _pattern(MET).search(content)}
    # What a library prints goes nowhere.
    assert found == {"/dev/null"}
    # Other tests may make folders that are hidden.
    assert [path for path in set(ROOT.iterdir()) - before if not path.name.startswith(".")] == []


class _Told:
    """Tells each source of a collector one line. One that has just failed may still listen for a moment."""

    def __init__(self, path: Path) -> None:
        self._path, self._last = path, 0

    def by(self, line: bytes) -> bool:
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            # Each source makes a socket of its own.
            made = self._path.stat().st_ctime_ns
            if made != self._last:
                client.connect(str(self._path))
                client.sendall(line)
                self._last = made
                return True
        return False
