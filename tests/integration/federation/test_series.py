"""The chart on the page of a finding: the numbers around it, as they count now."""

from datetime import datetime, timedelta

import pytest

from federation.findings import decisions, series
from federation.findings.series import FindingPeriods
from federation.models.submissions import Report
from tests import factories
from tests.integration.federation.world import Said

NORWAY = (578, 1)
TODAY = datetime.fromisoformat("2026-11-25T00:00Z")
DAY, HOUR, WEEK = timedelta(days=1), timedelta(hours=1), timedelta(weeks=1)
ODD = TODAY - 2 * DAY


def day(back, value):
    return Said("D", TODAY - back * DAY, {NORWAY: value})


@pytest.fixture
def days(federation):
    """Sixty days as usual, and then one that is held."""
    federation.submit(0, *(day(back, 100 + back) for back in range(2, 62)))
    federation.now += HOUR
    federation.submit(0, day(2, 9000))
    federation.settle()
    return federation


def around(federation):
    return around_finding(Report.objects.get(total=9000).hold.finding, federation.now)


def around_finding(one, now):
    about = FindingPeriods(one.agency_id, one.indicator_id, one.frequency, one.period, one.last_period)
    return series.around(about, now=now)


def point_at(found, period):
    return next(point for point in found.points if point.period == period)


def test_held_report_stands_beside_what_counts_and_what_is_usual(days):
    found = around(days)
    odd = point_at(found, ODD)
    assert (odd.value, odd.unused, odd.state, odd.in_finding) == (102, 9000, "held", True)
    # The median of the eight weeks before: 109, 116, …, 158.
    assert odd.usual == 133.5
    assert [one.value for one in found.before] == [158, 151, 144, 137, 130, 123, 116, 109]
    assert all(one.counts for one in found.before)
    assert sum(point.in_finding for point in found.points) == 1


def test_rejected_report_is_drawn_as_such(days):
    report = Report.objects.get(total=9000)
    decisions.reject(reports=[report.pk], by="kari", reason="no", now=days.now)
    assert point_at(around(days), ODD)[3:5] == (9000, "rejected")


def test_released_report_counts(days):
    decisions.release(reports=[Report.objects.get(total=9000).pk], by="kari", reason="yes", now=days.now)
    days.settle()
    assert point_at(around(days), ODD)[1:4] == (9000, 133.5, None)


def test_what_is_still_running_is_left_out(days):
    days.submit(0, Said("H", TODAY + 3 * HOUR, {NORWAY: 1}))
    days.settle()
    assert around(days).points[-1].period == TODAY - DAY


def test_value_of_a_part_of_a_period_is_shown_and_is_not_used_for_comparison(days):
    days.submit(0, Said("H", TODAY - DAY, {NORWAY: 7}), Said("D", ODD - 3 * WEEK, withdrawn=True))
    days.submit(0, Said("H", ODD - 3 * WEEK, {NORWAY: 1}))
    days.settle()
    found = around(days)
    assert (point_at(found, TODAY - DAY).value, point_at(found, TODAY - DAY).state) == (7, "in part")
    assert point_at(found, ODD - 3 * WEEK).state == "in part"
    assert found.before[-3].value is None


def test_values_before_a_break_are_marked(days):
    factories.AnnotationFactory.create(start=ODD - 2 * WEEK, is_break=True)
    found = around(days)
    assert [one.counts for one in found.before] == [False] * 6 + [True] * 2
    assert found.breaks == [ODD - 2 * WEEK]
    assert point_at(found, ODD).usual == 112.5


def test_long_stretch_is_drawn_in_part(federation):
    finding = factories.FindingFactory.create(
        agency=federation.agencies[0], indicator_id=1, rule="R202", period=TODAY - 90 * DAY, last_period=TODAY - HOUR
    )
    assert len(around_finding(finding, federation.now).points) == 120 + 400 + 48
