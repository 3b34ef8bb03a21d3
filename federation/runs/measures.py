"""Measurements of workers. Each process writes its sums into a row, and `/metrics` adds up the rows.

A worker serves no HTTP, and may run on a machine of its own. All of them share the database.
"""

import json
import os
import socket
import time
from collections import Counter as Sums
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, Q
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric

from federation.database import clock
from federation.models.measures import WorkerProcess

#: A process writes its row at most this often, in seconds.
EVERY: Final = 1.0
#: A process that has written no row for this time is not at work.
AT_WORK: Final = timedelta(minutes=1)
#: A process that is silent for longer has ended.
_GONE: Final = timedelta(minutes=10)
_PAST: Final = "past"

REGISTRY: Final = CollectorRegistry()
WORK: Final = Histogram(
    "police2peer_work_seconds",
    "Time from the claim of some work to its commit",
    ["stage", "frequency"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
FRESHNESS: Final = Histogram(
    "police2peer_freshness_seconds",
    "Time from a change, or from when its period might be public, until it was public",
    ["frequency"],
    buckets=(0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 30, 60, 300, 3600),
    registry=REGISTRY,
)
FAILED: Final = Counter(
    "police2peer_work_failures", "Items whose computation failed when tried alone", ["stage"], registry=REGISTRY
)


class _Process:
    """This process. After a fork, there is a new one."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.name = f"{socket.gethostname()[:50]}/{self.pid}/{uuid4().hex[:8]}"
        self.written = -EVERY


_process = _Process()


def report(*, at_once: bool = False) -> None:
    """Write the row of this process: its time and its sums."""
    global _process  # noqa: PLW0603  one process, one name
    if _process.pid != os.getpid():
        _process = _Process()
    if at_once or time.monotonic() - _process.written >= EVERY:
        _process.written = time.monotonic()
        sums = {
            json.dumps([sample.name, sample.labels]): sample.value
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if not sample.name.endswith("_created")
        }
        skew = clock.skew().total_seconds()
        mine = WorkerProcess(name=_process.name, seen=clock.now(), clock_ahead=skew, sums=sums)
        WorkerProcess.objects.bulk_create(
            [mine], update_conflicts=True, unique_fields=["name"], update_fields=["seen", "clock_ahead", "sums"]
        )


@transaction.atomic
def gather(*, now: datetime) -> None:
    """Add up the rows of processes that have ended, and delete them."""
    # A row from the future was written by a wrong clock, and not since.
    silent = Q(seen__lt=now - _GONE) | Q(seen__gt=now + _GONE)
    gone = list(WorkerProcess.objects.select_for_update().filter(silent).exclude(name=_PAST))
    if gone:
        past, _ = WorkerProcess.objects.select_for_update().get_or_create(
            name=_PAST, defaults={"seen": now, "sums": {}}
        )
        past.sums, past.seen = dict(_added([past, *gone])), now
        past.save()
        WorkerProcess.objects.filter(pk__in=[one.pk for one in gone]).delete()


def at_work(*, now: datetime) -> tuple[int, float]:
    """The number of processes that wrote their row lately, and how far their clocks are ahead of the database's.

    This is in seconds. It is the largest difference of all, or 0 without processes.
    """
    recent = WorkerProcess.objects.filter(seen__range=(now - AT_WORK, now + AT_WORK)).exclude(name=_PAST)
    ahead = recent.values_list("clock_ahead", flat=True)
    return len(ahead), max(ahead, key=abs, default=0.0)


def last_seen(*, now: datetime) -> datetime | None:
    """When any process last wrote its row."""
    last: datetime | None = WorkerProcess.objects.filter(seen__lte=now + AT_WORK).aggregate(last=Max("seen"))["last"]
    return last


def families() -> Iterator[Metric]:
    """The measurements of all workers, added up."""
    total = _added(WorkerProcess.objects.all())
    for known in REGISTRY.collect():
        family = Metric(known.name, known.documentation, known.type)
        for key, value in sorted(total.items()):
            name, labels = json.loads(key)
            if name.rpartition("_")[0] == known.name:
                family.add_sample(name, labels, value)
        yield family


def _added(rows: Iterable[WorkerProcess]) -> Mapping[str, float]:
    total: Sums[str] = Sums()
    for row in rows:
        total.update(row.sums)
    return total
