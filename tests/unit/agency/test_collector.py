"""What the collector puts into the outbox, also if it is killed at any point, or the disk is full."""

import json
import random
from datetime import UTC, datetime

import pytest

from p2p_agency.collect import counter
from p2p_agency.collect.collector import Collector
from p2p_agency.collect.counter import WHOLE
from p2p_agency.collect.sources import Message
from p2p_agency.errors import MachineError
from p2p_core.payloads import submissions
from tests.unit.agency.collecting import NORWAY, START, TORRENT, Killed, World


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
