"""The state of the system, for `/metrics` and `/readyz`. No gauge shows what agencies count.

Each scrape reads the database, so every web host gives the same numbers. Three gauges are different: each host tests
itself whether the broker and the database answer it, and measures how far its own clock is ahead.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import DatabaseError
from django.db.models import Count, Exists, Min, OuterRef
from prometheus_client import Metric

from countries.accounts import credential_limits
from countries.models import Agency, Credential
from federation import worklist
from federation.audit import chain
from federation.database import clock, rows_of
from federation.findings import lateness
from federation.models.findings import Finding, Hold
from federation.models.notifications import Message, MessageState
from federation.models.published import Version
from federation.models.submissions import Submission
from federation.models.worklist import Work
from federation.runs import measures
from federation.worklist import dispatch

#: Credentials that end within this time should have a successor.
_SOON = timedelta(days=30)


class Gauge(NamedTuple):
    """A number, or one for each value of a label."""

    name: str
    meaning: str
    values: Mapping[str, float]
    label: str = ""


def broker() -> bool:
    """Whether the broker answers."""
    return dispatch.is_reachable()


def of_workers() -> Iterator[Metric]:
    """The measurements of workers; none while the database is away."""
    try:
        yield from list(measures.families())
    except DatabaseError:
        return


def read() -> Iterator[Gauge]:
    """All gauges; while the database is away, those that do not need it."""
    yield _one("broker_up", "Whether the broker answers", broker())
    try:
        found = list(_of_database(clock.now()))
    except DatabaseError:
        found = []
    yield _one("database_up", "Whether the database answers", bool(found))
    yield from found


def _one(name: str, meaning: str, value: float) -> Gauge:
    return Gauge(name, meaning, {"": float(value)})


def _of_database(now: datetime) -> Iterator[Gauge]:
    aside = len(worklist.set_aside())
    newest = Version.objects.order_by("-number").first()
    yield _one("work_pending", "Rows on the work list", Work.objects.count())
    yield _one("work_oldest_seconds", "How long the oldest of them has been waiting", _seconds(worklist.oldest_age()))
    yield _one("work_set_aside", "Items that failed and wait for a person", aside)
    yield _one("last_version", "Number of the newest publication", newest.number if newest else 0)
    yield _one("last_version_age_seconds", "How old it is", _seconds(now - newest.known_at) if newest else float("nan"))

    open_ones = Finding.objects.filter(resolved=None)
    by_rule = open_ones.values_list("rule").annotate(number=Count("pk")).order_by("rule")
    silent = lateness.silences().values("agency").distinct().count()
    yield Gauge("findings_open", "Findings that are not resolved, by rule", dict(by_rule), "rule")
    yield _one("holds_open", "Held reports that wait for a decision", Hold.objects.filter(decided=None).count())
    yield _one("agencies_silent", "Agencies that are silent (R202)", silent)

    # Workers, clocks and the database server.
    seen, (count, worker_ahead) = measures.last_seen(now=now), measures.at_work(now=now)
    yield _one("workers", "Worker processes seen in the last minute", count)
    yield _one("worker_seen_seconds", "Time since any of them was seen", _seconds(now - seen) if seen else float("nan"))
    ahead = {"web": _seconds(clock.skew()), "worker": worker_ahead}
    yield Gauge("clock_ahead_seconds", "How far a host's clock is ahead of the database's", ahead, "host")
    lag = _seconds(now - clock.mark())
    yield _one("clock_lag_seconds", "How far the clock's mark is behind; it stops without beat", lag)
    [(used, allowed)] = rows_of("gauges_connections")
    lags = {name: float(lag) for name, lag in rows_of("gauges_replicas")}
    yield _one("database_connections", "Connections to the database", used)
    yield _one("database_connections_allowed", "The number of connections that PostgreSQL allows", allowed)
    yield Gauge("replica_lag_seconds", "How far each replica's replay is behind", lags, "replica")

    live = credential_limits.live(Credential, now)
    owing = Agency.objects.filter(active=True, schedules__isnull=False).distinct()
    without = owing.exclude(Exists(live.filter(agency=OuterRef("pk")))).count()
    ending = live.filter(expires__lte=now + _SOON).count()
    yield _one("agencies_without_credential", "Agencies that owe reports and have no usable credential", without)
    yield _one("credentials_ending", "Usable credentials that end within 30 days", ending)

    unsent = Message.objects.filter(state__in=[MessageState.WAITING, MessageState.SENDING])
    oldest = unsent.aggregate(oldest=Min("created"))["oldest"]
    given_up = Message.objects.filter(state=MessageState.GIVEN_UP).count()
    yield _one("messages_waiting", "Messages to recipients and webhooks that are not sent yet", unsent.count())
    yield _one("messages_oldest_seconds", "Age of the oldest of them", _seconds(now - oldest) if oldest else 0)
    yield _one("messages_given_up", "Messages of the last 90 days that could not be delivered", given_up)

    yield _one("submissions", "Submissions stored", Submission.objects.count())
    yield _one("audit_unsealed", "Audit events that wait to be sealed", chain.unsealed())


def _seconds(duration: timedelta) -> float:
    return round(duration.total_seconds(), 3)
