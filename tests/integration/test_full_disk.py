"""A full disk of PostgreSQL shows in every check, and the service continues by itself when there is room again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.integration.processes import ROOT

#: What is mounted there is nobody else's, and goes with the process that mounted it.
APART = ("unshare", "--mount", "--propagation", "private")


def may_mount(folder: Path) -> bool:
    command = [*APART, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.verify
@pytest.mark.parametrize("what", ["tables", "log"])
def test_full_disk_is_seen_and_all_recovers_once_there_is_room(tmp_path, what):
    if not servers.is_prepared():
        pytest.skip("the environment names a server, whose disk is not ours to fill")
    if not may_mount(tmp_path):
        pytest.skip("a disk as small as that can be mounted by root alone")
    program = [sys.executable, "-m", "tests.integration.full_disk"]
    done = subprocess.run(
        [*APART, *program, str(tmp_path), os.environ[servers.PREPARED], what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
