"""Metrics: each is documented and changes with what it measures, and each alert uses existing metrics."""

import math
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from math import inf

import pytest
import yaml
from django.db import DatabaseError, InternalError, OperationalError
from prometheus_client.parser import text_string_to_metric_families
from psycopg.errors import AdminShutdown, DiskFull, QueryCanceled, ReadOnlySqlTransaction

from api import health
from api.v1 import submissions, tokens
from config.env import ROOT
from federation import worklist
from federation.database import clock
from federation.models.findings import Hold
from federation.models.measures import WorkerProcess
from federation.models.notifications import Message
from federation.models.submissions import Report
from federation.models.worklist import ClockMark
from federation.runs import gauges, measures, reconciliation
from federation.worklist import Stage, WorkItem
from tests.contract.callers import norway, report
from tests.factories import AgencyFactory, CredentialFactory, FindingFactory, RecipientFactory, ScheduleFactory
from tests.reporting import settle

TOKEN = "of thirty characters"
ITEM = WorkItem(Stage.FIGURE, "A", datetime(2026, 1, 1, tzinfo=UTC), 1, 1)
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"


@pytest.fixture
def kripos(db):
    """New for each test, because some tests commit."""
    return norway()


@pytest.fixture
def scrape(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def read():
        text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    return read


def documented():
    text = (ROOT / "docs/reference/metrics.md").read_text()
    return dict(re.findall(r"^\| `(police2peer_[a-z_]+)` \| (counter|gauge|histogram) \|", text, re.MULTILINE))


def moved(before, after):
    """The documented names of what differs."""
    samples = {key[0] for key in before.keys() | after.keys() if before.get(key, 0) != after.get(key, 0)}
    return {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in samples}


def hold_a_report():
    held = Report.objects.first()
    finding = FindingFactory.create(rule="R102", agency=held.agency)
    Hold.objects.create(report=held, finding=finding, rule="R102", facts={}, since=clock.now())


def fail_for_good(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(reconciliation.figures, "replace", lambda *_: 1 / 0)
        worklist.append([ITEM])
        for _ in range(worklist.ATTEMPTS):
            reconciliation._do_alone(ITEM)


@pytest.mark.django_db(transaction=True)
def test_every_metric_is_documented_and_moves(scrape, kripos, monkeypatch, settings):
    ScheduleFactory.create(agency=AgencyFactory.create(code="DE-BKA"), valid_from=date(2026, 11, 1))
    before = scrape()
    names = set()

    def now_moved(*expected):
        nonlocal before
        after = scrape()
        found = moved(before, after)
        assert {f"police2peer_{name}" for name in expected} <= found
        names.update(f"police2peer_{name}" for name in expected)
        before = after

    kripos.send(report(("NO", "ARES", 918_273)))
    kripos.send(report(("NO", "ARES", -1)))
    now_moved(
        "requests_total", "request_seconds", "refusals_total", "submissions_accepted_total", "reports_accepted_total",
        "observations_accepted_total", "submissions", "work_pending", "work_oldest_seconds", "audit_unsealed",
    )  # fmt: skip
    settle()
    measures.report(at_once=True)
    now_moved("work_seconds", "freshness_seconds", "last_version", "last_version_age_seconds", "workers")
    fail_for_good(monkeypatch)
    measures.report(at_once=True)
    now_moved("work_failures_total", "work_set_aside")
    hold_a_report()
    FindingFactory.create(rule="R202", agency=AgencyFactory.create(code="SE-NOA"))
    now_moved("holds_open", "findings_open", "agencies_silent")
    CredentialFactory.create(agency=AgencyFactory.create(code="DE-BKA"), expires=clock.now() + timedelta(days=3))
    now_moved("agencies_without_credential", "credentials_ending")
    recipients = [RecipientFactory.create(), RecipientFactory.create()]
    for recipient, state in zip(recipients, ("waiting", "given_up"), strict=True):
        made = clock.now() - timedelta(hours=1)
        Message.objects.create(recipient=recipient, created=made, due=made, state=state)
    now_moved("messages_waiting", "messages_oldest_seconds", "messages_given_up")
    with monkeypatch.context() as patch:
        patch.setattr(clock, "of_host", lambda: datetime.now(UTC) - timedelta(minutes=5))
        measures.report(at_once=True)
        now_moved("clock_ahead_seconds")
    for host in ("web", "worker"):
        assert round(before["police2peer_clock_ahead_seconds", ("host", host)], -1) == -300
    ClockMark.objects.update(at=clock.now() + timedelta(days=1))
    now_moved("clock_lag_seconds")
    assert round(before["police2peer_clock_lag_seconds",], -3) == -86_000
    ClockMark.objects.update(at=clock.now() - timedelta(hours=3))
    WorkerProcess.objects.update(seen=clock.now() - timedelta(minutes=5))
    now_moved("clock_lag_seconds", "worker_seen_seconds")
    assert before["police2peer_workers",] == 0
    monkeypatch.setattr(submissions.intake, "accept", lambda *_, **__: disk_full())
    assert kripos.send(report(("NO", "ARES", 3))).status_code == 503
    now_moved("submissions_failed_total")
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(health.broker, "_at", -inf)
    now_moved("broker_up", "ready")

    # These hang on the server, which is not ours to change: that they are asked for is all that is seen here.
    of_server = {"database_connections", "database_connections_allowed", "database_up", "replica_lag_seconds"}
    assert names | {f"police2peer_{name}" for name in of_server} == set(documented())
    assert {re.sub(r"_(?:bucket|sum|count)$", "", key[0]) for key in before} <= set(documented())
    assert 0 < before["police2peer_database_connections",] < before["police2peer_database_connections_allowed",]


@pytest.mark.django_db(transaction=True)
def test_no_metric_has_what_an_agency_counted(scrape, kripos):
    kripos.send(report(("NO", "ARES", 918_273)))
    settle()
    measures.report(at_once=True)
    found = scrape()
    assert 918_273 not in {value for value in found.values() if not math.isnan(value)}
    assert "KRIPOS" not in str(found)


@pytest.mark.django_db
def test_without_the_database_the_rest_is_told(scrape, monkeypatch):
    def away(*_):
        raise DatabaseError

    monkeypatch.setattr(gauges, "_of_database", away)
    monkeypatch.setattr(measures, "families", away)
    found = scrape()
    assert found["police2peer_database_up",] == 0
    assert found["police2peer_broker_up",] == 1
    assert "police2peer_work_pending" not in {key[0] for key in found}


@pytest.mark.django_db
def test_sums_of_processes_that_have_gone_stay(scrape):
    old, new = clock.now() - timedelta(hours=1), clock.now()
    key = '["police2peer_work_failures_total", {"stage": "panel"}]'
    for name, seen in (("one", old), ("other", old), ("third", new)):
        WorkerProcess.objects.create(name=name, seen=seen, sums={key: 2.0})
    failures = ("police2peer_work_failures_total", ("stage", "panel"))
    assert scrape()[failures] == 6
    for _ in range(2):
        measures.gather(now=new)
        assert set(WorkerProcess.objects.values_list("name", flat=True)) == {"past", "third"}
        found = scrape()
        assert (found[failures], found["police2peer_workers",]) == (6, 1)


@pytest.mark.django_db
def test_a_process_that_was_heard_of_in_the_future_is_not_at_work(scrape):
    now = clock.now()
    seen = {"before": now + timedelta(days=1), "live": now - timedelta(minutes=5)}
    for name, at in seen.items():
        WorkerProcess.objects.create(name=name, seen=at, clock_ahead=-86_400.0, sums={})
    found = scrape()
    assert found["police2peer_workers",] == 0
    assert round(found["police2peer_worker_seen_seconds",]) >= 300
    assert found["police2peer_clock_ahead_seconds", ("host", "worker")] == 0
    measures.gather(now=now)
    assert set(WorkerProcess.objects.values_list("name", flat=True)) == {"past", "live"}


def disk_full():
    raise OperationalError from DiskFull("could not extend file")


def failed(found):
    """How many submissions and requests for tokens failed, by route and reason."""
    counts = {key: value for key, value in found.items() if key[0] == "police2peer_submissions_failed_total"}
    return {(dict(key[1:])["route"], dict(key[1:])["reason"]): value for key, value in counts.items()}


@pytest.mark.django_db
def test_failed_submissions_are_there_by_reason_before_the_first_one(scrape):
    reasons = ("disk_full", "read_only", "busy", "database_away", "clocks", "mistake")
    assert failed(scrape()).keys() == {(route, reason) for route in ("v1:submissions", "token") for reason in reasons}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "cause", "status", "reason"),
    [
        (OperationalError, DiskFull, 503, "disk_full"),
        (InternalError, ReadOnlySqlTransaction, 503, "read_only"),
        (OperationalError, QueryCanceled, 503, "busy"),
        (OperationalError, AdminShutdown, 503, "database_away"),
        (ValueError, ValueError, 500, "mistake"),
    ],
)
@pytest.mark.parametrize("route", ["v1:submissions", "token"])
def test_submissions_that_fail_for_reasons_of_ours_are_counted(
    scrape, kripos, monkeypatch, error, cause, status, reason, route
):
    def fail(*_, **__):
        raise error from cause

    monkeypatch.setattr(submissions.intake, "accept", fail)
    monkeypatch.setattr(tokens.TokenView, "authorization_flow_token_response", fail)
    kripos.client.raise_request_exception = False
    before = failed(scrape())
    if route == "token":
        answer = kripos.client.post("/oauth/token/", {"grant_type": "client_credentials"})
    else:
        answer = kripos.send(report(("NO", "ARES", 3)))
    after = failed(scrape())
    assert answer.status_code == status
    assert {key: after[key] - before[key] for key in after if after[key] != before[key]} == {(route, reason): 1}


@pytest.mark.django_db
def test_what_agencies_did_wrong_is_no_failure_of_ours(scrape, kripos):
    before = failed(scrape())
    assert kripos.send(report(("NO", "ARES", -1))).status_code == 422
    assert kripos.client.post("/oauth/token/", {"grant_type": "client_credentials"}).status_code == 401
    assert failed(scrape()) == before


@pytest.mark.django_db
def test_a_mistake_of_ours_is_counted(scrape, kripos, monkeypatch):
    before = scrape()
    monkeypatch.setattr(submissions.queries, "submissions", lambda **_: 1 / 0)
    kripos.client.raise_request_exception = False
    kripos.get("/api/v1/submissions/")
    after = scrape()
    for key in (
        ("police2peer_refusals_total", ("code", "internal_error")),
        ("police2peer_requests_total", ("method", "GET"), ("route", "v1:submissions"), ("status", "5xx")),
    ):
        assert after[key] == before.get(key, 0) + 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "route"),
    [("/api/v1/networks/", "v1:networks"), ("/a/b", "none"), ("/admin/", "admin"), ("/nb/", "site:map")],
)
def test_route_is_one_of_few_names_also_where_an_answer_is_held(client, scrape, path, route):
    before = scrape()
    client.get(path)
    client.get(path)
    after = scrape()
    grown = {key: after[key] - before.get(key, 0) for key in after if key[0] == "police2peer_requests_total"}
    assert {dict(key[1:])["route"]: count for key, count in grown.items() if count} == {route: 2, "metrics": 1}


def test_alerts_ask_for_metrics_that_are_there():
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"police2peer_\w+", rule["expr"])}
    assert {re.sub(r"_bucket$", "", name) for name in asked} <= set(documented())
    assert all(rule["annotations"]["summary"] for rule in rules)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian: promtool)")
@pytest.mark.parametrize("how", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_reads_the_alerts_and_they_say_what_they_should(how):
    done = subprocess.run(["promtool", *how], cwd=ALERTS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
