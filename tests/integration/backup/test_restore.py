"""A backup is restored as a whole or not at all, and no version of before comes back."""

import gzip
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import randrange
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from countries import registry
from federation.database import clock
from federation.models.audit import AuditEvent
from federation.models.submissions import Submission
from federation.rules import rounding
from tests import factories
from tests.contract.callers import Caller, hour, report
from tests.integration import elsewhere
from tests.integration.backup.conftest import A_LONG_TIME, newest, rows
from tests.integration.federation.workers import until
from tests.reporting import settle

pytestmark = pytest.mark.xdist_group("backup")


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
