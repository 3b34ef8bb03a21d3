"""One short seed of `make notify`, so that the command keeps working and messages arrive once."""

import os
import re
import subprocess
import sys

import pytest

from tests import servers
from tests.integration import processes

#: In its few seconds a worker, beat and the mail server or the receiver are killed, and one of these two is suspended.
SEED, SECONDS = 6, 8


@pytest.mark.verify
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes a whole cluster along with who started it")
def test_short_seed_ends_with_everybody_told_once(tmp_path):
    prepared = ["--prepared", os.environ[servers.PREPARED]] if servers.is_prepared() else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.notify", "--seed", str(SEED), "--seconds", str(SECONDS), *prepared],
        cwd=processes.ROOT,
        env=processes.environment(tmp_path, TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    events, messages, arrivals = re.search(r"(\d+) events, (\d+) messages, (\d+) arrivals", done.stdout).groups()
    assert int(events) > 3
    assert int(arrivals) >= int(messages) > 3
