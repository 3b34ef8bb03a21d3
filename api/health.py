"""Whether the service is well: for load balancers (`/healthz`, `/readyz`) and for Prometheus (`/metrics`)."""

import hmac
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MutexValue, ValueClass
from rest_framework.request import Request
from rest_framework.views import APIView

from api.problems import Problem
from federation.database import clock, roles, writability
from federation.errors import ClocksDisagreeError
from federation.intake import queries
from federation.publication import versions
from federation.runs import gauges

T = TypeVar("T")

#: Metrics that the web server measures itself.
_OURS: Final = "police2peer_"
#: The most missing rights that an answer names. One command grants all of them.
_NAMED: Final = 3
#: The parts that submissions need, in the order of the checks.
_NEEDED: Final = ("database", "writes", "migrations", "rights", "rounding", "clocks")
#: Seconds after which a check is repeated. A load balancer should soon hear that all is back.
_LASTS, _LASTS_UNREADY = 2.0, 0.25
#: Seconds after which a part that does not answer counts as missing.
_TIMEOUT: Final = 5.0
_OBSTACLES: Final = {
    writability.DISK_FULL: "The database takes no writes: its disk is full. Make room on it.",
    writability.READ_ONLY: "The database takes no writes: it is read-only. Name the primary in DATABASE_URL.",
    writability.BUSY: "The database did not take a write within two seconds.",
    writability.AWAY: "The database did not take a write. Its log says why.",
}


class OpenView(APIView):
    """For anyone, and not part of the documented API."""

    authentication_classes = ()
    permission_classes = ()
    schema = None


class AliveView(OpenView):
    """`GET /healthz`: this process answers."""

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        return JsonResponse({"status": "alive"})


class ReadyView(OpenView):
    """`GET /readyz`: whether all is there that submissions need."""

    def get(self, request: Request) -> HttpResponse:
        """Name each part; 503 if one is missing that submissions need.

        Waiting work makes nothing unready. Only monitoring reads it: it may come from a change that the public must not
        see.
        """
        state = readiness.get()
        checks = _checks(state)
        if not state.is_ready:
            missing = ", ".join(name for name, there in state.checks.items() if not there)
            detail = " ".join([f"Not ready: {missing}.", *state.reasons])
            raise Problem("not_ready", detail=detail, checks=checks)
        work = {"work": state.work} if _is_monitoring(request) else {}
        return JsonResponse({"status": "ready", "checks": checks, **work})


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether each part that submissions need is there, why some are not (in sentences), and the work that waits."""

    checks: Mapping[str, bool]
    reasons: Sequence[str] = ()
    work: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return all(self.checks.values())


def _checks(state: Readiness) -> dict[str, bool]:
    """Whether each part is there. Submissions need no broker: the sweep finds their work later."""
    return {**state.checks, "broker": broker.get()}


class CachedCheck(Generic[T]):
    """A check that one thread at a time makes for all that ask. It is repeated after a while.

    ``lasts`` returns for how many seconds a finding is good.
    """

    def __init__(self, look: Callable[[], T], *, unanswered: T, lasts: Callable[[T], float]) -> None:
        self._look, self._unanswered, self._lasts = look, unanswered, lasts
        self._turn = Lock()
        self._found, self._at = unanswered, -inf
        #: The time at which a thread began to check.
        self._looks_since = inf

    def get(self) -> T:
        """A recent finding. If it is no longer good, the first to ask looks again; the others get the one before."""
        if self._is_good():
            return self._found
        now = time.monotonic()
        since = min(self._looks_since, now)
        # The other threads wait only if the last result is already old, because nobody asked for a while.
        wait = max(0.0, since + _TIMEOUT - now) if since - self._at >= _TIMEOUT else 0.0
        if not self._turn.acquire(timeout=wait):
            return self._found if time.monotonic() - self._at < _TIMEOUT else self._unanswered
        try:
            if not self._is_good():
                self._looks_since = time.monotonic()
                self._found, self._at = self._look(), time.monotonic()
        finally:
            self._looks_since = inf
            self._turn.release()
        return self._found

    def _is_good(self) -> bool:
        return time.monotonic() - self._at < self._lasts(self._found)


def _look() -> Readiness:
    """Check one part after another. A part whose foundation is missing counts as missing too."""
    checks, reasons = dict.fromkeys(_NEEDED, False), list[str]()
    work: dict[str, Any] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        obstacle = writability.obstacle()
        checks["writes"] = not obstacle
        reasons += [_OBSTACLES[obstacle]] if obstacle else []
        checks["migrations"] = _last_migrations() <= MigrationRecorder(connection).applied_migrations().keys()

        if checks["migrations"]:
            lacking = roles.missing()
            checks["rights"] = not lacking
            reasons += [f"{'; '.join(lacking[:_NAMED])}. Run manage.py migrate as the owner."] if lacking else []
        if checks["rights"]:
            checks["rounding"] = versions.rounding_agrees()
            try:
                clock.agreed()
                checks["clocks"] = True
            except ClocksDisagreeError as error:
                reasons.append(str(error))

        if all(checks.values()):
            found = queries.work()
            # Why work was set aside is for the desk only.
            work = {"pending": found.pending, "oldest_pending_seconds": found.oldest_seconds}
            work["set_aside"] = list(found.set_aside)
        return Readiness(checks, reasons, work)
    except Error:
        return Readiness(checks | {"database": False}, reasons)


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


_UNANSWERED: Final = Readiness(
    dict.fromkeys(_NEEDED, False), [f"The database has not answered for {_TIMEOUT:.0f} seconds."]
)
readiness: Final = CachedCheck(
    _look, unanswered=_UNANSWERED, lasts=lambda state: _LASTS if state.is_ready else _LASTS_UNREADY
)
broker: Final = CachedCheck(gauges.broker, unanswered=False, lasts=lambda _: _LASTS)


class MetricsView(OpenView):
    """`GET /metrics` in Prometheus' text form, if the request has the METRICS_TOKEN; 404 without that setting."""

    def get(self, request: Request) -> HttpResponse:
        if not settings.METRICS_TOKEN:
            raise Problem("not_found")
        if not _is_monitoring(request):
            raise Problem("not_authenticated", headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        registry = CollectorRegistry()
        for collector in (_Ready(), _Federation(), _WebServer()):
            registry.register(collector)
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_monitoring(request: Request) -> bool:
    """Without the setting METRICS_TOKEN no request is."""
    given, token = request.headers.get("Authorization", ""), settings.METRICS_TOKEN
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


class _Ready(Collector):
    """What `/readyz` of this host says."""

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(f"{_OURS}ready", "Whether a part that readyz names is there", labels=["check"])
        for check, holds in _checks(readiness.get()).items():
            family.add_metric([check], holds)
        yield family


class _Federation(Collector):
    """The state of the federation, and what workers measure.

    Both are read from the database, so they are the same on every host.
    """

    def collect(self) -> Iterator[Metric]:
        for gauge in gauges.read():
            family = GaugeMetricFamily(
                f"{_OURS}{gauge.name}", gauge.meaning, labels=[gauge.label] if gauge.label else []
            )
            for label, value in gauge.values.items():
                family.add_metric([label] if gauge.label else [], value)
            yield family
        yield from gauges.of_workers()


class _WebServer(Collector):
    """What the processes of this web server measure. They share a folder.

    A single process, as in a test, has no folder.
    """

    def collect(self) -> Iterator[Metric]:
        shared = ValueClass is not MutexValue
        source = MultiProcessCollector(None) if shared else REGISTRY  # type: ignore[no-untyped-call]
        yield from (family for family in source.collect() if family.name.startswith(_OURS))
