"""Whether the service is well: for load balancers (`/healthz`, `/readyz`) and for Prometheus (`/metrics`)."""

import hmac
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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

#: What the web server measures itself.
_OURS: Final = "police2peer_"
#: So many rights that are missing are named; one command grants all of them.
_NAMED: Final = 3
#: What submissions need, in the order in which we look for it.
_NEEDED: Final = ("database", "writes", "migrations", "rights", "rounding", "clocks")
#: So many seconds a state is good for. A load balancer should soon hear that all is back.
_LASTS, _LASTS_UNREADY = 2.0, 0.25
#: A part that has not answered for so many seconds is missing.
_PATIENCE: Final = 5.0
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
        """Say so."""
        return JsonResponse({"status": "alive"})


class ReadyView(OpenView):
    """`GET /readyz`: what submissions need is there."""

    def get(self, request: Request) -> HttpResponse:
        """Name each part; 503 if one is missing that submissions need. Work that waits stops nobody.

        Only monitoring reads that work: it may come from a change that the public must not see.
        """
        state = readiness.get()
        checks = _checks(state)
        if not state.is_ready:
            raise Problem("not_ready", detail=state.told(), checks=checks)
        work = {"work": state.work} if _is_monitoring(request) else {}
        return JsonResponse({"status": "ready", "checks": checks, **work})


@dataclass(frozen=True, slots=True)
class State:
    """Which parts are there that submissions need, in sentences why others are not, and the work that waits."""

    checks: Mapping[str, bool]
    reasons: Sequence[str] = ()
    work: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether submissions are taken."""
        return all(self.checks.values())

    def told(self) -> str:
        """Return what is missing, in words."""
        missing = ", ".join(name for name, there in self.checks.items() if not there)
        return " ".join([f"Not ready: {missing}.", *self.reasons])


def _checks(state: State) -> dict[str, bool]:
    """Return whether each part is there. Submissions need no broker: the sweep finds their work later."""
    return {**state.checks, "broker": broker.get()}


class Lately(Generic[T]):
    """Looks at most once in a while, by one thread at a time, for all that ask.

    ``lasts`` returns for how many seconds a finding is good.
    """

    def __init__(self, look: Callable[[], T], *, unanswered: T, lasts: Callable[[T], float]) -> None:
        self._look, self._unanswered, self._lasts = look, unanswered, lasts
        self._turn = Lock()
        self._found, self._at = unanswered, -inf
        #: Since when somebody looks.
        self._looks_since = inf

    def get(self) -> T:
        """Return what was found lately. The first to ask after that looks again; others get what was found before."""
        if self._is_good():
            return self._found
        if self._turn.acquire(timeout=self._wait()):
            try:
                if not self._is_good():
                    self._looks_since = time.monotonic()
                    self._found, self._at = self._look(), time.monotonic()
            finally:
                self._looks_since = inf
                self._turn.release()
            return self._found
        return self._found if self._age() < _PATIENCE else self._unanswered

    def _wait(self) -> float:
        """How long to wait for who looks: only if what was found was old before, as nobody had asked meanwhile."""
        now = time.monotonic()
        since = min(self._looks_since, now)
        return max(0.0, since + _PATIENCE - now) if since - self._at >= _PATIENCE else 0.0

    def _is_good(self) -> bool:
        return self._age() < self._lasts(self._found)

    def _age(self) -> float:
        return time.monotonic() - self._at


def _look() -> State:
    checks, reasons = dict.fromkeys(_NEEDED, False), list[str]()
    try:
        checks["database"] = _database()
        if checks["database"]:
            obstacle = writability.obstacle()
            checks["writes"] = not obstacle
            reasons += [_OBSTACLES[obstacle]] if obstacle else []
            checks["migrations"] = _migrations()
        if checks["migrations"]:
            lacking = roles.missing()
            checks["rights"] = not lacking
            reasons += [f"{'; '.join(lacking[:_NAMED])}. Run manage.py migrate as the owner."] if lacking else []
        if checks["rights"]:
            checks["rounding"] = versions.rounding_agrees()
            disagreement = _disagreement()
            checks["clocks"] = not disagreement
            reasons += [disagreement] if disagreement else []
        return State(checks, reasons, _work() if all(checks.values()) else {})
    except Error:
        # It went away while it was asked.
        return State(checks | {"database": False}, reasons)


_UNANSWERED: Final = State(
    dict.fromkeys(_NEEDED, False), [f"The database has not answered for {_PATIENCE:.0f} seconds."]
)
readiness: Final = Lately(
    _look, unanswered=_UNANSWERED, lasts=lambda state: _LASTS if state.is_ready else _LASTS_UNREADY
)
broker: Final = Lately(gauges.broker, unanswered=False, lasts=lambda _: _LASTS)


def _database() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _disagreement() -> str:
    try:
        clock.agreed()
    except ClocksDisagreeError as error:
        return str(error)
    return ""


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _migrations() -> bool:
    return _last_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


def _work() -> dict[str, Any]:
    """Return what waits and what was set aside, whose reason is for the desk."""
    work = queries.work()
    return {
        "pending": work.pending,
        "oldest_pending_seconds": work.oldest_seconds,
        "set_aside": list(work.set_aside),
    }


class MetricsView(OpenView):
    """`GET /metrics`: not public. It exists if METRICS_TOKEN is set, for requests with that as a bearer token."""

    def get(self, request: Request) -> HttpResponse:
        """Answer in Prometheus' text form."""
        if not settings.METRICS_TOKEN:
            raise Problem("not_found")
        if not _is_monitoring(request):
            raise Problem("not_authenticated", headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
        return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _is_monitoring(request: Request) -> bool:
    """Whether the request has the METRICS_TOKEN; without that setting none has."""
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
    """How all stands and what workers measure: read from the database, so the same on every host."""

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
    """What the processes of this web server measure, which share a folder; one alone, as in a test, has its own."""

    def collect(self) -> Iterator[Metric]:
        yield from (family for family in self._families() if family.name.startswith(_OURS))

    def _families(self) -> Iterable[Metric]:
        if ValueClass is MutexValue:
            return REGISTRY.collect()
        shared: Iterable[Metric] = MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]  # untyped
        return shared


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Ready())
    registry.register(_Federation())
    registry.register(_WebServer())
    return registry
