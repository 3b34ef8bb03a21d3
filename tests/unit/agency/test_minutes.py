"""Which minutes are reported: those that were seen as a whole."""

import pytest

from p2p_agency.collect.minutes import Minutes

#: Minute 1000 begins.
START = 60_000.0


class Clock:
    """Looks at the clock as the collector does, with sources that all work unless they are named silent."""

    def __init__(self, now=START, reported=0, sources=("a", "b")):
        self.now, self.sources = now, sources
        self.minutes = Minutes(now, reported=reported, sources=sources)

    def go(self, seconds, *, silent=()):
        """The minutes that end while the clock goes on, looked at each second."""
        found = []
        for _ in range(seconds):
            self.now += 1
            found += self.minutes.look(self.now)
            for source in set(self.sources) - set(silent):
                self.minutes.hear(source)
        return found

    def set(self, by):
        self.now += by
        ended = self.minutes.look(self.now)
        for source in self.sources:
            self.minutes.hear(source)
        return ended


def test_the_minute_in_which_counting_began_is_not_reported_and_the_next_ones_are():
    assert [(ended.minute, bool(ended.fault)) for ended in Clock(now=START + 30).go(152)] == [
        (1000, True),
        (1001, False),
        (1002, False),
    ]


def test_a_minute_without_transfers_ends_like_any_other():
    assert [ended.minute for ended in Clock().go(182) if not ended.fault] == [1001, 1002]


@pytest.mark.parametrize(("seconds", "lost"), [(9, False), (13, True)])
def test_a_source_that_is_silent_for_long_loses_the_minute(seconds, lost):
    clock = Clock()
    clock.go(70)
    clock.go(seconds, silent="b")
    [ended] = clock.go(52 - seconds)
    assert bool(ended.fault) == lost
    assert ("b was silent" in ended.fault) == lost


@pytest.mark.parametrize("begin", range(100, 125))
@pytest.mark.parametrize("seconds", [9, 12])
def test_a_silence_loses_all_minutes_that_it_touches(begin, seconds):
    """Afterwards the source tells what has happened meanwhile. Nobody knows in which of these minutes it was."""
    clock = Clock()
    ended = clock.go(begin) + clock.go(seconds, silent="b") + clock.go(180)
    touched = {1000 + (begin - 1) // 60, 1000 + (begin + seconds) // 60} if seconds > 10 else set()
    assert {one.minute for one in ended if one.fault} == {1000} | touched
    assert {one.fault for one in ended if one.minute in touched} <= {"b was silent"}


def test_a_minute_waits_until_all_sources_were_heard_after_it():
    clock = Clock()
    clock.go(115)
    assert clock.go(8, silent="b") == []
    assert clock.minutes.has_past(clock.now)
    assert [(ended.minute, ended.fault) for ended in clock.go(2)] == [(1001, "")]
    assert not clock.minutes.has_past(clock.now)


def test_a_fault_that_is_seen_while_a_minute_waits_loses_this_minute_too():
    clock = Clock()
    clock.go(120)
    clock.minutes.lose("a had ended")
    assert [(ended.minute, ended.fault) for ended in clock.go(62)] == [(1001, "a had ended"), (1002, "a had ended")]


def test_a_clock_that_jumps_while_a_minute_waits_loses_this_minute_too():
    clock = Clock()
    clock.go(120)
    assert [(ended.minute, bool(ended.fault)) for ended in clock.set(30)] == [(1001, True), (1002, True)]


def test_a_source_that_stays_silent_loses_every_minute():
    clock = Clock()
    clock.go(70)
    assert all(ended.fault == "b was silent" for ended in clock.go(180, silent="b"))


def test_a_source_that_was_never_heard_loses_every_minute():
    clock = Clock()
    assert all(ended.fault for ended in clock.go(300, silent="a"))


@pytest.mark.parametrize(
    ("by", "says"), [(30, "on by 30 seconds"), (3600, "on by 3600"), (-30, "back by 30"), (-3600, "back by 3600")]
)
def test_a_clock_that_jumps_loses_the_minutes_that_it_touches_and_no_others(by, says):
    clock = Clock()
    clock.go(90)
    [ended] = clock.set(by)
    assert ended.minute == 1001
    assert says in ended.fault
    first, *others = clock.go(602)
    assert says in first.fault
    reported = [one.minute for one in others if not one.fault]
    assert reported == list(range(first.minute + 1, first.minute + 10))


def test_a_clock_that_is_set_back_reports_no_minute_twice():
    clock = Clock()
    reported = [ended.minute for ended in clock.go(302) if not ended.fault]
    assert reported == [1001, 1002, 1003, 1004]
    clock.set(-152)
    again = clock.go(600)
    assert [ended.minute for ended in again if "reported before" in ended.fault] == [1003, 1004]
    assert next(ended.minute for ended in again if not ended.fault) == 1005


def test_a_small_step_back_over_the_end_of_a_minute_ends_it_once():
    clock = Clock()
    clock.go(119)
    assert clock.set(1.5) == clock.set(-1.0) == []
    assert [ended.minute for ended in clock.go(63)] == [1001, 1002]


def test_a_collector_that_is_started_again_reports_no_minute_that_was_reported():
    ended = Clock(now=START + 90, reported=1002).go(200)
    assert [one.minute for one in ended if not one.fault] == [1003]


def test_a_process_that_stood_still_loses_the_minutes_of_that_time():
    clock = Clock()
    clock.go(90)
    assert [ended.minute for ended in clock.set(185)] == [1001]
    assert [(one.minute, bool(one.fault)) for one in clock.go(120)] == [(1004, True), (1005, False)]
