"""One short seed of `make chaos`, so that the command keeps working; and its plans."""

import pytest

from tests.chaos import faults, plan
from tests.integration.seeds import needs_linux, run_seed

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
@needs_linux
def test_short_seed_ends_with_each_submission_stored_once(tmp_path):
    printed = run_seed("tests.chaos", SEED, SECONDS, tmp_path)
    heads, figures = (line.split() for line in printed.split("\n\n")[-2].splitlines())
    assert heads[:7] == ["seed", "submissions", "202", "retries", "faults", "lost", "doubled"]
    assert int(figures[2]) > 10
    assert figures[5:7] == ["0", "0"]
