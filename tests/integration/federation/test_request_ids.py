"""One id finds the whole way of a submission in the log: its request, its storing, its figures, its publication."""

import json
import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

from config.logs import JsonLines
from federation import intake, reconciliation, request_ids, telling, worklist
from federation.models.published import VersionCounter
from federation.models.submissions import Submission
from federation.models.worklist import Early, Failure, Work
from federation.request_ids import NONE, NameRequests
from federation.rules import periods
from federation.worklist import Stage
from tests.contract.callers import Caller, report
from tests.factories import AgencyFactory, IndicatorFactory
from tests.integration.federation.world import Said

pytestmark = pytest.mark.django_db

ONE, OTHER = UUID(int=1), UUID(int=2)


class Lines(logging.Handler):
    """What the log has, as a machine would read it."""

    def __init__(self):
        super().__init__()
        self.addFilter(NameRequests())
        self.lines = []

    def emit(self, record):
        self.lines.append(JsonLines().format(record))

    def of(self, id_):
        return [event for event in map(json.loads, self.lines) if id_ in (event.get("request_id"), *ids(event))]


def ids(event):
    return event.get("request_ids", ())


@pytest.fixture
def log():
    lines, root = Lines(), logging.getLogger()
    root.addHandler(lines)
    level = root.level
    root.setLevel(logging.INFO)
    yield lines
    root.setLevel(level)
    root.removeHandler(lines)


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    """Does what follows a commit."""

    def commit(deed):
        with django_capture_on_commit_callbacks(execute=True):
            return deed()

    return commit


@pytest.mark.django_db(transaction=True)
def test_one_id_finds_the_whole_way(log):
    IndicatorFactory.create()
    kripos = Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))
    answer = kripos.send(report(("NO", "ARES", 918_273)))
    while worklist.is_pending():
        reconciliation.work_through()

    found = log.of(answer["X-Request-ID"])
    stored, answered, *worked = found
    assert (stored["event"], stored["agency"], stored["reports"], stored["observations"]) == (
        "submission stored", "NO-KRIPOS", 1, 1,
    )  # fmt: skip
    assert stored["submission"] == answer.json()["id"]
    assert (answered["event"], answered["status"], answered["route"]) == ("request answered", 202, "v1:submissions")
    figures = [line for line in worked if line["event"] == "figures replaced"]
    assert figures[0]["agencies"] == ["NO-KRIPOS"]
    assert {line["frequency"] for line in figures} == set("HDWMA")
    published = next(line for line in worked if line["event"] == "published")
    assert (published["frequency"], published["periods"]) == ("H", 1)
    assert published["version"] <= VersionCounter.objects.get().last
    assert all(line["ms"] >= 0 for line in found)
    assert "918273" not in "".join(log.lines)
    assert Submission.objects.get().request_id == UUID(answer["X-Request-ID"])


@pytest.mark.django_db(transaction=True)
def test_submission_that_is_stored_is_accepted_though_it_cannot_be_told_of(monkeypatch):
    def fails(_):
        raise OperationalError

    IndicatorFactory.create(code="DOWNLOADS")
    monkeypatch.setattr(intake, "_tell", fails)
    answer = Caller(agency=AgencyFactory.create()).send(report(("NO", "ARES", 3)))
    assert (answer.status_code, Submission.objects.count()) == (202, 1)


@pytest.mark.django_db(transaction=True)
def test_work_that_is_done_is_no_failure_though_it_cannot_be_told_of(monkeypatch, caplog):
    def fails(*_):
        raise OperationalError

    IndicatorFactory.create(code="DOWNLOADS")
    Caller(agency=AgencyFactory.create()).send(report(("NO", "ARES", 3)))
    monkeypatch.setattr(telling, "tell", fails)
    while worklist.is_pending():
        reconciliation.work_through()
    assert not Failure.objects.exists()
    assert [one for one in caplog.records if one.name == "federation.reconciliation"] == []


def test_request_of_an_hour_that_is_not_due_yet_is_found_when_the_clock_has_it_published(log, committing, federation):
    last = periods.start_of("H", federation.now - timedelta(hours=1))
    with request_ids.bound(frozenset({ONE})):
        federation.submit(0, Said("H", last, {(578, 1): 10}))
    committing(federation.settle)
    assert "published" not in {line["event"] for line in log.of(ONE.hex)}
    committing(lambda: federation.wait(minutes=2))
    committing(federation.settle)
    [published] = [line for line in log.of(ONE.hex) if line["event"] == "published"]
    assert published["frequency"] == "H"
    assert not Early.objects.exists()


def test_each_thing_names_its_own_requests_and_their_sum_names_both(federation):
    for id_, hours_ago in ((ONE, 4), (OTHER, 3)):
        with request_ids.bound(frozenset({id_})):
            federation.submit(0, Said("H", federation.now - timedelta(hours=hours_ago), {(578, 1): 10}))
    reconciliation._step()
    named = {
        (str(thing.stage), thing.frequency, thing.period.hour): set(requests or ())
        for thing, requests in ((worklist.unpack(row.thing), row.requests) for row in Work.objects.all())
    }
    hour = federation.now.hour
    assert named["publish", "H", hour - 4] == {ONE}
    assert named["publish", "H", hour - 3] == {OTHER}
    assert named["figure", "D", 0] == {ONE, OTHER}


def test_what_the_clock_makes_due_goes_back_to_no_request(federation):
    federation.wait(hours=1)
    assert Work.objects.exists()
    assert not Work.objects.exclude(requests=None).exists()


def test_no_more_than_some_ids_travel_with_one_thing(federation):
    thing = worklist.Thing(Stage.FIGURE, "A", datetime.fromisoformat("2026-01-01T00:00Z"), 1, 1)
    worklist.append_caused([(thing, frozenset(uuid4() for _ in range(worklist.CARRIED + 5)))])
    assert len(Work.objects.get().requests) == worklist.CARRIED


def test_failure_names_the_requests_that_it_goes_back_to(log, federation, monkeypatch):
    def fail(*_):
        raise OverflowError

    monkeypatch.setattr(reconciliation.figures, "replace", fail)
    with request_ids.bound(frozenset({ONE})):
        federation.submit(0, Said("H", federation.now - timedelta(hours=4), {(578, 1): 10}))
    reconciliation._step()
    assert "failed: figure H" in "".join(line["event"] for line in log.of(ONE.hex))


def test_line_names_each_request_that_it_goes_back_to_unless_it_says_so_itself(log):
    logger = logging.getLogger("a.test")
    with request_ids.bound(frozenset({ONE, OTHER})):
        logger.info("both")
        logger.info("one of them", extra={"request_ids": [OTHER.hex]})
    with request_ids.bound(frozenset({ONE})):
        logger.info("another", extra={"request_id": OTHER.hex})
    assert [ids(json.loads(line)) for line in log.lines[-3:]] == [[ONE.hex, OTHER.hex], [OTHER.hex], ()]
    assert json.loads(log.lines[-1])["request_id"] == OTHER.hex


def test_outside_of_requests_nothing_is_named(log):
    logging.getLogger("a.test").info("something")
    assert request_ids.current() == NONE
    assert "request_id" not in log.lines[-1]
