"""`make endure`: one process after the other is killed while agencies send and the public reads; what does it cost?

The goal: no public read fails, except on a connection that the killed process refused or cut, and reports
are public within a second again ten seconds later. Prints the cost of each kill. Exits with 1 if the goal is missed.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from config.embedded import postgres
from config.embedded.process import free_port
from config.processes import die_with_parent
from p2p_core.codes import COUNTRIES
from tests import cluster
from tests.chaos import ground
from tests.chaos.client import Sender
from tests.chaos.freshness import Seen, Stream
from tests.chaos.ground import Ground, Newcomer
from tests.chaos.readers import Failure, Reads, reading
from tests.cluster import Cluster, Part, Servers
from tests.cluster.part import until

WEB, WORKERS = 2, 3
#: Seconds between two kills. The first ten are allowed for the recovery.
_APART, _GIVEN, _WARM = 14.0, 10.0, 15.0
FRESH = 1.0
_CUT = ("refused", "RemoteDisconnected", "ConnectionResetError", "BrokenPipeError")


@dataclass(frozen=True)
class Kill:
    """What to kill; `ports` are those at which its own connections may be refused."""

    name: str
    deed: Callable[[], object]
    ports: frozenset[int] = frozenset()


@dataclass
class Cost:
    """The cost of a kill: failed reads, those that the killed process refused, and how long it was noticed."""

    name: str
    failed: list[Failure]
    refused: int
    worst: float
    #: Seconds from the kill until reports were public within a second, for good.
    fresh_after: float

    @property
    def is_well(self) -> bool:
        return not self.failed and self.fresh_after <= _GIVEN


def main() -> None:
    asked = _arguments()
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    folder = Path(tempfile.mkdtemp(prefix="police2peer-endure-"))
    folder.chmod(0o711)
    costs, reads = _endured(folder, asked)
    _summarise(costs, reads)
    if not all(cost.is_well for cost in costs):
        sys.exit(f"The bar is missed. The logs are in {folder}")
    shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  this is what a person at a terminal reads


def _endured(folder: Path, asked: argparse.Namespace) -> tuple[list[Cost], Reads]:
    say(f"Making the ground in {folder}")
    homes = sorted(COUNTRIES.keys() - {"_U"})[: asked.agencies]
    made = ground.make(folder / "ground", [Newcomer(home, ("N", 1, 60)) for home in homes])
    made.copy(folder / "run")
    with _cluster(folder / "run", made) as (running, front):
        # Agencies come through the proxy too, where there is one.
        door = [front] if front else running.web
        issued = zip(homes, made.credentials, strict=True)
        stream = Stream({home: Sender(*credential, door) for home, credential in issued}, running.web)
        return _run(running, stream, front, asked)


def _run(running: Cluster, stream: Stream, front: Part | None, asked: argparse.Namespace) -> tuple[list[Cost], Reads]:
    kills = [kill for kill in _kills(running, front) if asked.only in kill.name]
    say(f"{asked.agencies} agencies each minute, {asked.reads:g} reads a second, {len(kills)} kills {_APART:g} s apart")
    # Most of the public comes through the proxy, where there is one.
    direct = [part.port for part in running.web]
    ports = [*([front.port] * 6 if front else direct * 3), *direct]
    times: list[float] = []
    stream.start()
    with reading(ports, per_second=asked.reads) as reads:
        time.sleep(_WARM)
        for kill in kills:
            say(f"  killing {kill.name}")
            times.append(time.time())
            kill.deed()
            time.sleep(_APART)
        until(lambda: not stream.unseen, "all that was accepted is public", within=30)
    stream.stop()
    ends = [*times[1:], time.time()]
    return [
        _cost(kill, began, ended, reads.failures, stream.seen)
        for kill, began, ended in zip(kills, times, ends, strict=True)
    ], reads


def _cost(kill: Kill, began: float, ended: float, failures: Sequence[Failure], seen: Sequence[Seen]) -> Cost:
    mine = [failure for failure in failures if began <= failure.at < ended]
    refused = [failure for failure in mine if failure.port in kill.ports and failure.reason in _CUT]
    late = [one for one in seen if began - FRESH <= one.accepted < ended]
    slow = [one.seen for one in late if one.took > FRESH]
    return Cost(
        kill.name,
        [failure for failure in mine if failure not in refused],
        len(refused),
        max((one.took for one in late), default=0.0),
        max(slow, default=began) - began,
    )


# --- what there is ---------------------------------------------------------------------------------------------------


@contextmanager
def _cluster(folder: Path, made: Ground) -> Iterator[tuple[Cluster, Part | None]]:
    """Run a cluster, with a replica and a proxy in front where there are such things; the proxy beside it."""
    with ExitStack() as stack:
        servers = stack.enter_context(cluster.servers(folder, ports=made.ports))
        replica = _replica(servers) if find_spec("tests.cluster.replica") else None
        settings = {}
        if replica is not None:
            stack.callback(replica.start().await_ready().stop)
            settings["DATABASE_REPLICA_URL"] = servers.reached_at(replica.port).addresses["DATABASE_PUBLIC_URL"]
        running = stack.enter_context(cluster.hosts(servers, web=WEB, workers=WORKERS, beats=1, **settings))
        running.others.extend([replica] if replica else [])
        front = _nginx(running) if find_spec("tests.cluster.nginx") else None
        if front is not None:
            stack.callback(front.start().await_ready().stop)
        yield running, front


def _at_port(servers: Servers, port: int) -> str:
    return servers.database_url.replace(f":{servers.database.port}/", f":{port}/")


def _replica(servers: Servers) -> Part:
    from tests.cluster import replica  # type: ignore[attr-defined,unused-ignore]

    port, folder = free_port(), servers.folder / "replica"
    return Part(
        "the replica",
        lambda: replica.start(servers.folder, folder, port=port)[1],
        port=port,
        log=folder / "postgres.log",
        ready=lambda _: postgres.answers(_at_port(servers, port)),
        stop_with=signal.SIGINT,
    )


def _nginx(running: Cluster) -> Part:
    from tests.cluster import nginx  # type: ignore[attr-defined,unused-ignore]

    port, folder = free_port(), running.servers.folder / "nginx"
    upstreams = [f"127.0.0.1:{part.port}" for part in running.web]
    return Part("nginx", lambda: nginx.start(folder, upstreams=upstreams, port=port, limits=False), port=port)


def _kills(running: Cluster, front: Part | None) -> Iterator[Kill]:
    for part in running.web:
        yield Kill(part.name, part.kill, frozenset({part.port}))
    for part in running.web:
        yield Kill(f"a process of {part.name}", partial(_kill_child, part), frozenset({part.port}))
    for part in (*running.workers, *running.beats, running.servers.broker):
        yield Kill(part.name, part.kill)
    yield Kill("a process of worker-1", partial(_kill_child, running.workers[0]))
    yield Kill("a backend of the database", partial(_kill_backend, running.servers))
    yield Kill("the database", running.servers.database.kill)
    for part in running.others:
        yield Kill(part.name, part.kill)
    if front is not None:
        yield Kill("nginx", partial(_kill_all, front), frozenset({front.port}))


def _kill_all(part: Part) -> None:
    """End a process and its children, as its supervisor does with what is left of one: nginx leaves its workers."""
    for one in (part.main, *part.children):
        if one is not None:
            one.kill()


def _kill_child(part: Part) -> None:
    if part.children:
        part.children[0].kill()


def _kill_backend(servers: Servers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"
        ).fetchone()
    if row:
        psutil.Process(row[0]).kill()


def _summarise(costs: Sequence[Cost], reads: Reads) -> None:
    say(f"\n{sum(reads.counts.values())} reads, the slowest took {reads.slowest:.1f} s")
    say(f"{'killed':28} {'failed reads':>12} {'refused':>8} {'worst fresh':>12} {'fresh again':>12}")
    for cost in costs:
        mark = "" if cost.is_well else "  MISSED"
        name = f"{cost.name:28} {len(cost.failed):12} {cost.refused:8}"
        say(f"{name} {cost.worst:10.2f} s {cost.fresh_after:10.1f} s{mark}")
        for (port, reason), count in Counter((one.port, one.reason) for one in cost.failed).most_common(4):
            say(f"    {count} at port {port}: {reason}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.endure", description=__doc__)
    parser.add_argument("--agencies", type=int, default=30, help="that send each minute (30)")
    parser.add_argument("--reads", type=float, default=200, help="public reads a second (200)")
    parser.add_argument("--only", default="", help="kill those only whose name has this in it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
