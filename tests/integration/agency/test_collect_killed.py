"""A collector that is killed again and again, and one that is protected."""

import itertools
import random
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from p2p_agency.collect.counter import WHOLE
from p2p_core.codes import COUNTRIES, NETWORKS
from tests.integration.agency.agencies import Agency, client_of_lines, stop
from tests.integration.processes import alive, eventually
from tests.unit.agency import federation as federations

pytestmark = pytest.mark.verify

CELL = COUNTRIES["NO"], NETWORKS["EDONKEY"]
#: A minute lasts three seconds.
FACTOR = 20


def test_a_collector_that_is_killed_reports_each_minute_once_and_counts_nothing_twice(tmp_path):
    chance = random.Random(7)
    numbers = itertools.count()
    with federations.running() as federation:
        agency = Agency(
            tmp_path / "agency", federation.address, {"lines": {"path": str(tmp_path / "lines.sock")}}, [CELL]
        )
        with client_of_lines(tmp_path / "lines.sock", every=0.1) as say:
            for _ in range(5):
                counting = agency.start(factor=FACTOR)
                ends = time.monotonic() + chance.uniform(5, 9)
                while time.monotonic() < ends:
                    say(f"2001:db8::{next(numbers):x}:1")
                    time.sleep(0.02)
                sources = psutil.Process(counting.pid).children(recursive=True)
                counting.kill()
                counting.wait()
                assert eventually(lambda left=sources: not alive(left))
            counting = agency.start(factor=FACTOR)
            assert eventually(lambda: agency.state()["waiting"] and len(federation.stored) == len(agency.reports()))
            stop(counting)
    periods = [report["period"] for report in agency.reports()]
    assert len(periods) >= 3
    assert periods == sorted(set(periods))
    counted = agency.exactly(CELL, ("NO", "EDONKEY"))
    assert 0 < counted <= next(numbers) * WHOLE
    assert counted % WHOLE == 0


def test_a_collector_leaves_no_core_file_and_shows_its_memory_to_nobody(tmp_path):
    agency = Agency(
        tmp_path / "agency", "http://127.0.0.1:9", {"lines": {"path": str(tmp_path / "lines.sock")}}, [CELL]
    )
    counting = agency.start()
    try:
        assert eventually(lambda: len(_processes(counting)) == 3)
        assert eventually(lambda: all(_is_protected(one, agency) for one in _processes(counting)))
    finally:
        stop(counting)


def _processes(counting: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """The counter, its source and its sender."""
    found = [psutil.Process(counting.pid), *psutil.Process(counting.pid).children(recursive=True)]
    return [one for one in found if "resource_tracker" not in " ".join(one.cmdline())]


def _is_protected(process: psutil.Process, agency: Agency) -> bool:
    locked = Path(f"/proc/{process.pid}/status").read_text().partition("VmLck:")[2].split()[0]
    no_core = process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    return no_core and (locked != "0" or "cannot be locked" in agency.log.read_text())
