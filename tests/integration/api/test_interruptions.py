"""Waits for the database end with a 503 and Retry-After, and leave nothing behind."""

import threading

import pytest
from django.db import connection, connections, transaction

from config import databases
from federation.models.submissions import Submission
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory

#: One of each kind of what the public reads.
PUBLIC = (
    "/",
    "/countries/no/",
    "/countries/no/chart.svg",
    "/catalog.ttl",
    "/api/v1/countries/",
    "/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-11-01&end=2026-11-02",
    "/sdmx/3.0/structure",
    "/sdmx/3.0/data/dataflow/P2PEU/P2P/1.0.0/D",
    "/sdmx/2.1/availableconstraint/P2P/all",
)


def busy(answer):
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer["Content-Type"] == "application/problem+json"
    assert int(answer["Retry-After"]) > 0
    assert answer["Cache-Control"] == "no-store"


def sleep(*_args, **_kwargs):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")


@pytest.mark.timers
@pytest.mark.django_db(transaction=True)
def test_statement_that_runs_too_long_and_lock_that_is_not_to_be_had(monkeypatch):
    IndicatorFactory.create()
    caller = Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))
    caller.client.raise_request_exception = False
    with monkeypatch.context() as slow, connection.cursor() as cursor:
        for read in ("federation.intake.queries.submissions", "countries.reference.Reference.current"):
            slow.setattr(read, sleep)
        cursor.execute("SET statement_timeout = 50")
        for path in ("/api/v1/submissions/", *PUBLIC):
            busy(caller.get(path))
        cursor.execute("RESET statement_timeout")

    taken, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE federation_report IN ACCESS EXCLUSIVE MODE")
            taken.set()
            done.wait(60)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert taken.wait(60)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 50")
        busy(caller.send(report(("NO", "ARES", 3)), key="one"))
    finally:
        done.set()
        holder.join()
        connection.close()
    assert Submission.objects.count() == 0
    assert caller.send(report(("NO", "ARES", 3)), key="one").status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "shown"), [("30", ["30s", "20s", "1min"]), ("0", ["0", "0", "0"])])
def test_connections_begin_with_what_the_setting_says(monkeypatch, seconds, shown):
    import psycopg

    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT", seconds)
    own = connection.settings_dict
    address = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    given = databases.parse_url(address + "?application_name=a-test")
    assert given["OPTIONS"]["application_name"] == "a-test"
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with psycopg.connect(address, options=given["OPTIONS"]["options"]) as opened:
        assert [opened.execute(f"SHOW {name}").fetchone()[0] for name in names] == shown


@pytest.mark.django_db
def test_public_reads_are_given_up_sooner(monkeypatch):
    monkeypatch.setenv("DATABASE_PUBLIC_URL", "postgres://reader@localhost/a")
    monkeypatch.setenv("DATABASE_REPLICA_URL", "postgres://reader@localhost/b")
    for seconds, shown in ((None, "10000"), ("3", "3000")):
        if seconds:
            monkeypatch.setenv("DATABASE_PUBLIC_STATEMENT_TIMEOUT", seconds)
        given = databases.public()
        assert set(given) == {"public", "replica"}
        for database in given.values():
            assert f"-c statement_timeout={shown} " in database["OPTIONS"]["options"]
