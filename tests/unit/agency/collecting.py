"""A collector in a world of its own: its clock, its disk, its source and its outbox."""

import json
from datetime import UTC, datetime

from p2p_agency.collect import collector
from p2p_agency.collect.collector import Collector
from p2p_agency.collect.counter import WHOLE, Transfer
from p2p_agency.collect.sources import Message
from p2p_agency.errors import MachineError
from p2p_core.codes import COUNTRIES, NETWORKS

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
