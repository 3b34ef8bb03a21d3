"""The audit chain: append-only in the database, sealed once and in order, and no tampering goes unnoticed."""

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from federation import audit, chain, clock
from federation.models.audit import AuditEvent, AuditPending, AuditSeal
from federation.rules import trail
from tests.integration.federation.workers import database_url
from tests.integration.processes import ROOT, eventually

pytestmark = pytest.mark.django_db
for_real = pytest.mark.django_db(transaction=True, serialized_rollback=True)

HARD = {"b": [1.5, 1e16, -0.0, 1e-7, 10**30, None, True], "a": {"é": "\U0001f512", "": 2**63, "x": {}}}


def write(count=1, details=None):
    for number in range(count):
        audit.record(by="ada", action="test.done", subject=f"test {number}", reason="why", details=details or {})


def seal():
    return chain.seal(now=clock.now())


def faults():
    return [str(fault) for fault in chain.verify()]


def run(*statements):
    with connection.cursor() as c:
        for one in statements:
            c.execute(one)


def tamper(*statements):
    """What a superuser can do."""
    run("SET session_replication_role = replica", *statements, "SET session_replication_role = origin")


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


def faults_of_a_snapshot():
    with transaction.atomic():
        return faults()


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
from federation import chain, clock
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


@for_real
@pytest.mark.slow
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
@pytest.mark.slow
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


# --- tampering ---


@pytest.fixture
def sealed():
    """Six sealed events and one that waits; their numbers."""
    write(6, HARD)
    seal()
    write(1, HARD)
    return list(AuditEvent.objects.order_by("id").values_list("id", flat=True))


CHANGED = {
    "time": "at = at + interval '1 microsecond'",
    "time out of reach": "at = 'infinity'",
    "actor": "actor = 'bo'",
    "action": "action = 'test.undone'",
    "subject": "subject = 'test 9'",
    "reason": "reason = ''",
    "details": """details = jsonb_set(details, '{b,0}', '1.25')""",
    "details of another kind": "details = '[]'",
    "digest": "digest = sha256('x')",
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_changed_event_is_named_and_nothing_else(sealed, change):
    for number in (sealed[2], sealed[6]):
        tamper(f"UPDATE federation_auditevent SET {change} WHERE id = {number}")
    said = "event {} was changed: its digest is not that of what it says"
    assert faults() == [said.format(sealed[2]), said.format(sealed[6])]


def test_an_event_changed_together_with_its_digest_is_found_by_its_seal(sealed):
    event = AuditEvent.objects.get(id=sealed[2])
    said = {name: getattr(event, name) for name in ("at", "actor", "action", "subject", "details")}
    digest = trail.event_digest(**said, reason="another").hex()
    tamper(rf"UPDATE federation_auditevent SET reason = 'another', digest = '\x{digest}' WHERE id = {event.pk}")
    [found] = chain.verify()
    assert (found.flaw, found.event, found.position) == (chain.Flaw.SEAL_WRONG, event.pk, 3)


def test_a_missing_event_is_named(sealed):
    tamper(f"DELETE FROM federation_auditevent WHERE id IN ({sealed[0]}, {sealed[5]}, {sealed[6]})")
    assert faults() == [
        f"event {sealed[0]} is missing: it was sealed at position 1",
        f"event {sealed[5]} is missing: it was sealed at position 6",
        f"event {sealed[6]} is missing: it waits to be sealed",
    ]


def test_a_missing_event_that_waits_does_not_stop_the_sealer(sealed):
    tamper(f"DELETE FROM federation_auditevent WHERE id = {sealed[6]}")
    write()
    assert seal() == 1
    assert faults() == [f"event {sealed[6]} is missing: it waits to be sealed"]


def test_an_event_put_in_past_the_trigger_is_named(sealed):
    tamper(
        "INSERT INTO federation_auditevent (at, actor, action, subject, reason, details, digest)"
        f" SELECT at, actor, action, subject, reason, details, digest FROM federation_auditevent WHERE id = {sealed[0]}"
    )
    newest = AuditEvent.objects.latest("id").pk
    said = str(chain.Fault(chain.Flaw.EVENT_STRAY, event=newest))
    assert faults() == [said]
    seal()
    assert faults() == [said]


def test_an_event_kept_from_being_sealed_is_named(sealed):
    run("DELETE FROM federation_auditpending")
    [found] = chain.verify()
    assert (found.flaw, found.event) == (chain.Flaw.EVENT_STRAY, sealed[6])


def test_an_event_that_shall_be_sealed_twice_is_named_and_does_not_stop_the_sealer(sealed):
    run(f"INSERT INTO federation_auditpending VALUES ({sealed[1]})")
    assert seal() == 1
    assert faults() == [f"event {sealed[1]} is sealed and waits to be sealed again"]


def wrong(position, event):
    return (
        f"the seal at position {position}, of event {event}, does not follow from the one before it: "
        "one of these three was changed, moved or put in"
    )


def test_missing_seals_are_named_with_the_events_that_they_sealed(sealed):
    tamper("DELETE FROM federation_auditseal WHERE position IN (2, 3)")
    stray = chain.Flaw.EVENT_STRAY
    assert faults() == [
        "the seals from position 2 to 3 are missing",
        str(chain.Fault(stray, event=sealed[1])),
        str(chain.Fault(stray, event=sealed[2])),
    ]


def test_missing_seals_at_the_end_leave_events_unsealed(sealed):
    tamper("DELETE FROM federation_auditseal WHERE position > 4")
    assert [found.event for found in chain.verify()] == sealed[4:6]


def test_a_changed_seal_is_named_with_the_one_after_it(sealed):
    tamper("UPDATE federation_auditseal SET digest = sha256('x') WHERE position = 3")
    assert faults() == [wrong(3, sealed[2]), wrong(4, sealed[3])]


def test_a_seal_that_says_another_time_is_named(sealed):
    tamper("UPDATE federation_auditseal SET sealed = sealed - interval '1 day' WHERE position = 3")
    tamper("UPDATE federation_auditseal SET sealed = 'infinity' WHERE position = 5")
    assert faults() == [wrong(3, sealed[2]), wrong(5, sealed[4])]


def test_seals_that_changed_places_are_named(sealed):
    tamper(
        "UPDATE federation_auditseal SET position = 99 WHERE position = 2",
        "UPDATE federation_auditseal SET position = 2 WHERE position = 4",
        "UPDATE federation_auditseal SET position = 4 WHERE position = 99",
    )
    assert [found.position for found in chain.verify()] == [2, 3, 4, 5]


def test_an_event_and_its_seal_that_were_taken_out_without_a_gap_are_found(sealed):
    tamper(
        f"DELETE FROM federation_auditevent WHERE id = {sealed[2]}",
        "DELETE FROM federation_auditseal WHERE position = 3",
        "UPDATE federation_auditseal SET position = -position WHERE position > 3",
        "UPDATE federation_auditseal SET position = -position - 1 WHERE position < 0",
    )
    assert [(found.flaw, found.position) for found in chain.verify()] == [
        (chain.Flaw.SEAL_WRONG, position) for position in (3, 4, 5)
    ]


@pytest.mark.parametrize(("position", "found"), [(-1, [-1]), (0, [0]), (7, [7]), (9, [7])])
def test_a_seal_that_was_put_in_is_named(sealed, position, found):
    run(f"INSERT INTO federation_auditseal VALUES ({position}, {sealed[6]}, sha256('x'), now())")
    run("DELETE FROM federation_auditpending")
    assert [fault.position for fault in chain.verify()] == found


def test_a_chain_made_anew_is_told_by_a_head_noted_before(sealed):
    noted = chain.head()
    event = AuditEvent.objects.get(id=sealed[2])
    said = {name: getattr(event, name) for name in ("at", "actor", "action", "subject", "details")}
    digest = trail.event_digest(**said, reason="another").hex()
    tamper(
        rf"UPDATE federation_auditevent SET reason = 'another', digest = '\x{digest}' WHERE id = {event.pk}",
        "TRUNCATE federation_auditseal",
        "INSERT INTO federation_auditpending SELECT id FROM federation_auditevent ON CONFLICT DO NOTHING",
    )
    seal()
    assert faults() == []
    assert not chain.holds(position=noted.position, digest=noted.digest)


def test_heads_that_were_noted_are_held_while_the_chain_grows(sealed):
    noted = chain.head()
    seal()
    assert chain.head().position == noted.position + 1
    assert chain.holds(position=noted.position, digest=noted.digest)
    assert chain.holds(position=0, digest=trail.GENESIS)
    assert not chain.holds(position=99, digest=noted.digest)
    assert not chain.holds(position=0, digest=noted.digest)


def test_walking_is_told_seal_by_seal(sealed, monkeypatch):
    walked = []
    assert list(chain.verify(walked=walked.append)) == []
    assert sum(walked) == 6


# --- the command ---


@for_real
def test_verify_audit_says_what_it_walked_and_where_the_chain_ends(sealed, capsys):
    call_command("verify_audit")
    said = capsys.readouterr().out
    assert "Walking the audit chain: 6 of 6 seals" in said
    assert "1 events wait to be sealed, the oldest for 0 s" in said
    assert f"head 6:{chain.head().digest.hex()}" in said


@for_real
def test_verify_audit_of_nothing_is_fine(capsys):
    call_command("verify_audit")
    assert f"head 0:{'0' * 64}" in capsys.readouterr().out


@for_real
def test_verify_audit_names_faults_and_fails(sealed, capsys):
    tamper(f"DELETE FROM federation_auditevent WHERE id IN ({sealed[0]}, {sealed[1]})")
    with pytest.raises(CommandError, match="the chain is broken: 2 faults"):
        call_command("verify_audit")
    assert f"event {sealed[0]} is missing: it was sealed at position 1\n" in capsys.readouterr().out


@for_real
def test_verify_audit_looks_for_a_head_noted_before(sealed):
    noted = chain.head()
    call_command("verify_audit", "--head", f"{noted.position}:{noted.digest.hex().upper()}")
    with pytest.raises(CommandError, match="the head noted at position 6 is not in the chain"):
        call_command("verify_audit", "--head", f"6:{'0' * 64}")


@pytest.mark.parametrize("noted", ["6", "6:12", f"-1:{'0' * 64}", f"x:{'0' * 64}", f"6:{'g' * 64}"])
def test_verify_audit_refuses_what_is_no_head(noted):
    with pytest.raises(CommandError, match="is not a position, a colon and 64 hexadecimal digits"):
        call_command("verify_audit", f"--head={noted}")
