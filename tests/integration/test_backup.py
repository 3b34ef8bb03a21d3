"""Backups: made while everything goes on, restored elsewhere as the view that they name, or not at all."""

import hashlib
import json
import shutil
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
from federation import chain, clock, dispatch, reconciliation, versions
from federation.backups import programs
from federation.models.audit import AuditEvent
from federation.models.published import Version
from federation.models.submissions import Submission
from tests import factories
from tests.contract.callers import BEGAN, Caller, hour, report
from tests.contract.public.reporting import settle
from tests.integration import elsewhere
from tests.integration.federation.workers import until, working
from tests.integration.processes import line_of

pytestmark = pytest.mark.xdist_group("backup")

#: So many versions an installation may draw after its backup was made: one each second, for thirty years.
A_LONG_TIME = 1_000_000_000
#: Of tables whose rows are never closed: since which version a row is there.
SINCE = {
    "federation_version": "number",
    "federation_periodversion": "version",
    "federation_publishedseries": "first_version",
}


def asked(sql, *values):
    with connection.cursor() as c:
        c.execute(sql, values or None)
        return c.fetchall()


def done(sql):
    with connection.cursor() as c:
        c.execute(sql)


def public_tables():
    named = asked("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'federation_published%'")
    return {name for (name,) in named} | SINCE.keys()


def public_at(version):
    """Every row of the public tables as it was at a version."""
    found = {}
    for table in sorted(public_tables()):
        since = SINCE.get(table, "version_from")
        closed = "" if table in SINCE else f", 'version_to', CASE WHEN version_to <= {version} THEN version_to END"
        row = f"(to_jsonb(t) - 'id') || jsonb_build_object('at', {version}{closed})"
        found[table] = asked(f"SELECT ({row})::text FROM {table} t WHERE {since} <= {version} ORDER BY 1")
    return found


def view(**query):
    answer = Client().get("/api/v1/aggregates/", {"indicator": "DOWNLOADS", "country": "*", "network": "*", **query})
    assert answer.status_code == 200, answer.content
    body = answer.json()
    return {**body["meta"], "as_of": None}, body["coverage"], body["observations"]


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def reference():
    factories.IndicatorFactory.create()
    for code in ("NO", "SE"):
        factories.CountryFactory.create(code=code)
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
    folder = tmp_path_factory.mktemp("made") / "backup"
    with django_db_blocker.unblock(), elsewhere.using(origin):
        call_command("backup", folder, stdout=StringIO())
    return folder


@pytest.fixture
def backup(published, made_once, tmp_path):
    """A copy of a backup of it, to be spoilt."""
    return shutil.copytree(made_once, tmp_path / "backup")


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
def test_made_under_load_and_restored_elsewhere_it_is_the_view_that_it_names(
    sending, another_server, tmp_path, monkeypatch
):
    folder, run = tmp_path / "backup", programs.run

    def run_once_others_went_on(name, *arguments):
        # The snapshot is taken: what comes from here on must be in neither manifest nor dump.
        sent, public = Submission.objects.count(), newest()
        seen = threading.Event()

        def went_on():
            until(lambda: Submission.objects.count() > sent + 3 and newest() > public + 3)
            connection.close()
            seen.set()

        other = threading.Thread(target=went_on)
        other.start()
        other.join()
        assert seen.is_set()
        run(name, *arguments)

    with working(tmp_path / "workers.log"):
        until(lambda: newest() > 5)
        chain.seal(now=clock.now())
        with monkeypatch.context() as patch:
            patch.setattr(programs, "run", run_once_others_went_on)
            call_command("backup", folder)
        caller = sending()
    said = manifest(folder)["facts"]
    version, known_at = said["public"]["version"], said["public"]["known_at"]
    assert 0 < version < newest()
    assert said["rows"]["federation_submission"] < Submission.objects.count()
    range_ = {"frequency": "D", "start": f"{BEGAN - timedelta(days=3):%Y-%m-%d}", "end": f"{BEGAN:%Y-%m-%d}"}
    hours = {"frequency": "H", "start": f"{BEGAN - timedelta(days=2):%Y-%m-%dT%H:00}", "end": f"{BEGAN:%Y-%m-%dT%H:00}"}
    there = public_at(version), view(as_of=known_at, **range_), view(as_of=known_at, network="_T", **hours)
    assert there[2][2]

    # There are no workers there: who would wake one does the work.
    monkeypatch.setattr(dispatch, "wake", reconciliation.work_through)
    with elsewhere.connected(another_server):
        call_command("restore", folder)
        assert (public_at(version), view(**range_), view(network="_T", **hours)) == there
        assert chain.holds(position=said["audit"]["position"], digest=bytes.fromhex(said["audit"]["digest"]))
        settle()
        call_command("rebuild", check=True, timeout=60)
        call_command("verify_audit", head=(said["audit"]["position"], bytes.fromhex(said["audit"]["digest"])))
        # Nothing that was drawn after the backup is drawn again: a cache may hold it.
        assert caller.send(report(("NO", "BITTORRENT", 1000), ago=45)).status_code == 202
        settle()
        assert version + A_LONG_TIME < newest()
        assert AuditEvent.objects.filter(action="database.restored").count() == 1


def test_dump_and_manifest_are_for_their_owner_and_the_keys_are_elsewhere(published, tmp_path):
    call_command("backup", tmp_path / "backup", keys=tmp_path / "keys")
    paths = [tmp_path / "backup", tmp_path / "keys", *(tmp_path / "backup").iterdir(), *(tmp_path / "keys").iterdir()]
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in paths} == {
        "backup": 0o700,
        "keys": 0o700,
        "database.dump": 0o600,
        "manifest.json": 0o600,
        "rounding_key": 0o600,
        "secret_key": 0o600,
    }
    assert (tmp_path / "keys" / "rounding_key").read_text().strip() == settings.ROUNDING_KEY.hex()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "backup").iterdir())
    assert settings.ROUNDING_KEY.hex().encode() not in kept
    assert settings.ROUNDING_KEY not in kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "keys"]


def test_keys_in_the_backup_are_refused(published, tmp_path):
    with pytest.raises(CommandError, match="lies in the backup"):
        call_command("backup", tmp_path / "backup", keys=tmp_path / "backup" / "keys")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(backup):
    before = {path.name: path.read_bytes() for path in backup.iterdir()}
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", backup)
    assert {path.name: path.read_bytes() for path in backup.iterdir()} == before


def program(folder, name, script):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_failed_dump_leaves_nothing_and_says_why_without_the_rows(published, tmp_path, settings):
    shown = '[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) $MAJOR.1"; exit; }'.replace("$MAJOR", major())
    said = 'echo "pg_dump: error: the disk is full" >&2; echo "DETAIL:  Failing row contains (17)." >&2; exit 1'
    program(tmp_path / "bin", "pg_dump", f"{shown}\n{said}")
    settings.POSTGRES_PROGRAMS = [tmp_path / "bin"]
    with pytest.raises(CommandError, match="the disk is full") as refused:
        call_command("backup", tmp_path / "backup")
    assert "17" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def major():
    return str(connection.pg_version // 10_000)


def test_password_is_on_no_command_line_and_nothing_foreign_in_the_environment(published, tmp_path, settings):
    shown = '[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) $MAJOR.1"; exit; }'.replace("$MAJOR", major())
    program(tmp_path / "bin", "pg_dump", f'{shown}\nenv > {tmp_path}/env; echo "$@" > {tmp_path}/arguments; exit 1')
    settings.POSTGRES_PROGRAMS = [tmp_path / "bin"]
    with pytest.raises(CommandError, match="pg_dump failed"):
        call_command("backup", tmp_path / "backup")
    password = settings.DATABASES["default"]["PASSWORD"]
    assert password not in (tmp_path / "arguments").read_text()
    environment = (tmp_path / "env").read_text()
    assert f"PGPASSWORD={password}" in environment
    assert settings.ROUNDING_KEY.hex() not in environment


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            'echo "pg_dump (PostgreSQL) 12.3"',
            r"The server is PostgreSQL \d+.*bin/pg_dump is of 12\).*POSTGRES_PROGRAMS",
        ),
        (None, r"there is no pg_dump of that version \(nor of another\)"),
    ],
)
def test_programs_of_another_version_or_none_are_refused(published, tmp_path, monkeypatch, settings, script, message):
    if script:
        program(tmp_path / "bin", "pg_dump", script)
    settings.POSTGRES_PROGRAMS = [tmp_path / "bin"]
    monkeypatch.setattr(programs, "_DEBIAN", str(tmp_path / "{major}"))
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match=message):
        call_command("backup", tmp_path / "backup")


def rewrite(folder, change):
    told = manifest(folder)
    change(told)
    (folder / "manifest.json").write_text(json.dumps(told))


def cut(folder):
    dump = folder / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-100])


def turn_a_bit(folder):
    dump = bytearray((folder / "database.dump").read_bytes())
    dump[len(dump) // 2] ^= 1
    (folder / "database.dump").write_bytes(dump)


BROKEN = {
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "has no manifest.json"),
    "a manifest of something else": (
        lambda f: (f / "manifest.json").write_text('{"format": "tar", "layout": 1}'),
        "is of something else: tar",
    ),
    "no JSON": (lambda f: (f / "manifest.json").write_text("{"), "is broken"),
    "half a manifest": (lambda f: rewrite(f, lambda told: told.pop("facts")), "is broken.*facts"),
    "a newer layout": (lambda f: rewrite(f, lambda told: told.update(layout=2)), "newer version of the project"),
    "another file": (
        lambda f: rewrite(f, lambda told: told["files"].update({"../x": {"bytes": 1, "sha256": ""}})),
        "no other",
    ),
    "no dump": (lambda f: (f / "database.dump").unlink(), "database.dump is missing"),
    "a dump that was cut off": (cut, r"has \d+ bytes instead of \d+"),
    "a dump with one bit turned": (turn_a_bit, "was changed or is damaged"),
    "migrations of tomorrow": (
        lambda f: rewrite(f, lambda told: told["facts"]["migrations"]["federation"].append("9999_tomorrow")),
        "does not have: federation.9999_tomorrow",
    ),
    "a newer PostgreSQL": (
        lambda f: rewrite(f, lambda told: told.update(postgresql="99.1")),
        "Give a server of version 99",
    ),
    "another key": (
        lambda f: rewrite(f, lambda told: told["facts"]["rounding"].update(fingerprint="00")),
        "ROUNDING_KEY is not the key",
    ),
    "another base": (lambda f: rewrite(f, lambda told: told["facts"]["rounding"].update(base=3)), "multiples of 3"),
}


def test_broken_truncated_foreign_and_newer_are_refused_and_nothing_is_restored(backup):
    whole = {path: path.read_bytes() for path in backup.iterdir()}
    with elsewhere.empty_database() as name, elsewhere.using(name):
        for what, (spoil, message) in BROKEN.items():
            for path, contents in whole.items():
                path.write_bytes(contents)
            spoil(backup)
            with pytest.raises(CommandError, match=message):
                call_command("restore", backup)
            assert tables() == 0, what


def tables():
    return asked("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")[0][0]


def test_what_fails_in_the_middle_leaves_nothing(backup):
    """Cut off and named anew in the manifest, as a bad archive that nobody could notice before."""
    cut(backup)
    dump = (backup / "database.dump").read_bytes()
    named = {"bytes": len(dump), "sha256": hashlib.sha256(dump).hexdigest()}
    rewrite(backup, lambda told: told["files"].update({"database.dump": named}))
    with elsewhere.empty_database() as name, elsewhere.using(name):
        with pytest.raises(CommandError, match="pg_restore failed, and nothing was kept"):
            call_command("restore", backup)
        assert tables() == 0


def test_rows_that_are_not_those_of_the_backup_are_named(backup):
    rewrite(backup, lambda told: told["facts"]["rows"].update(federation_report=7))
    wrong = pytest.raises(CommandError, match="drop this database:\nfederation_report: 1 rows instead of 7")
    with elsewhere.empty_database() as name, elsewhere.using(name), wrong:
        call_command("restore", backup)


def test_database_with_something_in_it_is_refused(backup):
    before = versions.rounding_agrees(), Submission.objects.count(), newest()
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", backup)
    assert (versions.rounding_agrees(), Submission.objects.count(), newest()) == before


@pytest.fixture
def plain_owner():
    """A role that owns a database and is no superuser, as on servers of one's own; its name."""
    role = f"owner_{uuid4().hex}"
    done(f"CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD 'tests'")
    yield role
    done(f"DROP ROLE {role}")


def test_database_that_somebody_uses_is_refused(backup, plain_owner):
    """The owner sees of other roles that they are connected, and little more."""
    told = settings.DATABASES["default"]
    with elsewhere.empty_database() as name:
        done(f"ALTER DATABASE {name} OWNER TO {plain_owner}")
        address = f"postgres://{plain_owner}:tests@{told['HOST']}:{told['PORT']}/{name}"
        other = {key: told[key.upper()] for key in ("host", "port", "user", "password")}
        refused = pytest.raises(
            CommandError, match=rf"1 other connections use .* as {other['user']}\. Stop web, workers and beat"
        )
        with psycopg.connect(**other, dbname=name), elsewhere.connected(address), refused:
            call_command("restore", backup)


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


@pytest.mark.parametrize("went_back", [restored, brought_back])
def test_no_old_etag_is_right_however_often_an_installation_went_back(origin, published, backup, went_back):
    with copied(origin):
        done(f"UPDATE federation_versioncounter SET last = last + {A_LONG_TIME}")
        lost = go_on()
    with went_back(origin, backup):
        once = go_on()
    with went_back(origin, backup):
        new = go_on()
        old = [*zip(ADDRESSES, lost, strict=True), *zip(ADDRESSES, once, strict=True)]
        assert [Client().get(address, headers={"If-None-Match": etag}).status_code for address, etag in old] == [
            200
        ] * 4
        current = zip(ADDRESSES, new, strict=True)
        assert [Client().get(a, headers={"If-None-Match": etag}).status_code for a, etag in current] == [304, 304]
        assert AuditEvent.objects.filter(action="database.restored").count() == 1


def test_versions_leap_only_while_nobody_else_is_there(origin, published):
    with copied(origin):
        before = asked("SELECT last FROM federation_versioncounter")
        info = connection.connection.info
        refused = pytest.raises(CommandError, match="1 other connections use")
        with psycopg.connect(info.dsn, password=info.password), refused:
            call_command("leap_versions")
        assert asked("SELECT last FROM federation_versioncounter") == before


def test_versions_leap_only_where_the_clock_is_right(origin, published):
    with copied(origin):
        before = asked("SELECT last FROM federation_versioncounter")
        done("UPDATE federation_version SET known_at = now() + interval '1 day'")
        with pytest.raises(CommandError, match=r"The clock of the database server says .* Set the clock right"):
            call_command("leap_versions")
        assert asked("SELECT last FROM federation_versioncounter") == before


@pytest.mark.parametrize("ahead", [timedelta(days=1), -timedelta(days=1)])
def test_versions_leap_only_where_the_clocks_agree(origin, published, backup, monkeypatch, ahead):
    monkeypatch.setattr(clock, "of_host", lambda: datetime.now(UTC) + ahead)
    with copied(origin):
        before = asked("SELECT last FROM federation_versioncounter")
        with pytest.raises(CommandError, match="The clocks disagree"):
            call_command("leap_versions")
        assert asked("SELECT last FROM federation_versioncounter") == before
    with elsewhere.empty_database() as name, elsewhere.using(name):
        with pytest.raises(CommandError, match="The clocks disagree"):
            call_command("restore", backup)
        assert tables() == 0


def test_backup_of_the_future_is_refused(backup):
    rewrite(backup, lambda told: told["facts"]["public"].update(known_at="2999-01-01T00:00:00Z"))
    with elsewhere.empty_database() as name, elsewhere.using(name):
        with pytest.raises(CommandError, match="Set the clock right"):
            call_command("restore", backup)
        assert tables() == 0


def test_older_backup_is_restored_and_asks_for_migrate(published, tmp_path, capsys):
    [(last,)] = asked("SELECT max(name) FROM django_migrations WHERE app = 'federation'")
    asked("DELETE FROM django_migrations WHERE app = 'federation' AND name = %s RETURNING id", last)
    try:
        call_command("backup", tmp_path / "backup")
    finally:
        asked(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('federation', %s, %s) RETURNING id",
            last,
            datetime.now(UTC),
        )
    with elsewhere.empty_database() as name, elsewhere.using(name):
        call_command("restore", tmp_path / "backup")
        said = capsys.readouterr().out
        assert "manage.py migrate    the backup is older by 1 migrations" in said
        assert Submission.objects.count() == 1


def test_append_only_tables_stay_so(backup):
    with elsewhere.empty_database() as name, elsewhere.using(name):
        call_command("restore", backup)
        for table in ("federation_auditevent", "federation_auditseal"):
            with pytest.raises(Exception, match="are never changed or removed"):
                asked(f"DELETE FROM {table} RETURNING 1")
        numbers = asked(
            "SELECT nextval(pg_get_serial_sequence('federation_report', 'id')), max(id) FROM federation_report"
        )
        assert numbers[0][0] > numbers[0][1]
