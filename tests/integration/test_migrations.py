"""No migration since the first release keeps a reader or a writer waiting while it goes through a table's rows."""

from io import StringIO

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q

from federation.database import roles
from federation.management.commands import migrate
from federation.models.submissions import Report
from tests.integration import elsewhere, migrating
from tests.integration.migrating import ROWS, asked, faults_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("migrations")]


@pytest.fixture(scope="module")
def first_release(django_db_setup, django_db_blocker):
    """A database as it was at the first release, with rows in all that grows; its name."""
    with django_db_blocker.unblock(), migrating.first_release() as name:
        with elsewhere.using(name):
            migrating.fill()
        yield name


@pytest.fixture(scope="module")
def newest(first_release, django_db_blocker):
    """The same after all migrations, each of which was watched: its name, and the faults of each migration."""
    found = {}
    with django_db_blocker.unblock(), elsewhere.empty_database(first_release) as name:
        with elsewhere.using(name), migrating.next_release():
            for migration, run in migrating.newer():
                migrating.fill()
                found[migration] = faults_of(run)
            migrating.fill()
        yield name, found


@pytest.fixture
def new_database(newest, django_db_blocker):
    """The newest tables, with rows."""
    with django_db_blocker.unblock(), elsewhere.using(newest[0]):
        yield


def test_migrations_since_the_first_release_block_no_reader_or_writer(newest):
    _, found = newest
    assert "federation.9999_next_release" in found
    assert {migration: faults for migration, faults in found.items() if faults} == {}


def test_all_that_grows_has_rows(new_database):
    assert {table: asked(f"SELECT count(*) FROM {table}")[0][0] for table in migrating.growing()} == dict.fromkeys(
        migrating.growing(), ROWS
    )


def test_the_version_before_reads_and_writes_the_new_tables(new_database):
    assert asked("SELECT note FROM federation_report LIMIT 1") == [(None,)]
    with transaction.atomic():
        report = Report.objects.earliest("pk")
        report.pk, report.total = ROWS + 1, 7
        report.save(force_insert=True)
        assert Report.objects.latest("pk").total == 7
        transaction.set_rollback(True)


def applied(*operations, atomic=True):
    """Run operations as a migration of the federation would; returns how to do it, not what came of it."""
    migration = migrations.Migration("9999_tomorrow", "federation")
    migration.operations, migration.atomic = list(operations), atomic
    state = MigrationExecutor(connection).loader.project_state()

    def run():
        with connection.schema_editor(atomic=atomic) as editor:
            migration.apply(state, editor)

    return run


def touch_all(apps, editor):
    apps.get_model("federation", "Report").objects.update(status="P")


def touch_in_parts(apps, editor):
    reports = apps.get_model("federation", "Report").objects
    for first in range(1, ROWS, ROWS // 4):
        reports.filter(id__range=(first, first + ROWS // 4 - 1)).update(status="P")


BY_VALUE = models.Index(fields=["total"], name="reports_by_total")
SMALL_TOTALS = models.CheckConstraint(condition=Q(total__lt=10**12), name="report_total_small")
OF_A_REPORT = models.CheckConstraint(condition=Q(report__isnull=False), name="finding_of_report")
OF_AN_EVENT = "CONSTRAINT of_an_event FOREIGN KEY (event) REFERENCES federation_auditevent (id)"
UNIQUE_INDEX = "CREATE UNIQUE INDEX CONCURRENTLY one_at ON federation_version (known_at)"

#: What a person writes who thinks of an empty table, and what it does.
CARELESS = {
    "an index": ([migrations.AddIndex("report", BY_VALUE)], "ShareLock on federation_report"),
    "another type": (
        [migrations.AlterField("report", "position", models.BigIntegerField())],
        "AccessExclusiveLock on federation_report",
    ),
    "not null": (
        [migrations.AlterField("finding", "report", models.ForeignKey("federation.Report", models.PROTECT))],
        "AccessExclusiveLock on federation_finding",
    ),
    "a check": ([migrations.AddConstraint("report", SMALL_TOTALS)], "AccessExclusiveLock on federation_report"),
    "a unique constraint": (
        [migrations.AddConstraint("version", models.UniqueConstraint(fields=["known_at"], name="one_version_at"))],
        "on federation_version",
    ),
    "a foreign key": (
        [
            migrations.AlterField(
                "auditseal", "event", models.OneToOneField("federation.AuditEvent", models.PROTECT, db_column="event")
            )
        ],
        "on federation_auditseal",
    ),
    "all rows in one transaction": ([migrations.RunPython(touch_all)], "rows of federation_report written"),
    "parts in one transaction": ([migrations.RunPython(touch_in_parts)], "rows of federation_report written"),
    "a default that is computed": (
        [migrations.AddField("report", "token", models.UUIDField(db_default=models.Func(function="gen_random_uuid")))],
        "AccessExclusiveLock on federation_report",
    ),
    "a column that must be given": (
        [migrations.AddField("report", "remark", models.TextField(default=""))],
        "federation_report.remark is new and must be given",
    ),
    "a column less": ([migrations.RemoveField("report", "digest")], "federation_report.digest is gone"),
    "a look at all rows after a lock": (
        [
            migrations.AddField("report", "remark", models.TextField(null=True)),
            migrations.RunSQL("SELECT count(*) FROM federation_figure WHERE total < 0"),
        ],
        "AccessExclusiveLock on federation_report",
    ),
}


def faults_of_undone(*operations):
    """What is found in a migration, which is undone."""
    watch = migrating.Watch()
    with transaction.atomic():
        with connection.execute_wrapper(watch):
            applied(*operations)()
        found = watch.end()
        transaction.set_rollback(True)
    return found


def test_a_column_that_the_last_release_does_not_use_may_be_removed(new_database, monkeypatch):
    monkeypatch.setattr(migrating, "UNUSED", {"federation_report.digest"})
    assert faults_of_undone(*CARELESS["a column less"][0]) == []


@pytest.mark.parametrize("what", CARELESS)
def test_careless_migration_is_caught(new_database, what):
    operations, message = CARELESS[what]
    found = faults_of_undone(*operations)
    assert any(message in fault for fault in found), found


@pytest.fixture
def spare_database(newest, django_db_blocker):
    """A copy of them, to be changed for good."""
    with django_db_blocker.unblock(), elsewhere.empty_database(newest[0]) as name, elsewhere.using(name):
        yield


def test_recipes_are_let_through(spare_database):
    """Those of docs/how-to/migrate.md, one migration each."""
    careful = [
        applied(migrations.AddField("report", "remark", models.TextField(null=True))),
        applied(migrations.AddField("report", "mark", models.SmallIntegerField(db_default=0))),
        applied(AddIndexConcurrently("report", BY_VALUE), atomic=False),
        applied(AddConstraintNotValid("report", SMALL_TOTALS)),
        applied(ValidateConstraint("report", "report_total_small"), atomic=False),
        applied(migrations.RunPython(touch_in_parts), atomic=False),
        applied(AddConstraintNotValid("finding", OF_A_REPORT)),
        applied(ValidateConstraint("finding", "finding_of_report"), atomic=False),
        applied(migrations.RunSQL("ALTER TABLE federation_finding ALTER COLUMN report_id SET NOT NULL")),
        applied(migrations.RunSQL(UNIQUE_INDEX), atomic=False),
        applied(migrations.RunSQL("ALTER TABLE federation_version ADD CONSTRAINT one_at UNIQUE USING INDEX one_at")),
        applied(migrations.RunSQL(f"ALTER TABLE federation_auditseal ADD {OF_AN_EVENT} NOT VALID")),
        applied(migrations.RunSQL("ALTER TABLE federation_auditseal VALIDATE CONSTRAINT of_an_event"), atomic=False),
        applied(
            migrations.CreateModel(
                "Remark",
                [("report", models.OneToOneField("federation.Report", models.PROTECT, primary_key=True))],
            )
        ),
    ]
    assert [faults for run in careful for faults in faults_of(run)] == []
    assert asked("SELECT indisvalid FROM pg_index WHERE indexrelid = 'reports_by_total'::regclass") == [(True,)]


@pytest.fixture
def behind(first_release, django_db_blocker):
    """A copy of the first release's database, to be migrated."""
    with (
        django_db_blocker.unblock(),
        elsewhere.empty_database(first_release) as name,
        elsewhere.using(name),
        migrating.next_release(),
    ):
        yield


@pytest.fixture
def writer(behind):
    """Somebody writes to a table that the next release changes, and has not come to an end."""
    connection.ensure_connection()
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password) as other:
        other.execute("LOCK TABLE federation_report IN ROW EXCLUSIVE MODE")
        yield other


def is_upgraded():
    return bool(asked("SELECT 1 FROM pg_attribute WHERE attrelid = 'federation_report'::regclass AND attname = 'note'"))


@pytest.mark.verify
@pytest.mark.timers
def test_migrate_gives_up_a_lock_that_it_does_not_get_and_tries_again(writer, monkeypatch):
    said, waits, before = StringIO(), [], asked("SHOW lock_timeout")

    def wait(_seconds):
        waits.append(asked("SHOW lock_timeout")[0][0])
        if len(waits) == 2:
            writer.commit()

    monkeypatch.setattr(migrate.time, "sleep", wait)
    call_command("migrate", lock_timeout=0.05, stdout=StringIO(), stderr=said)
    assert waits == ["50ms", "50ms"]
    assert "did not release it within 0.05 s. Trying again" in said.getvalue()
    assert is_upgraded()
    assert roles.missing() == []
    assert asked("SHOW lock_timeout") == before


@pytest.mark.timers
def test_migrate_that_never_gets_its_lock_ends_and_has_changed_nothing(writer, monkeypatch):
    monkeypatch.setattr(migrate.time, "sleep", lambda _: None)
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("migrate", lock_timeout=0.05, tries=2, stdout=StringIO(), stderr=StringIO())
    writer.commit()
    assert not is_upgraded()
