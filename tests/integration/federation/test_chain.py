"""The audit chain: append-only in the database, sealed once and in order, and no tampering goes unnoticed."""

import os
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from threading import Barrier

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from countries import registry
from countries.models import Intervention
from federation.audit import chain
from federation.database import clock
from federation.models.audit import AuditEvent, AuditPending, AuditSeal
from federation.rules import trail
from tests.factories import IndicatorFactory, InterventionFactory
from tests.integration.federation.trails import HARD, faults, faults_of_a_snapshot, run, seal, tamper, write
from tests.integration.federation.workers import database_url
from tests.integration.processes import ROOT, eventually

pytestmark = pytest.mark.django_db
for_real = pytest.mark.django_db(transaction=True)

# --- what the database refuses ---


@pytest.fixture
def application(sealed):
    """The application's role where an administrator made the tables: it may do all with rows, and is no superuser."""
    run(
        "CREATE ROLE application NOSUPERUSER",
        "GRANT USAGE ON SCHEMA public TO application",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO application",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO application",
        "SET LOCAL ROLE application",
    )


REFUSED = [
    "UPDATE {table} SET {column} = {column}",
    "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE FROM {table}",
    "DELETE FROM {table} WHERE {key} = 1",
    "TRUNCATE {table}",
    "TRUNCATE {table}, federation_auditpending CASCADE",
    "INSERT INTO {table} SELECT * FROM {table} LIMIT 1 ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    "MERGE INTO {table} USING {table} AS other ON {table}.{key} = other.{key} WHEN MATCHED THEN DELETE",
]
TABLES = [
    {"table": "federation_auditevent", "key": "id", "column": "reason"},
    {"table": "federation_auditseal", "key": "position", "column": "digest"},
]


@pytest.mark.parametrize("names", TABLES, ids=["events", "seals"])
@pytest.mark.parametrize("refused", REFUSED)
def test_rows_are_never_changed_or_removed(sealed, names, refused):
    with (
        pytest.raises(IntegrityError, match=f"rows of {names['table']} are never changed or removed"),
        transaction.atomic(),
    ):
        run(refused.format(**names))
    assert faults() == []


@pytest.mark.parametrize("names", TABLES, ids=["events", "seals"])
@pytest.mark.parametrize("refused", REFUSED)
def test_rows_are_never_changed_or_removed_by_the_application(application, names, refused):
    with pytest.raises(IntegrityError, match="never changed or removed"), transaction.atomic():
        run(refused.format(**names))


@pytest.mark.parametrize(
    "way_out",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE {table} DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON {table}",
        "DROP TABLE {table}",
    ],
)
@pytest.mark.parametrize("names", TABLES, ids=["events", "seals"])
def test_the_application_cannot_put_the_rule_aside(application, names, way_out):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        run(way_out.format(**names))


def test_the_application_writes_and_seals(application):
    write()
    assert seal() == 2
    assert faults() == []


# --- sealing ---


def test_nothing_written_is_a_chain_of_nothing():
    assert chain.head() == (0, bytes(32), None)
    assert seal() == 0
    assert faults() == []


def test_events_are_sealed_in_order_of_their_numbers(monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 2)
    write(5, HARD)
    now = clock.now()
    assert chain.unsealed() == 5
    assert chain.seal(now=now) == 5
    events = list(AuditEvent.objects.order_by("id").values_list("id", flat=True))
    assert list(AuditSeal.objects.order_by("position").values_list("position", "event")) == list(enumerate(events, 1))
    assert not AuditPending.objects.exists()
    assert chain.head() == (5, bytes(AuditSeal.objects.get(position=5).digest), now)
    assert faults() == []


def test_a_seal_hangs_on_the_one_before():
    write(2)
    seal()
    first, second = AuditSeal.objects.order_by("position")
    event = AuditEvent.objects.get(id=second.event)
    assert bytes(second.digest) == trail.seal_digest(
        before=bytes(first.digest), position=2, event=event.pk, digest=bytes(event.digest), sealed=second.sealed
    )


def test_events_that_were_rolled_back_leave_no_gap():
    write()
    with transaction.atomic():
        write(3)
        transaction.set_rollback(True)
    write()
    first, second = AuditEvent.objects.order_by("id").values_list("id", flat=True)
    assert second - first == 4
    assert seal() == 2
    assert list(AuditSeal.objects.order_by("position").values_list("position", flat=True)) == [1, 2]
    assert faults() == []


@for_real
def test_events_that_commit_out_of_order_are_all_sealed():
    with psycopg.connect(database_url()) as other:
        write()
        copied = "at, actor, action, subject, reason, details, digest"
        query = f"INSERT INTO federation_auditevent ({copied}) SELECT {copied} FROM federation_auditevent RETURNING id"
        [(late,)] = other.execute(query).fetchall()
        write()
        assert seal() == 2
        other.commit()
    assert seal() == 1
    assert AuditSeal.objects.order_by("position").last().event == late < AuditEvent.objects.latest("id").pk
    assert faults_of_a_snapshot() == []


@for_real
def test_sealers_at_once_seal_each_event_once(monkeypatch):
    monkeypatch.setattr(chain, "BATCH", 7)
    write(300)
    start = Barrier(5)

    def work(number):
        start.wait()
        try:
            if number == 0:
                write(100)
                return 0
            return sum(seal() for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as threads:
        done = sum(threads.map(work, range(5)))
    assert done + seal() == 400
    assert list(AuditSeal.objects.order_by("position").values_list("position", flat=True)) == list(range(1, 401))
    assert faults_of_a_snapshot() == []


@for_real
def test_a_sealer_does_not_wait_for_another():
    write()
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_xact_lock(-1)")
        assert seal() == 0
        assert chain.unsealed() == 1
    assert seal() == 1


SEALER = """
import django
django.setup()
from contextlib import nullcontext
from django.db import transaction
from countries import registry
from countries.models import Intervention
from federation.audit import chain
from federation.database import clock
chain.BATCH = 20
print("ready", flush=True)
with transaction.atomic() if input() == "at once" else nullcontext():
    print(chain.seal(now=clock.now()), flush=True)
    input()
"""


@contextmanager
def sealers(count):
    """Processes that seal once they are told how: all in one transaction, or in steps of a few events."""
    with ExitStack() as stack:
        started = [stack.enter_context(closing_of(_sealer())) for _ in range(count)]
        for one in started:
            assert one.stdout.readline() == "ready\n"
        yield started


def _sealer():
    return subprocess.Popen(
        [sys.executable, "-c", SEALER],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def closing_of(process):
    try:
        yield process
    finally:
        kill(process)


def tell(process, how):
    print(how, file=process.stdin, flush=True)


def kill(process):
    if process.returncode is None:
        process.kill()
        process.communicate()


@pytest.mark.verify
@for_real
def test_a_sealer_killed_in_the_midst_leaves_what_was_pending():
    write(50)
    with sealers(1) as [process]:
        tell(process, "at once")
        assert process.stdout.readline() == "50\n"
        assert seal() == 0, "the turn is taken"
        kill(process)
    assert chain.head() == (0, bytes(32), None)
    assert chain.unsealed() == 50
    assert eventually(lambda: seal() == 50)
    assert faults_of_a_snapshot() == []


@for_real
@pytest.mark.verify
def test_sealers_killed_at_any_instant_leave_a_whole_chain():
    rng, interrupted = random.Random(1), 0
    with sealers(3) as processes:
        for process in processes:
            write(400)
            tell(process, "in steps")
            time.sleep(rng.uniform(0, 0.06))
            kill(process)
            length = chain.length()
            interrupted += length.unsealed > 0
            assert length.sealed + length.unsealed == AuditEvent.objects.count()
            assert faults_of_a_snapshot() == []
    assert interrupted
    assert eventually(lambda: seal() == 0 == chain.unsealed())
    assert chain.head().position == 1200


# --- the command ---


@for_real
def test_verify_audit_says_what_it_walked_and_where_the_chain_ends(sealed, capsys):
    call_command("verify_audit")
    said = capsys.readouterr().out
    assert "Walking the audit chain: 6 of 6 seals" in said
    assert re.search("1 events wait to be sealed, the oldest for [0-9]+ s\n", said)
    assert f"head 6:{chain.head().digest.hex()}" in said


@for_real
def test_verify_audit_of_nothing_is_fine(capsys):
    call_command("verify_audit")
    assert f"head 0:{'0' * 64}" in capsys.readouterr().out


@for_real
def test_verify_audit_names_faults_and_fails(sealed, capsys):
    tamper(f"DELETE FROM federation_auditevent WHERE id IN ({sealed[0]}, {sealed[1]})")
    with pytest.raises(CommandError, match="The chain is broken: 2 faults"):
        call_command("verify_audit")
    assert f"event {sealed[0]} is missing: it was sealed at position 1\n" in capsys.readouterr().out


@for_real
def test_verify_audit_looks_for_a_head_noted_before(sealed):
    noted = chain.head()
    call_command("verify_audit", "--head", f"{noted.position}:{noted.digest.hex().upper()}")
    with pytest.raises(CommandError, match="The head that you noted at position 6 is not in the chain"):
        call_command("verify_audit", "--head", f"6:{'0' * 64}")


@pytest.mark.parametrize("noted", ["6", "6:12", f"-1:{'0' * 64}", f"x:{'0' * 64}", f"6:{'g' * 64}"])
def test_verify_audit_refuses_what_is_no_head(noted):
    with pytest.raises(CommandError, match="is not a head"):
        call_command("verify_audit", f"--head={noted}")


@for_real
@pytest.mark.parametrize(("column", "value"), [("countries", ["SE"]), ("start", date(2030, 1, 7)), ("title", "New")])
def test_verify_audit_names_interventions_that_are_not_what_was_registered(column, value, capsys):
    row = InterventionFactory.build(indicator=IndicatorFactory.create(), start=date(2026, 11, 2))
    registry.save(row, by="ada")
    call_command("verify_audit")
    Intervention.objects.update(**{column: value})
    if column == "title":
        call_command("verify_audit")
    else:
        with pytest.raises(CommandError, match="Interventions were changed after their registration"):
            call_command("verify_audit")
        assert f"intervention {row.pk} was changed: it is not what event" in capsys.readouterr().out
