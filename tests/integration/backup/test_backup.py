"""Backups are made while the service runs, and restored elsewhere as the view that they name."""

import gzip
import stat
import sys
import threading
from datetime import timedelta
from itertools import count

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from federation.audit import chain
from federation.database import clock
from federation.models.audit import AuditEvent
from federation.models.published import RoundingSeal
from federation.models.submissions import Submission
from federation.rules import rounding
from federation.runs import backups, reconciliation
from federation.worklist import dispatch
from tests import factories
from tests.contract.callers import BEGAN, Caller, report
from tests.integration import elsewhere
from tests.integration.backup.conftest import A_LONG_TIME, newest, reference, rows
from tests.integration.federation.workers import until, working
from tests.integration.processes import line_of
from tests.reporting import settle

pytestmark = pytest.mark.xdist_group("backup")

#: Of tables whose rows are never closed: since which version a row is there.
SINCE = {
    "federation_version": "number",
    "federation_periodversion": "version",
    "federation_publishedseries": "first_version",
}


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
