"""Real eDonkey: two aMule daemons in two network namespaces, one of an agency and one of a downloader."""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from p2p_agency.collect.counter import WHOLE
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.integration.agency.agencies import Agency, await_minute, running, seconds_to, stop
from tests.integration.processes import ROOT, eventually

pytestmark = pytest.mark.verify

#: Addresses for documentation, inside namespaces that no other machine can reach.
SEED, DOWNLOADER = "198.51.100.1", "198.51.100.2"
PASSWORD, SIZE = "secret", 500_000
SETTINGS = """
[eMule]
Nick=test
Port=4662
UDPPort=4672
ConnectToKad=0
ConnectToED2K=1
Autoconnect=0
Reconnect=0
FilterLanIPs=0
IPFilterClients=0
UPnPEnabled=0
MaxUpload=0
MaxDownload=0
SlotAllocation=200
TempDir={folder}/Temp
IncomingDir={folder}/Incoming
IsCryptLayerRequested=0
[ExternalConnect]
AcceptExternalConnections=1
ECAddress=127.0.0.1
ECPort=4712
ECPassword={password}
UseSrcSeeds=0
"""

_FEDERATION = """
import sys
from tests.unit.agency import federation

with federation.running() as running:
    print(running.address, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _namespaces():
    """Two machines, joined by a cable; each has its own loopback."""
    names = [f"p2p-{side}-{time.monotonic_ns()}" for side in "ab"]
    cable = f"{time.monotonic_ns() % 10**8:x}"
    done = subprocess.run(["ip", "netns", "add", names[0]], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this machine does not allow network namespaces")
    try:
        _ip("netns", "add", names[1])
        _ip("link", "add", f"a{cable}", "netns", names[0], "type", "veth", "peer", f"b{cable}", "netns", names[1])
        for name, side, address in zip(names, "ab", (SEED, DOWNLOADER), strict=True):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", f"{side}{cable}")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", f"{side}{cable}", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


class Amule:
    def __init__(self, namespace: str, folder: Path) -> None:
        self.inside, self.folder = ["ip", "netns", "exec", namespace], folder
        for part in ("Temp", "Incoming"):
            (folder / part).mkdir(parents=True)
        password = hashlib.md5(PASSWORD.encode()).hexdigest()
        (folder / "amule.conf").write_text(SETTINGS.format(folder=folder, password=password))

    def running(self):
        return running(*self.inside, "amuled", "-c", str(self.folder), "-o", log=self.folder / "log.txt")

    def ask(self, command: str) -> str:
        asked = [*self.inside, "amulecmd", "-h", "127.0.0.1", "-p", "4712", "-P", PASSWORD, "-c", command]
        return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60).stdout


@contextmanager
def _federation(inside):
    """A federation in a namespace, which the collector can reach there."""
    command = [*inside, sys.executable, "-c", _FEDERATION]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()


def test_a_finished_transfer_of_edonkey_is_counted_once(tmp_path):
    if not all(shutil.which(program) for program in ("amuled", "amulecmd", "alcc", "ip")):
        pytest.skip("needs the packages amule-daemon, amule-utils and iproute2")
    with ExitStack() as stack:
        namespaces = stack.enter_context(_namespaces())
        seed, downloader = (Amule(name, tmp_path / side) for name, side in zip(namespaces, "ab", strict=True))
        text = seed.folder / "Incoming" / "harmless.txt"
        text.write_text("".join(f"line {n}: this is a harmless text.\n" for n in range(SIZE // 30))[:SIZE])
        for amule in (seed, downloader):
            stack.enter_context(amule.running())
        server = [*seed.inside, sys.executable, "-m", "tests.integration.agency.ed2k_server", SEED]
        stack.enter_context(running(*server, log=tmp_path / "server.txt"))
        assert eventually(lambda: all("Not connected" in one.ask("status") for one in (seed, downloader)))

        cell = (COUNTRIES["CY"], NETWORKS["EDONKEY"])
        address = stack.enter_context(_federation(seed.inside))
        agency = Agency(tmp_path / "agency", address, {"amule": {"password": PASSWORD}}, [cell])
        ahead = seconds_to(50)
        stack.callback(stop, agency.start(*seed.inside, ahead=ahead))
        for amule in (seed, downloader):
            amule.ask(f"add ed2k://|server|{SEED}|4661|/")
            amule.ask("connect ed2k")
        link = re.search(
            r"ed2k://\S+", subprocess.run(["alcc", str(text)], capture_output=True, text=True, check=False).stdout
        )
        agency.await_work()
        await_minute(ahead)
        downloader.ask(f"add {link[0]}|sources,{SEED}:4662|/")
        assert eventually((downloader.folder / "Incoming" / "harmless.txt").exists, within=150)
        # aMule is asked once in some seconds.
        over = time.time() + ahead + 10
        assert eventually(lambda: agency.has_reported(over), within=150)
    assert agency.counts() == {("CY", "EDONKEY"): 1}
    assert agency.exactly(cell, ("CY", "EDONKEY")) == WHOLE
