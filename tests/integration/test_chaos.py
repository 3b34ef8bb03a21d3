"""One short seed of `make chaos`, so that the command keeps working; and its plans."""

import os
import subprocess
import sys

import pytest

from tests import servers
from tests.chaos import faults, plan
from tests.integration import processes

#: In its few seconds PostgreSQL is killed, a process of a web server too, and the clock of beat is wrong.
SEED, SECONDS = 7, 6


def test_plan_hangs_on_the_seed_alone():
    assert plan.draw(7, seconds=45) == plan.draw(7, seconds=45)
    assert plan.draw(7, seconds=45).faults != plan.draw(8, seconds=45).faults


def test_each_kind_of_fault_comes_in_a_whole_run_and_can_be_done():
    drawn = plan.draw(1, seconds=45)
    assert {fault.kind for fault in drawn.faults} == set(plan.KINDS) == set(faults.DEEDS)
    assert all(fault.at + fault.lasts < 45 for fault in drawn.faults)


@pytest.mark.verify
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes a whole cluster along with who started it")
def test_short_seed_ends_with_each_submission_stored_once(tmp_path):
    prepared = ["--prepared", os.environ[servers.PREPARED]] if servers.is_prepared() else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seed", str(SEED), "--seconds", str(SECONDS), *prepared],
        cwd=processes.ROOT,
        env=processes.environment(tmp_path, TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    heads, figures = (line.split() for line in done.stdout.split("\n\n")[-2].splitlines())
    assert heads[:7] == ["seed", "submissions", "202", "retries", "faults", "lost", "doubled"]
    assert int(figures[2]) > 10
    assert figures[5:7] == ["0", "0"]
