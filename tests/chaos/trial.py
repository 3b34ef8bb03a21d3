"""One seed: a cluster on a copy of the ground, the load and the faults of its plan, and what is true afterwards."""

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests import cluster
from tests.chaos import sessions
from tests.chaos.client import Sender
from tests.chaos.faults import Disk, Faults, Wire
from tests.chaos.follower import Follower
from tests.chaos.ground import Ground, disconnected
from tests.chaos.load import Load, Sent
from tests.chaos.plan import AGENCIES, Plan
from tests.chaos.probe import Probe
from tests.cluster import Cluster, Part, Servers
from tests.cluster.part import until

WEB, WORKERS = 2, 2
#: Seconds within which a report must be public, after all faults are removed.
FRESH_WITHIN = 10.0
_SETTLED_WITHIN = "60"

Say = Callable[[str], None]


@dataclass
class Result:
    """The result of a seed. It passed if nothing is wrong."""

    seed: int
    submissions: int = 0
    accepted: int = 0
    retries: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    worst_fresh: float = 0.0
    fresh_after: float = 0.0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return sum(": lost" in one for one in self.wrong)

    @property
    def doubled(self) -> int:
        return sum(": doubled" in one for one in self.wrong)


def run(plan: Plan, ground: Ground, folder: Path, *, say: Say) -> Result:
    """Try one seed in a folder that holds a copy of the ground."""
    result, began = Result(plan.seed, submissions=len(plan.submissions)), time.monotonic()
    with disconnected(), _cluster(ground, folder) as (running, faults):
        try:
            senders = [Sender(*credential, running.web) for credential in ground.credentials]
            follower = Follower(running.web)
            follower.start()
            sent = _endure(plan, senders, running, faults, result, say)
            follower.stop()
            _check(sent, senders, ground, running, result, say)
            say(f"looking at a copy kept by {follower.polls} polls")
            result.wrong += follower.wrong()
        except Exception as failure:  # noqa: BLE001
            # A person has to look at an unexpected error. The next seed is tried all the same.
            traceback.print_exc()
            result.wrong.append(f"{type(failure).__name__}: {failure}")
    result.seconds = time.monotonic() - began
    return result


@contextmanager
def _cluster(ground: Ground, folder: Path) -> Iterator[tuple[Cluster, Faults]]:
    with ExitStack() as stack:
        servers = stack.enter_context(cluster.servers(folder, ports=ground.ports))
        wire = Wire(servers)
        stack.callback(wire.close)
        beyond = servers.reached_at(wire.port)
        web = [cluster.host(beyond, "web", number, {}) for number in range(1, WEB + 1)]
        workers = [_stepped(beyond, "worker", number) for number in range(1, WORKERS + 1)]
        beat = _stepped(beyond, "beat", 1)
        running = Cluster(servers, web, workers, [beat])
        for part in (*web, *workers, beat):
            stack.callback(part.start().stop)
        running.await_ready()
        disk = Disk(folder / "valkey", servers.broker)
        yield running, Faults(running, wire, disk, {part.name: _clock(servers, part.name) for part in (*workers, beat)})


def _stepped(servers: Servers, role: str, number: int) -> Part:
    """Return a host whose clock may be wrong."""
    command = ["tests.chaos.stepped" if word == "config" else word for word in cluster.COMMANDS[role]]
    clock = str(_clock(servers, f"{role}-{number}"))
    return cluster.host(servers, role, number, {"CLOCK_OFFSET": clock}, command=command)


def _clock(servers: Servers, name: str) -> Path:
    return servers.folder / f"{name}.clock"


def _endure(
    plan: Plan, senders: list[Sender], running: Cluster, faults: Faults, result: Result, say: Say
) -> list[Sent]:
    """Go through the load and the faults, and heal; return all that was sent."""
    load, probe = Load(plan, senders, now=datetime.now(UTC)), Probe(senders[AGENCIES])
    say("load and faults")
    probe.start()
    breaking = threading.Thread(target=faults.run, args=(plan.faults,), daemon=True)
    breaking.start()
    load.run()
    breaking.join()
    say("healing")
    faults.heal()
    healed = time.monotonic()
    load.finish()
    _await_freshness(probe, healed, result)
    result.retries, result.answers = load.retries, load.answers()
    if result.answers["500"]:
        result.wrong.append(f"{result.answers['500']} answers were a 500: a part that is away is no mistake, but a 503")
    result.wrong += sessions.of_others(running)
    result.accepted = sum(one.accepted for one in load.sent)
    result.faults = Counter(kind for kind, _ in faults.done)
    return [*load.sent, *probe.sent]


def _await_freshness(probe: Probe, healed: float, result: Result) -> None:
    try:
        until(lambda: any(at > healed for at, _ in probe.seen), "a report is public after all is healed")
    finally:
        probe.stop()
    result.worst_fresh = max(took for _, took in probe.seen)
    result.fresh_after = min(at + took - healed for at, took in probe.seen if at > healed)
    if result.fresh_after > FRESH_WITHIN:
        result.wrong.append(f"fresh only {result.fresh_after:.1f} s after all was healed")


def _check(sent: list[Sent], senders: list[Sender], ground: Ground, running: Cluster, result: Result, say: Say) -> None:
    """Let all work be done, stop the clock, and look at everything."""
    from tests.chaos import check, public

    say("settling")
    for beat in running.beats:
        beat.stop()
    try:
        running.servers.manage("settle", "--timeout", _SETTLED_WITHIN)
    except AssertionError as unsettled:
        result.wrong.append(str(unsettled))
    for name, differing in (
        ("submissions", lambda: check.submissions(sent, ground.agencies)),
        ("contents", lambda: check.contents(sent, ground.agencies)),
        ("keys", lambda: check.keys(sent, ground.agencies)),
        ("replays", lambda: check.replays(sent, senders)),
        ("public numbers", lambda: public.numbers(running)),
        ("rebuilding and audit", check.work),
        ("findings", check.findings),
    ):
        say(f"looking at {name}")
        result.wrong += differing()
