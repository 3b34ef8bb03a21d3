"""Makes the faults of the plan in the cluster, and removes all of them at the end."""

import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil
import psycopg
import redis

from config.embedded.process import free_port
from config.env import ROOT
from tests.chaos.plan import Fault
from tests.cluster import Cluster, Part, Servers

T = TypeVar("T")
_FILLER = "filler"
_PIECE = 64 * 1024
#: How many seconds to wait for a session that is writing.
_PATIENCE = 2.0
_SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND datname = current_database()"
)
_WRITING = " AND backend_xid IS NOT NULL"


class Wire:
    """The connection from the hosts to PostgreSQL, through a process that can make it slow."""

    def __init__(self, servers: Servers) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "tests.chaos.proxy", str(self.port), str(servers.database.port)]
        # The kernel takes it along: it asks for that itself.
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)

    def tell(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Disk:
    """The disk of the broker: a small one of its own where we may mount, or a limit on the size of its files."""

    def __init__(self, folder: Path, broker: Part) -> None:
        self._folder, self._broker = folder, broker

    @property
    def is_real(self) -> bool:
        return self._folder.is_mount()

    def fill(self) -> None:
        if not self.is_real:
            return self._limit(1)
        with suppress(OSError), (self._folder / _FILLER).open("ab", buffering=0) as filler:
            while True:
                filler.write(bytes(_PIECE))

    def empty(self) -> None:
        (self._folder / _FILLER).unlink(missing_ok=True)
        if not self.is_real:
            self._limit(-1)

    def _limit(self, size: int) -> None:
        main = self._broker.main
        if main is not None:
            resource.prlimit(main.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class Faults:
    """Those of a plan; `done` tells each one that was done, and when it was over."""

    def __init__(self, cluster: Cluster, wire: Wire, disk: Disk, clocks: dict[str, Path]) -> None:
        self._cluster, self._wire, self._disk, self._clocks = cluster, wire, disk, clocks
        self.done: list[tuple[str, float]] = []
        self._lock = threading.Lock()

    def run(self, faults: Sequence[Fault]) -> None:
        """Make all faults, each at its time, also several at once. Returns when the last one is over."""
        began = time.monotonic()
        running = [threading.Thread(target=self._do, args=(fault, began), daemon=True) for fault in faults]
        for one in running:
            one.start()
        for one in running:
            one.join()

    def heal(self) -> None:
        """Remove what faults left behind, and start all parts that are missing."""
        self._wire.tell("delay 0")
        self._wire.tell("flow")
        self._disk.empty()
        for clock in self._clocks.values():
            clock.write_text("0")
        self._cluster.await_ready()

    def _do(self, fault: Fault, began: float) -> None:
        time.sleep(max(0.0, began + fault.at - time.monotonic()))
        # The process to kill may have ended by itself, or by another fault.
        with suppress(psutil.NoSuchProcess, psycopg.Error, redis.RedisError):
            DEEDS[fault.kind](self, fault)
        with self._lock:
            self.done.append((fault.kind, time.monotonic()))

    # --- processes of ours ------------------------------------------------------------------------------------------

    def kill_a_worker(self, fault: Fault) -> None:
        _chosen(self._cluster.workers, fault).kill()

    def kill_a_process_of_a_worker(self, fault: Fault) -> None:
        _kill_one([child for part in self._cluster.workers for child in part.children], fault)

    def kill_a_web_server(self, fault: Fault) -> None:
        _chosen(self._cluster.web, fault).kill()

    def kill_a_process_of_a_web_server(self, fault: Fault) -> None:
        _kill_one([child for part in self._cluster.web for child in part.children], fault)

    def kill_beat(self, fault: Fault) -> None:
        _chosen(self._cluster.beats, fault).kill()

    def step_the_clock_of_a_worker(self, fault: Fault) -> None:
        self._step(_chosen(self._cluster.workers, fault), fault)

    def step_the_clock_of_beat(self, fault: Fault) -> None:
        self._step(_chosen(self._cluster.beats, fault), fault)

    def _step(self, part: Part, fault: Fault) -> None:
        """Up to two hours, forward or back."""
        self._clocks[part.name].write_text(str(round((fault.draw - 0.5) * 14400)))
        time.sleep(fault.lasts)
        self._clocks[part.name].write_text("0")

    # --- PostgreSQL -------------------------------------------------------------------------------------------------

    def kill_postgresql(self, _: Fault) -> None:
        self._cluster.servers.database.kill()

    def restart_postgresql(self, _: Fault) -> None:
        # A server that recovers may not stop when it is asked to.
        self._cluster.servers.database.end(within=5)

    def kill_a_backend_of_postgresql(self, fault: Fault) -> None:
        _kill_one([psutil.Process(number) for number in self._sessions()], fault)

    def end_a_session_of_postgresql(self, fault: Fault) -> None:
        sessions = self._sessions()
        with psycopg.connect(self._cluster.servers.database_url, connect_timeout=3) as connection:
            if sessions:
                connection.execute("SELECT pg_terminate_backend(%s)", [_chosen(sessions, fault)])

    def _sessions(self) -> list[int]:
        """The processes of the server that answer the hosts: those that are writing, once there are any, else all."""
        ends = time.monotonic() + _PATIENCE
        with psycopg.connect(self._cluster.servers.database_url, connect_timeout=3, autocommit=True) as connection:
            while not (writing := connection.execute(_SESSIONS + _WRITING).fetchall()) and time.monotonic() < ends:
                time.sleep(0.002)
            rows = writing or connection.execute(_SESSIONS).fetchall()
        return [number for (number,) in rows]

    def slow_the_database(self, fault: Fault) -> None:
        self._wire.tell(f"delay {0.002 + fault.draw * 0.05:.3f}")
        time.sleep(fault.lasts)
        self._wire.tell("delay 0")

    def stall_the_database(self, fault: Fault) -> None:
        self._wire.tell("stall")
        time.sleep(fault.lasts)
        self._wire.tell("flow")

    def cut_the_database_connections(self, _: Fault) -> None:
        self._wire.tell("cut")

    # --- the broker -------------------------------------------------------------------------------------------------

    def kill_the_broker(self, _: Fault) -> None:
        self._cluster.servers.broker.kill()

    def empty_the_broker(self, _: Fault) -> None:
        with redis.Redis.from_url(self._cluster.servers.broker_url, socket_timeout=3, retry=None) as broker:
            broker.flushall()

    def stop_the_broker(self, fault: Fault) -> None:
        self._cluster.servers.broker.stop()
        time.sleep(fault.lasts)
        self._cluster.servers.broker.start()

    def freeze_the_broker(self, fault: Fault) -> None:
        self._cluster.servers.broker.signal(signal.SIGSTOP)
        time.sleep(fault.lasts)
        self._cluster.servers.broker.signal(signal.SIGCONT)

    def fill_the_broker_disk(self, fault: Fault) -> None:
        self._disk.fill()
        time.sleep(fault.lasts)
        self._disk.empty()


def _chosen(some: Sequence[T], fault: Fault) -> T:
    return some[int(fault.draw * len(some))]


def _kill_one(processes: Sequence[psutil.Process], fault: Fault) -> None:
    if processes:
        _chosen(processes, fault).kill()


DEEDS: dict[str, Callable[[Faults, Fault], None]] = {
    "kill a worker": Faults.kill_a_worker,
    "kill a process of a worker": Faults.kill_a_process_of_a_worker,
    "kill a web server": Faults.kill_a_web_server,
    "kill a process of a web server": Faults.kill_a_process_of_a_web_server,
    "kill beat": Faults.kill_beat,
    "kill PostgreSQL": Faults.kill_postgresql,
    "kill a backend of PostgreSQL": Faults.kill_a_backend_of_postgresql,
    "end a session of PostgreSQL": Faults.end_a_session_of_postgresql,
    "restart PostgreSQL": Faults.restart_postgresql,
    "kill the broker": Faults.kill_the_broker,
    "empty the broker": Faults.empty_the_broker,
    "stop the broker": Faults.stop_the_broker,
    "freeze the broker": Faults.freeze_the_broker,
    "fill the broker's disk": Faults.fill_the_broker_disk,
    "step the clock of a worker": Faults.step_the_clock_of_a_worker,
    "step the clock of beat": Faults.step_the_clock_of_beat,
    "slow the database": Faults.slow_the_database,
    "stall the database": Faults.stall_the_database,
    "cut the database's connections": Faults.cut_the_database_connections,
}
