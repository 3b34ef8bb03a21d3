"""What the collector puts into the outbox, also if it is killed at any point, or the disk is full."""

import json
import random
from datetime import UTC, datetime

import pytest

from p2p_agency.collect import collector, counter
from p2p_agency.collect.collector import Collector
from p2p_agency.collect.counter import WHOLE, Transfer
from p2p_agency.collect.sources import Message
from p2p_agency.errors import MachineError
from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.payloads import submissions

START = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
NORWAY, TORRENT = COUNTRIES["NO"], NETWORKS["BITTORRENT"]


class Killed(BaseException):
    """Nothing in the program catches this."""


class Source:
    """A source that gives what the test wants it to give."""

    def __init__(self):
        self.message = Message()

    def receive(self):
        message, self.message = self.message, Message()
        return message

    def stop(self, _now):
        self.stopped = True


class World:
    """A clock, a disk and an outbox, which live longer than a collector."""

    def __init__(self, folder, monkeypatch, *, chance=None):
        self.path, self.now, self.steady, self.chance = folder / "collect.json", START, 0.0, chance
        self.outbox, self.full, self.peers = [], False, 0
        self.counted = {}
        write = collector.write_private

        def write_or_die(path, content):
            self.die()
            if self.full:
                raise MachineError("The disk is full.")
            write(path, content)
            self.die()

        monkeypatch.setattr(collector, "write_private", write_or_die)

    def die(self):
        if self.chance and self.chance.random() < 0.1:
            raise Killed

    def add(self, body):
        self.die()
        if self.full:
            raise MachineError("The disk is full.")
        if body not in self.outbox:
            self.outbox.append(body)
        self.die()

    def start(self, *, compared=True):
        self.source = Source()
        clocks = {"clock": lambda: self.now, "offset": lambda: self.offset}
        self.collector = Collector({"a": self.source}, self.path, self.add, comparisons=None, **clocks)
        self.collector._store()
        if compared:
            self.compare()

    @property
    def offset(self):
        return self.now - self.steady

    def compare(self, behind=0):
        """Compare the clock with that of a federation, which is so many seconds ahead of it."""
        self.collector._check_clock(self.offset, behind)

    def wait(self, seconds):
        self.now += seconds
        self.steady += seconds

    def go(self, seconds, transfers=(), *, step=1):
        """One step of the clock after the other; the transfers come in the first one."""
        for second in range(0, seconds, step):
            self.wait(step)
            self.collector._end_minutes_that_are_over()
            self.source.message = Message(transfers=list(transfers) if second == 0 else [])
            self.collector._take("a")

    def transfer(self, blocks=1, sent=1):
        self.peers += 1
        return Transfer(NORWAY, TORRENT, b"%d" % self.peers, blocks, [(0, sent)], complete=True)

    @property
    def reports(self):
        return [report for body in self.outbox for report in json.loads(body)["reports"]]

    @property
    def sum(self):
        """What was reported and is carried, in units."""
        reported = sum(one["value"] for report in self.reports for one in report["observations"])
        return reported * WHOLE + sum(units for *_, units in json.loads(self.path.read_text())["carried"])


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = World(tmp_path, monkeypatch)
    world.start()
    return world


def test_each_minute_is_a_submission_of_one_report_also_if_nothing_happened(world):
    world.go(63)
    world.go(60, [world.transfer(), world.transfer()])
    world.go(60)
    assert world.reports == [
        {
            "frequency": "N",
            "period": "2026-11-30T12:01",
            "observations": [{"country": "NO", "network": "BITTORRENT", "value": 2}],
        },
        {"frequency": "N", "period": "2026-11-30T12:02", "observations": []},
    ]
    assert json.loads(world.outbox[0])["indicator"] == "DOWNLOADS"
    assert json.loads(world.outbox[0])["prepared"] == "2026-11-30T12:02:02.000Z"


def test_the_server_accepts_what_is_submitted(world):
    world.go(63)
    world.go(60, [world.transfer()])
    now = datetime.fromtimestamp(world.now, UTC)
    read = submissions.read(world.outbox[0], "json", received=now, indicators={"DOWNLOADS": 1}, agency="A")
    assert read.reports[0].total == 1


def test_a_minute_in_which_a_source_ended_is_not_reported_and_the_reason_is_said(world, caplog):
    world.go(70)
    world.source.message = Message(error="It was killed.")
    world.collector._take("a")
    assert world.source.stopped
    said = "The source a has ended. It was killed. The source starts again every 10 seconds, until it works."
    assert said in caplog.text
    world.go(60)
    assert world.reports == []
    assert "The minute 2026-11-30T12:01 is not reported: a had ended" in caplog.text


def test_a_client_that_is_away_is_said_once_and_said_again_if_it_was_back(world, caplog):
    for reason in ("It was killed.", *["No program answers."] * 3):
        world.source.message = Message(error=reason)
        world.collector._take("a")
    assert [line.partition(" ended. ")[2].split(".")[0] for line in caplog.messages] == [
        "It was killed", "No program answers"
    ]  # fmt: skip
    world.go(1)
    world.source.message = Message(error="No program answers.")
    world.collector._take("a")
    assert caplog.text.count("has ended. No program answers.") == 2


def test_a_minute_in_which_a_source_missed_something_is_not_reported_and_the_next_one_is(world, caplog):
    world.go(70)
    world.source.message = Message(lost="its queue was full")
    world.collector._take("a")
    world.go(120)
    assert [report["period"][-5:] for report in world.reports] == ["12:02"]
    assert "The minute 2026-11-30T12:01 is not reported: a has missed something: its queue was full" in caplog.text


def test_transfers_that_come_while_a_minute_waits_count_in_the_next_one(world):
    world.go(63)
    world.go(56, [world.transfer()])
    for _ in range(2):
        world.go(1, [world.transfer(), world.transfer()])
    assert world.reports == []
    world.go(62)
    values = [report["observations"][0]["value"] for report in world.reports]
    assert values == [1, 4]


def test_transfers_after_a_long_pause_over_the_end_of_a_minute_are_in_no_report(world, caplog):
    """They happened during the pause, and nobody knows in which of the two minutes."""
    world.go(110)
    for _ in range(12):
        world.wait(1)
        world.collector._end_minutes_that_are_over()
    world.go(180, [world.transfer()] * 30)
    assert [(report["period"][-5:], report["observations"]) for report in world.reports] == [
        ("12:03", []),
        ("12:04", []),
    ]
    for minute in ("12:01", "12:02"):
        assert f"The minute 2026-11-30T{minute} is not reported: a was silent" in caplog.text


def test_a_minute_that_is_over_is_reported_before_the_collector_stops(world, monkeypatch, caplog):
    world.go(119, [world.transfer()])
    world.wait(1)
    monkeypatch.setattr(world.collector, "_step", lambda: world.go(1))
    world.collector.stop()
    world.collector.run()
    assert [report["period"][-5:] for report in world.reports] == ["12:01"]
    assert "Stopped. The minute 2026-11-30T12:02 was not over" in caplog.text


def test_a_collector_that_is_told_to_stop_within_a_minute_does_not_wait_for_its_end(world, monkeypatch):
    world.go(119)
    monkeypatch.setattr(world.collector, "_step", None)
    world.collector.stop()
    world.collector.run()
    assert world.source.stopped


def test_on_a_full_disk_minutes_wait_in_memory_and_none_is_lost(world, caplog):
    world.go(63)
    world.full = True
    world.go(60, [world.transfer()])
    world.go(60, [world.transfer()])
    assert world.reports == []
    assert "The collector keeps 2 minutes in memory. " in caplog.text
    world.full = False
    world.go(60)
    assert [report["period"][-5:] for report in world.reports] == ["12:01", "12:02", "12:03"]
    assert world.sum // WHOLE == 2


def test_what_could_not_be_read_is_said_once_a_minute_and_not_shown(world, caplog):
    world.source.message = Message(unread=3)
    world.collector._take("a")
    world.go(120)
    assert caplog.text.count("The collector left out 3 values that it could not read.") == 1


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


def test_peers_that_were_forgotten_for_lack_of_memory_are_said_once(world, caplog, monkeypatch):
    monkeypatch.setattr(counter, "MOST_BYTES", 300)
    world.go(63, [world.transfer(), world.transfer()])
    world.go(120)
    assert caplog.text.count("The collector forgot 1 peer too early") == 1


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.verify) for seed in range(2, 10))])
def test_200_kills_double_nothing_and_lose_the_running_minute_only(tmp_path, monkeypatch, seed):
    """Each collector is killed somewhere; the next one begins within the same minute or a later one."""
    chance = random.Random(seed)
    world = World(tmp_path, monkeypatch, chance=chance)
    world.path.write_text(json.dumps({"carried": [[NORWAY, TORRENT, 0]]}))
    kills, given = 0, {}
    while kills < 20:
        try:
            world.start()
            while True:
                world.go(chance.randrange(1, 60), step=6)
                minute = world.collector._minutes.current
                world.collector._counter.count(world.transfer(blocks=3), minute)
                given[minute] = given.get(minute, 0) + WHOLE // 3
        except Killed:
            kills += 1
            world.wait(chance.randrange(0, 90))
    world.chance = None
    world.start()
    reported = [datetime.fromisoformat(f"{report['period']}Z").timestamp() // 60 for report in world.reports]
    assert reported == sorted(set(reported))
    assert world.sum == sum(given.get(minute, 0) for minute in reported)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"reported": "x"}',
        b'{"reported": 9999999999999}',
        b'{"waiting": ["\xff"]}',
        b'{"x": ' + b"[" * 100_000,
    ],
    ids=["empty", "cut off", "no number", "no minute", "no UTF-8", "too deep"],
)
def test_a_state_that_cannot_be_read_is_an_error_that_says_what_to_do(tmp_path, content):
    (tmp_path / "collect.json").write_bytes(content)
    with pytest.raises(MachineError, match=r"collect\.json cannot be read.*minutes that wait.*remove it"):
        Collector({}, tmp_path / "collect.json", lambda _: None, lambda: START, None, float)
