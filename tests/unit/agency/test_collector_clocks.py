"""The collector reports no minute of a wrong clock, and drops no minute of a right one."""

import json

import pytest

from p2p_agency.collect.counter import WHOLE
from tests.unit.agency.collecting import NORWAY, TORRENT


def test_minutes_wait_until_the_clock_was_compared(world, caplog):
    world.start(compared=False)
    world.go(63)
    world.go(120, [world.transfer()])
    assert world.reports == []
    assert caplog.text.count("Minutes wait until the clock can be compared") == 1
    world.compare()
    assert [report["period"][-5:] for report in world.reports] == ["12:01", "12:02"]
    world.go(60)
    assert [report["period"][-5:] for report in world.reports] == ["12:01", "12:02", "12:03"]
    assert world.sum // WHOLE == 1


def test_minutes_that_wait_for_the_comparison_outlive_kills(world):
    world.path.write_text(json.dumps({"carried": [[NORWAY, TORRENT, 0]]}))
    for _ in range(3):
        world.start(compared=False)
        world.go(70)
        world.go(60, [world.transfer(blocks=2)])
    assert world.reports == []
    world.start()
    assert [report["period"][-5:] for report in world.reports] == ["12:01", "12:03", "12:05"]
    assert world.sum == 3 * WHOLE // 2


@pytest.mark.parametrize("clock", ["now", "steady"])
def test_minutes_that_waited_are_dropped_if_a_clock_jumped_between_two_processes(world, caplog, clock):
    """The clock was set, or the machine started again."""
    world.start(compared=False)
    world.go(130)
    setattr(world, clock, getattr(world, clock) + 3600)
    world.start()
    assert world.reports == []
    assert "does not report 1 minute that waited: the clock was set, or the machine started again" in caplog.text


def test_no_minute_of_a_wrong_clock_is_reported_and_the_clock_is_said_once(world, caplog):
    world.go(130)
    for _ in range(3):
        world.compare(3600)
        world.go(60)
    assert [report["period"][-5:] for report in world.reports] == ["12:01"]
    assert caplog.text.count("The clock of this machine is about 1:00:00 behind") == 1
    assert caplog.text.count("Minutes are not reported until it is right.") == 1
    assert "The minute 2026-11-30T12:03 is not reported: the clock of this machine was wrong" in caplog.text
    world.compare()
    world.go(120)
    assert [report["period"][-5:] for report in world.reports] == ["12:01", "12:06"]


@pytest.mark.parametrize("ahead", [3600, -3600])
def test_minutes_of_a_clock_that_was_wrong_from_the_start_are_dropped_and_it_counts_on_when_it_is_set(world, ahead):
    """As on a machine that starts without a network, and sets its clock when the network is there."""
    world.now += ahead
    world.start(compared=False)
    world.go(200)
    world.now -= ahead
    world.go(10)
    world.compare()
    world.go(180)
    assert [report["period"][-5:] for report in world.reports] == ["12:04", "12:05"]


def test_minutes_that_were_dropped_do_not_come_back_after_a_kill(world):
    world.start(compared=False)
    world.go(130)
    world.compare(3600)
    world.start()
    assert world.reports == []


def test_a_comparison_that_began_before_the_clock_jumped_does_not_count(world):
    world.start(compared=False)
    offset = world.offset
    world.now += 3600
    world.go(130)
    world.collector._check_clock(offset, 0)
    assert world.reports == []
    world.compare()
    assert [report["period"][-5:] for report in world.reports] == ["13:01"]


def test_a_small_step_after_a_comparison_counts_also_if_the_result_comes_after_it(world):
    world.go(63)
    offset = world.offset
    world.now -= 9
    world.collector._check_clock(offset, 25)
    world.go(180)
    assert world.reports == []


def test_small_steps_of_the_clock_are_a_jump_together(world):
    for _ in range(8):
        world.go(20)
        world.now += 9
    world.go(120)
    assert world.reports == []
    world.compare(-72)
    world.start()
    assert world.reports == []


@pytest.mark.parametrize("step", [5, -5, 9, -9])
def test_a_clock_that_moves_between_comparisons_is_wrong_before_the_next_one_shows_it(world, caplog, step):
    """The federation's clock goes right. It cannot be reached after the last comparison that shows a right clock."""
    moved = 0
    world.go(60)
    while abs(moved + step) < 30:
        world.now, moved = world.now + step, moved + step
        world.go(60)
        world.compare(-moved)
    world.go(60)
    before = len(world.reports)
    assert (before > 0, "Minutes are not reported" in caplog.text) == (True, False)
    world.now += step
    world.go(300)
    assert len(world.reports) == before
    assert caplog.text.count("Minutes are not reported until it is right.") == 1
    world.now -= step
    world.go(180)
    assert len(world.reports) > before


def test_a_clock_that_is_set_forth_and_back_is_right(world, caplog):
    world.go(63)
    for step in (9, -9) * 4:
        world.now += step
        world.go(60 - step)
        world.compare(-max(step, 0))
    assert len(world.reports) == 8
    assert "not reported: the clock" not in caplog.text


@pytest.mark.parametrize("step", [9, -9])
def test_small_steps_within_a_minute_are_a_jump_also_if_the_clock_is_compared_between_them(world, caplog, step):
    world.go(80)
    for moved in (0, step):
        world.compare(-moved)
        world.now += step
        world.go(5)
    world.go(120)
    said = (
        f"The minute 2026-11-30T12:01 is not reported: the clock was set {'on' if step > 0 else 'back'} by 18 seconds"
    )
    assert said in caplog.text
    assert [report["period"][-5:] for report in world.reports][:1] == ["12:02"]


def test_minutes_that_a_comparison_shows_to_be_wrong_are_dropped(world, caplog):
    world.start(compared=False)
    world.go(130)
    world.compare(3600)
    assert "does not report 1 minute that waited: the clock of this machine was wrong" in caplog.text
    world.compare()
    assert world.reports == []
