"""Whether the service is well: for load balancers (`/healthz`, `/readyz`) and for Prometheus (`/metrics`)."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from rest_framework.request import Request
from rest_framework.views import APIView

from api.problems import Problem
from federation import chain, queries, roles, versions

#: A probe must not hang where a server is away.
_PATIENCE: Final = 1.0
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
        checks["broker"] = _broker()
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


def _broker() -> bool:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=_PATIENCE, socket_timeout=_PATIENCE
        ) as broker:
            return bool(broker.ping())
    except redis.RedisError:
        return False


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
    """Reads the numbers from the database at each scrape, so that they are the same in every process."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        work = queries.work()
        for name, meaning, value in (
            ("work_pending", "Things that wait to be computed", work.pending),
            ("work_oldest_seconds", "How long the oldest of them has been waiting", work.oldest_seconds),
            ("work_set_aside", "Things that failed and wait for a person", len(work.set_aside)),
            ("last_version", "Number of the newest publication", work.last_version),
            ("submissions", "Submissions stored", queries.submission_count()),
            ("audit_unsealed", "Audit events that wait to be sealed", chain.unsealed()),
        ):
            yield GaugeMetricFamily(f"police2peer_{name}", meaning, value)


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Federation())
    return registry
