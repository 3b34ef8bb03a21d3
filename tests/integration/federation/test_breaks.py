"""A break that is marked in a series is published as a change of its periods; so is one that is moved or taken back."""

from datetime import UTC, date, datetime

import pytest

from countries import registry
from countries.models import Annotation
from federation import reconciliation, worklist
from federation.models.published import PublishedCoverage
from tests.factories import IndicatorFactory
from tests.integration.federation.comparison import everything_stored
from tests.integration.federation.world import Said, world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 10, 0, 30, tzinfo=UTC)
DAYS = [datetime(2027, 1, day, tzinfo=UTC) for day in (4, 5, 6)]
NOON = datetime(2027, 1, 5, 12, 20, tzinfo=UTC)


@pytest.fixture
def reported(monkeypatch):
    """Three days that one agency has reported, of two indicators."""
    with world(monkeypatch, now=NOW) as made:
        IndicatorFactory.create(number=2, code="NUMBER_2")
        made.schedule(0, "H", date(2027, 1, 4))
        made.submit(0, *(Said("D", day, {(578, 1): 10}) for day in DAYS))
        made.submit(0, *(Said("D", day, {(578, 1): 10}, indicator=2) for day in DAYS))
        settle()
        yield made


def settle():
    while worklist.is_pending():
        reconciliation.work_through()


def mark(**facts):
    return registry.save(Annotation(kind="change", text="New computers", start=NOON, is_break=True, **facts), by="ada")


def marked(indicator=1):
    """The periods in which a break is public, and the versions that it is so since."""
    rows = PublishedCoverage.objects.filter(indicator=indicator, version_to=None, is_break=True)
    return {(row.frequency, f"{row.period:%m-%dT%H}"): row.version_from for row in rows}


def test_break_is_published_in_each_period_that_it_lies_in(reported):
    mark(indicator_id=1)
    settle()
    assert set(marked()) == {("H", "01-05T12"), ("D", "01-05T00")}
    assert marked(indicator=2) == {}
    # The week ends with the tenth; it knows of the break when it is published.
    reported.wait(days=1)
    settle()
    assert ("W", "01-04T00") in marked()


def test_break_of_an_agency_marks_what_all_have_counted(reported):
    mark(agency=reported.agencies[0])
    settle()
    assert ("D", "01-05T00") in marked()
    assert ("D", "01-05T00") in marked(indicator=2)


def test_break_is_a_change_of_its_periods_only(reported):
    before = {(row.frequency, row.period, row.indicator_id): row.version_from for row in current()}
    mark(indicator_id=1)
    settle()
    after = {(row.frequency, row.period, row.indicator_id): row.version_from for row in current()}
    assert {key for key in after if after[key] != before[key]} == {
        ("H", NOON.replace(minute=0), 1),
        ("D", DAYS[1], 1),
    }


def test_break_that_is_moved_or_taken_back(reported):
    annotation = mark(indicator_id=1)
    settle()
    annotation.start = DAYS[2]
    registry.save(annotation, by="ada")
    settle()
    assert set(marked()) == {("H", "01-06T00"), ("D", "01-06T00")}
    annotation.is_break = False
    registry.save(annotation, by="ada")
    settle()
    assert marked() == {}
    annotation.is_break = True
    registry.save(annotation, by="ada")
    registry.delete(annotation, by="ada")
    settle()
    assert marked() == {}


def test_what_breaks_nothing_changes_nothing(reported):
    before = everything_stored(NOW)
    registry.save(Annotation(kind="campaign", text="A campaign", start=NOON), by="ada")
    settle()
    assert everything_stored(NOW) == before


def current():
    return PublishedCoverage.objects.filter(version_to=None)
