"""Backups: made while the service runs, and restored elsewhere as the view that they name, or not at all."""

import gzip
import json
import stat
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count
from random import randrange
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from countries import registry
from federation.audit import chain
from federation.database import clock
from federation.models.audit import AuditEvent
from federation.models.published import RoundingSeal, Version
from federation.models.submissions import Submission
from federation.rules import rounding
from federation.runs import backups, reconciliation
from federation.worklist import dispatch
from tests import factories
from tests.contract.callers import BEGAN, Caller, hour, report
from tests.integration import elsewhere
from tests.integration.federation.workers import until, working
from tests.integration.processes import line_of
from tests.reporting import settle

pytestmark = pytest.mark.xdist_group("backup")

#: So many versions an installation may draw after its backup was made: one each second, for thirty years.
A_LONG_TIME = 1_000_000_000
#: Of tables whose rows are never closed: since which version a row is there.
SINCE = {
    "federation_version": "number",
    "federation_periodversion": "version",
    "federation_publishedseries": "first_version",
}


def rows(sql, *values):
    with connection.cursor() as c:
        c.execute(sql, values or None)
        return c.fetchall() if c.description else None


def public_at(version):
    """Every row of the public tables as it was at a version."""
    named = rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'federation_published%'")
    found = {}
    for table in sorted({name for (name,) in named} | SINCE.keys()):
        since = SINCE.get(table, "version_from")
        closed = "" if table in SINCE else f", 'version_to', CASE WHEN version_to <= {version} THEN version_to END"
        row = f"(to_jsonb(t) - 'id') || jsonb_build_object('at', {version}{closed})"
        found[table] = rows(f"SELECT ({row})::text FROM {table} t WHERE {since} <= {version} ORDER BY 1")
    return found


def view(**query):
    answer = Client().get("/api/v1/aggregates/", {"indicator": "DOWNLOADS", "country": "*", "network": "*", **query})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return {**body["meta"], "as_of": None}, body["coverage"], body["observations"]


def reference():
    factories.IndicatorFactory.create()
    # Workers are processes of their own, which withhold what has no detail.
    for code in ("NO", "SE"):
        factories.DetailFactory.create(country__code=code, step="N", network_step="D")
    for number, code in ((1, "BITTORRENT"), (2, "EDONKEY")):
        factories.NetworkFactory.create(number=number, code=code)


@pytest.fixture(scope="module")
def origin(django_db_setup, django_db_blocker):
    """A database beside that of the tests, with a small federation of which something is published; its name."""
    with django_db_blocker.unblock(), elsewhere.migrated_database() as name:
        with elsewhere.using(name):
            reference()
            caller = Caller(agency=factories.AgencyFactory.create())
            assert caller.send(report(("NO", "BITTORRENT", 17), ("SE", "EDONKEY", 3))).status_code == 202
            settle()
            chain.seal(now=clock.now())
        yield name


@pytest.fixture
def published(origin, django_db_blocker):
    """This process works on it."""
    with django_db_blocker.unblock(), elsewhere.using(origin):
        yield


@pytest.fixture(scope="module")
def made_once(origin, django_db_blocker, tmp_path_factory):
    file = tmp_path_factory.mktemp("made") / "backup.gz"
    with django_db_blocker.unblock(), elsewhere.using(origin):
        call_command("backup", file, stdout=StringIO())
    return file


@pytest.fixture
def backup(published, made_once, tmp_path):
    """A copy of a backup of it, to be spoilt."""
    file = tmp_path / "backup.gz"
    file.write_bytes(made_once.read_bytes())
    return file


@pytest.fixture
def empty():
    """This process works on an empty database."""
    with elsewhere.empty_database() as name, elsewhere.using(name):
        yield name


SERVER = """
import os, signal
from config import embedded
with embedded.owned(durable=False):
    print(os.environ["DATABASE_URL"], flush=True)
    signal.pause()
"""


@pytest.fixture
def another_server(launch, tmp_path):
    return line_of(launch(sys.executable, "-c", SERVER, data=tmp_path / "elsewhere", REDIS_URL=settings.REDIS_URL))


@pytest.fixture
def sending(transactional_db):
    """An agency that sends and revises without end; called, it stops."""
    reference()
    caller, stop = Caller(agency=factories.AgencyFactory.create()), threading.Event()
    answers = []

    def send():
        for number in count():
            if stop.wait(0.05):
                break
            cells = ("NO", "BITTORRENT", 5 + number), ("SE", "EDONKEY", 50 + 5 * (number % 7))
            answers.append(caller.send(report(*cells, ago=2 + number % 40)).status_code)
        connection.close()

    thread = threading.Thread(target=send)
    thread.start()

    def stopped():
        stop.set()
        thread.join()
        assert set(answers) == {202}
        return caller

    yield stopped
    stop.set()
    thread.join()


def newest():
    return Version.objects.order_by("-number").values_list("number", flat=True).first() or 0


@pytest.mark.verify
def test_backup_made_under_load_and_restored_elsewhere_has_the_view_that_it_names(
    sending, another_server, tmp_path, monkeypatch
):
    file, run = tmp_path / "backup.gz", backups._run

    def run_once_others_went_on(*arguments, **streams):
        # The snapshot is taken: what comes from here on must be in neither facts nor dump.
        sent, public = Submission.objects.count(), newest()

        def go_on():
            until(lambda: Submission.objects.count() > sent + 3 and newest() > public + 3)
            connection.close()

        other = threading.Thread(target=go_on)
        other.start()
        other.join()
        run(*arguments, **streams)

    with working(tmp_path / "workers.log"):
        until(lambda: newest() > 5)
        chain.seal(now=clock.now())
        with monkeypatch.context() as patch:
            patch.setattr(backups, "_run", run_once_others_went_on)
            call_command("backup", file)
        caller = sending()
    facts = backups.read(file)
    assert 0 < facts.version < newest() - 3
    range_ = {"frequency": "D", "start": f"{BEGAN - timedelta(days=3):%Y-%m-%d}", "end": f"{BEGAN:%Y-%m-%d}"}
    hours = {"frequency": "H", "start": f"{BEGAN - timedelta(days=2):%Y-%m-%dT%H:00}", "end": f"{BEGAN:%Y-%m-%dT%H:00}"}
    known_at = facts.known_at.isoformat().replace("+00:00", "Z")
    there = public_at(facts.version), view(as_of=known_at, **range_), view(as_of=known_at, network="_T", **hours)
    assert there[2][2]

    # There are no workers there: who would wake one does the work.
    monkeypatch.setattr(dispatch, "wake", reconciliation.work_through)
    with elsewhere.connected(another_server):
        call_command("restore", file)
        assert (public_at(facts.version), view(**range_), view(network="_T", **hours)) == there
        settle()
        call_command("rebuild", check=True, timeout=60)
        call_command("verify_audit", head=(facts.audit_head[0], bytes.fromhex(facts.audit_head[1])))
        # Nothing that was drawn after the backup is drawn again: a cache may hold it.
        assert caller.send(report(("NO", "BITTORRENT", 1000), ago=45)).status_code == 202
        settle()
        assert facts.version + A_LONG_TIME < newest()
        assert AuditEvent.objects.filter(action="database.restored").count() == 1


@pytest.mark.verify
def test_backup_from_before_the_first_publication_is_restored_and_publishes(
    published, tmp_path, empty, capsys, monkeypatch
):
    with elsewhere.migrated_database() as name, elsewhere.using(name):
        reference()
        call_command("backup", tmp_path / "backup.gz")
    assert "public version 0" in capsys.readouterr().out
    assert backups.read(tmp_path / "backup.gz").rounding is None
    call_command("restore", tmp_path / "backup.gz")
    assert RoundingSeal.objects.count() == 0
    monkeypatch.setattr(dispatch, "wake", reconciliation.work_through)
    caller = Caller(agency=factories.AgencyFactory.create())
    assert caller.send(report(("NO", "BITTORRENT", 17))).status_code == 202
    settle()
    assert newest() > A_LONG_TIME
    assert bytes(RoundingSeal.objects.get().fingerprint) == rounding.fingerprint(settings.ROUNDING_KEY)
    call_command("rebuild", check=True, timeout=60)


def test_backup_is_for_its_owner_and_names_the_keys_that_are_not_in_it(published, tmp_path, capsys):
    call_command("backup", tmp_path / "backup.gz")
    [file] = tmp_path.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("backup.gz", 0o600)
    fingerprint = rounding.fingerprint(settings.ROUNDING_KEY).hex()
    assert f"Not in it: ROUNDING_KEY ({fingerprint}) and SECRET_KEY." in capsys.readouterr().out
    held = gzip.decompress(file.read_bytes())
    assert fingerprint.encode() in held
    for secret in (settings.ROUNDING_KEY, settings.ROUNDING_KEY.hex().encode(), settings.SECRET_KEY.encode() * 2):
        assert secret not in held


def test_nothing_is_overwritten(backup):
    before = backup.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", backup)
    assert backup.read_bytes() == before


def test_file_that_cannot_be_written_is_refused(published, tmp_path):
    with pytest.raises(CommandError, match=r"nowhere/backup.gz cannot be written: No such file"):
        call_command("backup", tmp_path / "nowhere" / "backup.gz")


@pytest.fixture
def pg_dump(tmp_path, settings):
    """Have another program in the place of pg_dump."""

    def put(script):
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "pg_dump").chmod(0o755)
        settings.POSTGRES_PROGRAMS = [tmp_path / "bin"]

    return put


def test_failed_dump_leaves_nothing_and_says_why_without_the_rows(published, tmp_path, pg_dump):
    pg_dump('echo half; echo "pg_dump: error: the disk is full" >&2; echo "DETAIL: Failing row (17)." >&2; exit 1')
    with pytest.raises(CommandError, match="the disk is full") as refused:
        call_command("backup", tmp_path / "backup.gz")
    assert "17" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_password_is_on_no_command_line_and_nothing_foreign_in_the_environment(published, tmp_path, pg_dump):
    pg_dump(f'env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments; exit 1')
    with pytest.raises(CommandError, match="pg_dump failed"):
        call_command("backup", tmp_path / "backup.gz")
    password = settings.DATABASES["default"]["PASSWORD"]
    assert password not in (tmp_path / "arguments").read_text()
    environment = (tmp_path / "env").read_text()
    assert f"PGPASSWORD={password}" in environment
    assert settings.ROUNDING_KEY.hex() not in environment


def test_missing_program_is_named(published, tmp_path, monkeypatch, settings):
    settings.POSTGRES_PROGRAMS = []
    monkeypatch.setattr(backups.shutil, "which", lambda *_, **__: None)
    with pytest.raises(CommandError, match=r"pg_dump was not found. Install .* POSTGRES_PROGRAMS"):
        call_command("backup", tmp_path / "backup.gz")


def rewrite(file, **changes):
    """Write other facts over those of a backup, with a checksum that is right."""
    line, _, dump = gzip.decompress(file.read_bytes()).partition(b"\n")
    facts = {name: value for name, value in {**json.loads(line), **changes}.items() if value is not ...}
    file.write_bytes(gzip.compress(json.dumps(facts).encode() + b"\n" + dump, 1))


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def turn_a_bit(file):
    contents = bytearray(file.read_bytes())
    contents[len(contents) // 2] ^= 1
    file.write_bytes(contents)


DAMAGED = "is damaged, or no backup"
BROKEN = {
    "nothing": (lambda f: f.unlink(), f"{DAMAGED}.*No such file"),
    "an empty file": (lambda f: f.write_bytes(b""), DAMAGED),
    "no gzip": (lambda f: f.write_text("PGDMP"), f"{DAMAGED}.*Not a gzipped file"),
    "gzip of something else": (lambda f: f.write_bytes(gzip.compress(b"CREATE TABLE")), DAMAGED),
    "half the facts": (lambda f: rewrite(f, migrations=...), f"{DAMAGED}.*migrations"),
    "another format": (lambda f: rewrite(f, format="police2peer-federation backup 2"), f"{DAMAGED}.*backup 2"),
    "cut off": (cut, f"{DAMAGED}.*end-of-stream"),
    "one bit turned": (turn_a_bit, DAMAGED),
    "migrations of tomorrow": (
        lambda f: rewrite(f, migrations=["federation.9999_tomorrow"]),
        "migrations federation.9999_tomorrow this version .* does not have",
    ),
    "another key": (lambda f: rewrite(f, rounding=["00", 5]), "another key or base: .* 00 and 5.* ROUNDING_KEY"),
    "another base": (
        lambda f: rewrite(f, rounding=[rounding.fingerprint(settings.ROUNDING_KEY).hex(), 3]),
        "another key or base: .* and 3, and here .* and 5",
    ),
    "made in the future": (lambda f: rewrite(f, known_at="2999-01-01T00:00:00Z"), "Set the clock right"),
}


def test_broken_truncated_foreign_and_newer_backups_are_refused_and_nothing_is_restored(backup, empty):
    whole = backup.read_bytes()
    for what, (spoil, message) in BROKEN.items():
        backup.write_bytes(whole)
        spoil(backup)
        with pytest.raises(CommandError, match=message):
            call_command("restore", backup)
        assert connection.introspection.table_names() == [], what


def test_what_fails_in_the_middle_leaves_nothing(backup, empty):
    """Damaged before it was packed, as nobody could notice before."""
    backup.write_bytes(gzip.compress(gzip.decompress(backup.read_bytes())[:-1000], 1))
    with pytest.raises(CommandError, match="pg_restore failed, and nothing was kept:\npg_restore: error"):
        call_command("restore", backup)
    assert connection.introspection.table_names() == []


def test_database_with_something_in_it_is_refused(backup):
    before = Submission.objects.count(), newest()
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", backup)
    assert (Submission.objects.count(), newest()) == before


@pytest.fixture
def plain_owner():
    """A role that owns a database and is no superuser, as on servers of one's own; its name."""
    role = f"owner_{uuid4().hex}"
    rows(f"CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD 'tests'")
    yield role
    rows(f"DROP ROLE {role}")


@pytest.mark.verify
def test_plain_owner_restores_but_not_into_a_database_that_somebody_uses(backup, plain_owner):
    """The owner sees of other roles that they are connected, and little more."""
    told = settings.DATABASES["default"]
    with elsewhere.empty_database() as name:
        rows(f"ALTER DATABASE {name} OWNER TO {plain_owner}")
        address = f"postgres://{plain_owner}:tests@{told['HOST']}:{told['PORT']}/{name}"
        other = {key: told[key.upper()] for key in ("host", "port", "user", "password")}
        refused = pytest.raises(
            CommandError, match=rf"1 other connections use .* as {other['user']}\. Stop web, workers and beat"
        )
        with elsewhere.connected(address):
            with psycopg.connect(**other, dbname=name), refused:
                call_command("restore", backup)
            # PostgreSQL notices a moment later that the other connection is closed.
            connected = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL"
            )
            until(lambda: rows(connected) == [(1,)])
            call_command("restore", backup)
            assert Submission.objects.count() == 1


@contextmanager
def copied(origin):
    """Work on a copy of a database, as if PostgreSQL itself had brought it back to an earlier moment."""
    connection.close()
    with elsewhere.empty_database(origin) as name, elsewhere.using(name):
        yield


@contextmanager
def restored(origin, backup):
    with elsewhere.empty_database() as name, elsewhere.using(name):
        call_command("restore", backup)
        yield


@contextmanager
def brought_back(origin, backup):
    with copied(origin):
        call_command("leap_versions")
        yield


ADDRESSES = ("/api/v1/agencies/", f"/api/v1/aggregates/?indicator=DOWNLOADS&frequency=H&start={hour()}&end={hour()}")


def go_on():
    """Change the agencies and publish once, in a way of its own each time; the ETags that readers get."""
    agency = factories.AgencyFactory.create()
    agency.name += " II"
    registry.save(agency, by="a test")
    assert Caller(agency=agency).send(report(("NO", "BITTORRENT", randrange(1000, 9000)))).status_code == 202
    settle()
    return [Client().get(address)["ETag"] for address in ADDRESSES]


@pytest.mark.verify
@pytest.mark.parametrize("went_back", [restored, brought_back])
def test_no_old_etag_is_valid_after_any_number_of_restores(origin, published, backup, went_back):
    with copied(origin):
        rows(f"UPDATE federation_versioncounter SET last = last + {A_LONG_TIME}")
        lost = go_on()
    with went_back(origin, backup):
        once = go_on()
    with went_back(origin, backup):
        new = go_on()
        for etags, status in ((lost, 200), (once, 200), (new, 304)):
            for address, etag in zip(ADDRESSES, etags, strict=True):
                assert Client().get(address, headers={"If-None-Match": etag}).status_code == status
        assert AuditEvent.objects.filter(action="database.restored").count() == 1


@contextmanager
def in_use():
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password):
        yield


@contextmanager
def behind():
    rows("UPDATE federation_version SET known_at = now() + interval '1 day'")
    yield


@contextmanager
def disagreeing():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "of_host", lambda: datetime.now(UTC) - timedelta(days=1))
        yield


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (in_use, "1 other connections use"),
        (behind, "The clock of the database server says .* Set the clock right"),
        (disagreeing, "The clocks disagree"),
    ],
)
def test_versions_leap_only_if_nobody_else_is_there_and_the_clocks_are_right(origin, published, wrong, message):
    with copied(origin):
        before = rows("SELECT last FROM federation_versioncounter")
        with wrong(), pytest.raises(CommandError, match=message):
            call_command("leap_versions")
        assert rows("SELECT last FROM federation_versioncounter") == before


@pytest.mark.verify
def test_older_backup_is_brought_up_to_date_and_its_append_only_tables_stay_so(origin, published, tmp_path, empty):
    with copied(origin):
        call_command("migrate", "sessions", "zero", verbosity=0)
        call_command("backup", tmp_path / "backup.gz")
    call_command("restore", tmp_path / "backup.gz")
    assert Submission.objects.count() == 1
    assert rows("SELECT count(*) FROM django_session") == [(0,)]
    for table in ("federation_auditevent", "federation_auditseal"):
        with pytest.raises(Exception, match="are never changed or removed"):
            rows(f"DELETE FROM {table} RETURNING 1")
    [(following, last)] = rows(
        "SELECT nextval(pg_get_serial_sequence('federation_report', 'id')), max(id) FROM federation_report"
    )
    assert following > last
