"""Runs one short seed of a command of `tests.chaos`, as `make` would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.integration import processes

needs_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux takes a whole cluster along with who started it"
)


def run_seed(module: str, seed: int, seconds: int, folder: Path) -> str:
    """What the command prints. It must end well."""
    prepared = ["--prepared", os.environ[servers.PREPARED]] if servers.is_prepared() else []
    done = subprocess.run(
        [sys.executable, "-m", module, "--seed", str(seed), "--seconds", str(seconds), *prepared],
        cwd=processes.ROOT,
        env=processes.environment(folder, TMPDIR=str(folder)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
