"""Whether the service is well: for load balancers (`/healthz`, `/readyz`) and for Prometheus (`/metrics`)."""

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_client.values import MutexValue, ValueClass
from rest_framework.request import Request
from rest_framework.views import APIView

from api.problems import Problem
from federation import gauges, queries, roles, versions

#: What the web server measures itself.
_OURS: Final = "police2peer_"
#: So many rights that are missing are named; the others are mended with them.
_NAMED: Final = 3


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
    """`GET /readyz`: what this process needs is there."""

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        """Name each part; 503 if one is missing. Work that waits or was set aside is told and stops nobody."""
        checks: dict[str, Any] = {"database": _database(), "migrations": False, "rights": False, "rounding": False}
        checks["broker"] = gauges.broker()
        lacking: list[str] = []
        if checks["database"]:
            checks["migrations"] = _migrations()
        if checks["migrations"]:
            lacking = roles.missing()
            checks["rights"] = not lacking
        if checks["rights"]:
            checks["rounding"] = versions.rounding_agrees()
        if not all(checks.values()):
            raise Problem("not_ready", detail=_told(checks, lacking), checks=checks)
        return JsonResponse({"status": "ready", "checks": checks, "work": _work()})


def _told(checks: Mapping[str, bool], lacking: Sequence[str]) -> str:
    missing = ", ".join(name for name, well in checks.items() if not well)
    rights = f" {'; '.join(lacking[:_NAMED])}. Run manage.py migrate as the owner." if lacking else ""
    return f"Not ready: {missing}.{rights}"


def _database() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _migrations() -> bool:
    return _last_migrations() <= MigrationRecorder(connection).applied_migrations().keys()


def _work() -> dict[str, Any]:
    """Anyone may read this: what was set aside is named, its reason is for the desk."""
    work = queries.work()
    return {
        "pending": work.pending,
        "oldest_pending_seconds": work.oldest_seconds,
        "set_aside": list(work.set_aside),
    }


class MetricsView(OpenView):
    """`GET /metrics`: not public. It is there if METRICS_TOKEN is set, for whoever sends that as a bearer token."""

    def get(self, request: Request) -> HttpResponse:
        """Answer in Prometheus' text form."""
        if not settings.METRICS_TOKEN:
            raise Problem("not_found")
        _check_token(request)
        return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _check_token(request: HttpRequest) -> None:
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        raise Problem("not_authenticated", headers={"WWW-Authenticate": 'Bearer realm="metrics"'})


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
    registry.register(_Federation())
    registry.register(_WebServer())
    return registry
