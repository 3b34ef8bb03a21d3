"""Which transactions wait: none for a dry run, and after a deadlock the loser starts again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, connections, transaction

from federation import findings, worklist
from federation.findings import decisions, holds, lifecycle
from federation.intake import dry_run
from federation.models.findings import Finding, Hold
from federation.models.submissions import Report
from federation.runs import reconciliation
from tests import factories, reporting
from tests.integration import locks
from tests.integration.federation.deskside import HOUR, NOW, held, hour, submit
from tests.integration.federation.world import Said
from tests.integration.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60
SAID = {"by": "kari", "reason": "as the agency explained", "now": NOW}


@pytest.fixture
def agency(db):
    return factories.AgencyFactory.create()


@pytest.fixture
def beside():
    """Does items on another connection."""
    with ThreadPoolExecutor(1) as thread:
        yield thread
        thread.submit(connections.close_all).result()


def preview(agency, *said):
    later = NOW + timedelta(seconds=2)
    return dry_run.preview(agency, reporting.submission([one.as_new() for one in said], later, later))


class TestDryRun:
    @pytest.fixture
    def in_the_middle(self, agency, beside, monkeypatch):
        """A dry run that would replace, hold, notice and end a hold, and has looked at all of it."""
        report, looked, go_on = held(agency), Event(), Event()
        would_stand = findings.would_stand

        def look_and_wait(*given, **named):
            found = would_stand(*given, **named)
            looked.set()
            assert go_on.wait(PATIENCE)
            return found

        monkeypatch.setattr(findings, "would_stand", look_and_wait)
        day = Said("D", HOUR.replace(hour=0) - timedelta(days=1), {(578, 1): 1})
        said = [hour(101), hour(100, weeks=2), hour(9000, weeks=1), day]
        running = beside.submit(preview, agency, *said)
        assert looked.wait(PATIENCE)
        with connection.cursor() as c:
            c.execute("SET lock_timeout = '200ms'")
        yield report
        with connection.cursor() as c:
            c.execute("RESET lock_timeout")
        go_on.set()
        assert [one.value for one in running.result().outcomes] == ["current", "unchanged", "held", "current"]

    def test_a_decision_does_not_wait_for_it(self, in_the_middle):
        assert decisions.release(reports=[in_the_middle.pk], **SAID).done == (in_the_middle.pk,)

    def test_a_submission_does_not_wait_for_it(self, in_the_middle):
        receipt = submit(in_the_middle.agency, hour(102), hour(8000, weeks=1), at=NOW + timedelta(minutes=1))
        assert receipt.outcomes == {"current": 1, "held": 1}

    @pytest.mark.usefixtures("in_the_middle")
    def test_a_worker_does_not_wait_for_it(self):
        while worklist.is_pending():
            assert not reconciliation._step().skipped
        assert not worklist.set_aside()

    @pytest.mark.usefixtures("in_the_middle")
    def test_it_holds_no_lock_but_those_of_reading(self):
        with connection.cursor() as c:
            c.execute(
                "SELECT DISTINCT locktype, mode FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )
            assert set(c.fetchall()) == {("relation", "AccessShareLock"), ("virtualxid", "ExclusiveLock")}


@pytest.mark.timers
class TestDeadlock:
    """Another transaction has what a deed needs next, and waits for what the deed has."""

    @pytest.fixture
    def report(self, agency):
        return held(agency)

    @pytest.fixture
    def meet(self, agency, report, beside, monkeypatch):
        """Lets a function of ours find that it is being waited for, and go on to wait itself."""
        tries = []

        def other(has, began):
            with transaction.atomic():
                with connection.cursor() as c:
                    # The transaction that waits longest finds the deadlock, and loses: not this one.
                    c.execute("SET LOCAL deadlock_timeout = '60s'")
                list(has.select_for_update())
                began.set()
                with connection.cursor() as c:
                    c.execute("SELECT pg_advisory_xact_lock(%s::int, %s::int)", [agency.pk, report.indicator_id])

        def let(module, name, has):
            deed, began = getattr(module, name), Event()

            def delayed(*given, **named):
                tries.append(name)
                if len(tries) == 1:
                    tries.append(beside.submit(other, has, began))
                    assert began.wait(PATIENCE)
                    assert eventually(locks.is_somebody_waiting, within=PATIENCE)
                return deed(*given, **named)

            monkeypatch.setattr(module, name, delayed)
            return tries

        with connection.cursor() as c:
            c.execute("SET deadlock_timeout = '10ms'")
        yield let
        tries[1].result()
        assert tries[2:] == tries[:1]
        with connection.cursor() as c:
            c.execute("RESET deadlock_timeout")

    def test_a_submission_is_tried_again(self, agency, meet):
        meet(holds, "end", Finding.objects.all())
        assert submit(agency, hour(101), at=NOW + timedelta(minutes=1)).outcomes == {"current": 1}
        assert Report.objects.get(state="current", period=HOUR).total == 101

    @pytest.mark.parametrize("decide", [decisions.release, decisions.reject])
    def test_a_decision_is_tried_again(self, report, meet, decide):
        meet(holds, "end", Hold.objects.all())
        assert decide(reports=[report.pk], **SAID).done == (report.pk,)

    def test_a_resolution_is_tried_again(self, agency, report, meet):
        row = factories.FindingFactory.create(agency=agency, indicator=report.indicator)
        meet(lifecycle, "resolve", Finding.objects.filter(pk=row.pk))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Finding.objects, "select_for_update", Finding.objects.all)
            assert decisions.resolve(findings=[row.pk], **SAID).done == (row.pk,)


@pytest.mark.timers
def test_what_is_no_deadlock_is_not_tried_again(agency, beside):
    report = held(agency)
    locked, go_on = Event(), Event()

    def keep():
        with transaction.atomic():
            list(Hold.objects.select_for_update())
            locked.set()
            go_on.wait(PATIENCE)

    keeping = beside.submit(keep)
    assert locked.wait(PATIENCE)
    with connection.cursor() as c:
        c.execute("SET lock_timeout = '50ms'")
    with pytest.raises(Exception, match="lock timeout"):
        decisions.release(reports=[report.pk], **SAID)
    with connection.cursor() as c:
        c.execute("RESET lock_timeout")
    go_on.set()
    keeping.result()
