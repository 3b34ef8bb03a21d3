"""The log names a submission's id for its request, its storing and its figures. Work does not depend on logging."""

import json
import logging
from datetime import timedelta

import pytest
from django.db import OperationalError

from api.request_ids import NameRequest
from config.logs import JsonLines
from federation import intake, publication, worklist
from federation.models.published import Version, VersionCounter
from federation.models.submissions import Submission
from federation.models.worklist import Failure, Work
from federation.runs import measures, reconciliation, work_log
from federation.worklist import Claim, Stage, WorkItem
from p2p_core import periods
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.integration.federation.world import Said

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    """What the log has, as a machine would read it."""

    def __init__(self):
        super().__init__()
        self.addFilter(NameRequest())
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(JsonLines().format(record)))

    def of(self, event):
        return [line for line in self.lines if line["event"] == event]


@pytest.fixture
def log():
    lines, root = Lines(), logging.getLogger()
    root.addHandler(lines)
    level = root.level
    root.setLevel(logging.INFO)
    yield lines
    root.setLevel(level)
    root.removeHandler(lines)


@pytest.mark.django_db(transaction=True)
def test_id_of_a_submission_finds_its_way(log):
    IndicatorFactory.create()
    kripos = Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))
    answer = kripos.send(report(("NO", "ARES", 918_273)))
    kripos.send(report(("NO", "ARES", 5), ago=3))
    while worklist.is_pending():
        reconciliation.work_through()

    submission, request = answer.json()["id"], answer["X-Request-ID"]
    stored, _ = log.of("submission stored")
    assert (stored["agency"], stored["reports"], stored["observations"]) == ("NO-KRIPOS", 1, 1)
    assert (stored["submission"], stored["request_id"]) == (submission, request)
    [answered] = [line for line in log.of("request answered") if line.get("submission") == submission]
    assert (answered["request_id"], answered["status"]) == (request, 202)
    hours, *longer = log.of("figures replaced")
    assert (hours["frequency"], hours["agencies"], hours["claimed"], hours["changed"]) == ("H", ["NO-KRIPOS"], 2, 2)
    assert submission in hours["submissions"]
    assert len(hours["submissions"]) == 2
    assert {line["frequency"] for line in longer} == set("DWMA")
    published = log.of("published")[0]
    assert (published["frequency"], published["changed"]) == ("H", 2)
    assert published["version"] <= VersionCounter.objects.get().last
    assert all(line["ms"] >= 0 for line in (stored, answered, hours, *longer, published))
    assert "918273" not in json.dumps(log.lines)
    assert not any("request_id" in line for line in (hours, *longer, published))


@pytest.mark.django_db(transaction=True)
def test_repeated_request_names_the_submission_that_it_repeats(log):
    IndicatorFactory.create()
    kripos = Caller(agency=AgencyFactory.create())
    [first, again] = [kripos.send(report(("NO", "ARES", 3)), key="one").json()["id"] for _ in range(2)]
    lines = [line for line in log.of("request answered") if line["route"] == "v1:submissions"]
    assert [line["submission"] for line in lines] == [first, again]
    assert first == again


def test_what_a_thing_makes_stale_waits_since_the_first_change(federation):
    hours = [federation.now - timedelta(hours=ago) for ago in (4, 3)]
    federation.submit(0, *(Said("H", hour, {(578, 1): 10}) for hour in hours))
    earlier = federation.now - timedelta(minutes=7)
    Work.objects.filter(pk=Work.objects.earliest("pk").pk).update(added=earlier)
    reconciliation._step()
    assert set(Work.objects.values_list("added", flat=True)) == {earlier}


@pytest.mark.parametrize(("minutes", "seconds"), [(10, 2), (-10, 602)])
def test_time_until_public_begins_with_the_change_or_when_it_could_be(federation, minutes, seconds):
    """A change ten minutes after the period could be public, and one ten minutes before."""

    def measured():
        name = "police2peer_freshness_seconds_sum"
        return measures.REGISTRY.get_sample_value(name, {"frequency": "H"}) or 0

    start = periods.start_of("H", federation.now - timedelta(hours=4))
    item = WorkItem(Stage.PUBLISH, "H", start, 1)
    could_be = publication.due_at(item)
    Version.objects.create(number=7, known_at=could_be + timedelta(minutes=max(minutes, 10), seconds=2))
    before = measured()
    claim = Claim([item], [], skipped=False, since=could_be + timedelta(minutes=minutes))
    work_log.write(work_log.WorkDone(claim, [item], 7), 0)
    assert measured() - before == pytest.approx(seconds)


@pytest.mark.django_db(transaction=True)
def test_stored_submission_is_accepted_even_if_logging_fails(monkeypatch):
    def fails(_):
        raise OperationalError

    IndicatorFactory.create(code="DOWNLOADS")
    monkeypatch.setattr(intake, "_log", fails)
    answer = Caller(agency=AgencyFactory.create()).send(report(("NO", "ARES", 3)))
    assert (answer.status_code, Submission.objects.count()) == (202, 1)


@pytest.mark.django_db(transaction=True)
def test_finished_work_is_no_failure_even_if_logging_fails(monkeypatch, caplog):
    def fails(*_):
        raise OperationalError

    IndicatorFactory.create(code="DOWNLOADS")
    Caller(agency=AgencyFactory.create()).send(report(("NO", "ARES", 3)))
    monkeypatch.setattr(work_log, "write", fails)
    while worklist.is_pending():
        reconciliation.work_through()
    assert not Failure.objects.exists()
    assert [one for one in caplog.records if one.name == "federation.runs.reconciliation"] == []
